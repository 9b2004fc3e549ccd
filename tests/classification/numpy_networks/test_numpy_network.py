"""Whole networks: sizes by hand, gradients, starts, loss, optimizers and schedules."""

import numpy as np
import pytest
import torch

from boardbench.classification.numpy_networks import workers as workers_module
from boardbench.classification.numpy_networks.convolution import Conv2d
from boardbench.classification.numpy_networks.initialization import he, initialize, xavier
from boardbench.classification.numpy_networks.layers import Dense, ReLU
from boardbench.classification.numpy_networks.loss import cross_entropy
from boardbench.classification.numpy_networks.network import Network
from boardbench.classification.numpy_networks.networks import NETWORKS, build_network
from boardbench.classification.numpy_networks.optimizers import SGD, Adam, build_optimizer
from boardbench.classification.numpy_networks.schedules import SCHEDULES
from boardbench.classification.numpy_networks.workers import Workers

CIFAR, DIGITS = (32, 32, 3), (8, 8, 1)
# Multiplications, and biases on top.
SIZES = {
    ("fc3", CIFAR, False): (3072 * 1024 + 1024 * 512 + 512 * 256 + 256 * 10, 1024 + 512 + 256 + 10),
    ("fc5", DIGITS, False): (
        64 * 2048 + 2048 * 1024 + 1024 * 512 + 512 * 256 + 256 * 128 + 128 * 10,
        2048 + 1024 + 512 + 256 + 128 + 10,
    ),
}


@pytest.mark.parametrize("case", SIZES, ids=str)
def test_dense_networks_by_hand(case):
    weights, biases = SIZES[case]
    network = build_network(case[0], case[1], 10)
    assert (len(network.parameters), network.macs) == (weights + biases, weights)


# name, pooled: parameters, multiplications
CONVOLUTIONS = {
    ("cnn16_16", False): (448 + 2320 + 163850, 1024 * (27 * 16 + 144 * 16) + 163840),
    ("cnn16_16", True): (448 + 2320 + 40970, 1024 * (27 * 16 + 144 * 16) + 40960),
    ("cnn32_32", False): (896 + 9248 + 327690, 1024 * (27 * 32 + 288 * 32) + 327680),
    ("cnn32_32_64_64", False): (896 + 9248 + 18496 + 36928 + 655370, 67_600_384),
    ("cnn32_32_64_64", True): (
        896 + 9248 + 18496 + 36928 + 40970,
        1024 * (27 * 32 + 288 * 32) + 256 * (288 * 64 + 576 * 64) + 40960,
    ),
}


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_convolutional_networks_by_hand(case):
    network = build_network(case[0], CIFAR, 10, pool=case[1])
    assert (len(network.parameters), network.macs) == CONVOLUTIONS[case]


def test_a_relu_on_the_logits():
    """Logits 2 and -3 become 2 and 0; the gradient of the second, which is cut off, reaches nothing."""
    network = build_network("fc3", (1, 1, 1), 2, relu_logits=True)
    *_, last, relu = network.layers
    last.parameters["bias"][...] = 2, -3
    logits, kept = network.forward(np.zeros((1, 1, 1, 1), np.float32), np.random.default_rng(0))
    assert logits.tolist() == [[2, 0]] and type(relu).__name__ == "ReLU"
    into = np.zeros_like(network.parameters)
    network.backward(kept, np.array([[5, 7]], np.float32), into)
    assert network.views(into)[-2]["bias"].tolist() == [5, 0]
    assert build_network("fc3", (1, 1, 1), 2).layers[-1].neurons == 2


def test_wrong_choices_are_named(says):
    says(lambda: build_network("fc4", DIGITS, 10), "network 'fc4'", "fc5")
    says(lambda: build_network("cnn16_16", DIGITS, 10, dropout=0.5), "dropout: 0.5", "cnn16_16", "Set it to 0")
    says(lambda: build_network("fc3", DIGITS, 10, pool=True), "pool", "fc3", "false")
    says(lambda: build_network("cnn32_32_64_64", (2, 3, 1), 10, pool=True), "1 x 1", "Set pool to false")


def twin(network, name, pool, shape, dropout=0.0):
    """Return torch's network with the same weights."""
    layers, channels = [], shape[2]
    for layer in network.layers:
        kind = type(layer).__name__
        if kind == "Conv2d":
            made = torch.nn.Conv2d(channels, layer.filters, 3, padding=1)
            made.weight.data = torch.tensor(layer.parameters["weight"]).permute(3, 2, 0, 1).contiguous()
            channels = layer.filters
        elif kind == "Dense":
            made = torch.nn.Linear(*layer.parameters["weight"].shape)
            made.weight.data = torch.tensor(layer.parameters["weight"].T.copy())
        elif kind == "Flatten":
            layers.append(_Last())
            made = torch.nn.Flatten()
        else:
            made = {"ReLU": torch.nn.ReLU(), "MaxPool2d": torch.nn.MaxPool2d(2)}[kind]
        if layer.shapes:
            made.bias.data = torch.tensor(layer.parameters["bias"])
        layers.append(made)
    return torch.nn.Sequential(*layers)


