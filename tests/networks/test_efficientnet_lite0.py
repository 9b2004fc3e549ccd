import importlib.util

import numpy as np
import pytest
import torch
from PIL import Image

from boardbench.networks import weights
from boardbench.networks.efficientnet_lite0 import EfficientNetLite0, SamePadding
from boardbench.networks.mobilenet_v2 import MobileNetV2
from boardbench.networks.weights import load_weights

PACKAGE = EfficientNetLite0.package[0]
# Kernel, input channels, channels in between, output channels of every block, from the authors' table.
BLOCKS = [(3, 32, 32, 16), (3, 16, 96, 24), (3, 24, 144, 24), (5, 24, 144, 40), (5, 40, 240, 40), (3, 40, 240, 80)]
BLOCKS += [(3, 80, 480, 80)] * 2 + [(5, 80, 480, 112)] + [(5, 112, 672, 112)] * 2 + [(5, 112, 672, 192)]
BLOCKS += [(5, 192, 1152, 192)] * 3 + [(3, 192, 1152, 320)]


def published():
    """Return tensors of the names, shapes and order of the package's file."""

    def layer(conv, norm, *shape):
        made[f"{conv}.weight"] = torch.randn(shape)
        for kind in ("weight", "bias", "running_mean", "running_var"):
            made[f"{norm}.{kind}"] = torch.rand(shape[0]) + 0.5
        made[f"{norm}.num_batches_tracked"] = torch.tensor(7)

    torch.manual_seed(0)
    made = {}
    layer("_conv_stem", "_bn0", 32, 3, 3, 3)
    for number, (kernel, inputs, inner, outputs) in enumerate(BLOCKS):
        name = f"_blocks.{number}"
        if inner != inputs:
            layer(f"{name}._expand_conv", f"{name}._bn0", inner, inputs, 1, 1)
        layer(f"{name}._depthwise_conv", f"{name}._bn1", inner, 1, kernel, kernel)
        layer(f"{name}._project_conv", f"{name}._bn2", outputs, inner, 1, 1)
    layer("_conv_head", "_bn1", 1280, 320, 1, 1)
    return made | {"_fc.weight": torch.randn(1000, 1280), "_fc.bias": torch.randn(1000)}


@pytest.fixture
def needs_package():
    if importlib.util.find_spec(PACKAGE) is None:
        pytest.skip(f"needs {PACKAGE.replace('_', '-')}: pip install 'boardbench[imagenet]'")


def test_padding_is_tensorflows():
    def summed(kernel):
        conv = torch.nn.Conv2d(1, 1, kernel, 2, bias=False)
        torch.nn.init.ones_(conv.weight)
        return torch.nn.Sequential(SamePadding(kernel, 2), conv)

    # Even: nothing before, one zero behind. Odd: one on each side.
    rows = {(1, 2, 3, 4): [1 + 2 + 3, 3 + 4], (1, 2, 3): [1 + 2, 2 + 3]}
    for row, sums in rows.items():
        image = torch.zeros(1, 1, 4, len(row))
        image[0, 0, 1] = torch.tensor(row, dtype=torch.float32)
        assert summed(3)(image)[0, 0].tolist() == [sums, [0] * len(sums)]
    assert summed(5)(torch.ones(1, 1, 4, 4))[0, 0].tolist() == [[16, 12], [12, 9]]  # one before, two behind


def test_a_published_file_goes_in_by_its_own_names(tmp_path):
    state = published()
    assert len(state) == 296
    torch.save(state, tmp_path / "lite0.pth")
    network = EfficientNetLite0()
    load_weights(network, str(tmp_path / "lite0.pth"), None, tmp_path)
    found = list(network.state_dict().values())
    assert len(found) == len(state)
    assert all(torch.equal(one, other) for one, other in zip(found, state.values(), strict=True))  # the same order
    assert torch.equal(network.features[16].project[1].bias, state["_blocks.15._bn2.bias"])


def test_a_layer_too_many_is_named_as_in_the_file(tmp_path, says):
    torch.save(published() | {"_blocks.3._se_reduce.weight": torch.ones(1)}, tmp_path / "b0.pth")
    says(
        lambda: load_weights(EfficientNetLite0(), str(tmp_path / "b0.pth"), None, tmp_path),
        *(tmp_path / "b0.pth", "weights of another network", "_se_reduce"),
    )


def test_the_package_is_named_where_it_is_missing_or_another_networks(tmp_path, monkeypatch, says):
    says(lambda: load_weights(MobileNetV2(), "imagenet", None, tmp_path), "imagenet", "efficientnet_lite0", "MobileNet")
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None)
    says(lambda: load_weights(EfficientNetLite0(), "imagenet", None, tmp_path), "imagenet", "boardbench[imagenet]")


def test_the_packages_weights_know_what_is_on_a_photo(needs_package, tmp_path):
    skimage = pytest.importorskip("skimage")
    network = EfficientNetLite0()
    digest = load_weights(network.eval(), "imagenet", None, tmp_path)
    assert digest.startswith("57934424")
    from pathlib import Path

    folder = Path(skimage.__file__).parent / "data"
    # ImageNet's classes: tabby, tiger cat, Egyptian cat; espresso.
    for name, wanted in {"chelsea.png": {281, 282, 285}, "coffee.png": {967}}.items():
        with Image.open(folder / name) as photo:
            side = min(photo.size)
            left, top = (photo.width - side) // 2, (photo.height - side) // 2
            photo = photo.convert("RGB").crop((left, top, left + side, top + side)).resize((224, 224))
        image = torch.from_numpy((np.asarray(photo, dtype=np.float32) - 127) / 128).permute(2, 0, 1)[None]
        with torch.inference_mode():
            shares = network(image).softmax(dim=1)[0]
        assert set(shares.topk(len(wanted)).indices.tolist()) == wanted
        assert shares[list(wanted)].sum() > 0.8
