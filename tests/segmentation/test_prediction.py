"""The verb `predict`: equal to evaluation, whole results or none, and what it refuses."""

import importlib.util
import json
import os
from dataclasses import asdict, replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from PIL import Image
from spectral.io import envi

from boardbench.captures.blocks import reflect
from boardbench.captures.envi import open_cube
from boardbench.captures.references import read_references
from boardbench.captures.reflectance import reflectance
from boardbench.captures.resize import resize_mask
from boardbench.engine.export import to_onnx
from boardbench.engine.onnxfile import open_onnx, write_metadata
from boardbench.errors import BoardbenchError
from boardbench.files import write_json
from boardbench.params.segmentation import Reduction, Reflectance
from boardbench.segmentation import prediction
from boardbench.segmentation.dataset import Cubes
from boardbench.segmentation.deployment import INTERMEDIATES, Deployed, example
from boardbench.segmentation.drift.profile import fit_profile, moments, windows
from boardbench.segmentation.drift.references import TOLERANCE, seen
from boardbench.segmentation.drift.watch import Drift
from boardbench.segmentation.evaluation import predict as evaluate
from boardbench.segmentation.inference import Predictor
from boardbench.segmentation.model import Model, Sensor, save
from boardbench.segmentation.networks import build_network
from boardbench.segmentation.prediction import FILES, predict
from boardbench.segmentation.reduction.fit import reduction
from boardbench.segmentation.reduction.pca import load_reduction

BANDS = 8
NM = [400.0 + 10 * band for band in range(BANDS)]
KEEP = [2, 3, 4, 5, 6]
CLASSES = ["others", "ic", "capacitor"]
FIELD = "{" + ", ".join(map(str, NM)) + "}"


def counts(shape=(28, 34), bands=BANDS, seed=0):
    """Return raw counts of a board with parts of other spectra on it, and the truth."""
    random = np.random.default_rng(seed)
    truth = np.zeros(shape, np.uint8)
    truth[3:11, 4:15], truth[15:26, 18:30] = 1, 2
    spectra = np.array([[0.2] * bands, np.linspace(0.1, 0.9, bands), np.linspace(0.8, 0.3, bands)])
    values = 100 + 2000 * spectra[truth] + random.normal(0, 20, (*shape, bands))
    return values.clip(0, 4095).astype(np.uint16), truth


@pytest.fixture
def board(write_envi, tmp_path):
    """Write a raw Lumo folder; fields go into the capture's header."""

    def write(name="b_1", wavelength=FIELD, references=True, folder=tmp_path, **given):
        fields = {key: given.pop(key) for key in list(given) if key not in ("shape", "bands", "seed")}
        values, _ = counts(**given)
        write_envi(folder / name / "capture" / f"{name}.hdr", values, tint=4.0, wavelength=wavelength, **fields)
        if references:
            for prefix, level, tint in (("WHITEREF", 3000, 8.0), ("DARKREF", 100, 4.0)):
                shape = (3, *values.shape[1:])
                level = np.full(shape, level) + np.arange(shape[1])[:, None]
                path = folder / name / "capture" / f"{prefix}_{name}.hdr"
                write_envi(path, level.astype(np.uint16), tint=tint, wavelength=wavelength)
        return folder / name

    return write


@cache
def make_network(strategy) -> torch.nn.Module:
    """Return an untrained network whose classes are about equally frequent on the boards of this module."""
    torch.manual_seed(3)
    network = build_network("unet", strategy, len(KEEP), len(CLASSES), 4)
    cube = torch.from_numpy((counts()[0][..., KEEP] - 100.0) / 2900).float().permute(2, 0, 1)[None]
    if network.in_channels != len(KEEP):
        cube = cube[:, :3] - (0.3 if strategy.startswith("pca") else 0)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None  # statistics of the next batch, not of all before
    last = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)][-1]
    with torch.no_grad():
        network.train()(cube)
        last.bias -= network.eval()(cube).mean(dim=(0, 2, 3))
    return network


def make_model(strategy="scrb", kind="raw", **changes) -> Model:
    metadata = {
        "network": make_network(strategy),
        "backbone": "unet",
        "strategy": strategy,
        "width": 4,
        "dataset": "toy",
        "seed": 7,
        "classes": CLASSES,
        "sensor": Sensor(kind, BANDS, NM, KEEP, 0.98),
    }
    return Model(**metadata | changes)


