"""Masks by hand, channels whose loss changes nothing, networks built again from pruned weights, honest counts."""

import copy
import zlib

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from boardbench.classification.networks import build_network as build_classifier
from boardbench.engine import channels
from boardbench.engine.channels import contributions, prune_channels, weight_uses
from boardbench.engine.complexity import count
from boardbench.engine.history import History
from boardbench.engine.pruning import apply_mask, check_folder, chosen_ratio, cost, pruned, remove_mask, weight_bytes
from boardbench.engine.sizes import take_sizes
from boardbench.params.pruning import Pruning
from boardbench.segmentation.networks import build_network as build_segmenter

SIZE = (16, 16)


class Tiny(nn.Module):
    """Two convolutions, a transposed one and a dense layer."""

    in_channels = 2

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.up = nn.ConvTranspose2d(4, 3, 2, stride=2, bias=False)
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(self.up(torch.relu(self.norm(self.first(x)))).mean(dim=(2, 3)))


def losses(network, batches: int = 2):
    generator = torch.Generator().manual_seed(5)
    for _ in range(batches):
        yield network(torch.rand(2, network.in_channels, 32, 32, generator=generator)).square().mean()


def start(make, *arguments, **options):
    torch.manual_seed(1)
    return make(*arguments, **options).eval()


def test_masks_by_hand_are_global_and_leave_biases_and_normalization_alone():
    network = start(Tiny)
    with torch.no_grad():
        for weight in network.parameters():
            weight.fill_(1.0)
        network.first.weight[0] = 0.1  # 18 weights
        network.fc.weight[:] = torch.tensor([[0.2, -0.3, 5.0], [4.0, -5.0, 0.05]])
        network.fc.bias[:] = 1e-6
    weights = 4 * 2 * 9 + 4 * 3 * 4 + 6
    small = remove_mask(network, apply_mask(network, 21 / weights))  # the 18, 0.05, 0.2 and -0.3
    assert small.fc.weight.tolist() == [[0.0, 0.0, 5.0], [4.0, -5.0, 0.0]]
    assert not small.first.weight[0].any() and (small.first.weight[1:] == 1).all() and (small.up.weight == 1).all()
    assert (small.fc.bias == 1e-6).all() and (small.norm.weight == 1).all()
    assert (network.first.weight[0] == 0.1).all()  # the dense one stays
    assert list(small.state_dict()) == list(network.state_dict())


def test_masks_hold_while_the_network_trains():
    network = start(Tiny)
    small = apply_mask(network, 0.5).train()
    zero = {name: (layer.weight == 0).clone() for name, layer in small.named_children() if name != "norm"}
    optimizer = torch.optim.SGD(small.parameters(), lr=0.5, momentum=0.9, weight_decay=0.1)
    for loss in losses(small, 4):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    small = remove_mask(network, small)
    for name, mask in zero.items():
        assert (small.get_submodule(name).weight == 0).equal(mask), name
    assert not small.fc.weight[~zero["fc"]].equal(network.fc.weight[~zero["fc"]])


def test_a_share_that_empties_a_layer_is_refused(says):
    network = start(Tiny)
    with torch.no_grad():
        network.fc.weight.fill_(1e-9)
    says(lambda: apply_mask(network, 0.3), "ratio 0.3", "no weight of fc is left", "lower ratio")


def test_the_grid_takes_the_largest_share_within_the_tolerance(capsys):
    network = start(Tiny)
    scores = {0.2: 0.9, 0.4: 0.89, 0.6: 0.8899, 0.1: 0.5}

    def validated(candidate):
        assert not candidate.training
        zeros = sum(int((layer.weight == 0).sum()) for layer in (candidate.first, candidate.up, candidate.fc))
        return scores[min(scores, key=lambda ratio: abs(ratio - zeros / 126))]

    ratio, tried = chosen_ratio(network, [0.6, 0.2, 0.4, 0.1], 0.01, 0.9, validated)
    assert ratio == 0.4  # 0.9 - 0.89 is a little above 0.01 in floats
    assert tried == [{"ratio": ratio, "validation": scores[ratio]} for ratio in (0.1, 0.2, 0.4, 0.6)]
    assert capsys.readouterr().out == ""
    ratio, tried = chosen_ratio(network, [0.6, 0.4], 0.01, 0.95, validated)
    assert ratio == 0.4 and len(tried) == 2
    assert "no share of zeros costs at most 0.01" in capsys.readouterr().out


