import os

import pandas as pd
import pytest
import torch

from boardbench.engine.complexity import count
from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Latency
from boardbench.segmentation import build_network, reduction
from boardbench.segmentation.latency import COLUMNS, latency

SMALL = Latency(size=(32, 48), repeats=3)


def table(tmp_path, **changed):
    given = {"backbones": ["unet", "linknet"], "strategies": ["full", "pca3", "scrb"], "params": SMALL, **changed}
    latency(out=tmp_path / "latency.csv", classes=4, width=2, bands=20, **given)
    return pd.read_csv(tmp_path / "latency.csv")


def test_rows_and_columns(tmp_path):
    rows = table(tmp_path)
    assert tuple(rows.columns) == COLUMNS
    assert list(zip(rows.backbone, rows.strategy, strict=True)) == [
        (backbone, strategy) for backbone in ("unet", "linknet") for strategy in ("full", "pca3", "scrb")
    ]
    assert set(zip(rows.lines, rows.samples, rows.threads, rows.n, strict=True)) == {(32, 48, 1, 3)}
    assert (rows.network_p50_ms > 0).all() and (rows.network_p99_ms >= rows.network_p50_ms).all()
    assert list(rows.reduction_p50_ms.isna()) == [True, False, True] * 2


def test_time_a_gmac_is_that_of_this_size(tmp_path):
    rows = table(tmp_path, backbones=["unet"], strategies=["full"])
    gmacs = count(build_network("unet", "full", 20, 4, 2), 20, (32, 48))[0] / 1e9
    assert rows.ms_per_gmac[0] == pytest.approx(rows.network_p50_ms[0] / gmacs, abs=1e-3 / gmacs)


def test_equal_networks_are_timed_once_and_every_strategy_has_its_reduction(tmp_path):
    rows = table(tmp_path, backbones=["unet"], strategies=reduction.names()).set_index("strategy")
    fitted = [name for name in reduction.names() if reduction.get(name).components == 3]
    assert rows.loc[fitted, "network_p50_ms"].nunique() == 1
    for name in reduction.names():
        assert pd.isna(rows.reduction_p50_ms[name]) != reduction.get(name).fitted


def test_threads_are_those_asked_for_and_given_back(tmp_path, monkeypatch):
    before, seen = torch.get_num_threads(), []

    def watched(function, repeats):
        seen.append(torch.get_num_threads())
        return [1.0] * repeats

    monkeypatch.setattr("boardbench.engine.latency.measure", watched)
    rows = table(tmp_path, strategies=["pca3"], params=Latency(size=(32, 32), repeats=2, threads=2))
    assert set(seen) == {2} and torch.get_num_threads() == before
    assert set(rows.threads) == {2} and set(rows.network_p50_ms) == {1000.0}
    assert rows.hardware.str.startswith(f"{os.cpu_count()} x ").all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"backbones": ["unett"]}, "unknown backbone 'unett'. Did you mean 'unet'?"),
        ({"strategies": []}, "l.csv: nothing to count. Give --strategies"),
        ({"classes": 1}, "l.csv: --classes is 1; a segmentation has at least 2 classes"),
        ({"width": 0}, "l.csv: --width is 0; it must be at least 1"),
        ({"bands": 0}, "l.csv: --bands is 0; it must be at least 1"),
    ],
)
def test_bad_input_is_named_and_leaves_no_table(tmp_path, changed, message):
    given = {"backbones": ["unet"], "strategies": ["full"], "classes": 4, "width": 2, "bands": 5, **changed}
    with pytest.raises(BoardbenchError) as error:
        latency(out=tmp_path / "l.csv", params=SMALL, **given)
    assert message in str(error.value)
    assert list(tmp_path.iterdir()) == []