@pytest.fixture
def run(tmp_path):
    """Save a run folder."""

    def write(name="run", **changes):
        save(make_model(**changes), tmp_path / name / "model.pt")
        return tmp_path / name

    return write


def class_map(folder):
    return np.asarray(envi.open(str(folder / "classes.hdr")).load())[:, :, 0].astype(np.uint8)


@pytest.mark.parametrize(
    ("strategy", "patch", "size"),
    [
        ("scrb", None, None),
        ("full", 16, None),
        ("pca3", None, (24, 40)),
        ("pca3_cube", 16, None),
        ("bands3", None, None),
        ("scrb", 16, (24, 40)),
    ],
)
def test_the_map_is_that_of_evaluation(board, run, tmp_path, strategy, patch, size):
    folder = tmp_path / "reflectance"
    params = Reflectance(drop_first=2, drop_last=1, panel=0.98, size=size, resize="area")
    split = ["scene,condition,part", "a,1,train", "b,1,test", "c,1,validation"]
    (tmp_path / "split.csv").write_text("\n".join(split) + "\n")
    for seed, name in enumerate(("a_1", "b_1", "c_1")):
        path = board(name, seed=seed) / "capture"
        Image.fromarray(counts()[1]).save(tmp_path / "mask.png")
        cube, white, dark = (path / f"{prefix}{name}.hdr" for prefix in ("", "WHITEREF_", "DARKREF_"))
        out = folder / f"{name}.npy"
        reflectance(cube=cube, white=white, dark=dark, mask=tmp_path / "mask.png", classes=3, out=out, params=params)
    npz = tmp_path / "fit.npz" if strategy in ("pca3", "pca3_cube", "bands3") else None
    if npz:
        split = tmp_path / "split.csv"
        reduction(split=split, reflectance=folder, out=npz, strategy=strategy, params=Reduction())
    axes = load_reduction(npz) if npz and strategy != "pca3_cube" else None
    model = make_model(strategy, patch=patch, size=size, resize="area", reduction=axes)
    save(model, tmp_path / "run" / "model.pt")
    expected = dict(evaluate(model.network, Cubes(folder, None, npz), ["b_1"], patch))["b_1"]
    assert len(np.unique(expected)) > 1
    predict(captures=[tmp_path / "b_1"], run=tmp_path / "run", out=tmp_path / "out", threads=1)
    np.testing.assert_array_equal(class_map(tmp_path / "out" / "b_1"), resize_mask(expected, (28, 34)))


def test_what_a_result_holds(board, run, tmp_path):
    path = board(map_info="{UTM, 1, 1, 5, 6, 0.5, 0.5}", x_start=3)
    values = np.fromfile(path / "capture" / "b_1.raw", np.uint16).reshape(28, BANDS, 34)
    values[0, 2, :17] = 4095
    values.tofile(path / "capture" / "b_1.raw")
    white = np.fromfile(path / "capture" / "WHITEREF_b_1.raw", np.uint16).reshape(3, BANDS, 34)
    white[:, 4, 5] = 90
    white.tofile(path / "capture" / "WHITEREF_b_1.raw")
    predict(captures=[path / "capture" / "b_1.raw"], run=run(), out=tmp_path / "out", threads=1)
    folder = tmp_path / "out" / "b_1"
    assert sorted(entry.name for entry in folder.iterdir()) == sorted(FILES)
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["b_1"]
    classes = class_map(folder)
    header = envi.open(str(folder / "classes.hdr")).metadata
    assert header["class names"] == CLASSES
    assert header["class lookup"] == ["0", "0", "0", "230", "159", "0", "86", "180", "233"]
    assert (header["x start"], header["map info"][0]) == ("3", "UTM")
    table = pd.read_csv(folder / "components.csv")
    for index, name in enumerate(CLASSES[1:], start=1):
        assert table[table["class"] == name]["pixels"].sum() == np.count_nonzero(classes == index)
    assert table["mean_probability"].between(1 / 3, 1).all()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["pixels"] == dict(zip(CLASSES, np.bincount(classes.ravel(), minlength=3).tolist(), strict=True))
    assert sum(summary["components"].values()) == len(table)
    assert summary["saturated_share"] == pytest.approx(17 / (28 * 34 * 5))
    assert summary["invalid_share"] == pytest.approx(1 / (34 * 5))
    assert (summary["capture"]["kind"], summary["resampled"], summary["notes"]) == ("raw", False, [])
    assert (summary["model"]["backbone"], summary["model"]["seed"]) == ("unet", 7)
    with Image.open(folder / "overlay.png") as picture:
        assert picture.width == 6 + 2 * (10 * 34 + 6)