def test_the_grid_never_takes_a_share_that_empties_a_layer():
    network = start(Tiny)
    with torch.no_grad():
        network.fc.weight.fill_(1e-9)
    network.fc.weight.data[0, 0] = 7
    assert chosen_ratio(network, [0.03, 0.5], 1.0, 0.5, lambda _: 0.5)[0] == 0.5  # five of six are gone at once
    network.fc.weight.data[0, 0] = 1e-9
    assert chosen_ratio(network, [0.03, 0.5], 1.0, 0.5, lambda _: 0.5)[0] == 0.03


def test_counts_by_hand():
    network = start(Tiny)
    with torch.no_grad():
        for weight in network.parameters():
            weight.fill_(1.0)
        network.first.weight[0] = 0
        network.up.weight[0] = 0
        network.fc.weight[0, 0] = 0
    counted = cost(network, (8, 8))
    assert weight_uses(network, (8, 8)) == {"first": 64, "up": 64, "fc": 1}
    assert counted.parameters == 72 + 4 + 8 + 48 + 6 + 2
    assert counted.parameters_nonzero == counted.parameters - 18 - 12 - 1
    assert counted.macs == count(network, 2, (8, 8))[0]
    assert counted.macs_effective == counted.macs - 18 * 64 - 12 * 64 - 1


def test_bytes_are_those_of_the_weights_and_zeros_compress():
    network = start(Tiny)
    raw, small = weight_bytes(network)
    values = b"".join(value.numpy().tobytes() for value in network.state_dict().values())
    assert raw == len(values) == 4 * (140 + 8) + 8  # running statistics, and the number of batches
    assert small == len(zlib.compress(values, 9))
    zeros = weight_bytes(remove_mask(network, apply_mask(network, 0.8)))
    assert zeros[0] == raw and zeros[1] < small - 100


NETWORKS = {
    "resnet18": lambda: build_classifier("resnet18", 3, width=0.125),
    "se_resnet18": lambda: build_classifier("se_resnet18", 3, width=0.125, reduction=4),
    "mobilenet_v2": lambda: build_classifier("mobilenet_v2", 3, settings=[[1, 8, 1, 1], [3, 16, 2, 1]], width=0.5),
    "unet": lambda: build_segmenter("unet", "scrb", 8, 3, 4),
    "attention_unet": lambda: build_segmenter("attention_unet", "full", 8, 3, 4),
    "linknet": lambda: build_segmenter("linknet", "full", 8, 3, 8),
}


def head(name):
    return "backbone.head" if "net" in name and "res" not in name and "mobile" not in name else None


@pytest.mark.parametrize("name", NETWORKS)
def test_a_pruned_network_is_built_again_from_its_weights_alone(name):
    dense = start(NETWORKS[name])
    before = copy.deepcopy(dense.state_dict())
    size = (32, 32)
    small = prune_channels(dense, 0.5, size, [head(name) or dense.head], losses)
    assert count(small, small.in_channels, size)[0] <= 0.5 * count(dense, dense.in_channels, size)[0]
    assert all(value.equal(before[key]) for key, value in dense.state_dict().items())
    again = NETWORKS[name]().eval()
    take_sizes(again, small.state_dict())
    again.load_state_dict(small.state_dict())
    image = torch.rand(2, dense.in_channels, *size)
    assert again(image).shape == dense(image).shape
    assert again(image).equal(small(image))
    described = ("in_channels", "out_channels", "groups", "in_features", "out_features", "num_features")
    for layer, wanted in zip(again.modules(), small.modules(), strict=True):
        assert [getattr(layer, key, None) for key in described] == [getattr(wanted, key, None) for key in described]
    twin = prune_channels(dense, 0.5, size, [head(name) or dense.head], losses)
    assert all(value.equal(twin.state_dict()[key]) for key, value in small.state_dict().items())


