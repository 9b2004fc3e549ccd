"""Exported networks timed side by side: tiny hand-made ONNX files with the inputs and names of exported ones."""

import json
from typing import ClassVar

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper

from boardbench.engine import onnxfile, runtimes
from boardbench.params.segmentation import Deployment
from boardbench.segmentation import pareto

BANDS, KEEP = 24, list(range(4, 24))
TURN = {"perm": [1, 0, 2]}  # (lines, bands, samples) to (bands, lines, samples)
SMALL = Deployment(size=(16, 32), repeats=3, threads=1)


def graph(kind):
    """Return counts -> reduced (first three bands) -> classes (the largest of them)."""
    sizes, per_sample = ["lines", BANDS, "samples"], [BANDS, "samples"]
    if kind == "raw":
        inputs = [
            helper.make_tensor_value_info("counts", TensorProto.UINT16, sizes),
            helper.make_tensor_value_info("white", TensorProto.FLOAT, per_sample),
            helper.make_tensor_value_info("dark", TensorProto.FLOAT, per_sample),
            helper.make_tensor_value_info("exposure", TensorProto.FLOAT, [1]),
        ]
        steps = [("Cast", ["counts"], "float", {"to": TensorProto.FLOAT}), ("Sub", ["float", "dark"], "shifted", {})]
        steps += [("Div", ["shifted", "white"], "scaled", {}), ("Mul", ["scaled", "exposure"], "values", {})]
    else:
        inputs = [helper.make_tensor_value_info("reflectance", TensorProto.FLOAT, sizes)]
        steps = [("Identity", ["reflectance"], "values", {})]
    steps += [("Slice", ["values", "first", "last", "axis"], "three", {}), ("Transpose", ["three"], "turned", TURN)]
    steps += [("Unsqueeze", ["turned", "zero"], "reduced", {})]
    steps += [("ArgMax", ["reduced"], "index", {"axis": 1, "keepdims": 0})]
    steps += [("Squeeze", ["index", "zero"], "flat", {}), ("Cast", ["flat"], "classes", {"to": TensorProto.UINT8})]
    constants = {"first": 0, "last": 3, "axis": 1, "zero": 0}
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node(kind, given, [made], **how) for kind, given, made, how in steps],
            "toy",
            inputs,
            [helper.make_tensor_value_info("classes", TensorProto.UINT8, ["lines", "samples"])],
            [helper.make_tensor(name, TensorProto.INT64, [1], [value]) for name, value in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    return onnx.shape_inference.infer_shapes(model)


@pytest.fixture
def exported(tmp_path):
    def make(backbone="unet", strategy="scrb", seed=0, precision="float32", miou=0.5, kind="raw", **changed):
        ending = "" if precision == "float32" else "-int8"
        path = tmp_path / f"{backbone}-{strategy}-seed{seed}" / f"model{ending}.onnx"
        path.parent.mkdir(exist_ok=True)
        metadata = {
            "study": "segmentation",
            "dataset": "toy",
            "backbone": backbone,
            "strategy": strategy,
            "seed": seed,
            "width": 8,
            "classes": ["others", "ic"],
            "sensor": {"kind": kind, "bands": BANDS, "wavelengths": None, "keep": KEEP, "panel": 1.0},
            "size": None,
            "precision": precision,
            "boardbench": "0",
        }
        model = graph(kind)
        onnxfile.write_metadata(model, metadata | changed)
        onnx.save(model, path)
        report = {
            "precision": precision,
            "bytes": 1,
            "same_class": 0.99951,
            "scores": {"miou": miou, "mf1": 0.75, "iou": [1, 0]},
        }
        report["gmacs_per_megapixel"] = 40.0
        path.with_name(f"export{ending}.json").write_text(json.dumps(report))
        return path

    return make


def table(tmp_path, models, params=SMALL):
    pareto.pareto(out=tmp_path / "pareto.csv", models=models, params=params)
    return pd.read_csv(tmp_path / "pareto.csv")


def test_rows_are_those_of_the_files_in_order(tmp_path, exported):
    models = [
        exported("unet", "scrb12", seed=3),
        exported("unet@4", "pca3"),
        exported("mobile_unet", "full", precision="int8", miou=None),
    ]
    rows = table(tmp_path, models)
    assert tuple(rows.columns) == pareto.COLUMNS
    assert list(zip(rows.backbone, rows.strategy, rows.seed, rows.width, rows.precision, strict=True)) == [
        ("unet", "scrb12", 3, 8, "float32"),
        ("unet@4", "pca3", 0, 4, "float32"),
        ("mobile_unet", "full", 0, 8, "int8"),
    ]
    assert rows.bands_read.tolist() == [12, 20, 20]
    assert rows.bytes.tolist() == [path.stat().st_size for path in models]
    assert rows.miou[:2].tolist() == [0.5, 0.5] and np.isnan(rows.miou[2])
    assert set(rows.mf1) == {0.75} and set(rows.same_class) == {0.99951}
    assert set(zip(rows.lines, rows.samples, rows.threads, rows.n, strict=True)) == {(16, 32, 1, 3)}
    assert (rows.p50_ms > 0).all() and (rows.p99_ms >= rows.p50_ms).all() and (rows.encoder_p50_ms > 0).all()
    assert rows.hardware.str.contains("onnxruntime ").all()


def test_a_pruned_file_stands_beside_the_one_it_was_made_from(tmp_path, exported):
    (tmp_path / "pruned").mkdir()
    pruned = exported(pruning="half").parent.rename(tmp_path / "pruned" / "half") / "model.onnx"
    rows = table(tmp_path, [exported(), pruned])
    assert rows["pruning"].fillna("").tolist() == ["", "half"]


def test_gmacs_are_those_of_the_size_that_the_network_sees(tmp_path, exported):
    rows = table(tmp_path, [exported("unet", "scrb"), exported("unet", "pca3", size=[32, 48])])
    assert rows.gmacs.tolist() == pytest.approx([40 * 16 * 32 / 1e6, 40 * 32 * 48 / 1e6], abs=5e-5)


def test_files_take_turns_and_percentiles_are_measured_values(tmp_path, exported, monkeypatch):
    models, turns = [exported(seed=0), exported(seed=1)], []

    def turn(model, params, passes):
        turns.append((model.metadata["seed"], passes))
        number = len(turns)
        return [(number + k / 10) / 1e3 for k in range(passes)], [number / 1e4] * passes

    monkeypatch.setattr(pareto, "_turn", turn)
    rows = table(tmp_path, models, Deployment(size=(16, 32), repeats=10))
    assert turns == [(0, 4), (1, 4), (0, 4), (1, 4), (0, 2), (1, 2)]
    # seed 0: 1 to 1.3, 3 to 3.3, 5 and 5.1 ms, of which the fifth and the last; seed 1: a millisecond more
    assert rows.p50_ms.tolist() == [3, 4] and rows.p99_ms.tolist() == [5.1, 6.1]
    assert rows.encoder_p50_ms.tolist() == [0.3, 0.4]
    assert rows.lines_per_s.tolist() == [round(16 / 0.003, 1), 16 / 0.004]
    assert set(rows.n) == {10}


def test_a_turn_is_two_untimed_passes_and_the_timed_ones_for_the_whole_and_for_the_front(exported, monkeypatch):
    calls = []

    class Session:
        def __init__(self, source, threads, runtime, precision):
            self.inside, self.threads = isinstance(source, bytes), threads

        def run(self, outputs, given):
            calls.append((outputs, self.inside, self.threads, given))

    monkeypatch.setattr(pareto, "open_network", Session)
    model = pareto._read(exported())
    whole, front = pareto._turn(model, Deployment(size=(16, 32), threads=2), 4)
    assert len(whole) == len(front) == 4
    assert [call[:3] for call in calls] == [(["classes"], False, 2)] * 6 + [(["reduced"], True, 2)] * 6
    given = calls[0][3]
    assert given["counts"].shape == (16, BANDS, 32) and given["counts"].dtype == np.uint16
    assert given["counts"].max() < 4096 and (given["white"] > given["dark"]).all()
    assert all(call[3] is given for call in calls)


def test_a_file_for_reflectance_is_given_reflectance(tmp_path, exported):
    assert table(tmp_path, [exported(kind="reflectance")]).p50_ms[0] > 0


class Timed:
    """Stand in for a network by any runtime, and keep how each was opened."""

    opened: ClassVar[list] = []

    def __init__(self, source, threads, runtime, precision):
        self.opened.append((runtime, precision))

    def run(self, outputs, given):
        pass


@pytest.fixture
def processor(monkeypatch):
    """Have OpenVINO, a processor of these instruction sets, and networks that take no time."""
    monkeypatch.setattr(pareto, "check_runtime", lambda flag, runtime: runtime)
    monkeypatch.setattr(pareto, "version", lambda name: {"openvino": "2026.0", "onnxruntime": "1.30"}[name])
    monkeypatch.setattr(pareto, "open_network", Timed)
    monkeypatch.setattr(Timed, "opened", [])
    return lambda *flags: monkeypatch.setattr(runtimes, "processor_flags", lambda: list(flags))


BOTH = Deployment(size=(16, 32), repeats=1, threads=1, runtimes=["onnxruntime", "openvino"])


def by_openvino(path, **scores):
    """Add what the export found by OpenVINO: precision and mean IoU."""
    checks = {
        name: {"same_class": 0.5, "scores": {"miou": miou, "mf1": 0.1, "iou": []}} for name, miou in scores.items()
    }
    return broken(path, runtimes={"openvino": checks})


def test_a_file_is_timed_by_each_runtime_with_the_score_that_it_has_there(tmp_path, exported, processor, capsys):
    processor("avx512_bf16")
    plain, int8 = exported(), exported(precision="int8")
    models = [by_openvino(plain, float32=0.5, bf16=0.4), by_openvino(int8, int8=0.3)]
    rows = table(tmp_path, models, BOTH)
    assert list(zip(rows.precision, rows.runtime, rows.miou, rows.same_class, strict=True)) == [
        ("float32", "onnxruntime", 0.5, 0.99951),
        ("float32", "openvino", 0.5, 0.5),
        ("bf16", "openvino", 0.4, 0.5),
        ("int8", "onnxruntime", 0.5, 0.99951),
        ("int8", "openvino", 0.3, 0.5),
    ]
    assert Timed.opened[::2] == Timed.opened[1::2] == list(zip(rows.runtime, rows.precision, strict=True))
    assert rows.hardware[0].endswith("; onnxruntime 1.30; openvino 2026.0")
    said = capsys.readouterr().out
    assert "int8: this processor has neither avx512_vnni nor avx_vnni" in said and "bf16" not in said
    processor("avx_vnni")
    assert table(tmp_path, models, BOTH).precision.tolist() == ["float32", "float32", "int8", "int8"]
    said = capsys.readouterr().out
    assert said.startswith("bf16 by openvino: not judged") and "int8:" not in said


def test_a_time_without_the_score_that_goes_with_it_is_refused(tmp_path, exported, processor, says):
    processor("amx_bf16")
    again = "boardbench export --run RUN --runtimes openvino"
    says(lambda: table(tmp_path, [exported()], BOTH), "not checked by openvino in float32", again)
    model = by_openvino(exported(), float32=0.5)
    says(lambda: table(tmp_path, [model], BOTH), "not checked by openvino in bf16", again)
    assert Timed.opened == []


def broken(path, text="", **changes):
    report = path.with_name(path.name.replace("model", "export")).with_suffix(".json")
    report.write_text(text or json.dumps(json.loads(report.read_text()) | changes))
    return path


def test_bad_input_names_file_and_remedy_and_leaves_no_table(tmp_path, exported, says):
    def call(*models):
        return lambda: table(tmp_path, list(models))

    good, again = exported(), "boardbench export --run"
    says(call(), "pareto.csv: nothing to time", "--models")
    says(call(tmp_path / "model.onnx"), "model.onnx: no such file", again)
    foreign = tmp_path / "foreign.onnx"
    onnx.save(graph("raw"), foreign)
    says(call(good, foreign), "foreign.onnx", "not one of boardbench")
    says(call(good, exported(seed=5, dataset="other")), "seed5", "dataset is 'other'", "'toy'", "--models of one data")
    says(call(good, good), "the same backbone, strategy, seed, width, precision and pruning as", "--models once")
    lost = exported(seed=6)
    lost.with_name("export.json").unlink()
    says(call(lost), "export.json: no such file", "boardbench export")
    says(call(broken(exported(seed=7), "{")), "export.json: not valid JSON", "boardbench export")
    says(call(broken(exported(seed=8), scores=None)), "export.json: field scores", "boardbench export")
    says(call(broken(exported(seed=10), scores={"miou": 1})), "export.json: field scores.mf1", "boardbench export")
    says(call(broken(exported(seed=9), precision="int8")), "precision is 'int8', but model.onnx is float32", again)
    assert not (tmp_path / "pareto.csv").exists()