def test_a_trimmed_reflectance_capture_is_the_raw_one(board, run, write_envi, tmp_path):
    path = board()
    parts = {key: path / "capture" / f"{key.upper()}REF_b_1.hdr" for key in ("white", "dark")}
    cube = reflect(cube=path / "capture" / "b_1.hdr", keep=KEEP, panel=0.98, **parts).astype(np.float32)
    fields = {"wavelength": "{" + ", ".join(str(NM[band] + 0.4) for band in KEEP) + "}"}
    trimmed = write_envi(tmp_path / "t.hdr", cube.transpose(1, 2, 0), "bsq", **fields)
    predict(captures=[path, trimmed], run=run(), out=tmp_path / "out", threads=1)
    np.testing.assert_array_equal(class_map(tmp_path / "out" / "t"), class_map(tmp_path / "out" / "b_1"))
    summary = json.loads((tmp_path / "out" / "t" / "summary.json").read_text())
    assert (summary["saturated_share"], summary["invalid_share"]) == (None, 0.0)
    assert summary["notes"] == ["a reflectance capture for a model that was trained on raw captures"]


def test_other_bands_are_refused_with_both_grids_unless_resampled(board, run, tmp_path, says):
    nm = ", ".join(f"{value + 3}" for value in NM)
    shifted = board("s_1", wavelength=f"{{{nm}}}")
    fine = ", ".join(f"{value}" for value in np.linspace(400, 470, 15))
    finer = board("f_1", wavelength=f"{{{fine}}}", bands=15)
    out = tmp_path / "out"
    words = ("s_1.hdr", "403.00 to 473.00", "400.00 to 470.00", "420.00 to 460.00", "3.00 nm apart", "--resample")
    says(lambda: predict(captures=[shifted], run=run(), out=out, threads=1), *words)
    says(lambda: predict(captures=[finer], run=run(), out=out, threads=1), "15 bands", "8 bands", "mean step 5.00")
    assert not out.exists()
    predict(captures=[shifted, finer], run=run(), out=out, threads=1, resample=True)
    summary = json.loads((out / "f_1" / "summary.json").read_text())
    assert summary["resampled"]
    assert "resampled from 15 bands" in summary["notes"][0]
    narrow = board("n_1", wavelength="{430, 440, 450, 460, 470, 480, 490, 500}")
    says(lambda: predict(captures=[narrow], run=run(), out=out, threads=1, resample=True), "430.00", "420.00", "min_nm")


def test_resampling_every_second_band_changes_nothing(board, run, tmp_path):
    """A grid twice as fine holds the model's bands, so its prediction is that of a cube of those bands."""
    fine = ", ".join(f"{value}" for value in np.linspace(400, 470, 15))
    path = board("f_1", wavelength=f"{{{fine}}}", bands=15)
    same = board("e_1")
    for kind in ("", "WHITEREF_", "DARKREF_"):
        values = np.fromfile(path / "capture" / f"{kind}f_1.raw", np.uint16)
        lines = 28 if not kind else 3
        values.reshape(lines, 15, 34)[:, ::2].tofile(same / "capture" / f"{kind}e_1.raw")
    predict(captures=[path, same], run=run(), out=tmp_path / "out", threads=1, resample=True)
    np.testing.assert_array_equal(class_map(tmp_path / "out" / "f_1"), class_map(tmp_path / "out" / "e_1"))


def test_without_wavelengths_only_the_number_of_bands_is_compared(board, run, tmp_path):
    path = board(wavelength=None)
    predict(captures=[path], run=run(), out=tmp_path / "out", threads=1)
    notes = json.loads((tmp_path / "out" / "b_1" / "summary.json").read_text())["notes"]
    assert notes == ["only the number of bands was compared: the capture's header has no wavelengths"]


