import pytest

from boardbench.classification.networks import build_network
from boardbench.engine.complexity import count
from boardbench.reproduction.resnet18 import resnet18, resnet18_small_images, squeeze_excitation


def test_formulas_are_those_of_the_networks_themselves():
    for classes, side, stem, formula in (
        (1000, 224, "imagenet", resnet18(1000)),
        (10, 32, "imagenet", resnet18(10, 32)),
        (10, 32, "cifar", resnet18_small_images(10)),
    ):
        network = build_network("resnet18", classes, stem=stem)
        assert sum(weight.numel() for weight in network.parameters()) == formula[0]
        # Our count has normalization and activations besides, a hundredth at most.
        assert count(network, 3, (side, side))[0] == pytest.approx(formula[1], rel=0.02)
    plain, se = (
        sum(weight.numel() for weight in build_network(name, 1000, stem="imagenet").parameters())
        for name in ("resnet18", "se_resnet18")
    )
    # Two dense layers a block, whose biases the formula leaves out.
    assert se - plain == pytest.approx(squeeze_excitation(16)[0], rel=0.06)
