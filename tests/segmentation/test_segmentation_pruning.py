"""Pruned segmentation runs: their folder, resume, the test part left alone, export and the Pareto key."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from test_training import BANDS, make_data, start

from boardbench.engine.channels import weighted
from boardbench.params.pruning import Pruning
from boardbench.segmentation import pareto
from boardbench.segmentation.deployment import Deployed, example, only_read
from boardbench.segmentation.evaluation import evaluate
from boardbench.segmentation.export import _metadata
from boardbench.segmentation.model import load
from boardbench.segmentation.pruning import prune


@pytest.fixture(autouse=True)
def _settings_of_the_process():
    yield
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Data and a trained run."""
    root = tmp_path_factory.mktemp("pruning")
    data = make_data(root)
    start(data, root / "runs/unet-scrb-seed0", width=2, epochs=4, learning_rate=0.02)
    return root, data


def pruned(trained, out, **changes):
    root, data = trained
    knobs = {"epochs": 3, "batch_size": 2, "ratio": 0.5, "method": "structured"} | changes
    prune(name="half", run=root / "runs/unet-scrb-seed0", out=out, params=Pruning(**{"multiple": 1, **knobs}), **data)
    return json.loads((out / "training.json").read_text())


def bytes_of(out: Path) -> list[bytes]:
    return [(out / name).read_bytes() for name in ("model.pt", "history.csv")]


def test_a_pruned_run_is_a_run(trained, tmp_path):
    root, data = trained
    before = bytes_of(root / "runs/unet-scrb-seed0")
    out = tmp_path / "pruned/half/unet-scrb-seed0"
    training = pruned(trained, out, epochs=6)  # more than the plan has: it starts again
    assert bytes_of(root / "runs/unet-scrb-seed0") == before
    assert pd.read_csv(out / "history.csv")["epoch"].tolist() == [*range(6)]
    metadata = training["pruning"]
    assert (metadata["name"], metadata["method"], metadata["ratio"]) == ("half", "structured", 0.5)
    assert metadata["macs"] <= 0.5 * metadata["macs_before"]
    assert training["parameters"] == metadata["parameters"] < metadata["parameters_before"]
    assert training["settings"]["width"] == 2 and metadata["settings"]["epochs"] == 6
    model = load(out)
    assert model.pruning == metadata and model.name == "unet-scrb-seed0-half"
    assert (
        model.network.spectral_encoder[0].out_channels < 128 and model.network.spectral_encoder[0].in_channels == BANDS
    )
    evaluate(split=data["split"], reflectance=data["reflectance"], out=out)
    assert json.loads((out / "metrics.json").read_text())["parameters"] == metadata["parameters"]

    with torch.inference_mode():  # what is exported, with all bands and with those read
        _, probabilities, *_ = Deployed(model).eval()(*example(model, 20, 16))
        narrow, _ = only_read(model)
        assert Deployed(narrow).eval()(*example(narrow, 20, 16))[0].shape == (20, 16)
    assert probabilities.shape == (2, 20, 16)
    dense = load(root / "runs/unet-scrb-seed0")
    assert (_metadata(model, "float32")["pruning"], _metadata(dense, "float32")["pruning"]) == ("half", "")
    assert dense.pruning is None and dense.name == "unet-scrb-seed0"


def test_the_same_run_gives_the_same_bytes_and_a_killed_one_ends_with_them(trained, tmp_path, capsys):
    root, _ = trained
    pruned(trained, tmp_path / "whole", epochs=4)
    job = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from boardbench.engine.history import History
from test_segmentation_pruning import pruned
shown = History.start_epoch
def slowly(self, epoch):
    if epoch == 2:
        print("two epochs done", flush=True)
        time.sleep(600)
    shown(self, epoch)
