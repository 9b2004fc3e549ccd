"""Runs as ONNX files: checked on raw captures, cut at their intermediate outputs, loaded by MLflow."""

import importlib.util
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from test_deployment import PICKED
from test_model import make_model

from boardbench.artifacts import read as read_artifact
from boardbench.captures.envi import open_cube
from boardbench.captures.reflectance import reflectance
from boardbench.captures.sheet import read_sheet, write_sheet
from boardbench.engine.onnxfile import cut, open_onnx, session
from boardbench.engine.runtimes import open_network
from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Drift, Reflectance, Simulate
from boardbench.segmentation.artifacts import SegmentationExport
from boardbench.segmentation.deployment import Deployed, example
from boardbench.segmentation.drift.fit import drift
from boardbench.segmentation.export import export
from boardbench.segmentation.export_check import inputs_of
from boardbench.segmentation.model import Sensor, save
from boardbench.segmentation.networks import build_network
from boardbench.simulate.captures import simulate

needs_openvino = pytest.mark.skipif(
    not importlib.util.find_spec("openvino"), reason="openvino is not installed: pip install 'boardbench[openvino]'"
)
BANDS, CLASSES = 12, ["others", "ic", "capacitor", "connectors"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Three simulated boards, one in each part, and a run folder with an untrained U-Net + SCRB."""
    root = tmp_path_factory.mktemp("study")
    params = Simulate(boards=3, conditions=1, lines=24, samples=40, bands=BANDS)
    for scene in ("board01", "board02", "board03"):
        simulate(out=root / "raw", scene=scene, params=params)
    write_sheet(root=root / "raw", out=root / "raw/captures.csv")
    parts = ("train", "validation", "test")
    rows = [f"board0{number},1,{part}" for number, part in enumerate(parts, start=1)]
    (root / "split.csv").write_text("\n".join(["scene,condition,part", *rows]) + "\n")
    save(make(), root / "runs/unet-scrb-seed4/model.pt")
    return root


def make(**changes):
    torch.manual_seed(3)
    nm = np.linspace(400, 1000, BANDS).tolist()
    network = build_network("unet", "scrb", BANDS - 2, len(CLASSES), 2)
    with torch.no_grad():
        for _ in range(30):  # normalization as after training: without it one class would win everywhere
            network(torch.rand(2, BANDS - 2, 32, 32))
        network.backbone.head.weight *= 10
    metadata = {
        "network": network.eval(),
        "classes": CLASSES,
        "sensor": Sensor("raw", BANDS, nm, list(range(2, BANDS)), 1.0),
    }
    return make_model(**metadata | changes)


def run_export(study, **changes):
    given = {
        "run": study / "runs/unet-scrb-seed4",
        "sheet": study / "raw/captures.csv",
        "unregistered": True,
        "threads": 1,
    }
    export(**given | changes)
    return study / "runs/unet-scrb-seed4"


@pytest.fixture(scope="module")
def exported(study):
    runtimes = ["openvino"] if importlib.util.find_spec("openvino") else []
    return run_export(study, precisions=["float32", "int8"], runtimes=runtimes)


def test_eight_lines_of_plain_onnx_runtime_give_the_runs_classes(exported, study, tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs/deployment.md").read_text()
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len([line for line in snippet.splitlines() if line]) == 8
    folder = study / "raw/board03_1/capture"
    for name, prefix in {"board": "", "white": "WHITEREF_", "dark": "DARKREF_"}.items():
        shutil.copy(folder / f"{prefix}board03_1.raw", tmp_path / f"{name}.raw")
    shutil.copy(exported / "model.onnx", tmp_path)
    monkeypatch.chdir(tmp_path)
    times = [open_cube(folder / f"{prefix}board03_1.hdr").tint for prefix in ("WHITEREF_", "")]
    names = {}
    for given, here in {", 1024 ": ", 40 ", "4.0 / 4.0": "{} / {}".format(*times)}.items():
        assert given in snippet
        snippet = snippet.replace(given, here)
    exec(snippet, names)
    cube = np.load(reflected(study, tmp_path / "reflectance") / "board03_1.npy").astype(np.float32)
    with torch.inference_mode():
        expected = make().network(torch.from_numpy(cube)[None])[0].argmax(dim=0).numpy()
    assert len(np.unique(expected)) > 1 and names["classes"].shape == (24, 40)
    assert np.mean(names["classes"] == expected) > 0.998


def test_a_file_gives_the_runs_classes_and_says_what_it_is(exported):
    checked = json.loads((exported / "export.json").read_text())
    assert checked["captures"] == 1 and checked["pixels"] == 24 * 40
    assert checked["same_class"] >= 0.999
    assert 0 < checked["largest_probability_difference"] < 1e-4
    assert 0 <= checked["scores"]["miou"] <= 1
    assert checked["bytes"] == (exported / "model.onnx").stat().st_size
    metadata = open_onnx(exported / "model.onnx").metadata
    assert metadata["classes"] == CLASSES and metadata["backbone"] == "unet" and metadata["seed"] == 4
    assert metadata["sensor"]["keep"] == list(range(2, BANDS)) and metadata["precision"] == "float32"
    assert len(metadata["sensor"]["wavelengths"]) == BANDS and metadata["size"] is None
    assert metadata["drift"] is None


def test_a_file_carries_what_training_saw(study, tmp_path):
    folder = tmp_path / "runs/unet-scrb-seed4"
    save(make(), folder / "model.pt")
    shutil.copy(study / "split.csv", tmp_path)
    drift(
        split=study / "split.csv",
        sheet=study / "raw/captures.csv",
        reflectance=reflected(study, tmp_path / "reflectance"),
        out=tmp_path / "drift.json",
        params=Drift(components=2),
    )
    run_export(study, run=folder)
    carried = open_onnx(folder / "model.onnx").metadata["drift"]
    assert carried == json.loads((tmp_path / "drift.json").read_text())
    assert len(carried["references"]) == 1
    run_export(study, run=folder, bands_read=True)
    assert open_onnx(folder / "model-bands.onnx").metadata["drift"] is None


def reflected(study, out):
    """Write the reflectance of the study's captures, as the pipeline does."""
    for capture in read_sheet(study / "raw/captures.csv"):
        reflectance(
            cube=capture.cube,
            **capture.references,
            mask=capture.mask,
            classes=len(CLASSES),
            out=out / f"{capture.name}.npy",
            params=Reflectance(drop_first=2, size=None),
        )
    return out


def test_a_file_holds_no_path_of_this_machine(exported):
    for name in ("model.onnx", "model-int8.onnx"):
        content = (exported / name).read_bytes()
        assert b"/src/boardbench" not in content and b"site-packages" not in content


def test_the_int8_file_is_smaller_and_nearly_the_same(exported):
    plain, small = ((exported / name).stat().st_size for name in ("model.onnx", "model-int8.onnx"))
    checked = json.loads((exported / "export-int8.json").read_text())
    assert checked["precision"] == open_onnx(exported / "model-int8.onnx").metadata["precision"] == "int8"
    assert checked["same_class"] > 0.8
    graph = onnx.load(exported / "model-int8.onnx").graph
    whole = [value for value in graph.initializer if value.data_type == onnx.TensorProto.INT8 and len(value.dims) == 4]
    # Two products of 7-bit weights and 8-bit values fit into 16 bits, two of 8-bit weights do not.
    assert len(whole) > 10 and max(np.abs(onnx.numpy_helper.to_array(value)).max() for value in whole) == 64
    kinds = {node.op_type for node in graph.node}
    assert "QuantizeLinear" in kinds
    assert small != plain


@pytest.mark.parametrize(("lines", "samples"), [(16, 16), (17, 50), (48, 31)])
def test_any_size_goes_through(exported, lines, samples):
    model = make()
    inputs = example(model, lines, samples)
    given = dict(zip(("counts", "white", "dark", "exposure"), (value.numpy() for value in inputs), strict=True))
    classes, probabilities = session(exported / "model.onnx", 1).run(None, given)
    with torch.inference_mode():
        expected = Deployed(model).eval()(*inputs)
    np.testing.assert_allclose(probabilities, expected[1].numpy(), atol=1e-5)
    assert len(np.unique(classes)) > 1
    assert classes.dtype == np.uint8 and (classes == expected[0].numpy()).mean() > 0.999


@needs_openvino
def test_openvino_gives_the_classes_of_onnx_runtime_from_the_same_files(study, exported):
    for name, precision in {"export.json": "float32", "export-int8.json": "int8"}.items():
        report = read_artifact(exported / name, SegmentationExport, "export")
        by = report.runtimes["openvino"]
        assert set(by) - {"bf16"} == {precision}
        assert abs(by[precision].same_class - report.same_class) < (1e-3 if precision == "float32" else 0.02)
    raw = next(capture for capture in read_sheet(study / "raw/captures.csv") if capture.name == "board03_1")
    given = inputs_of(make(), raw, list(range(BANDS)))
    # All but ties; in int8 both round to one of 256 values, each at its own places.
    for name, least in {"model.onnx": 0.999, "model-int8.onnx": 0.97}.items():
        one, other = (
            open_network(exported / name, 1, runtime).run(["classes"], given)[0]
            for runtime in ("onnxruntime", "openvino")
        )
        assert len(np.unique(one)) > 1 and one.dtype == other.dtype == np.uint8
        assert np.mean(one == other) >= least


def test_a_runtime_that_is_not_there_stops_the_export_before_any_work(study, tmp_path, monkeypatch, says):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    says(lambda: run_export(study, runtimes=["openvino"], out=tmp_path), "--runtimes openvino", "boardbench[openvino]")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["model.onnx", "model-int8.onnx"])
def test_cuts_at_the_intermediate_outputs_are_the_whole(exported, name):
    path = exported / name
    counts, white, dark, exposure = (value.numpy() for value in example(make(), 20, 30))
    whole = session(path, 1).run(
        ["classes", "probabilities"], {"counts": counts, "white": white, "dark": dark, "exposure": exposure}
    )
    factors = session(cut(path, ["white", "dark", "exposure"], ["dark_signal", "gain"]), 1)
    dark_signal, gain = factors.run(["dark_signal", "gain"], {"white": white, "dark": dark, "exposure": exposure})
    assert gain.shape == (BANDS - 2, 30)
    front = session(cut(path, ["counts", "dark_signal", "gain"], ["reduced"]), 1)
    lines = [
        front.run(["reduced"], {"counts": counts[line : line + 1], "dark_signal": dark_signal, "gain": gain})[0]
        for line in range(20)
    ]
    network = session(cut(path, ["reduced"], ["classes", "probabilities"]), 1)
    parts = network.run(["classes", "probabilities"], {"reduced": np.concatenate(lines, axis=2)})
    np.testing.assert_allclose(parts[1], whole[1], atol=1e-6 if name == "model.onnx" else 0.05)


