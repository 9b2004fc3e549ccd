"""Training and scoring a placement run: same seed same bytes, frozen means frozen, mistakes are named."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from boardbench.engine.history import History
from boardbench.params.placement import Tolerance, Training
from boardbench.placement.corners import centre
from boardbench.placement.data import read_samples
from boardbench.placement.evaluation import evaluate, sync, write_run
from boardbench.placement.features import features, load_features
from boardbench.placement.model import load, predict
from boardbench.placement.scores import scores
from boardbench.placement.training import train

PARAMS = Training(width=0.1, epochs=2, batch_size=6)


@pytest.fixture(autouse=True)
def _settings_of_the_process():
    """Training sets them for the whole process; other tests count and compare without them."""
    yield
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(False)


def start(samples, out, kind="random", loss="rectangle", weights=None, params=PARAMS, **more):
    train(init=kind, loss=loss, seed=0, dataset="toy", samples=samples, start=weights, out=out, params=params, **more)
    return out


def test_same_seed_same_bytes_and_everything_is_written(samples, tmp_path):
    one, two = (start(samples, tmp_path / name) for name in ("one", "two"))
    for name in ("model.pt", "history.csv"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert not (one / "checkpoints").exists()
    history = pd.read_csv(one / "history.csv")
    assert list(history) == ["epoch", "train_loss", "validation_centre", "validation_loss"]
    metadata = json.loads((one / "training.json").read_text())
    assert (metadata["epochs"], metadata["weights"], metadata["settings"]["rectangle_weight"]) == (2, None, 0.001)
    assert metadata["parameters"] == metadata["trained_parameters"]
    model = load(one)
    assert (model.size, model.photo_size, model.mm_per_pixel) == ((32, 32), (64, 64), (0.2, 0.2))
    # The history's best epoch is what the file holds: paper 4's metric, by hand.
    given = read_samples(samples)
    chosen = given.parts == "validation"
    error = np.abs(centre(predict(model.network, given.images[chosen])) - centre(given.corners[chosen])).mean()
    assert error == pytest.approx(history["validation_centre"][metadata["kept_epoch"]], rel=1e-4)


def test_a_run_cut_off_resumes_and_ends_with_the_same_bytes(samples, tmp_path, monkeypatch, capsys):
    params = PARAMS.model_copy(update={"epochs": 4})
    whole = start(samples, tmp_path / "whole", params=params)

    def cut(self, epoch):
        if epoch == 2:
            raise RuntimeError("cut off")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="cut off"):
        patched.setattr(History, "start_epoch", cut)
        start(samples, tmp_path / "cut", params=params)
    assert not (tmp_path / "cut/model.pt").exists()
    torch.rand(7)  # whatever was drawn before, dropout draws the same
    resumed = start(samples, tmp_path / "cut", params=params)
    assert "resuming from epoch 2" in capsys.readouterr().out
    for name in ("model.pt", "history.csv"):
        assert (resumed / name).read_bytes() == (whole / name).read_bytes()


def test_the_loss_without_the_term_is_another_run(samples, tmp_path):
    params = PARAMS.model_copy(update={"rectangle_weight": 0.5})
    one = start(samples, tmp_path / "rectangle", params=params)
    two = start(samples, tmp_path / "corners", loss="corners", params=params)
    identities = [json.loads((out / "training.json").read_text())["fingerprint"] for out in (one, two)]
    assert identities[0] != identities[1]
    losses = [pd.read_csv(out / "history.csv")["train_loss"][0] for out in (one, two)]
    assert losses[0] > losses[1]


def test_frozen_features_stay_as_they_were_and_equal_the_whole_network(samples, tmp_path):
    weights = tmp_path / "weights.pt"
    features(samples=samples, out=weights, frozen=True, params=PARAMS)
    state, computed, _ = load_features(weights)
    assert computed.shape == (24, 1280, 1, 1)
    assert (computed[16:] == 0).all(), "features of parts that are not trained on"
    # Random layers pass the signal on: without statistics of the images, 1e-8 of it arrives.
    assert computed[:16].std() > 0.05 and computed[:16].std(axis=0).mean() > 0.02
    run = start(samples, tmp_path / "run", "frozen", weights=weights)
    model = load(run)
    for key, value in model.network.features.state_dict().items():
        assert torch.equal(value, state[key]), key
    metadata = json.loads((run / "training.json").read_text())
    assert metadata["trained_parameters"] == sum(part.numel() for part in model.network.head.parameters())
    assert metadata["weights"] == "random (seed 0)"
    given = read_samples(samples)
    with torch.inference_mode():
        by_cache = model.network.head(torch.from_numpy(computed[:16].copy())).numpy() * 32
    np.testing.assert_allclose(predict(model.network, given.images[:16]), by_cache, atol=1e-3)


def test_tuned_starts_from_the_weights_given_and_changes_them(samples, tmp_path):
    from boardbench.networks.mobilenet_v2 import MobileNetV2

    torch.manual_seed(5)
    published = MobileNetV2(width=0.1)
    torch.save(published.state_dict(), tmp_path / "published.pth")
    params = PARAMS.model_copy(update={"weights": str(tmp_path / "published.pth"), "learning_rate": 1e-9})
    features(samples=samples, out=tmp_path / "weights.pt", frozen=True, params=params)
    assert json.loads((tmp_path / "weights.json").read_text())["weights"].endswith("published.pth")
    kept = load_features(tmp_path / "weights.pt")[0]
    assert all(torch.equal(value, kept[key]) for key, value in published.features.state_dict().items())
    run = start(samples, tmp_path / "run", "finetune", weights=tmp_path / "weights.pt", params=params)
    trained, given = load(run).network.features.state_dict(), published.features.state_dict()
    torch.testing.assert_close(trained["0.0.weight"], given["0.0.weight"], rtol=0, atol=1e-6)
    assert not torch.equal(trained["0.1.running_mean"], given["0.1.running_mean"]), "layers are trained, too"


def test_mistakes_are_named(samples, write_samples, tmp_path, says):
    says(lambda: start(samples, tmp_path / "x", "frosen"), "--init frosen", "frozen")
    says(lambda: start(samples, tmp_path / "x", loss="both"), "--loss both", "rectangle")
    says(lambda: start(samples, tmp_path / "x", "frozen"), "--start", "boardbench placement features")
    says(lambda: start(samples, tmp_path / "x", weights=samples), "takes no --start")
    says(lambda: start(samples, tmp_path / "x", "finetune", weights=tmp_path / "no.pt"), "no.pt", "placement features")
    alone = write_samples(tmp_path / "alone", {"train": 4, "test": 1})
    says(lambda: start(alone, tmp_path / "x"), "samples.csv", "validation", "synthesis.images")


def test_scores_are_those_of_the_predictions_and_parts_without_images_are_left_out(write_samples, tmp_path):
    given = read_samples(write_samples(tmp_path / "s", {"train": 2, "validation": 3, "test": 4}))
    tolerance = Tolerance(offset_mm=0.3, rotation_deg=2)
    predicted = {part: given.corners[given.parts == part] + 1.5 for part in ("validation", "test")}
    out = tmp_path / "run"
    write_run(
        out,
        **{"dataset": "toy", "init": "mean", "loss": "none", "seed": 0},
        samples=given,
        predicted=predicted,
        tolerance=tolerance,
        extra={"more": 1},
    )
    metrics = json.loads((out / "metrics.json").read_text())
    assert list(metrics["parts"]) == ["validation", "test"]
    assert metrics["parts"]["test"]["centre_mae_px"] == pytest.approx(1.5)
    assert metrics["parts"]["test"]["centre_mae_mm"] == pytest.approx(0.3)
    expected = scores(given.corners[5:], predicted["test"], given.nominal, given.mm_per_pixel, tolerance)
    assert metrics["parts"]["test"] == json.loads(json.dumps(expected))
    table = pd.read_csv(out / "predictions.csv")
    assert table["sample"].tolist() == list(range(2, 9))
    np.testing.assert_allclose(table["c1x"], given.corners[2:, 0, 0] + 1.5)
    assert set(pd.read_csv(out / "roc.csv")["part"]) <= {"validation", "test"}


def test_evaluate_and_sync(samples, tmp_path, says):
    run = start(samples, tmp_path / "run", tracking=tmp_path / "mlflow.db")
    evaluate(samples=samples, out=run, params=Tolerance())
    metrics = json.loads((run / "metrics.json").read_text())
    assert {part: values["samples"] for part, values in metrics["parts"].items()} == {
        "validation": 4,
        "test": 5,
        "displaced": 3,
    }
    sync(runs=[run], tracking=tmp_path / "mlflow.db", out=tmp_path / "synced.json")
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("placement").experiment_id
    (shown,) = client.search_runs([experiment])
    assert shown.data.metrics["test/centre_mae_px"] == pytest.approx(metrics["parts"]["test"]["centre_mae_px"])
    assert shown.data.metrics["validation/centre"] > 0, "the run of the training is the one that got the scores"
    metadata = json.loads(samples.with_name("samples.json").read_text())
    other = tmp_path / "other"
    other.mkdir()
    for name in ("samples.csv", "images.npy"):
        (other / name).write_bytes(samples.with_name(name).read_bytes())
    images = np.load(other / "images.npy")[:, :, :16]
    np.save(other / "images.npy", images)
    (other / "samples.json").write_text(json.dumps(metadata | {"size": [32, 16]}))
    says(lambda: evaluate(samples=other / "samples.csv", out=run, params=Tolerance()), "(32, 32)", "(32, 16)")
