"""A placement run's model.pt, also one of version 0.1.0."""

import numpy as np
import pytest
import torch

from boardbench.integrity import record_of
from boardbench.placement.model import Model, load, save
from boardbench.placement.network import build_network


@pytest.mark.parametrize(("features", "init"), [("scratch", "random"), ("tuned", "finetune"), ("frozen", "frozen")])
def test_a_file_of_version_0_1_0_loads(tmp_path, features, init):
    """What is called init now was called features; the only backbone was not named."""
    model = Model(
        network=build_network(0.35, (32, 32), init).eval(),
        init=init,
        loss="corners",
        backbone="mobilenet_v2",
        width=0.35,
        dataset="toy",
        seed=3,
        size=(32, 32),
        photo_size=(64, 64),
        mm_per_pixel=(0.2, 0.2),
        nominal=np.arange(8.0).reshape(4, 2),
    )
    save(model, tmp_path / "model.pt")
    content = torch.load(tmp_path / "model.pt", weights_only=True)
    assert (content.pop("init"), content.pop("backbone")) == (init, "mobilenet_v2")
    torch.save(content | {"features": features}, tmp_path / "model.pt")
    record_of(tmp_path / "model.pt").unlink()
    again = load(tmp_path)
    assert (again.init, again.loss, again.seed, again.size) == (init, "corners", 3, (32, 32))
    image = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(again.network(image), model.network(image), rtol=0, atol=0)
