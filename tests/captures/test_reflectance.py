import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from boardbench.captures import calibrate
from boardbench.captures.blocks import to_half
from boardbench.captures.reflectance import reflectance
from boardbench.captures.resize import resize, resize_mask
from boardbench.params.segmentation import Reflectance

NM = "{400, 500, 600, 700, 800, 900}"


@pytest.fixture
def capture(tmp_path, write_envi):
    """Return a function that writes a raw capture of 70 x 9 x 6 and the verb's arguments for it."""

    def make(lines=70, interleave="bil", **fields):
        generator = np.random.default_rng(1)
        raw = generator.integers(50, 4400, (lines, 9, 6)).clip(max=4095).astype(np.uint16)
        white = generator.integers(2000, 3000, (5, 9, 6)).astype(np.uint16)
        dark = generator.integers(80, 120, (5, 9, 6)).astype(np.uint16)
        white[:, 4, 3] = dark[:, 4, 3]
        header = {"tint": 4.0, "wavelength": NM} | fields
        write_envi(tmp_path / "c.hdr", raw, interleave, **header)
        write_envi(tmp_path / "w.hdr", white, **(header | {"tint": 2.0}))
        write_envi(tmp_path / "d.hdr", dark, **header)
        labels = generator.integers(0, 4, (lines, 9)).astype(np.uint8)
        labels[0, 0] = 255
        Image.fromarray(labels).save(tmp_path / "m.png")
        paths = {"cube": tmp_path / "c.hdr", "white": tmp_path / "w.hdr", "dark": tmp_path / "d.hdr"}
        return (raw, white, dark, labels), {
            **paths,
            "mask": tmp_path / "m.png",
            "out": tmp_path / "out" / "b_1.npy",
            "classes": 4,
            "params": Reflectance(drop_first=1, size=None),
        }

    return make


def results(out):
    with Image.open(out.with_suffix(".png")) as mask:
        return np.load(out), json.loads(out.with_suffix(".json").read_text()), np.asarray(mask)


@pytest.mark.parametrize("interleave", ["bil", "bip", "bsq"])
@pytest.mark.parametrize("size", [None, (16, 16), (128, 20), (23, 16), (70, 18)])
@pytest.mark.parametrize("method", ["bilinear", "area"])
def test_equals_the_plain_functions(capture, interleave, size, method):
    (raw, white, dark, labels), arguments = capture(interleave=interleave)
    arguments["params"] = Reflectance(drop_first=1, size=size, resize=method)
    reflectance(**arguments)
    got, metadata, mask = results(arguments["out"])
    plain, invalid, saturated = (part.transpose(2, 0, 1)[1:] for part in calibrate(raw, white, dark, 4.0, 2.0, 4.0))
    new = size or (70, 9)
    assert got.dtype == np.float16
    assert got.flags.c_contiguous
    assert got.shape == (5, *new)
    np.testing.assert_allclose(got, resize(plain.clip(0, 1), new, method), atol=6e-4)
    np.testing.assert_array_equal(mask, resize_mask(labels, new))
    assert metadata["invalid"] == invalid.sum() == 70
    assert metadata["saturated"] == saturated.sum()
    assert metadata["clipped_low"] == (plain < 0).sum() > 0
    assert metadata["clipped_high"] == (plain > 1).sum()
    assert metadata["wavelengths"] == [500, 600, 700, 800, 900]
    assert metadata["original"] == {"lines": 70, "samples": 9, "bands": 6}
    assert metadata["working"] == {"lines": new[0], "samples": new[1], "bands": 5}
    assert metadata["tint_ms"] == {"cube": 4.0, "white": 2.0, "dark": 4.0}
    assert metadata["sha256"]