@pytest.mark.parametrize("strategy", ["scrb", "bands3"])
def test_a_file_for_a_camera_that_delivers_only_what_is_read(study, strategy):
    """``scrb`` reads what trimming leaves, ``bands3`` three bands; other bands of the capture must not matter."""
    folder = study / f"runs/{strategy}-read"
    none = np.zeros((1, BANDS - 2), np.float32)
    picked = replace(PICKED, bands=np.array([[1, 4, 7]]), mean=none) if strategy == "bands3" else None
    network = build_network("unet", strategy, BANDS - 2, len(CLASSES), 2).eval()
    model = make(strategy=strategy, reduction=picked, network=network)
    save(model, folder / "model.pt")
    run_export(study, run=folder, bands_read=True)
    read = [3, 6, 9] if strategy == "bands3" else list(range(2, BANDS))
    file = open_onnx(folder / "model-bands.onnx")
    assert file.metadata["sensor"]["bands"] == len(read)
    np.testing.assert_allclose(file.metadata["sensor"]["wavelengths"], np.linspace(400, 1000, BANDS)[read])
    assert json.loads((folder / "export-bands.json").read_text())["same_class"] >= 0.999
    counts, white, dark, exposure = inputs = example(make(), 20, 30)
    with torch.inference_mode():
        whole = Deployed(model).eval()(*inputs)[1]
    given = {"counts": counts[:, read], "white": white[read], "dark": dark[read], "exposure": exposure}
    (part,) = session(file.path, 1).run(["probabilities"], {name: value.numpy() for name, value in given.items()})
    np.testing.assert_allclose(part, whole.numpy(), atol=1e-5)


