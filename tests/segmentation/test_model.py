"""A run's model.pt: what goes in comes out, and a foreign file is named."""

import numpy as np
import pytest
import torch

from boardbench.captures.artifacts import CaptureReport
from boardbench.errors import BoardbenchError
from boardbench.integrity import record_of
from boardbench.segmentation.model import Model, Sensor, input_spec, load, save
from boardbench.segmentation.networks import build_network
from boardbench.segmentation.reduction.pca import EVERY, Axes

SENSOR = Sensor("raw", 8, [400.0 + 10 * band for band in range(8)], [2, 3, 4, 5, 6], 0.99)


def make_model(strategy: str = "scrb", **changes) -> Model:
    torch.manual_seed(0)
    metadata = {
        "network": build_network("unet", strategy, 5, 3, 2).eval(),
        "backbone": "unet",
        "strategy": strategy,
        "width": 2,
        "dataset": "toy",
        "seed": 4,
        "classes": ["others", "ic", "capacitor"],
        "sensor": SENSOR,
    }
    return Model(**metadata | changes)


def test_a_saved_model_is_the_same_model(tmp_path):
    axes = Axes(
        captures=np.array([EVERY]),
        mean=np.arange(5, dtype=np.float32)[None],
        components=np.eye(5, dtype=np.float32)[None, :3],
        explained_variance_ratio=np.full((1, 3), 0.3, np.float32),
        bands=np.empty((1, 0), np.int64),
        criterion=np.array([np.nan]),
    )
    model = make_model("pca3", reduction=axes, size=(32, 48), resize="area", patch=16, board_mask=True)
    save(model, tmp_path / "model.pt")
    again = load(tmp_path)
    for name in ("backbone", "strategy", "width", "dataset", "seed", "classes", "sensor", "size", "resize", "patch"):
        assert getattr(again, name) == getattr(model, name), name
    assert again.board_mask
    np.testing.assert_array_equal(again.reduction.mean, axes.mean)
    np.testing.assert_array_equal(again.reduction.components, axes.components)
    image = torch.rand(1, 3, 20, 16)
    torch.testing.assert_close(again.network(image), model.network(image), rtol=0, atol=0)


def test_a_file_of_version_0_1_0_is_the_same_model(tmp_path):
    """Its spectral encoder was called front."""
    model = make_model()
    save(model, tmp_path / "model.pt")
    content = torch.load(tmp_path / "model.pt", weights_only=True)
    weights = content["state_dict"]
    content["state_dict"] = {key.replace("spectral_encoder.", "front."): value for key, value in weights.items()}
    assert content["state_dict"].keys() != weights.keys()
    torch.save(content, tmp_path / "model.pt")
    record_of(tmp_path / "model.pt").unlink()
    image = torch.rand(1, 5, 20, 16)
    torch.testing.assert_close(load(tmp_path).network(image), model.network(image), rtol=0, atol=0)


def test_equal_models_are_equal_files(tmp_path):
    for name in ("one.pt", "two.pt"):
        save(make_model(), tmp_path / name)
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()


def report(original, working, board=None) -> CaptureReport:
    return CaptureReport(
        wavelengths=None,
        kind="raw",
        sensor={"wavelengths": None, "keep": [1, 2], "panel": 1.0},
        resize="area",
        original=dict(zip(("lines", "samples", "bands"), original, strict=True)),
        working=dict(zip(("lines", "samples", "bands"), working, strict=True)),
        **dict.fromkeys(("values", "invalid", "saturated", "clipped_low", "clipped_high"), 0),
        outside_board=board,
    )


def test_a_working_size_counts_only_where_a_capture_was_resized():
    same, smaller = report((32, 40, 3), (32, 40, 2)), report((64, 40, 3), (32, 40, 2), board=5)
    assert input_spec([same, same])["size"] is None
    metadata = input_spec([smaller, same])
    assert metadata["size"] == (32, 40)
    assert metadata["board_mask"]
    assert metadata["sensor"] == Sensor("raw", 3, None, [1, 2], 1.0)
    assert input_spec([same, smaller])["size"] == (32, 40)


def test_a_missing_or_foreign_model_is_named(tmp_path, says):
    says(lambda: load(tmp_path / "no"), "no", "Give the folder of a run")
    torch.save({"backbone": "unet"}, tmp_path / "model.pt")
    for content in (None, b"", bytes(4000), bytes(range(256)) * 9):
        if content is not None:
            (tmp_path / "model.pt").write_bytes(content)
        with pytest.raises(BoardbenchError, match=r"model\.pt: not a model of boardbench"):
            load(tmp_path)