def test_saturated_values_are_counted(capture, write_envi):
    (raw, *_), arguments = capture()
    raw[3, 2, 4] = raw[5, 2, 0] = 4095
    write_envi(arguments["cube"], raw, tint=4.0)
    arguments["params"] = Reflectance(drop_first=1, size=(16, 16))
    reflectance(**arguments)
    # Band 0 is dropped, so its saturated value does not count.
    assert results(arguments["out"])[1]["saturated"] == (raw[:, :, 1:] == 4095).sum() >= 1


def test_saturated_white_and_values_of_references_left_out_are_counted(capture, write_envi):
    (_, white, dark, _), arguments = capture()
    reflectance(**arguments)
    metadata = results(arguments["out"])[1]
    assert (metadata["white_saturated"], metadata["white_left_out"], metadata["dark_left_out"]) == (0, 0, 0)
    white[:], dark[:] = 2500, 100
    white[1, 2, 4] = white[3, 5, 0] = 4095
    dark[2, :, 1:3] = 0
    write_envi(arguments["white"], white, tint=2.0)
    write_envi(arguments["dark"], dark, tint=4.0)
    reflectance(**arguments)
    metadata = results(arguments["out"])[1]
    # Band 0 is dropped. One element, in each of the capture's 70 lines; values of the references.
    assert (metadata["white_saturated"], metadata["white_left_out"], metadata["dark_left_out"]) == (70, 1, 18)


def test_another_integration_time_is_used(capture):
    _, arguments = capture()
    reflectance(**arguments)
    before = results(arguments["out"])[0]
    header = arguments["white"]
    header.write_text(header.read_text().replace("tint = 2.0", "tint = 1.0"))
    reflectance(**arguments)
    after = results(arguments["out"])[0]
    inside = (before > 0.01) & (before < 1)
    assert inside.any()
    np.testing.assert_allclose(after[inside], before[inside] / 2, rtol=2e-3)


def test_same_input_same_bytes_and_no_path_inside(capture, tmp_path):
    _, arguments = capture()
    contents = []
    for name in ("a", "b"):
        out = tmp_path / name / "x.npy"
        reflectance(**(arguments | {"out": out}))
        assert sorted(path.name for path in out.parent.glob("[!.]*")) == ["x.json", "x.npy", "x.png"]
        contents.append([path.read_bytes() for path in sorted(out.parent.glob("[!.]*"))])
    assert contents[0] == contents[1]
    assert str(tmp_path).encode() not in contents[0][0]
    digest = hashlib.sha256(contents[0][1]).hexdigest()
    assert json.loads(contents[0][0])["sha256"] == digest


def test_trimming_by_scattered_wavelengths(capture):
    (raw, white, dark, _), arguments = capture(wavelength="{700, 400, 600, 500, 800, 900}")
    arguments["params"] = Reflectance(drop_first=0, size=None, min_nm=550, max_nm=850)
    reflectance(**arguments)
    got, metadata, _ = results(arguments["out"])
    assert metadata["wavelengths"] == [700, 600, 800]
    plain = calibrate(raw, white, dark, 4.0, 2.0, 4.0)[0].transpose(2, 0, 1)[[0, 2, 4]]
    np.testing.assert_allclose(got, plain.clip(0, 1), atol=6e-4)


@pytest.fixture
def product(tmp_path, write_envi):
    """Return a function that writes a reflectance cube of 6 x 5 x 4 and the verb's arguments for it."""

    def make(values, **fields):
        Image.fromarray(np.zeros(values.shape[:2], np.uint8)).save(tmp_path / "m.png")
        return {
            "cube": write_envi(tmp_path / "r.hdr", values, "bip", data="", **fields),
            "mask": tmp_path / "m.png",
            "out": tmp_path / "r.npy",
            "classes": 2,
            "params": Reflectance(drop_first=0, size=None),
        }

    return make


