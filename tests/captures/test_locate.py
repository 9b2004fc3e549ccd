"""From a path to one capture: what is raw, what is reflectance, and what is neither."""

import numpy as np
import pytest

from boardbench.captures.locate import capture_name, locate

FACTOR = {"reflectance_scale_factor": 10000}


@pytest.fixture
def lumo(write_envi, tmp_path):
    """Write a Lumo folder: the parts named, of counts by default."""

    def write(name="b_1", parts=("", "WHITEREF_", "DARKREF_"), inside="capture", dtype=np.uint16):
        for prefix in parts:
            values = np.full((4, 5, 3), {"": 900, "WHITEREF_": 3000, "DARKREF_": 100}[prefix]).astype(dtype)
            write_envi(tmp_path / name / inside / f"{prefix}{name}.hdr", values)
        return tmp_path / name

    return write


def product(write_envi, folder):
    values = np.full((4, 5, 3), 0.3, np.float32)
    return write_envi(folder / "results" / f"REFLECTANCE_{folder.name}.hdr", values, data=".dat")


@pytest.mark.parametrize("inside", ["capture", "."])
@pytest.mark.parametrize("how", ["folder", "header", "data"])
def test_a_lumo_folder_and_its_cube_are_the_same_raw_capture(lumo, inside, how):
    folder = lumo(inside=inside)
    path = {"folder": folder, "header": folder / inside / "b_1.hdr", "data": folder / inside / "b_1.raw"}[how]
    found = locate(path)
    assert (found.name, found.kind, found.notes) == ("b_1", "raw", ())
    assert found.white.samefile(folder / inside / "WHITEREF_b_1.hdr")
    assert found.dark.samefile(folder / inside / "DARKREF_b_1.hdr")
    assert found.source.shape == (4, 5, 3)


def test_the_folder_named_capture_stands_for_the_one_above(lumo, monkeypatch):
    folder = lumo()
    assert locate(folder / "capture").name == "b_1"
    monkeypatch.chdir(folder)
    assert capture_name(folder.__class__(".")) == "b_1"


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/x.hdr", "x"), ("x.raw", "x"), ("x.raw.hdr", "x"), ("x.v2.HDR", "x.v2"), ("x", "x"), ("b.1.img", "b.1")],
)
def test_names_of_cubes(path, name, tmp_path):
    assert capture_name(tmp_path / path) == name


def test_without_references_the_recorders_product_is_taken(lumo, write_envi):
    folder = lumo(parts=("", "DARKREF_"))
    product(write_envi, folder)
    found = locate(folder)
    assert (found.kind, found.white, found.source.dtype) == ("reflectance", None, np.float32)
    assert "product" in found.notes[0]
    # References for all captures make it raw after all.
    other = lumo("session")
    given = [other / "capture" / f"{prefix}_session.hdr" for prefix in ("WHITEREF", "DARKREF")]
    assert (locate(folder, *given).kind, locate(folder, *given).white) == ("raw", given[0])


def test_a_raw_capture_comes_before_its_product(lumo, write_envi):
    folder = lumo()
    path = product(write_envi, folder)
    assert locate(folder).kind == "raw"
    assert locate(path).kind == "reflectance"


def test_own_references_come_before_those_for_all(lumo):
    folder, other = lumo(), lumo("other")
    given = [other / "capture" / f"{prefix}_other.hdr" for prefix in ("WHITEREF", "DARKREF")]
    found = locate(folder, *given)
    assert found.white.name == "WHITEREF_b_1.hdr"
    assert "own references" in found.notes[0]


def test_cubes_of_one_flat_folder_take_the_references_named_after_them(write_envi, tmp_path, says):
    for name in ("a", "b", "WHITEREF_a", "DARKREF_a"):
        write_envi(tmp_path / f"{name}.hdr", np.full((4, 5, 3), 500, np.uint16))
    assert locate(tmp_path / "a.hdr").white.name == "WHITEREF_a.hdr"
    # ... and b has none, the message says what its folder looks like.
    says(lambda: locate(tmp_path / "b.hdr"), "b.hdr", "white and dark", "2 headers could be the capture", "--white")


def test_counts_without_references_are_refused(lumo, says):
    folder = lumo(parts=("", "WHITEREF_"))
    for path in (folder, folder / "capture" / "b_1.raw"):
        says(lambda path=path: locate(path), "b_1.hdr", "counts (uint16", "dark reference", "--white and --dark")


def test_a_header_that_says_reflectance_is_believed(write_envi, lumo, tmp_path):
    alone = write_envi(tmp_path / "x.hdr", np.full((4, 5, 3), 3000, np.uint16), **FACTOR)
    assert (locate(alone).kind, locate(alone).notes) == ("reflectance", ())
    folder = lumo("y")
    write_envi(folder / "capture" / "y.hdr", np.full((4, 5, 3), 3000, np.uint16), **FACTOR)
    found = locate(folder)
    assert (found.kind, found.white) == ("reflectance", None)
    assert "references not used" in found.notes[0]


def test_float_values_decide_when_the_header_does_not(write_envi, lumo, tmp_path, says):
    assert locate(write_envi(tmp_path / "x.hdr", np.full((4, 5, 3), 0.4, np.float32))).kind == "reflectance"
    counts = write_envi(tmp_path / "y.hdr", np.full((4, 5, 3), 812, np.float32))
    says(lambda: locate(counts), "y.hdr", "812", "--white", "reflectance scale factor = 100")
    assert locate(lumo("float", dtype=np.float32)).kind == "raw"
    folder = lumo("odd")
    write_envi(folder / "capture" / "odd.hdr", np.full((4, 5, 3), 0.4, np.float32))
    says(lambda: locate(folder), "odd.hdr", "looks like reflectance", "reflectance scale factor = 1")


def test_what_is_no_capture_is_named(lumo, tmp_path, says):
    says(lambda: locate(tmp_path / "gone"), "gone", "no such file or folder")
    (tmp_path / "empty").mkdir()
    says(lambda: locate(tmp_path / "empty"), "no capture in this folder", "empty/capture/empty.hdr", "empty/*")
    folder = lumo()
    says(lambda: locate(folder / "capture" / "DARKREF_b_1.raw"), "DARKREF_b_1.raw", "a reference by its name")
    with (folder / "capture" / "b_1.raw").open("r+b") as file:
        file.truncate(77)
    says(lambda: locate(folder), "b_1.raw", "expects 120 bytes", "the file has 77")