def test_weights_of_another_network_are_refused():
    network, small = start(Tiny), start(Tiny).state_dict()
    for key, values, words in (
        ("first.weight", torch.zeros(5, 2, 3, 3), "first.weight is 5 x 2 x 3 x 3.*4 x 2 x 3 x 3"),
        ("first.weight", torch.zeros(4, 2, 1, 1), "first.weight"),
        ("fc.weight", torch.zeros(6), "fc.weight is 6"),
    ):
        with pytest.raises(ValueError, match=words):
            take_sizes(network, small | {key: values})
    with pytest.raises(KeyError):
        take_sizes(network, {key: value for key, value in small.items() if key != "fc.bias"})


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    level=st.sampled_from(["encoder.0.0", "encoder.1.3", "bottleneck.0", "decoder.2.0"]),
    dead=st.sets(st.integers(0, 3), min_size=1, max_size=3),
    seed=st.integers(0, 99),
)
def test_channels_that_do_nothing_go_first_and_the_logits_stay(level, dead, seed):
    torch.manual_seed(seed)
    network = build_segmenter("unet", "full", 3, 3, 4).eval()
    layers = dict(network.backbone.named_modules())
    stage, place = level.rsplit(".", 1)
    norm = layers[f"{stage}.{int(place) + 1}"]
    with torch.no_grad():
        for layer in network.modules():  # else some channels are cut off by ReLU, and do nothing either
            if isinstance(layer, nn.BatchNorm2d):
                layer.bias.fill_(3.0)
        norm.weight[list(dead)] = 0  # normalized values are 0, whatever the convolution gives
        norm.bias[list(dead)] = 0
    image = torch.rand(1, 3, 32, 32)
    before = count(network, 3, (32, 32))[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channels, "STEPS", 10_000)  # one channel a step
        small = prune_channels(network, 1e-6, (32, 32), ["backbone.head"], losses)
    gone = norm.num_features - dict(small.backbone.named_modules())[f"{stage}.{int(place) + 1}"].num_features
    assert gone == 1
    assert count(small, 3, (32, 32))[0] < before
    torch.testing.assert_close(small(image), network(image), rtol=1e-5, atol=1e-5)


def test_a_contribution_is_the_change_of_the_loss_by_hand():
    """loss = sum of the logits of one image: without channel c of the first layer it lacks what c gives, exactly."""
    network = start(Tiny)
    network.norm = nn.Identity()
    image = torch.rand(1, 2, 8, 8)
    found = contributions(network, lambda network: iter([network(image).sum()]))
    with torch.no_grad():
        without = copy.deepcopy(network)
        without.first.weight[1] = 0
        without.first.bias[1] = 0
        expected = without(image).sum() - network(image).sum()
        lost = copy.deepcopy(network)
        lost.up.weight[:, 2] = 0
        torch.testing.assert_close(found[network.first][0, 1].float(), expected)
        torch.testing.assert_close(found[network.up][0, 2].float(), lost(image).sum() - network(image).sum())
    assert found[network.first].shape == (1, 4) and found[network.up].shape == (1, 3)


def test_the_head_and_the_input_keep_their_channels():
    network = start(NETWORKS["unet"])
    small = prune_channels(network, 0.9, SIZE, ["backbone.head"], losses)
    assert small.spectral_encoder[0].in_channels == 8 and small.backbone.head.out_channels == 3
    assert small.spectral_encoder[0].out_channels < 64  # the SCRB's 128 hidden channels go too


