"""What a capture is, judged once for the sheet, the pipeline, predict and stream."""

import numpy as np
import pytest
from PIL import Image

from boardbench.captures.blocks import reflect
from boardbench.captures.envi import open_cube
from boardbench.captures.judgement import is_reflectance
from boardbench.captures.locate import locate
from boardbench.captures.reflectance import reflectance
from boardbench.captures.sheet import read_sheet, write_sheet
from boardbench.params.segmentation import Reflectance

SCALE = {"reflectance scale factor": 10000}


def dark_board(percent):
    """Return reflectance of a nearly black board with some bright parts, in units of 1 or of a percent."""
    values = np.full((8, 10, 4), 0.015, np.float32)
    values[2:5, 3:6] = 0.6
    return values * (100 if percent else 1)


@pytest.mark.parametrize(
    ("values", "fields", "white", "expected"),
    [
        (dark_board(False), {}, None, True),
        (dark_board(False), {"data ignore value": 0}, None, True),
        (np.full((8, 10, 4), 3000, np.uint16), SCALE, None, True),
        (np.full((8, 10, 4), 3000, np.uint16), {}, "w.hdr", False),
        (np.full((8, 10, 4), 3000, np.float32), {}, "w.hdr", False),
        (np.full((8, 10, 4), 30, np.float32), {"data gain values": "{0.01, 0.01, 0.01, 0.01}"}, None, True),
    ],
)
def test_what_headers_references_and_values_say(tmp_path, write_envi, values, fields, white, expected):
    assert is_reflectance(open_cube(write_envi(tmp_path / "x.hdr", values, **fields)), white) is expected


@pytest.mark.parametrize(
    ("values", "white", "words"),
    [
        (dark_board(True), None, "no reflectance"),
        (np.array([10, 20, 30, 40], np.float32).reshape(1, 1, 4), None, "no reflectance"),
        (np.full((8, 10, 4), 4000, np.float32), None, "no reflectance"),
        (dark_board(False), "w.hdr", "looks like reflectance"),
        (np.full((8, 10, 4), 3000, np.uint16), None, "no white and dark"),
    ],
)
def test_contradictions_are_refused_everywhere(tmp_path, write_envi, says, values, white, words):
    header = write_envi(tmp_path / "x_1" / "x_1.hdr", values)
    says(lambda: is_reflectance(open_cube(header), white), "x_1.hdr", words, "reflectance scale factor")
    if white is None:
        mask = tmp_path / "x_1" / "mask.png"
        Image.fromarray(np.zeros(values.shape[:2], np.uint8)).save(mask)
        params = Reflectance(drop_first=0, size=None)
        for call in (
            lambda: reflectance(cube=header, mask=mask, classes=1, out=tmp_path / "o.npy", params=params),
            lambda: reflect(cube=header, keep=[0]),
            lambda: locate(header),
            lambda: write_sheet(root=tmp_path, out=tmp_path / "captures.csv"),
        ):
            says(call, "x_1.hdr", words)


def test_both_kinds_in_one_folder_are_decided_once_and_said(tmp_path, write_envi, says, capsys):
    folder = tmp_path / "x_1"
    for name, fields in (("x_1", SCALE), ("WHITEREF_x_1", {}), ("DARKREF_x_1", {})):
        write_envi(folder / f"{name}.hdr", np.full((8, 10, 4), 3000, np.uint16), **fields)
    Image.fromarray(np.zeros((8, 10), np.uint8)).save(folder / "mask.png")
    write_sheet(root=tmp_path, out=tmp_path / "captures.csv")
    (row,) = read_sheet(tmp_path / "captures.csv")
    assert (row.kind, row.white, row.dark) == ("reflectance", None, None)
    assert "references not used" in capsys.readouterr().err
    assert locate(folder).kind == "reflectance"
    references = {kind: folder / f"{kind.upper()}REF_x_1.hdr" for kind in ("white", "dark")}
    says(lambda: reflect(cube=row.cube, **references, keep=[0]), "x_1.hdr", "'reflectance scale factor'")
