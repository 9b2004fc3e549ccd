"""Which device a process of a training takes."""

import pytest
import torch

from boardbench.engine.processes import device_of
from boardbench.params.section import Loop


@pytest.fixture
def gpus(monkeypatch):
    """Have torch see a number of GPUs."""

    def see(count):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    return see


def loop(**given):
    return Loop(epochs=1, batch_size=2, learning_rate=0.1, patience=1, **given)


def test_each_process_has_a_gpu_of_its_own(gpus, monkeypatch, says):
    gpus(2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert device_of(loop(device="auto", devices=2)) == torch.device("cuda", 1)
    assert device_of(loop(device="cuda")) == torch.device("cuda")
    assert device_of(loop(device="cpu", devices=3)) == torch.device("cpu")
    says(lambda: device_of(loop(device="auto", devices=3)), "training.devices: 3", "2 GPUs")


def test_without_a_gpu_only_cuda_is_refused(gpus, says):
    gpus(0)
    assert device_of(loop(device="auto", devices=2)) == torch.device("cpu")
    says(lambda: device_of(loop(device="cuda")), "training.device", "no GPU")