def test_a_resized_run_gives_classes_at_its_working_size_or_is_exported_for_lines_of_any_size(study, says, capsys):
    folder = study / "runs/lines"
    save(make(size=(16, 32)), folder / "model.pt")
    run_export(study, run=folder)
    names = ("counts", "white", "dark", "exposure")
    given = dict(zip(names, (value.numpy() for value in example(make(), 40, 56)), strict=True))
    assert session(folder / "model.onnx", 1).run(["classes"], given)[0].shape == (16, 32)
    assert json.loads((folder / "export.json").read_text())["same_class"] >= 0.999
    assert open_onnx(folder / "model.onnx").metadata["size"] == [16, 32]
    assert "16 x 32" in (told := capsys.readouterr().out) and "--size any" in told
    run_export(study, run=folder, size="any", precisions=["float32", "int8"])
    assert "16 x 32" in capsys.readouterr().out
    checked = json.loads((folder / "export-any.json").read_text())
    assert checked["pixels"] == 24 * 40 and checked["same_class"] >= 0.999
    file = open_onnx(folder / "model-any.onnx")
    assert file.metadata["size"] is None and (folder / "model-any-int8.onnx").is_file()
    assert session(file.path, 1).run(["classes"], given)[0].shape == (40, 56)
    assert open_onnx(folder / "model.onnx").metadata["size"] == [16, 32], "left as it was"
    says(lambda: run_export(study, run=folder, size="128"), "--size 128", "any")


