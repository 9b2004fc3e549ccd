import pytest
import torch

from boardbench.engine.arithmetic import fix_arithmetic


@pytest.fixture(autouse=True)
def restored():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


def test_threads_and_denormals_are_set():
    fix_arithmetic(1)
    assert torch.get_num_threads() == 1
    assert (torch.tensor(1e-30) * torch.tensor(1e-10)).item() == 0