def test_layers_keep_multiples_of_channels():
    network = start(NETWORKS["unet"])
    small = prune_channels(network, 0.5, SIZE, ["backbone.head"], losses, 4)
    kept = {
        name: layer.out_channels
        for name, layer in small.named_modules()
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and name not in ("backbone.head", "spectral_encoder.3")
    }
    assert kept and not {name: count for name, count in kept.items() if count % 4}
    assert sum(kept.values()) < 0.9 * sum(network.get_submodule(name).out_channels for name in kept)
    assert small.spectral_encoder[3].out_channels == 3  # fewer than four: whole


def test_a_ratio_out_of_reach_and_a_network_that_cannot_be_followed_are_refused(says):
    network = start(NETWORKS["unet"])
    says(
        lambda: prune_channels(network, 0.9999, SIZE, ["backbone.head"], losses),
        "ratio 0.9999: only 0.9",
        "lower ratio",
    )
    shuffled = start(build_classifier, "shufflenet_v2", 3, width=0.5)
    says(
        lambda: prune_channels(shuffled, 0.5, (32, 32), [shuffled.head], losses),
        "ShuffleNetV2",
        "Torch-Pruning",
        "unstructured",
    )


def test_a_run_is_not_pruned_into_its_own_folder_nor_twice(tmp_path, says):
    (tmp_path / "model.pt").touch()
    for run in (tmp_path, tmp_path / "model.pt"):
        says(lambda run=run: check_folder(run, tmp_path / "." / "x" / "..", None), "own folder", "Name another")
    says(lambda: check_folder(tmp_path, tmp_path / "out", {"name": "half"}), "pruned already ('half')")
    check_folder(tmp_path, tmp_path / "out", None)


@pytest.mark.parametrize("method", ["structured", "unstructured"])
def test_facts_say_what_was_before_and_after(method):
    network, seen = start(NETWORKS["unet"]), []

    def train(small):
        assert small.training  # a network in evaluation mode would keep its old statistics
        with torch.no_grad():
            for weight in small.parameters():
                weight.mul_(2)
        return History(params, None, False)

    def validated(candidate):
        assert not candidate.training
        seen.append(candidate)
        return float(len(seen))

    params = Pruning(method=method, ratio=0.5, multiple=1)
    result = pruned(
        network, params, size=SIZE, whole=["backbone.head"], validated=validated, losses=losses, train=train
    )
    summary, after = result.summary, cost(result.network, SIZE)
    assert [summary[f"validation_{when}"] for when in ("before", "pruned", "after")] == [1.0, 2.0, 3.0]
    assert summary["method"] == method and summary["ratio"] == 0.5 and summary["ratios"] == []
    assert (summary["parameters"], summary["macs"]) == (after.parameters, after.macs)
    assert summary["parameters_before"] == cost(network, SIZE).parameters > summary["parameters_nonzero"]
    assert summary["macs_before"] == cost(network, SIZE).macs
    assert summary["macs_effective"] < 0.9 * summary["macs_before"]
    assert (summary["macs"] < summary["macs_before"]) == (method == "structured")
    assert summary["settings"]["epochs"] == 20 and result.network is seen[-1]


class Dear(nn.Module):
    """A convolution at every pixel, then one at every sixteenth: a channel of the first costs more."""

    in_channels = 2

    def __init__(self):
        super().__init__()
        self.first, self.first_norm = nn.Conv2d(2, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.second, self.second_norm = nn.Conv2d(8, 8, 3, stride=4, padding=1), nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        x = torch.relu(self.first_norm(self.first(x)))
        return self.fc(torch.relu(self.second_norm(self.second(x))).mean(dim=(2, 3)))


def test_of_channels_worth_the_same_the_dearest_goes_first(monkeypatch):
    def alike(network, losses):
        return {layer: torch.linspace(1, 1.1, 8)[None].double() for layer in (network.first_norm, network.second_norm)}

    monkeypatch.setattr(channels, "contributions", alike)
    small = prune_channels(start(Dear), 0.3, SIZE, ["fc"], losses)
    assert small.second.out_channels == 8 and small.first.out_channels < 7
