from pathlib import Path

import numpy as np
import pytest

from boardbench.stream.stream import stream


@pytest.fixture
def refused(tmp_path, model, says):
    """Return a check that a stream is refused with all these words, before anything is written."""

    def check(source, *words, **changes):
        arguments = {"source": str(source), "model": model, "out": tmp_path / "out", **changes}
        says(lambda: stream(**arguments), *words)
        assert not (tmp_path / "out").exists()

    return check


def sensor(**changes):
    return {"kind": "raw", "bands": 6, "wavelengths": None, "keep": [1, 2, 3, 5], "panel": 0.9} | changes


def test_models_that_cannot_work_on_a_belt(refused, capture, references, model_of):
    source = capture(20)
    words = ("changed.onnx", "64 x 64", "cannot be resized", "size: null")
    refused(source, *words, model=model_of(size=[64, 64]), **references)
    words = ("changed.onnx", "reflectance cubes", "raw counts", "Train on raw")
    refused(source, *words, model=model_of(sensor=sensor(kind="reflectance")), **references)
    many = [f"class {number}" for number in range(256)]
    refused(source, "changed.onnx", "256 classes", "'not seen'", model=model_of(classes=many), **references)
    refused(source, "none.onnx", "no such file", model=Path("none.onnx"), **references)


def test_another_sensor(refused, capture, references, model_of, write_envi, tmp_path):
    source = capture(20)
    words = ("belt.hdr", "6 bands, wavelengths not known", "trained on 7 bands")
    refused(source, *words, model=model_of(sensor=sensor(bands=7)), **references)
    trained = [500.0, 510.0, 520.0, 530.0, 540.0, 550.0]
    grid = model_of(sensor=sensor(wavelengths=trained))
    header = Path(source)
    header.write_text(header.read_text() + "wavelength = {500, 510, 520, 530, 540, 550.6}\n")
    words = ("belt.hdr", "'wavelength'", "500.00 to 550.60 nm", "500.00 to 550.00 nm", "0.5 nm")
    refused(header, *words, model=grid, **references)
    header.write_text(header.read_text().replace("550.6", "550.4"))
    stream(source=source, model=grid, out=tmp_path / "fine", lines_per_s=0.0, **references)
    # Of a pipe, the white reference says what its lines are.
    words = ("white.hdr", "trained on 7 bands")
    refused("pipe:x", *words, model=model_of(sensor=sensor(bands=7)), **references)
    narrow = {name: write_envi(tmp_path / f"narrow-{name}.hdr", np.ones((2, 15, 6), np.uint16)) for name in references}
    refused("pipe:x", "narrow-white.hdr", "'samples' is 15", "16", **narrow)


def test_references(refused, capture, references, write_envi, tmp_path):
    source = capture(20)
    refused(source, "belt.hdr", "white and dark reference is missing", "--white and --dark")
    refused("pipe:x", "source pipe:x", "--white and --dark", white=references["white"])
    other = write_envi(tmp_path / "other.hdr", np.ones((2, 21, 6), np.uint16), tint=4.0)
    refused(source, "other.hdr", "samples = 21", "samples = 20", white=references["white"], dark=other)
    refused("pipe:x", "other.hdr", "samples = 21", "samples = 20", white=references["white"], dark=other)


def test_captures_that_are_no_counts(refused, references, write_envi, tmp_path):
    product = write_envi(tmp_path / "r.hdr", np.full((20, 20, 6), 0.5, np.float32))
    refused(product, "r.hdr", "reflectance cube", "raw counts", "boardbench predict")
    signed = write_envi(tmp_path / "s.hdr", np.full((20, 20, 6), 500, np.int32), tint=4.0)
    refused(signed, "s.hdr", "'data type'", "int32", "uint16", **references)
    refused(tmp_path / "none.hdr", "none.hdr", "no such file", **references)


def test_integration_times(refused, references, model, tmp_path):
    refused("pipe:x", "--tint -1", "ms", tint=-1.0, **references)
    for header in references.values():
        header.write_text("".join(line for line in header.read_text().splitlines(True) if "tint" not in line))
    refused("pipe:x", "white.hdr", "'tint'", "--tint 4", tint=4.0, **references)


def test_a_folder_that_is_a_file(capture, references, model, tmp_path, says):
    (tmp_path / "out").touch()
    given = {"source": capture(20), "model": model, "out": tmp_path / "out", **references}
    says(lambda: stream(**given), "--out", "is a file", "folder")


def test_options_out_of_range_or_out_of_place(refused, capture, references):
    source = capture(20)
    refused(source, "--buffer 1", "at least 2", buffer=1, **references)
    refused(source, "--threads 0", "at least 1", threads=0, **references)
    refused(source, "--lines 0", "at least 1", lines=0, **references)
    refused(source, "--lines-per-s -5", "rate", lines_per_s=-5.0, **references)
    refused(source, "--lines-per-s nan", "rate", lines_per_s=float("nan"), **references)
    refused(source, "--window 100", "multiple of 32", window=100, **references)
    refused(source, "--framed", "is a capture", "Leave", framed=True, **references)
    refused(source, "--tint", "is a capture", "Leave", tint=4.0, **references)