class _Last(torch.nn.Module):
    """Our order of an image's values: channels last."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1)


@pytest.mark.parametrize(("name", "pool"), [("fc3", False), ("cnn16_16", False), ("cnn32_32_64_64", True)])
def test_a_network_is_torchs(name, pool):
    generator = np.random.default_rng(0)
    network = build_network(name, DIGITS, 10, pool=pool)
    initialize(network.layers, "he", generator)
    for layer in network.layers:
        if layer.shapes:
            layer.parameters["bias"][...] = generator.normal(size=layer.parameters["bias"].shape)
    images, labels = generator.normal(size=(13, *DIGITS)).astype(np.float32), generator.integers(0, 10, 13)
    theirs = twin(network, name, pool, DIGITS)
    logits = theirs(torch.tensor(images).permute(0, 3, 1, 2))
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels))
    loss.backward()
    with Workers(network, lambda x: x.copy()) as workers:
        total, hits = workers.gradient(images, labels, np.arange(13), [0])
        np.testing.assert_allclose(workers.logits(images), logits.detach(), rtol=1e-4, atol=1e-4)
    assert total / 13 == pytest.approx(float(loss.detach()), rel=1e-5)
    assert hits == int((logits.argmax(1).numpy() == labels).sum())
    vector = torch.cat([(_back(p)).flatten() for p in theirs.parameters()]).detach().numpy()
    np.testing.assert_allclose(workers.gradients[0], vector, rtol=1e-3, atol=1e-5)


def _back(parameter):
    gradient = parameter.grad
    return {4: lambda g: g.permute(2, 3, 1, 0), 2: lambda g: g.T, 1: lambda g: g}[gradient.ndim](gradient)


def small(dropout=0.0):
    network = build_network("fc3", DIGITS, 10, dropout=dropout)
    initialize(network.layers, "xavier", np.random.default_rng(3))
    return network


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_pieces_and_threads_add_up_to_the_whole_batch(threads, monkeypatch):
    network, generator = small(), np.random.default_rng(0)
    images, labels = generator.normal(size=(40, *DIGITS)).astype(np.float32), generator.integers(0, 10, 40)
    rows = np.arange(3, 32)  # 29 of 40
    with Workers(network, lambda x: x.copy()) as workers:
        whole = workers.gradient(images, labels, rows, [0])
        expected, logits = workers.gradients[0].copy(), workers.logits(images)
    monkeypatch.setattr(workers_module, "PIECE_BYTES", 4 * network.kept_bytes)
    with Workers(network, lambda x: x.copy(), threads) as workers:
        assert workers.piece == 4
        for _ in range(2):  # nothing is left over from the step before
            found = workers.gradient(images, labels, rows, [0])
        assert len(workers.gradients) == threads
        np.testing.assert_allclose(sum(workers.gradients), expected, rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(workers.logits(images), logits, rtol=1e-4, atol=1e-5)
    assert found == (pytest.approx(whole[0], rel=1e-6), whole[1])


def test_a_batch_smaller_than_the_threads():
    network = small()
    images, labels = np.ones((1, *DIGITS), np.float32), np.array([4])
    with Workers(network, lambda x: x, 3) as workers:
        loss, _ = workers.gradient(images, labels, np.arange(1), [0])
        again, _ = workers.gradient(images, labels, np.arange(1), [0])
        assert loss == again
        assert sum(gradient.any() for gradient in workers.gradients) == 1


def test_memory_is_bounded_by_the_piece_not_by_the_batch():
    import tracemalloc

    network = build_network("cnn16_16", (16, 16, 3), 10)
    images, peaks = np.zeros((1500, 16, 16, 3), np.uint8), []
    for count in (64, 1500):
        with Workers(network, lambda x: x.astype(np.float32)) as workers:
            workers.piece = 64
            tracemalloc.start()
            workers.gradient(images, np.zeros(1500, int), np.arange(count), [0])
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0]
    assert 64 * network.kept_bytes < 2 * peaks[0]


def test_starts_have_their_variance_and_shape():
    generator, shape, fans = np.random.default_rng(0), (300, 200), (300, 200)
    spread = xavier(generator, shape, fans)
    limit = np.sqrt(6 / 500)
    assert np.abs(spread).max() <= limit
    assert np.abs(spread).max() > 0.999 * limit
    assert spread.var() == pytest.approx(2 / 500, rel=0.02)
    normal = he(generator, shape, fans)
    assert normal.var() == pytest.approx(2 / 300, rel=0.03)
    assert (np.abs(normal) < normal.std()).mean() == pytest.approx(0.6827, abs=0.01)
    network = build_network("cnn32_32_64_64", DIGITS, 10)
    initialize(network.layers, "he", generator)
    weight = network.named()["4.weight"]
    assert weight.shape == (3, 3, 32, 64)
    assert weight.var() == pytest.approx(2 / (9 * 32), rel=0.05)
    assert not network.named()["4.bias"].any()
    dense = build_network("fc3", DIGITS, 10)
    initialize(dense.layers, "he", generator)
    assert dense.named()["1.weight"].var() == pytest.approx(2 / 64, rel=0.05)
    initialize(network.layers, "xavier", generator)
    assert weight.var() == pytest.approx(2 / (9 * 32 + 9 * 64), rel=0.05)


def test_cross_entropy_is_torchs_and_does_not_overflow():
    generator = np.random.default_rng(0)
    logits, labels = generator.normal(size=(6, 4)) * 3, generator.integers(0, 4, 6)
    theirs = torch.tensor(logits, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(theirs, torch.tensor(labels))
    loss.backward()
    total, gradient = cross_entropy(logits, labels)
    assert total / 6 == pytest.approx(float(loss.detach()), rel=1e-12)
    np.testing.assert_allclose(gradient, theirs.grad, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(cross_entropy(logits, labels, 12)[1], gradient / 2)
    total, gradient = cross_entropy(np.array([[1e4, 0, 0], [0, 1e4, 0]], np.float32), np.array([0, 0]))
    assert total == 1e4
    np.testing.assert_array_equal(gradient, np.array([[0, 0, 0], [-0.5, 0.5, 0]], np.float32))


@pytest.mark.parametrize("name", ["sgd", "sgd without momentum", "adam"])
@pytest.mark.parametrize("shared", [False, True])
def test_optimizers_are_torchs(name, shared):
    generator = np.random.default_rng(0)
    values = generator.normal(size=70_001)  # more than two blocks
    theirs = torch.tensor(values.copy(), requires_grad=True)
    momentum = 0.9 if name == "sgd" else 0.0
    ours = build_optimizer(name.split()[0], values, momentum)
    assert isinstance(ours, Adam if name == "adam" else SGD)
    rival = torch.optim.Adam([theirs]) if name == "adam" else torch.optim.SGD([theirs], 1, momentum=momentum)
    with Workers(Network([Dense(1)], (1,)), None, 2) as workers:
        for step in range(70):
            gradient = generator.normal(size=values.shape) * 0.1 + values
            theirs.grad = torch.tensor(gradient)
            rate = rival.param_groups[0]["lr"] = 0.01 / (1 + step)
            rival.step()
            ours.step([gradient * 0.25, gradient * 0.75] if shared else [gradient], rate, workers if shared else None)
    np.testing.assert_allclose(values, theirs.detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [lambda v: SGD(v, 0.5), Adam])
def test_the_state_of_dead_neurons_does_not_become_denormal(make):
    optimizer = make(np.ones(10, np.float32))
    optimizer.step([np.ones(10, np.float32)], 1e-3)
    for _ in range(1500):
        optimizer.step([np.zeros(10, np.float32)], 1e-3)
        if optimizer.steps % 64 == 0:
            for vector in optimizer.state.values():
                assert ((vector == 0) | (np.abs(vector) >= 1e-30)).all()
    assert not next(iter(optimizer.state.values())).any()


def test_schedules_by_hand():
    assert [SCHEDULES["constant"](epoch, 4) for epoch in range(4)] == [1, 1, 1, 1]
    step = [SCHEDULES["step"](epoch, 10) for epoch in range(10)]
    assert step == pytest.approx([1] * 5 + [0.1] * 3 + [0.01] * 2)
    cosine = [SCHEDULES["cosine"](epoch, 4) for epoch in range(4)]
    assert cosine == pytest.approx([1, (1 + np.sqrt(0.5)) / 2, 0.5, (1 - np.sqrt(0.5)) / 2])


def test_layers_look_into_one_vector():
    network = Network([Dense(2), ReLU(), Dense(3)], (4,))
    network.parameters[...] = np.arange(len(network.parameters))
    assert list(network.named()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    np.testing.assert_array_equal(network.named()["0.bias"], [8, 9])
    np.testing.assert_array_equal(network.named()["2.weight"], [[10, 11, 12], [13, 14, 15]])
    assert set(NETWORKS) == {"fc3", "fc5", "cnn16_16", "cnn32_32", "cnn32_32_64_64"}


def test_nothing_is_kept_or_computed_that_nobody_asks_for(monkeypatch):
    network = build_network("cnn16_16", DIGITS, 10)
    x = np.ones((2, *DIGITS), np.float32)
    assert network.forward(x)[1] == []
    logits, kept = network.forward(x, np.random.default_rng(0))
    assert len(kept) == len(network.layers)
    real, asked = Conv2d.backward, []
    monkeypatch.setattr(Conv2d, "backward", lambda *a, wanted: asked.append(wanted) or real(*a, wanted=wanted))
    network.backward(kept, logits, np.zeros_like(network.parameters))
    assert asked == [True, False]


def test_dropout_follows_every_hidden_dense_layer_and_its_seed():
    network = small(dropout=0.5)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Flatten", *["Dense", "ReLU", "Dropout"] * 3, "Dense"]
    images, labels, losses = np.ones((4, *DIGITS), np.float32), np.arange(4), []
    with Workers(network, lambda x: x.copy()) as workers:
        for seed in ([0, 1], [0, 1], [0, 2]):
            losses.append(workers.gradient(images, labels, np.arange(4), seed)[0])
    assert losses[0] == losses[1] != losses[2]
