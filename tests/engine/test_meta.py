import pytest
import torch
from torch import nn
from torch.nn import functional

from boardbench.engine.meta import Sizes, on_meta


def shapes(result):
    found = result if isinstance(result, tuple) else (result,)
    return [(tuple(tensor.shape), tensor.dtype) for tensor in found]


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: torch.native_batch_norm(x, None, None, torch.zeros(3), torch.ones(3), True, 0.1, 1e-5),
        lambda x: torch.native_batch_norm(x, None, None, torch.zeros(3), torch.ones(3), False, 0.1, 1e-5),
        lambda x: functional.interpolate(x, scale_factor=4, mode="bilinear"),
        lambda x: functional.interpolate(x, size=(7, 9), mode="bilinear", align_corners=True),
        lambda x: functional.interpolate(x, size=(7, 9), mode="bicubic"),
        lambda x: functional.max_pool2d(x, 2),
    ],
)
def test_sizes_are_those_of_the_processor(operation):
    expected = shapes(operation(torch.rand(2, 3, 4, 6)))
    with torch.device("meta"), Sizes():
        assert shapes(operation(torch.empty(2, 3, 4, 6))) == expected


def test_a_copy_goes_to_meta():
    network = nn.Conv2d(3, 2, 1)
    copy, image = on_meta(network, 3, (4, 6))
    assert {tensor.device.type for tensor in (image, *copy.parameters())} == {"meta"}
    assert network.weight.device.type == "cpu" and image.shape == (1, 3, 4, 6)