def test_float_reflectance_is_taken_as_it_is_and_its_holes_are_counted(product):
    values = np.linspace(-0.2, 1.3, 120, dtype=np.float32).reshape(6, 5, 4)
    values[0, 0, 0], values[3, 3, 3], values[5, 4, 3] = np.nan, np.inf, -np.inf
    arguments = product(values)
    reflectance(**arguments)
    got, metadata, _ = results(arguments["out"])
    expected = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
    np.testing.assert_allclose(got, expected.clip(0, 1).transpose(2, 0, 1), atol=6e-4)
    assert (metadata["invalid"], metadata["saturated"], metadata["kind"]) == (3, None, "reflectance")
    assert metadata["white_saturated"] is metadata["white_left_out"] is metadata["dark_left_out"] is None
    assert metadata["clipped_low"] == (expected < 0).sum()
    assert metadata["clipped_high"] == (expected > 1).sum()
    assert metadata["wavelengths"] is None


def test_integers_need_their_scale_factor(product, says):
    values = np.full((6, 5, 4), 2500, np.int16)
    arguments = product(values, reflectance_scale_factor=10000)
    reflectance(**arguments)
    np.testing.assert_allclose(np.load(arguments["out"]), 0.25)
    arguments = product(values)
    says(lambda: reflectance(**arguments), "r.hdr", "no field 'reflectance scale factor'", "= 10000", "white")
    arguments = product(values, reflectance_scale_factor=0)
    says(lambda: reflectance(**arguments), "r.hdr", "'reflectance scale factor' is '0'")


def test_envi_mask_with_capital_extension(capture, tmp_path, write_envi):
    (*_, labels), arguments = capture()
    write_envi(tmp_path / "General.HDR", labels[:, :, None], data="")
    reflectance(**(arguments | {"mask": tmp_path / "General.HDR"}))
    np.testing.assert_array_equal(results(arguments["out"])[2], labels)


def test_bad_masks(capture, tmp_path, says):
    _, arguments = capture()
    bad = {**arguments, "mask": tmp_path / "bad.png"}
    says(lambda: reflectance(**bad), "bad.png", "no such mask", "sheet")
    Image.fromarray(np.zeros((70, 8), np.uint8)).save(bad["mask"])
    says(lambda: reflectance(**bad), "bad.png", "samples = 8", "samples = 9", "Export")
    Image.fromarray(np.full((70, 9), 7, np.uint8)).save(bad["mask"])
    says(lambda: reflectance(**bad), "bad.png", "class ids 7", "classes = 4", "255")
    Image.fromarray(np.arange(70 * 9 * 3, dtype=np.uint8).reshape(70, 9, 3)).save(bad["mask"])
    says(lambda: reflectance(**bad), "bad.png", "colours", "grey")
    bad["mask"].write_text("not a picture")
    says(lambda: reflectance(**bad), "bad.png", "not a readable PNG")
    assert not arguments["out"].parent.exists()


def test_references_that_do_not_fit(capture, write_envi, says):
    _, arguments = capture()
    says(lambda: reflectance(**(arguments | {"dark": None})), "c.hdr", "--dark", "both")
    says(lambda: reflectance(**(arguments | {"white": None})), "c.hdr", "--white", "both")
    write_envi(arguments["white"], np.zeros((5, 16, 6), np.uint16), tint=2.0)
    says(lambda: reflectance(**arguments), "w.hdr", "samples = 16", "samples = 9", "crop")
    write_envi(arguments["white"], np.zeros((5, 9, 7), np.uint16), tint=2.0)
    says(lambda: reflectance(**arguments), "w.hdr", "bands = 7", "bands = 6")
    write_envi(arguments["white"], np.zeros((5, 9, 6), np.uint16))
    says(lambda: reflectance(**arguments), "w.hdr", "'tint'", "Add")


def test_wavelengths_missing_where_needed(capture, says):
    _, arguments = capture(wavelength=None)
    arguments["params"] = Reflectance(min_nm=500, size=None)
    says(lambda: reflectance(**arguments), "c.hdr", "'wavelength'", "min_nm")
    says(lambda: reflectance(**(arguments | {"out": arguments["out"].with_suffix(".dat")})), "b_1.dat", ".npy")