def test_one_bad_capture_does_not_stop_the_others(board, run, tmp_path, says, capsys):
    good, late = board("good_1"), board("late_1")
    short = board("short_1")
    with (short / "capture" / "short_1.raw").open("r+b") as file:
        file.truncate(1000)
    alone = board("alone_1", references=False)
    paths = [good, short, tmp_path / "gone", alone, late]
    message = says(
        lambda: predict(captures=paths, run=run(), out=tmp_path / "out", threads=1),
        "3 of 5 captures failed:",
        "short_1.raw: the header short_1.hdr expects",
        "gone: no such file or folder",
        "alone_1.hdr: the cube holds counts",
    )
    assert len(message.splitlines()) == 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["good_1", "late_1"]
    told = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in told] == ["good_1", "short_1", "gone", "alone_1", "late_1"]
    assert "FAILED" in told[1]
    assert "components" in told[4]


class Half(Predictor):
    """Calls the left half of a capture ic; ``then`` runs afterwards."""

    any_size = True

    def __init__(self, then):
        self.path, self.classes, self.sensor = "half", CLASSES, Sensor("raw", BANDS, NM, KEEP, 1.0)
        self.metadata, self.then, self.drift = {"backbone": "none", "strategy": "none"}, then, None

    def _predict(self, capture, bands):
        classes = np.zeros((16, 16), np.uint8)
        classes[:, :8] = 1
        self.then()
        return classes, np.full((16, 16), 0.25, np.float32)


@pytest.fixture
def half(monkeypatch):
    def use(then=lambda: None):
        monkeypatch.setattr(prediction, "TorchPredictor", lambda *_: Half(then))

    return use


def test_maps_of_another_size_are_restored_by_the_nearest_pixel(board, half, tmp_path):
    half()
    predict(captures=[board()], run=tmp_path, out=tmp_path / "out")
    row = pd.read_csv(tmp_path / "out" / "b_1" / "components.csv").iloc[0].tolist()
    assert row[:-1] == [1, "ic", 28 * 17, 0, 0, 27, 16, 13.5, 8.0, 1.0, 90.0, 0.25]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("where", ["predicting", "writing"])
def test_what_breaks_off_leaves_the_former_result_and_no_other_file(board, half, tmp_path, monkeypatch, where, stop):
    out, path = tmp_path / "out", board()
    half()
    predict(captures=[path], run=tmp_path, out=out)
    before = (out / "b_1" / "summary.json").read_bytes()

    def broken(*_, **__):
        raise stop

    if where == "predicting":
        half(broken)
    else:
        monkeypatch.setattr(prediction, "overlay_prediction", broken)
    for name in ("b_1", "c_1"):
        with pytest.raises(stop):
            predict(captures=[board(name)], run=tmp_path, out=out)
    assert [entry.name for entry in out.iterdir()] == ["b_1"]
    assert (out / "b_1" / "summary.json").read_bytes() == before


def test_a_swap_that_fails_puts_the_former_result_back(tmp_path, monkeypatch):
    target = tmp_path / "b_1"
    target.mkdir()
    (target / "summary.json").write_text("old")
    rename = type(target).rename

    def fails(path, to):
        if to == target and not path.name.endswith("-former"):
            raise OSError("disk full")
        return rename(path, to)

    monkeypatch.setattr(type(target), "rename", fails)
    with pytest.raises(OSError, match="disk full"), prediction._whole_folder(target) as fresh:
        (fresh / "summary.json").write_text("new")
    assert (target / "summary.json").read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_earlier_result_is_replaced_but_nothing_else(board, half, tmp_path, says):
    half()
    path, out = board(), tmp_path / "out"
    predict(captures=[path], run=tmp_path, out=out)
    (out / "b_1" / "classes.img.aux.xml").write_text("QGIS")
    predict(captures=[path], run=tmp_path, out=out)
    assert sorted(entry.name for entry in (out / "b_1").iterdir()) == sorted(FILES)
    assert (out / "b_1").stat().st_mode & 0o077 == 0o077 & ~_umask()
    # --out . beside the captures: the folder of that name is the capture itself.
    says(lambda: predict(captures=[path], run=tmp_path, out=tmp_path), "b_1: exists", "capture", "--out")
    assert (path / "capture" / "b_1.raw").stat().st_size == 28 * 34 * BANDS * 2