def test_what_is_no_file_of_ours_is_named(tmp_path, exported, says):
    path = tmp_path / "other.onnx"
    says(lambda: open_onnx(tmp_path), tmp_path, "a trained run", "fit: cube", "boardbench predict --run")
    says(lambda: open_onnx(path), path, "no such file", "boardbench export --run RUN")
    path.write_bytes((exported / "model.onnx").read_bytes()[:1000])
    says(lambda: open_onnx(path), path, "boardbench export --run RUN")
    model = onnx.load(exported / "model.onnx")
    del model.metadata_props[:]
    onnx.save(model, path)
    says(lambda: open_onnx(path), path, "not one of boardbench", "metadata")
    says(lambda: cut(exported / "model.onnx", ["nothing"], ["classes"]), "no value named nothing")


def test_missing_captures_and_words_are_named(study, tmp_path, says):
    says(lambda: run_export(study, precisions=["int4"]), "int4", "float32, int8")
    says(lambda: run_export(study, sheet=tmp_path / "no.csv"), "no.csv", "--sheet")
    says(lambda: run_export(study, split=tmp_path / "no.csv"), "no.csv", "--split")
    other = tmp_path / "split.csv"
    other.write_text("scene,condition,part\nboard01,1,train\nboard02,1,validation\nboard09,1,test\n")
    says(lambda: run_export(study, split=other), "board09_1", "--sheet")


def test_a_file_that_differs_from_its_run_is_refused(study, monkeypatch):
    """The check must be able to fail: here the file forgets the white reference's panel."""
    from boardbench.segmentation import deployment

    plain = deployment.Deployed.factors
    monkeypatch.setattr(deployment.Deployed, "factors", lambda self, *given: [x * 0.2 for x in plain(self, *given)])
    with pytest.raises(BoardbenchError, match=r"model\.onnx: only .* of the test pixels"):
        run_export(study, out=study / "wrong")


def test_a_run_trained_on_reflectance_takes_reflectance(study):
    sensor = replace(make().sensor, kind="reflectance")
    save(make(sensor=sensor), study / "runs/r/model.pt")
    sheet = study / "raw/reflectance.csv"
    rows = ["scene,condition,kind,cube,white,dark,mask"]
    for number in (1, 2, 3):
        cube = open_cube(study / f"raw/board0{number}_1/capture/board0{number}_1.hdr")
        values = np.ascontiguousarray(cube.read(0, cube.lines).transpose(0, 2, 1) / 4095, np.float32)
        header = cube.header.read_text().replace("data type = 12", "data type = 4")
        values.tofile(study / f"raw/r{number}.raw")
        (study / f"raw/r{number}.hdr").write_text(header)
        rows.append(f"board0{number},1,reflectance,r{number}.hdr,,,board0{number}_1/mask.png")
    sheet.write_text("\n".join(rows) + "\n")
    run_export(study, run=study / "runs/r", sheet=sheet)
    assert [entry.name for entry in session(study / "runs/r/model.onnx", 1).get_inputs()] == ["reflectance"]


@pytest.mark.slow
def test_the_registry_gives_the_model_back_with_its_signature(study, tmp_path):
    import mlflow

    store = tmp_path / "mlflow.db"
    run_export(study, unregistered=False, tracking=store)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{store}")
    try:
        model = mlflow.pyfunc.load_model("models:/toy-unet-scrb-seed4/1")
    finally:
        mlflow.set_tracking_uri(before)
    names = [field.name for field in model.metadata.signature.inputs]
    assert names == ["counts", "white", "dark", "exposure"]
    inputs = example(make(), 20, 30)
    answer = model.predict({name: value.numpy() for name, value in zip(names, inputs, strict=True)})
    with torch.inference_mode():
        expected = Deployed(make()).eval()(*inputs)
    np.testing.assert_allclose(answer["probabilities"], expected[1].numpy(), atol=1e-5)