History.start_epoch = slowly
root = Path(sys.argv[2])
data = {"split": root / "split.csv", "reflectance": root / "reflectance", "augmentation": root / "augmentation.csv"}
pruned((root, data), Path(sys.argv[3]), epochs=4)
"""
    command = [sys.executable, "-c", job, str(Path(__file__).parent), str(root), str(tmp_path / "killed")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("two epochs done"):
            break
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed/model.pt").exists()
    capsys.readouterr()
    pruned(trained, tmp_path / "killed", epochs=4)
    printed = capsys.readouterr().out
    assert "resuming" in printed and "epoch 1/4" not in printed
    assert bytes_of(tmp_path / "killed") == bytes_of(tmp_path / "whole")
    assert not (tmp_path / "killed/checkpoints").exists()


def test_the_share_of_zeros_is_chosen_without_the_test_part(trained, tmp_path):
    _, data = trained
    for path in (data["reflectance"]).glob("d_1.*"):
        path.rename(path.with_name(f"hidden{path.suffix}"))  # the only test capture: whoever reads it fails
    try:
        training = pruned(trained, tmp_path / "out", method="unstructured", ratio=None, ratios=[0.2, 0.9], epochs=1)
    finally:
        for path in (data["reflectance"]).glob("hidden.*"):
            path.rename(path.with_name(f"d_1{path.suffix}"))
    metadata = training["pruning"]
    assert [row["ratio"] for row in metadata["ratios"]] == [0.2, 0.9]
    assert metadata["ratio"] in (0.2, 0.9)
    assert metadata["macs"] == metadata["macs_before"] > metadata["macs_effective"]
    weights = [layer.weight for layer in weighted(load(tmp_path / "out").network).values()]
    zeros = sum(int((weight == 0).sum()) for weight in weights) / sum(weight.numel() for weight in weights)
    assert zeros == pytest.approx(metadata["ratio"], abs=1e-3)  # the masks held


def test_gates_on_the_bands_stay_whole(trained, tmp_path):
    _, data = trained
    start(data, tmp_path / "run", strategy="scrb_se", width=2, epochs=1)
    prune(
        name="half",
        run=tmp_path / "run",
        out=tmp_path / "out",
        params=Pruning(epochs=1, batch_size=2, ratio=0.4, multiple=1),
        **data,
    )
    assert load(tmp_path / "out").network(torch.zeros(1, BANDS, 16, 16)).shape == (1, 2, 16, 16)


def test_mistakes_are_named_and_the_run_stays(trained, tmp_path, says):
    root, data = trained
    run = root / "runs/unet-scrb-seed0"
    before = bytes_of(run)
    says(lambda: pruned(trained, run), f"--out {run}", "own folder", "Name another")
    says(lambda: pruned(trained, tmp_path / "a", ratio=0.9999), "ratio 0.9999: only", "lower ratio")
    empty = tmp_path / "empty"
    empty.mkdir()
    says(lambda: prune(name="x", run=empty, out=tmp_path / "b", params=Pruning(), **data), "model.pt: no such model")
    (empty / "model.pt").write_bytes((run / "model.pt").read_bytes())
    says(
        lambda: prune(name="x", run=empty, out=tmp_path / "b", params=Pruning(), **data),
        "training.json: no such file",
    )
    pruned(trained, tmp_path / "once", epochs=1)
    again = {"name": "x", "run": tmp_path / "once", "out": tmp_path / "twice", "params": Pruning(batch_size=2)}
    says(lambda: prune(**again, **data), "pruned already ('half')")
    assert bytes_of(run) == before and not (tmp_path / "a/model.pt").exists()


def test_a_pruned_file_is_another_model_in_the_pareto_table():
    metadata = {"backbone": "unet", "strategy": "scrb", "seed": 0, "width": 8, "precision": "float32"}
    keys = [pareto._Exported(Path("x"), metadata | extra, None).key for extra in ({}, {"pruning": "half"})]
    run = ("unet", "scrb", 0, 8, "float32")
    assert keys == [(*run, "", "onnxruntime"), (*run, "half", "onnxruntime")]
    assert pareto.COLUMNS[4:7] == ("precision", "pruning", "runtime")


def test_a_pruned_network_keeps_its_logits_finite(trained, tmp_path):
    pruned(trained, tmp_path / "out", epochs=1, ratio=0.8)
    image = torch.from_numpy(np.load(trained[0] / "reflectance/c_1.npy").astype(np.float32))[None]
    assert torch.isfinite(load(tmp_path / "out").network(image)).all()