def _umask():
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_what_is_refused_before_any_work(board, run, tmp_path, says):
    path, trained = board(), run()
    twin = board(folder=tmp_path / "twin")
    (tmp_path / "file").write_text("")
    call = {"captures": [path], "run": trained, "out": tmp_path / "out"}

    def refuses(*words, **changes):
        says(lambda: predict(**call | changes), *words)

    refuses("b_1", "twin", "called 'b_1'", "--out", captures=[path, twin])
    refuses("called 'b_1'", captures=[path, path / "capture" / "b_1.hdr"])
    refuses("no capture given", captures=[])
    refuses("no model given", "--run", "--model", run=None)
    refuses("--run and --model given", model=tmp_path / "m.onnx")
    refuses("x.onnx", "--model", run=tmp_path / "x.onnx")
    refuses("run", "--run", run=None, model=trained)
    refuses("--dark is missing", white=path / "capture" / "WHITEREF_b_1.hdr")
    refuses("w.hdr: no such file", white=tmp_path / "w.hdr", dark=tmp_path / "d.hdr")
    refuses("--threads 0", threads=0)
    refuses("file: --out is a file", out=tmp_path / "file")
    refuses("no such model", run=tmp_path / "no")
    refuses("board_mask", "Train a run", run=run("masked", board_mask=True))
    assert not (tmp_path / "out").exists()


def test_captures_too_small_for_the_network_are_refused(board, run, tmp_path, says):
    small = board(shape=(28, 34))
    path = small / "capture" / "b_1.hdr"
    path.write_text(path.read_text().replace("lines = 28", "lines = 15"))
    with (small / "capture" / "b_1.raw").open("r+b") as file:
        file.truncate(15 * 34 * BANDS * 2)
    says(lambda: predict(captures=[small], run=run(), out=tmp_path / "out"), "b_1.hdr", "15 x 34", "16 x 16")
    predict(captures=[small], run=run("patches", patch=16), out=tmp_path / "out", threads=1)
    assert class_map(tmp_path / "out" / "b_1").shape == (15, 34)