def test_failure_leaves_what_was_there(capture, monkeypatch):
    _, arguments = capture()
    reflectance(**arguments)
    before = {path.name: path.read_bytes() for path in arguments["out"].parent.glob("[!.]*")}

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("boardbench.captures.reflectance.resize_mask", fail)
    with pytest.raises(OSError, match="disk full"):
        reflectance(**(arguments | {"params": Reflectance(drop_first=1, size=(16, 16))}))
    assert {path.name: path.read_bytes() for path in arguments["out"].parent.glob("[!.]*")} == before


@pytest.fixture
def framed(tmp_path, write_envi):
    """Return the verb's arguments for a cube of 0.8 whose board begins at sample 15 of 32."""
    values = np.full((16, 32, 2), 0.8, np.float32)
    values[0, 0] = np.nan
    labels = (np.arange(512) % 3).astype(np.uint8).reshape(16, 32)
    board = np.full((16, 32), 127, np.uint8)
    board[:, 15:] = 128
    Image.fromarray(labels).save(tmp_path / "m.png")
    Image.fromarray(board).save(tmp_path / "board.png")
    return {
        "cube": write_envi(tmp_path / "c.hdr", values, "bip", data=""),
        "mask": tmp_path / "m.png",
        "board": tmp_path / "board.png",
        "truth": tmp_path / "truth" / "c_1.png",
        "out": tmp_path / "out" / "c_1.npy",
        "classes": 3,
        "params": Reflectance(drop_first=0, size=(16, 16), resize="area", board_mask=True),
    }


def test_board_mask_is_applied_before_resizing(framed):
    reflectance(**framed)
    got, metadata, _ = results(framed["out"])
    # Output sample 7 is half of sample 14, outside the board, and half of sample 15, inside.
    expected = np.float32([0] * 7 + [0.4] + [0.8] * 8)
    np.testing.assert_allclose(got, np.broadcast_to(expected, (2, 16, 16)), atol=5e-4)
    assert (got[:, :, :7] == 0).all()
    # Counts are of all pixels; only one count tells how many are outside.
    assert metadata["outside_board"] == 16 * 15
    assert metadata["invalid"] == 2


def test_board_mask_that_is_not_asked_for_is_not_read(framed, tmp_path):
    params = Reflectance(drop_first=0, size=(16, 16), resize="area")
    reflectance(**(framed | {"params": params, "board": tmp_path / "no.png"}))
    got, metadata, _ = results(framed["out"])
    np.testing.assert_allclose(got[:, 1:], 0.8, atol=5e-4)
    assert metadata["outside_board"] is None


@pytest.mark.parametrize("size", [None, (16, 16), (70, 18)])
def test_board_mask_on_raw_counts(capture, tmp_path, size):
    (raw, white, dark, _), arguments = capture()
    inside = np.random.default_rng(3).random((70, 9)) < 0.5
    Image.fromarray(np.where(inside, 255, 0).astype(np.uint8)).save(tmp_path / "board.png")
    arguments["params"] = Reflectance(drop_first=1, size=size, board_mask=True)
    reflectance(**arguments, board=tmp_path / "board.png")
    plain = calibrate(raw, white, dark, 4.0, 2.0, 4.0)[0].transpose(2, 0, 1)[1:].clip(0, 1) * inside
    np.testing.assert_allclose(results(arguments["out"])[0], resize(plain, size or (70, 9)), atol=6e-4)


def test_board_masks_of_other_forms(framed, tmp_path, write_envi):
    inside = np.zeros((16, 32), np.uint8)
    inside[:, 15:] = 1
    write_envi(tmp_path / "board.HDR", inside[:, :, None], data="")
    colours = np.repeat((inside * 255)[:, :, None], 3, axis=2)
    Image.fromarray(colours).save(tmp_path / "board.bmp")
    Image.fromarray(inside * 255).convert("1").save(tmp_path / "two-valued.png")
    for name in ("board.HDR", "board.bmp", "two-valued.png"):
        reflectance(**(framed | {"board": tmp_path / name}))
        assert results(framed["out"])[1]["outside_board"] == 240, name


