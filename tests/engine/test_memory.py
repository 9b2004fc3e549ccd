import pytest
import torch
from torch import nn

from boardbench.engine.memory import inference_bytes, training_bytes

LINES, SAMPLES = 16, 20
PLANE = LINES * SAMPLES * 4  # bytes of one float32 channel


class Skip(nn.Module):
    """Two convolutions (2 -> 4 -> 4) beside each other's input, then both joined."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        skip = self.first(x)
        x = self.second(skip)
        return torch.cat([x, skip], dim=1)


def conv_relu_conv(inplace):
    return nn.Sequential(nn.Conv2d(2, 5, 3, padding=1), nn.ReLU(inplace=inplace), nn.Conv2d(5, 3, 1))


def peak(network, channels=2):
    return inference_bytes(network, channels, (LINES, SAMPLES)) / PLANE


def kept(network, channels=2):
    return training_bytes(network, channels, (LINES, SAMPLES)) / PLANE


def test_inference_of_convolutions_by_hand():
    # The image (2) stays; in the ReLU its input (5) and output (5) are alive, in place only one of them.
    assert peak(conv_relu_conv(inplace=False)) == 2 + 5 + 5
    assert peak(conv_relu_conv(inplace=True)) == 2 + 5 + 3


def test_training_of_convolutions_by_hand():
    # Kept for the gradients: the inputs of both convolutions; ReLU's output is the second's input.
    assert kept(conv_relu_conv(inplace=False)) == kept(conv_relu_conv(inplace=True)) == 2 + 5


def test_a_skip_lives_until_it_is_joined():
    assert peak(Skip()) == 2 + 4 + 4 + 8
    assert kept(Skip()) == 2 + 4
    assert peak(nn.Sequential(Skip(), nn.Conv2d(8, 1, 1))) == 2 + 4 + 4 + 8  # the parts are gone when this begins


def test_a_view_is_no_second_tensor():
    assert peak(nn.Sequential(nn.Conv2d(2, 5, 1), nn.Flatten(), nn.Unflatten(1, (5, LINES, SAMPLES)))) == 2 + 5


def test_normalization_keeps_its_input_and_two_numbers_a_channel_when_it_trains():
    network = nn.Sequential(nn.Conv2d(2, 5, 1), nn.BatchNorm2d(5), nn.ReLU(inplace=True))
    # The image, the normalization's input, and ReLU's output (of the normalization, in place).
    assert training_bytes(network, 2, (LINES, SAMPLES)) == (2 + 5 + 5) * PLANE + 2 * 5 * 4
    assert peak(network) == 2 + 5 + 5


def test_max_pooling_holds_its_indices():
    network = nn.Sequential(nn.Conv2d(2, 5, 1), nn.MaxPool2d(2))
    outputs = 5 / 4
    assert peak(network) == 2 + 5 + outputs + 2 * outputs  # int64: twice the bytes of float32
    assert kept(network) == 2 + 5 + 2 * outputs


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_upsampling_has_its_result_and_keeps_nothing(mode):
    network = nn.Sequential(nn.Conv2d(2, 5, 1), nn.Upsample(scale_factor=4, mode=mode))
    assert peak(network) == 2 + 5 + 80
    assert kept(network) == 2


def test_a_training_in_the_same_process_changes_no_count():
    network = nn.Sequential(nn.Conv2d(2, 5, 1), nn.Upsample(scale_factor=4, mode="bilinear"))
    before = peak(network)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        assert peak(network) == before
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(False)


def test_weights_and_buffers_are_left_out():
    wide = nn.Sequential(nn.Conv2d(2, 5, 15, padding=7), nn.ReLU(inplace=True), nn.Conv2d(5, 3, 1))
    wide.register_buffer("unused", torch.zeros(10_000))
    assert (peak(wide), kept(wide)) == (peak(conv_relu_conv(True)), kept(conv_relu_conv(True)))


def test_autograd_on_the_processor_keeps_the_same():
    network = nn.Sequential(nn.Conv2d(2, 5, 3, padding=1), nn.BatchNorm2d(5), nn.ReLU(inplace=True), nn.MaxPool2d(2))
    own = {tensor.untyped_storage().data_ptr() for tensor in network.state_dict().values()}
    saved = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            saved[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(torch.rand(1, 2, LINES, SAMPLES))
    assert sum(storage.nbytes() for storage in saved.values()) == training_bytes(network, 2, (LINES, SAMPLES))


def test_the_network_stays_as_it_is():
    network = nn.Sequential(nn.Conv2d(2, 5, 1), nn.BatchNorm2d(5)).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    peak(network), kept(network)
    assert not network.training
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
