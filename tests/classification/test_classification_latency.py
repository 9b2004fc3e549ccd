import os
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from boardbench.classification.deployment import Deployed
from boardbench.classification.latency import COLUMNS, latency, repeats_of
from boardbench.classification.model import Model, network_of, save
from boardbench.classification.normalization import Normalization
from boardbench.params.classification import Latency
from boardbench.params.networks import Training


def run(folder, pruning=None, size=(32, 32, 3)):
    settings = Training(network="lenet").model_dump(mode="json")
    network = network_of(settings, size, 2).eval()
    scaled = Normalization("standardize", 120.0, 60.0)
    save(Model(network, "small", 3, "toy", ["a", "b"], size, scaled, settings, pruning), folder / "model.pt")
    return folder


@pytest.fixture
def runs(tmp_path):
    return [run(tmp_path / "plain"), run(tmp_path / "zeros", {"name": "zeros"})]


def test_rows_are_measured_on_both_runtimes_at_every_batch(runs, tmp_path):
    latency(runs=runs[1:], out=tmp_path / "l.csv", params=Latency(batches=[1, 20], repeats=6))
    table = pd.read_csv(tmp_path / "l.csv", keep_default_na=False)
    assert tuple(table) == COLUMNS
    assert table[["pruning", "runtime", "batch", "n"]].to_numpy().tolist() == [
        [pruning, runtime, batch, n]
        for pruning in ("zeros",)
        for runtime in ("torch", "onnxruntime")
        for batch, n in ((1, 6), (20, 3))
    ]
    assert set(zip(table.name, table.seed, table.network, table.threads, strict=True)) == {("small", 3, "lenet", 1)}
    assert (table["p99_ms"] >= table["p50_ms"]).all() and (table["p50_ms"] > 0).all()
    np.testing.assert_allclose(table["images_per_s"], table["batch"] / table["p50_ms"] * 1e3, rtol=0.05)
    words = (f"{os.cpu_count()} x ", "torch ", "onnxruntime ")
    assert all(word in machine for machine in table["hardware"] for word in words)


@pytest.fixture
def no_file(monkeypatch):
    """Leave out what takes long: the file, and its session."""
    monkeypatch.setattr("boardbench.classification.export.to_file", lambda *given: None)
    monkeypatch.setattr("boardbench.engine.onnxfile.session", lambda *given: SimpleNamespace(run=lambda *given: None))


def test_runs_take_turns_and_percentiles_are_measured_values(runs, tmp_path, monkeypatch, no_file):
    asked, opened, before = [], [], torch.get_num_threads()

    def fake(function, repeats):
        assert torch.get_num_threads() == 2
        asked.append((len(function.args[0]), repeats))
        opened.append(function.func)
        return [value / 1e3 for value in range(repeats, 0, -1)]

    monkeypatch.setattr("boardbench.engine.latency.measure", fake)
    latency(runs=runs, out=tmp_path / "l.csv", params=Latency(batches=[2, 128], repeats=30, threads=2))
    table = pd.read_csv(tmp_path / "l.csv")
    assert asked == [(2, 5)] * 24 + [(128, 3)] * 4  # six turns of five, each of two runs on two runtimes
    assert len(set(opened)) == 28, "each turn opens anew, so that no session keeps its memory"
    assert torch.get_num_threads() == before
    # Six times 1 to 5 ms: the 15th of 30 is 3, the 30th is 5. Of 1 to 3 ms: 2 and 3.
    assert table[table.batch == 2][["p50_ms", "p99_ms", "n", "images_per_s"]].drop_duplicates().to_numpy().tolist() == [
        [3, 5, 30, 666.7]
    ]
    assert table[table.batch == 128][["p50_ms", "p99_ms", "n"]].drop_duplicates().to_numpy().tolist() == [[2, 3, 3]]
    assert set(table["threads"]) == {2}


def test_torch_runs_as_on_a_line(runs, tmp_path, monkeypatch, no_file):
    seen, original = set(), Deployed.forward

    def watched(self, images):
        result = original(self, images)
        kernels = [weight for weight in self.network.parameters() if weight.ndim == 4]
        channels_last = all(weight.is_contiguous(memory_format=torch.channels_last) for weight in kernels)
        image = result[2].is_contiguous(memory_format=torch.channels_last)
        seen.add((torch.is_inference_mode_enabled(), self.network.training, channels_last, image, images.dtype))
        return result

    monkeypatch.setattr(Deployed, "forward", watched)
    latency(runs=runs[:1], out=tmp_path / "l.csv", params=Latency(batches=[2], repeats=1))
    assert seen == {(True, False, True, True, torch.uint8)}


@pytest.mark.parametrize(
    ("batch", "repeats", "expected"), [(1, 20, 20), (15, 20, 20), (16, 20, 3), (128, 200, 20), (128, 2, 2)]
)
def test_large_batches_are_repeated_less(batch, repeats, expected):
    assert repeats_of(batch, repeats) == expected


def test_bad_input_is_named_and_leaves_no_table(runs, tmp_path, says):
    out, params = tmp_path / "l.csv", Latency(repeats=1)
    says(lambda: latency(runs=[], out=out, params=params), "l.csv", "--runs")
    says(lambda: latency(runs=[tmp_path / "no"], out=out, params=params), "no: no such model")
    larger = run(tmp_path / "larger", {"name": "other"}, (33, 32, 3))
    says(
        lambda: latency(runs=[runs[0], larger], out=out, params=params),
        "l.csv",
        "(33, 32, 3)",
        "(32, 32, 3)",
        "one size",
    )
    assert not out.exists()