def test_bad_board_masks(framed, tmp_path, says):
    says(lambda: reflectance(**(framed | {"board": None})), "c.hdr", "'board'", "--board", "board_mask to false")
    bad = framed | {"board": tmp_path / "bad.png"}
    says(lambda: reflectance(**bad), "bad.png", "no such board mask", "column 'board'")
    bad["board"].write_text("no picture")
    says(lambda: reflectance(**bad), "bad.png", "not a readable picture")
    Image.fromarray(np.full((16, 31), 255, np.uint8)).save(bad["board"])
    says(lambda: reflectance(**bad), "bad.png", "samples = 31", "samples = 32", "Export")
    # Saved as 0 and 1, nothing would be left of the capture.
    Image.fromarray(np.ones((16, 32), np.uint8)).save(bad["board"])
    says(lambda: reflectance(**bad), "bad.png", "brighter than 127", "white (255)", "board_mask")
    assert not framed["out"].parent.exists()


def test_truth_is_the_mask_at_the_captures_own_size(framed, monkeypatch, says):
    reflectance(**framed)
    with Image.open(framed["truth"]) as truth, Image.open(framed["mask"]) as mask:
        labels = np.asarray(mask)
        np.testing.assert_array_equal(np.asarray(truth), labels)
    np.testing.assert_array_equal(results(framed["out"])[2], resize_mask(labels, (16, 16)))
    same = framed | {"truth": framed["out"].with_suffix(".png")}
    says(lambda: reflectance(**same), "--truth", "c_1.png", "another folder")
    # Whole or not at all, with the others.
    framed["truth"].unlink()
    monkeypatch.setattr("boardbench.captures.reflectance.resize_mask", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reflectance(**framed)
    assert list(framed["truth"].parent.glob("[!.]*")) == []


@given(st.lists(st.floats(0, 1.5, width=32), min_size=1, max_size=50))
def test_half_is_the_nearest(values):
    values = np.array([0.0, 1.0, 2**-14, 2**-24, *values], np.float32)
    out = np.empty(values.shape, np.float16)
    to_half(values.copy(), out)
    nearest = values.astype(np.float16)
    # As near as NumPy's own; only ties may fall on the other side (and below 2**-14, near ties).
    error, least = (np.abs(half.astype(np.float64) - values) for half in (out, nearest))
    assert (error <= least + 2.0**-37).all()
    assert (out[:4] == nearest[:4]).all()


_MEASURE = """
import resource, sys
from pathlib import Path
from boardbench.captures.reflectance import reflectance
from boardbench.params.segmentation import Reflectance
folder = Path(sys.argv[1])
paths = {kind: folder / f"{kind}.hdr" for kind in ("cube", "white", "dark")}
reflectance(**paths, mask=folder / "mask.png", out=folder / "o.npy", classes=2, params=Reflectance(size=None))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_lines(tmp_path, write_envi):
    peaks = []
    for lines in (200, 2000):
        folder = tmp_path / str(lines)
        for kind, count in (("cube", lines), ("white", 2), ("dark", 2)):
            write_envi(folder / f"{kind}.hdr", np.zeros((1, 128, 100), np.uint16), lines=count)
            with (folder / f"{kind}.raw").open("r+b") as file:
                file.truncate(count * 128 * 100 * 2)
        Image.fromarray(np.zeros((lines, 128), np.uint8)).save(folder / "mask.png")
        command = [sys.executable, "-c", _MEASURE, str(folder)]
        peaks.append(int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1024)
    # The long cube has 44 MB more of counts, and as float32 twice that.
    assert peaks[1] - peaks[0] < 15, peaks
