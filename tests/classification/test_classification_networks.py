import subprocess
import sys

import pytest
import torch

from boardbench.classification.networks import NETWORKS, build_network, file_of

SLIM = [[1, 16, 1, 1], [6, 24, 2, 1], [6, 32, 3, 2], [6, 64, 3, 2], [6, 96, 2, 1]]


def test_names_need_no_torch():
    code = (
        "import sys\n"
        "from boardbench.classification.networks import NETWORKS, build_network\n"
        "assert 'resnet18' in NETWORKS\n"
        "try: build_network('resnet81', 10)\n"
        "except Exception as error: print(type(error).__name__)\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "BoardbenchError\n"


def test_every_network_of_the_study_is_in_its_file():
    assert {name: file_of(name) for name in NETWORKS} == {
        **dict.fromkeys(("resnet18", "resnet34", "se_resnet18", "se_resnet34"), "resnet"),
        **{name: name for name in ("mobilenet_v2", "lenet", "shufflenet_v2")},
        "vgg16": "vgg",
        "efficientnet_b0": "efficientnet",
        "efficientnet_lite0": "efficientnet_lite0",
    }


def test_unknown_names(says):
    says(lambda: build_network("resnet81", 10), "network 'resnet81'", "Did you mean 'resnet18'?")
    says(lambda: build_network("alexnet-like", 10), "Valid: resnet18, ", "efficientnet_b0")
    for name in NETWORKS:
        says(lambda name=name: build_network(name, 10, stem="cifer"), "stem 'cifer'", "Did you mean 'cifar'?")


@pytest.mark.parametrize("option", ["classes", "in_channels", "reduction"])
def test_numbers_out_of_range(option, says):
    says(lambda: build_network(**{"network": "resnet18", "classes": 10} | {option: 0}), f"{option} of", "is 0", "1")


@pytest.mark.parametrize("width", [0.0, -1.0])
def test_width_out_of_range(width, says):
    says(lambda: build_network("resnet18", 10, width=width), f"is {width}", "above 0")


def test_settings_are_for_mobilenet_only(says):
    for name in NETWORKS:
        if name != "mobilenet_v2":
            says(lambda name=name: build_network(name, 10, settings=SLIM), "settings", f"'{name}'", "mobilenet_v2")


def test_slim_mobilenet():
    network = build_network("mobilenet_v2", 10, settings=SLIM)
    # The first convolution, 11 blocks, the last convolution.
    assert len(network.blocks()) == 13
    assert network.stride == 4
    assert network(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    # 9 x 3 x 32 + 2 x 32, the first block 32 to 16 without widening: 9 x 32 + 2 x 32 + 32 x 16 + 2 x 16.
    assert sum(p.numel() for p in network.blocks()[0].parameters()) == 928
    assert sum(p.numel() for p in network.blocks()[1].parameters()) == 896


@pytest.mark.parametrize(
    "row", [[6, 24, 2], [6, 24, 2, 0], [6, 24, 2, 1.5], [6, 24, 2, 2, 1], [-1, 24, 2, 2], [6, 24, "2", 2]]
)
def test_malformed_settings(row, says):
    says(
        lambda: build_network("mobilenet_v2", 10, settings=[[1, 16, 1, 1], row]),
        *("settings", "row 2", str(row), "4 whole numbers", "[6, 24, 2, 2]"),
    )


def test_settings_without_rows(says):
    says(lambda: build_network("mobilenet_v2", 10, settings=[]), "settings", "no rows", "[6, 24, 2, 2]")


def test_reduction_reaches_the_blocks():
    with torch.device("meta"):
        hidden = [
            build_network("se_resnet34", 10, reduction=reduction).layer4[2].se.fc1.out_channels
            for reduction in (2, 16, 1024)
        ]
    assert hidden == [256, 32, 1]


def test_stem_of_small_images_is_the_default():
    assert build_network("resnet18", 10, width=0.1).conv1.kernel_size == (3, 3)
    assert build_network("resnet18", 10, width=0.1, stem="imagenet").conv1.kernel_size == (7, 7)