def test_too_little_memory_is_a_reason_and_a_bug_is_not():
    assert "not enough memory" in prediction._reason(MemoryError("x"))
    assert "shorter" in prediction._reason(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    with pytest.raises(TypeError):
        prediction._reason(TypeError("oops"))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Export two tiny models, for raw counts and for reflectance."""
    folder = tmp_path_factory.mktemp("onnx")
    for kind in ("raw", "reflectance"):
        model = make_model(kind=kind)
        names = ["counts", "white", "dark", "exposure"] if kind == "raw" else ["reflectance"]
        axes = {name: {1: "samples"} for name in ("white", "dark") if name in names}
        axes[names[0]] = {0: "lines", 2: "samples"}
        given = dict(zip(names, example(model), strict=True))
        plain = ("dataset", "backbone", "strategy", "width", "seed", "classes", "size", "resize")
        metadata = {key: getattr(model, key) for key in plain}
        metadata |= {"boardbench": "0", "sensor": asdict(model.sensor), "precision": "float32"}
        outputs = ["classes", "probabilities"]
        intermediates = list(INTERMEDIATES) if kind == "raw" else ["reduced"]
        to_onnx(Deployed(model).eval(), given, axes, outputs, intermediates, metadata, folder / f"{kind}.onnx")
    return folder


@pytest.mark.parametrize("kind", ["raw", "reflectance"])
def test_an_exported_file_gives_the_map_of_its_run(board, run, exported, tmp_path, kind):
    path = board()
    predict(captures=[path], run=run(kind=kind), out=tmp_path / "torch", threads=1)
    predict(captures=[path], model=exported / f"{kind}.onnx", out=tmp_path / "onnx", threads=1)
    torch_map, onnx_map = class_map(tmp_path / "torch" / "b_1"), class_map(tmp_path / "onnx" / "b_1")
    assert (torch_map == onnx_map).mean() > 0.99
    assert len(np.unique(torch_map)) > 1
    summary = json.loads((tmp_path / "onnx" / "b_1" / "summary.json").read_text())
    assert (summary["model"]["precision"], summary["model"]["strategy"]) == ("float32", "scrb")
    assert summary["model"]["runtime"] == "onnxruntime"


@pytest.mark.skipif(
    not importlib.util.find_spec("openvino"), reason="openvino is not installed: pip install 'boardbench[openvino]'"
)
def test_openvino_gives_the_map_of_onnx_runtime_and_is_named(board, exported, tmp_path):
    path, maps = board(), {}
    for runtime in ("onnxruntime", "openvino"):
        predict(captures=[path], model=exported / "raw.onnx", out=tmp_path / runtime, threads=1, runtime=runtime)
        maps[runtime] = class_map(tmp_path / runtime / "b_1")
        summary = json.loads((tmp_path / runtime / "b_1" / "summary.json").read_text())
        assert (summary["model"]["runtime"], summary["model"]["precision"]) == (runtime, "float32")
    assert np.mean(maps["openvino"] == maps["onnxruntime"]) > 0.999 and len(np.unique(maps["openvino"])) > 1


def test_a_runtime_is_of_an_exported_file(tmp_path, says):
    given = {"captures": [tmp_path / "a"], "run": tmp_path / "run"}
    says(lambda: predict(**given, runtime="openvino"), "--runtime", "--model")
    says(lambda: predict(**given, precision="bf16"), "--precision", "--model")
    given = {"captures": [tmp_path / "a"], "model": tmp_path / "model.onnx"}
    says(lambda: predict(**given, runtime="openvina"), "--runtime openvina", "onnxruntime, openvino")
    says(lambda: predict(**given, precision="bf16"), "--precision bf16", "--runtime openvino")


def test_counts_of_other_types_and_orders_are_the_same_counts(board, exported, tmp_path, write_envi, says):
    path = board()
    out, header = tmp_path / "out", path / "capture" / "b_1.hdr"
    predict(captures=[path], model=exported / "raw.onnx", out=out, threads=1)
    expected = class_map(out / "b_1")
    for kind, interleave in ((">u2", "bip"), ("<i4", "bsq"), ("<f4", "bil")):
        write_envi(header, counts()[0].astype(kind), interleave, tint=4.0, wavelength=FIELD)
        predict(captures=[path], model=exported / "raw.onnx", out=out, threads=1)
        np.testing.assert_array_equal(class_map(out / "b_1"), expected)
    write_envi(header, counts()[0].astype("<f4") + 0.5, tint=4.0, wavelength=FIELD)
    says(lambda: predict(captures=[path], model=exported / "raw.onnx", out=out), "'data type'", "float32", "--run")


def test_what_an_exported_file_cannot_take(board, exported, tmp_path, write_envi, says):
    cube = np.full((20, 20, BANDS), 0.4, np.float32)
    calibrated = write_envi(tmp_path / "r.hdr", cube, wavelength=FIELD)
    raw, out = exported / "raw.onnx", tmp_path / "out"
    says(lambda: predict(captures=[calibrated], model=raw, out=out), "r.hdr", "raw counts", "--run")
    nm = ", ".join(f"{value + 3}" for value in NM)
    shifted = board(wavelength=f"{{{nm}}}")
    says(lambda: predict(captures=[shifted], model=raw, out=out, resample=True), "b_1.hdr", "--resample", "--run")
    predict(captures=[shifted, calibrated], model=exported / "reflectance.onnx", out=out, resample=True)
    (tmp_path / "x.onnx").write_bytes(b"\x00\x01no")
    says(lambda: predict(captures=[shifted], model=tmp_path / "x.onnx", out=out), "x.onnx", "boardbench export")


def test_a_terminal_sees_a_bar(board, half, tmp_path, monkeypatch, capsys):
    half()
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(prediction, "sys", SimpleNamespace(stderr=terminal))
    shown = []
    terminal.write, terminal.flush = shown.append, lambda: None
    predict(captures=[board()], run=tmp_path, out=tmp_path / "out")
    assert "b_1" in "".join(shown)
    assert "1/1" in "".join(shown)
    assert "components" not in "".join(shown)


def drift_of(board, tmp_path, names):
    """Return what training on these boards would know."""
    parts, one = [], None
    for seed, name in enumerate(names):
        path = board(name, folder=tmp_path / "training", seed=seed) / "capture"
        white, dark = (path / f"{kind}REF_{name}.hdr" for kind in ("WHITE", "DARK"))
        cube = reflect(cube=path / f"{name}.hdr", white=white, dark=dark, keep=KEEP, panel=0.98)
        parts += list(windows(cube))
        one = seen(read_references(open_cube(path / f"{name}.hdr"), white, dark), KEEP)
    limits = {"strange": 0.05, "shifted": 1e3, "clipped": 0.5} | TOLERANCE
    return Drift(fit_profile(moments(parts), parts, 2), [one], limits, 0.01)


@pytest.mark.parametrize("kind", ["run", "model"])
def test_a_capture_unlike_training_is_not_trusted(board, run, exported, tmp_path, capsys, kind):
    known = drift_of(board, tmp_path, [f"t_{number}" for number in range(6)]).as_json()
    if kind == "run":
        model = {"run": run()}
        write_json(tmp_path / "drift.json", known)
    else:
        loaded = onnx.load(exported / "raw.onnx")
        write_metadata(loaded, open_onnx(exported / "raw.onnx").metadata | {"drift": known})
        onnx.save(loaded, tmp_path / "model.onnx")
        model = {"model": tmp_path / "model.onnx"}
    usual = board("u_1", seed=9, shape=(70, 34))
    strange = board("s_1", seed=9, shape=(70, 34))
    values = np.fromfile(strange / "capture" / "s_1.raw", np.uint16).reshape(70, BANDS, 34)
    values[:, 3, :8], values[:, 5, :8] = 120, 2600
    values.tofile(strange / "capture" / "s_1.raw")
    dim = board("d_1", seed=9, shape=(70, 34))
    white = dim / "capture" / "WHITEREF_d_1.raw"
    (np.fromfile(white, np.uint16) * 0.8).astype(np.uint16).tofile(white)
    predict(captures=[usual, strange, dim], out=tmp_path / "out", threads=1, **model)
    reports, trusted = {}, {}
    for name in ("u_1", "s_1", "d_1"):
        folder = tmp_path / "out" / name
        reports[name] = json.loads((folder / "summary.json").read_text())["drift"]
        trusted[name] = set(pd.read_csv(folder / "components.csv")["trusted"])
    assert trusted == {"u_1": {"yes"}, "s_1": {"no"}, "d_1": {"no"}}
    assert (reports["u_1"]["trusted"], reports["u_1"]["because"], reports["u_1"]["windows"]) == (True, {}, 2)
    assert (list(reports["s_1"]["because"]), reports["s_1"]["since_line"]) == (["strange"], 64)
    assert "white_level" in reports["d_1"]["because"]
    assert reports["d_1"]["since_line"] == 0
    assert "not trusted" in capsys.readouterr().err


def test_lines_are_counted_in_the_capture_where_the_model_resizes(board, run, tmp_path):
    known = drift_of(board, tmp_path, ["t_0", "t_1"])
    everything = dict.fromkeys(known.thresholds, -1.0)
    write_json(tmp_path / "drift.json", replace(known, references=[], thresholds=everything).as_json())
    path = board("u_1", shape=(128, 34))
    predict(captures=[path], run=run(size=(64, 34)), out=tmp_path / "out", threads=1)
    report = json.loads((tmp_path / "out" / "u_1" / "summary.json").read_text())["drift"]
    assert (report["since_line"], report["windows"]) == (128, 2)  # the second of two windows of 64 lines


def test_a_run_on_its_own_judges_nothing(board, run, tmp_path):
    predict(captures=[board()], run=run(), out=tmp_path / "out", threads=1)
    folder = tmp_path / "out" / "b_1"
    report = json.loads((folder / "summary.json").read_text())["drift"]
    assert (report["trusted"], report["because"], report["windows"]) == (None, {}, 0)
    assert pd.read_csv(folder / "components.csv")["trusted"].isna().all()


def test_json_tells_scripts_what_was_found_and_what_failed(board, run, tmp_path, capsys):
    good, bad = board(), tmp_path / "no_such"
    with pytest.raises(BoardbenchError):
        predict(captures=[good, bad], run=run(), out=tmp_path / "out", json=True, quiet=True)
    told = capsys.readouterr()
    found = json.loads(told.out)
    summary = json.loads((tmp_path / "out/b_1/summary.json").read_text())
    assert found["captures"] == [{"folder": str(tmp_path / "out/b_1"), **summary}]
    assert [(one["name"], one["path"]) for one in found["failed"]] == [("no_such", str(bad))]
    assert [line.split(":")[0] for line in told.err.splitlines()] == ["no_such"], "quiet: what failed alone"
