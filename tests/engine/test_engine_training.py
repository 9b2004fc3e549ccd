"""The loop that all studies share: optimizers, schedules and the L1 term by hand, and resuming to the same bytes."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from boardbench.engine import training
from boardbench.engine.batch_norm import measure_batch_norm
from boardbench.engine.history import History
from boardbench.engine.optimizers import l1_norm, optimizer_of, schedule_of
from boardbench.engine.training import EpochSampler, Learner, fit
from boardbench.errors import BoardbenchError
from boardbench.params.section import Loop


@pytest.fixture(autouse=True)
def _settings_of_the_process():
    """Training sets them for the whole process; other tests count and compare without them."""
    yield
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(False)


def loop(**changed) -> Loop:
    return Loop(**({"epochs": 4, "batch_size": 2, "learning_rate": 0.1, "patience": 9} | changed))


def steps(gradients, **changed) -> list[float]:
    """Return a weight that starts at 1, after a step with each gradient."""
    network = nn.Linear(1, 1, bias=False)
    nn.init.ones_(network.weight)
    optimizer, found = optimizer_of(network, loop(**changed)), []
    for gradient in gradients:
        network.weight.grad = torch.full((1, 1), gradient)
        optimizer.step()
        found.append(network.weight.item())
    return found


def test_sgd_by_hand():
    # Velocity 0.5 + 0.01 * 1 = 0.51; then 0.9 * 0.51 + (0.5 + 0.01 * 0.949) = 0.96849.
    assert steps([0.5, 0.5], optimizer="sgd", weight_decay=0.01) == pytest.approx([0.949, 0.852151], abs=1e-6)
    assert steps([0.5, 0.5], optimizer="sgd", momentum=0.0) == pytest.approx([0.95, 0.9], abs=1e-6)


def test_adam_by_hand():
    # Means 0.02 / 0.19 and 0.00031225 / 0.001999: 0.1 * 0.105263 / 0.395225 = 0.026634.
    assert steps([0.5, -0.25], optimizer="adam") == pytest.approx([0.9, 0.873366], abs=2e-6)
    assert steps([0.0], optimizer="adam", weight_decay=0.01) == pytest.approx([0.9], abs=1e-5)


def test_adadelta_by_hand():
    # sqrt(1e-6) / sqrt(0.1 * 0.25 + 1e-6) * 0.5 = 0.0031622
    found = steps([0.5], optimizer="adadelta", learning_rate=1.0)
    assert found == pytest.approx([1 - 0.0031622], abs=1e-6)
    assert steps([0.5], optimizer="adadelta", learning_rate=10.0) == pytest.approx([1 - 0.031622], abs=1e-5)


def test_what_does_not_train_is_left_out():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    network[0].requires_grad_(False).eval()
    for name in ("adam", "sgd", "adadelta"):
        (group,) = optimizer_of(network, loop(optimizer=name)).param_groups
        assert [id(weight) for weight in group["params"]] == [id(weight) for weight in network[1].parameters()]


def rates(schedule: str, count: int, total: int = 0, **changed) -> list[float]:
    """Return the learning rate before each of ``count`` steps of a schedule."""
    params = loop(schedule=schedule, **changed)
    optimizer = optimizer_of(nn.Linear(1, 1), params)
    found = schedule_of(optimizer, params, total)
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        found.step()
    return rates


def test_schedules_by_hand():
    cosine = [(1 + math.cos(math.pi * epoch / 4)) / 2 for epoch in range(4)]
    assert rates("cosine", 4, learning_rate=1.0) == pytest.approx(cosine)
    # A tenth at epoch 5 of 10, and again at 8, the first that is not before 7.5.
    expected = [1.0] * 5 + [0.1] * 3 + [0.01] * 2
    assert rates("step", 10, epochs=10, learning_rate=1.0) == pytest.approx(expected)
    assert schedule_of(optimizer_of(nn.Linear(1, 1), loop()), loop(schedule="constant"), 0) is None


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adadelta"])
def test_one_cycle_by_hand(optimizer):
    # From 1/25 to 1 by half a cosine in steps 0 to 2, from there to 1/250,000 in steps 2 to 9.
    down = [1 + (4e-6 - 1) * (1 - math.cos(math.pi * step / 7)) / 2 for step in range(8)]
    found = rates("one_cycle", 10, 10, learning_rate=1.0, optimizer=optimizer)
    assert found == pytest.approx([0.04, 0.52, *down], rel=1e-4)


@pytest.mark.parametrize("total", [1, 2, 3, 4])
def test_one_cycle_of_few_steps(total):
    found = rates("one_cycle", total, total, learning_rate=1.0)
    assert all(0 < rate <= 1 for rate in found)


def test_l1_counts_weights_that_train_alone():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 1), nn.Linear(1, 1))
    for parameter in network.parameters():
        nn.init.constant_(parameter, -3.0)
    network[4].requires_grad_(False)
    value = l1_norm(network)
    assert value.item() == 12  # 2 of the convolution, 2 of the dense layer
    value.backward()
    assert network[0].weight.grad.flatten().tolist() == [-1, -1]
    assert network[0].bias.grad is None and network[1].weight.grad is None


def test_l1_joins_the_step_but_not_the_history():
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, -2.0)
    learner = Learner(network, nn.MSELoss(), None, None, loop(l1_weight=0.25), 0)
    loss, penalized = learner.losses(torch.ones(1, 1), torch.zeros(1, 1))
    assert (loss.item(), penalized.item()) == (4.0, 4.5)  # (-2)^2 + 0.25 * 2
    penalized.backward()
    assert network.weight.grad.item() == -4.25  # 2 * -2 - 0.25


def test_an_epochs_order_is_drawn_from_seed_and_epoch():
    def order(seed, epoch):
        sampler = EpochSampler(lambda epoch: list(range(50)), seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(0, 1) == order(0, 1)
    assert sorted(order(0, 1)) == list(range(50))
    assert len({tuple(order(*draw)) for draw in ((0, 1), (0, 2), (1, 1))}) == 3


def train(folder, loss=None, fresh=0, **changed):
    """Fit a tiny network with dropout; return it, and its history."""
    params = loop(**changed)
    torch.manual_seed(fresh)
    network = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2))
    generator = torch.Generator().manual_seed(7)
    inputs = torch.randn(10, 3, generator=generator)
    data = TensorDataset(inputs, (inputs[:, 0] > 0).long())
    sampler = EpochSampler(lambda epoch: list(range(10)), 3)
    history = fit(
        network,
        loss or nn.functional.cross_entropy,
        lambda logits, targets: int((logits.argmax(1) == targets).sum()),
        lambda statistics: {"accuracy": sum(statistics) / 10},
        DataLoader(data, batch_size=params.batch_size, sampler=sampler),
        DataLoader(data, batch_size=10),
        params=params,
        seed=3,
        checkpoints=folder / "checkpoints" / "run",
        run=None,
    )
    return network, history


@pytest.mark.parametrize(("optimizer", "schedule"), [("sgd", "one_cycle"), ("adadelta", "step"), ("adam", "cosine")])
def test_a_run_cut_off_ends_with_the_same_weights(tmp_path, monkeypatch, capsys, optimizer, schedule):
    settings = {"optimizer": optimizer, "schedule": schedule, "l1_weight": 0.001, "monitor": "accuracy"}
    settings |= {"freeze_batch_norm": 0.25}
    whole, history = train(tmp_path / "whole", **settings)

    def cut(self, epoch):
        if epoch == 2:
            raise RuntimeError("cut off")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="cut off"):
        patched.setattr(History, "start_epoch", cut)
        train(tmp_path / "cut", **settings)
    resumed, again = train(tmp_path / "cut", fresh=5, **settings)
    assert "resuming from epoch 2" in capsys.readouterr().out
    assert again.rows == history.rows and len(again.rows) == 4
    assert again.kept_epoch == history.kept_epoch
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("constant", [1.0] * 4), ("step", [1.0, 1.0, 0.1, 0.01]), ("cosine", [1.0, 0.853553, 0.5, 0.146447])],
)
def test_the_loop_goes_through_the_schedule_by_epochs(tmp_path, monkeypatch, schedule, expected):
    made, seen = [], []

    def kept(*given):
        made.append(optimizer_of(*given))
        return made[-1]

    def loss(logits, targets):
        if logits.requires_grad:
            seen.append(made[-1].param_groups[0]["lr"])
        return nn.functional.cross_entropy(logits, targets)

    monkeypatch.setattr(training, "optimizer_of", kept)
    train(tmp_path, loss, schedule=schedule, learning_rate=1.0)
    assert seen == pytest.approx([rate for rate in expected for _ in range(5)], rel=1e-5)
    seen.clear()
    train(tmp_path / "cycle", loss, schedule="one_cycle", learning_rate=1.0)
    assert len(seen) == 20 and seen[0] == pytest.approx(0.04)
    assert seen[5] == pytest.approx(1) and seen[-1] == pytest.approx(4e-6)  # 0.3 * 20 - 1 = 5


def test_the_best_epoch_is_kept_and_patience_ends_the_run(tmp_path, monkeypatch):
    values, kept = iter([1.0, 0.5, 0.7, 0.5, 0.1]), []
    original = History.end_epoch

    def watched(self, epoch, scores, network):
        original(self, epoch, scores, network)
        kept.append({key: value.clone() for key, value in network.state_dict().items()})

    def loss(logits, targets):
        return nn.functional.cross_entropy(logits, targets) if logits.requires_grad else torch.tensor(next(values))

    monkeypatch.setattr(History, "end_epoch", watched)
    network, history = train(tmp_path, loss, epochs=9, patience=2)
    assert [row["validation_loss"] for row in history.rows] == pytest.approx([1.0, 0.5, 0.7, 0.5])
    assert history.kept_epoch == 1
    assert all(torch.equal(value, kept[1][key]) for key, value in network.state_dict().items())
    assert not torch.equal(kept[1]["0.weight"], kept[3]["0.weight"])


def test_the_last_epoch_is_kept_where_it_is_asked_for(tmp_path):
    values = iter([1.0, 0.5, 0.7])

    def loss(logits, targets):
        return nn.functional.cross_entropy(logits, targets) if logits.requires_grad else torch.tensor(next(values))

    _, history = train(tmp_path, loss, epochs=3, patience=3, keep="last")
    assert history.kept_epoch == 2 and history.rows[2]["validation_loss"] == pytest.approx(0.7)


def test_late_epochs_train_on_the_statistics_that_are_used_afterwards(tmp_path, monkeypatch):
    seen = []
    original = History.end_epoch

    def watched(self, epoch, scores, network):
        original(self, epoch, scores, network)
        norm = network[1]
        seen.append((norm.running_mean.clone(), norm.weight.detach().clone()))

    monkeypatch.setattr(History, "end_epoch", watched)
    train(tmp_path, epochs=5, freeze_batch_norm=0.4)
    changed = [[not torch.equal(*pair) for pair in zip(one, other, strict=True)] for one, other in pairwise(seen)]
    # The first three of five epochs move the statistics, the fourth measures them; the last two train on with them.
    assert changed == [[True, True], [True, True], [True, True], [False, True]]


def test_layers_that_do_not_train_keep_their_statistics():
    network = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2), nn.BatchNorm1d(2))
    network[0].requires_grad_(False).eval()
    network[0].running_mean.fill_(7.0)
    learner = Learner(network, None, None, None, loop(freeze_batch_norm=0.5), 0)
    measure_batch_norm(network, learner._norms, [(torch.ones(2, 3), None)])
    assert network[0].running_mean.tolist() == [7.0] * 3 and network[2].running_var.tolist() != [1.0] * 2


def test_statistics_are_measured_on_the_training_part_before_late_epochs(tmp_path, monkeypatch):
    found = []

    def watched(network, norms, batches):
        before = {key: value.clone() for key, value in network.state_dict().items() if "running" not in key}
        batches = list(batches)
        measure_batch_norm(network, norms, batches)
        found.append((norms, torch.cat([inputs for inputs, _ in batches])))
        assert all(torch.equal(value, network.state_dict()[key]) for key, value in before.items() if "num" not in key)

    monkeypatch.setattr(training, "measure_batch_norm", watched)
    network, _ = train(tmp_path, epochs=10, patience=10, freeze_batch_norm=0.7)
    ((norms, inputs),) = found
    assert norms == [network[1]] and len(inputs) == 10
    train(tmp_path / "never", freeze_batch_norm=0.0)
    assert len(found) == 1


def test_a_loss_that_is_no_number_names_the_remedy(tmp_path, says):
    def loss(logits, targets):
        return nn.functional.cross_entropy(logits, targets) * float("nan")

    says(lambda: train(tmp_path, loss), "diverged in epoch 0", "learning_rate")
    with pytest.raises(BoardbenchError):
        train(tmp_path / "again", loss, optimizer="sgd")


def test_bf16_runs_a_step_on_the_processor(tmp_path):
    network, history = train(tmp_path, epochs=1, precision="bf16")
    assert math.isfinite(history.rows[0]["validation_loss"])
    assert all(value.dtype == torch.float32 for value in network.state_dict().values() if value.is_floating_point())


@pytest.mark.parametrize("damage", ["cut", "empty", "foreign"])
def test_a_broken_checkpoint_is_dropped_and_the_run_starts_over(tmp_path, capsys, monkeypatch, damage):
    whole, _ = train(tmp_path / "whole")
    last = tmp_path / "broken/checkpoints/run/last.ckpt"

    def cut(self, epoch):
        if epoch == 2:
            raise RuntimeError("cut off")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="cut off"):
        patched.setattr(History, "start_epoch", cut)
        train(tmp_path / "broken")
    if damage == "foreign":
        torch.save({"epoch": 1}, last)
    else:
        last.write_bytes(last.read_bytes()[: len(last.read_bytes()) // 2 if damage == "cut" else 0])
    again, history = train(tmp_path / "broken")
    told = capsys.readouterr().out
    assert f"{last}: not a checkpoint" in told and "starts over" in told and "resuming" not in told
    assert len(history.rows) == 4
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in whole.state_dict().items())


def test_a_gpu_that_is_not_there_is_named(tmp_path, says, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    says(lambda: train(tmp_path, device="cuda"), "training.device", "cpu")
