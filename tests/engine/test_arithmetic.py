import pytest
import torch

from boardbench.engine.arithmetic import channels_last, fix_arithmetic


@pytest.fixture(autouse=True)
def restored():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (torch.nn.Conv2d(4, 8, 1, stride=2), False),
        (torch.nn.Conv2d(8, 16, 1, stride=2), True),
        (torch.nn.Conv2d(4, 8, 1), True),
        (torch.nn.Conv2d(4, 8, 3, stride=2), True),
    ],
)
def test_channels_go_last_but_where_torch_would_write_past_an_end(layer, expected):
    network = channels_last(torch.nn.Sequential(torch.nn.Conv2d(5, layer.in_channels, 3), layer))
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last) is expected
    seen = []
    network[1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].is_contiguous()))
    inputs = torch.rand(2, layer.in_channels, 8, 8).contiguous(memory_format=torch.channels_last)
    network[1](inputs)
    assert seen == [not expected]


def test_threads_and_denormals_are_set():
    fix_arithmetic(1)
    assert torch.get_num_threads() == 1
    assert (torch.tensor(1e-30) * torch.tensor(1e-10)).item() == 0
