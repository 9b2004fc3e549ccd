"""What ``boardbench check`` says: every problem at once, and what is odd."""

import json

import numpy as np
import pytest
from PIL import Image

from boardbench.captures.check import check
from boardbench.captures.sheet import write_sheet
from boardbench.params.segmentation import Reflectance

PARAMS = Reflectance(drop_first=0, size=None)
NM = {"wavelength": "{400, 500, 600, 700, 800}"}
SIZE = (6, 8, 5)


@pytest.fixture
def scan(tmp_path, write_envi):
    """Write a raw capture below ``mine``; changes by kind of file."""

    def make(name, cube=None, parts=("", "WHITEREF_", "DARKREF_"), mask=0, **fields):
        folder = tmp_path / "mine" / name
        for prefix, level in {"": 600, "WHITEREF_": 1100, "DARKREF_": 100}.items():
            if prefix in parts:
                values = np.full(SIZE, level, np.uint16) if prefix or cube is None else cube
                write_envi(folder / f"{prefix}{name}.hdr", values, **(NM | {"tint": 5} | fields))
        if mask is not None:
            Image.fromarray(np.full(SIZE[:2], mask, np.uint8)).save(folder / "mask.png")
        return folder

    return make


def said(capsys, path, **more):
    """Return what is said as JSON, and the exit code."""
    code = 0
    try:
        check(path=path, json=True, params=PARAMS, **more)
    except SystemExit as ended:
        code = ended.code
    return json.loads(capsys.readouterr().out), code


def test_a_good_capture_in_numbers(tmp_path, scan, capsys):
    cube = np.full(SIZE, 600, np.uint16)
    cube[0, 0, :2] = 4095  # two of 240 values
    scan("a_1", cube)
    found, code = said(capsys, tmp_path / "mine", classes=["others", "ic"])
    (row,) = found["captures"]
    expected = {
        "name": "a_1", "kind": "raw", "lines": 6, "samples": 8, "bands": 5, "kept_bands": 5, "first_nm": 400.0,
        "last_nm": 800.0, "dark": 100.0, "white": 1100.0, "saturated": pytest.approx(2 / 240), "invalid": 0.0,
        "classes": {"others": 1.0}, "odd": [], "problems": [],
        "tint_ms": {"cube": 5.0, "white": 5.0, "dark": 5.0},
    }  # fmt: skip
    assert row == expected
    assert (found["totals"], code) == ({"captures": 1, "scenes": 1, "problems": 0}, 0)


def test_ten_planted_problems_are_all_named_at_once(tmp_path, scan, write_envi, capsys):
    scan("good1_1"), scan("good2_1"), scan("good3_1")
    scan("nomask_1", mask=None)
    scan("nodark_1", parts=("", "WHITEREF_"))
    scan("ids_1", mask=7)
    scan("grid_1", wavelength="{410, 510, 610, 710, 810}")
    scan("short_1").joinpath("short_1.raw").write_bytes(b"\0" * 100)
    scan("gain_1", sensor_gain=3)
    scan("two_1").joinpath("two_1.dat").write_bytes(b"\0" * 480)
    scan("small_1", np.full((5, 8, 5), 600, np.uint16))
    write_envi(scan("width_1") / "WHITEREF_width_1.hdr", np.full((6, 7, 5), 1100, np.uint16), tint=5)
    write_envi(tmp_path / "mine" / "percent_1" / "percent_1.hdr", np.full(SIZE, 30, np.float32))
    found, code = said(capsys, tmp_path / "mine", classes=["others", "ic"])
    listed = "\n".join(found["problems"])
    for words in (
        "nomask_1: no mask", "nodark_1.hdr", "ids_1: ", "grid_1: its bands", "short_1.raw", "'sensor gain'",
        "two_1.raw, two_1.dat", "small_1", "width_1", "percent_1.hdr",
    ):  # fmt: skip
        assert words in listed, words
    assert code == 1
    assert all("good" not in problem for problem in found["problems"])


def test_what_is_odd_is_said_and_passes(tmp_path, scan, write_envi, capsys):
    for name in ("a_1", "b_1", "c_1"):
        scan(name)
    scan("late_1", tint=20)
    scan("bright_1", np.full(SIZE, 4095, np.uint16))
    scan("blank_1", mask=255)
    write_envi(tmp_path / "mine" / "warm_1" / "DARKREF_warm_1.hdr", np.full(SIZE, 300, np.uint16), tint=5)
    scan("warm_1", parts=("", "WHITEREF_"))
    found, code = said(capsys, tmp_path / "mine")
    odd = {row["name"]: " ".join(row["odd"]) for row in found["captures"]}
    assert "integration times" in odd["late_1"]
    assert "100.0% of the values are saturated" in odd["bright_1"]
    assert "no pixel is labelled" in odd["blank_1"]
    assert "dark level 300" in odd["warm_1"]
    assert (odd["a_1"], code) == ("", 0)


def test_a_sheet_is_checked_like_its_folder_and_its_bad_rows_are_named(tmp_path, scan, capsys):
    scan("a_1"), scan("b_1")
    sheet = tmp_path / "mine" / "captures.csv"
    write_sheet(root=tmp_path / "mine", out=sheet)
    by_sheet, by_folder = said(capsys, sheet), said(capsys, tmp_path / "mine")
    assert by_sheet == by_folder
    sheet.write_text(sheet.read_text().replace("raw,b_1", "cooked,b_1"))
    found, code = said(capsys, sheet)
    assert "line 3, column kind: 'cooked'" in found["problems"][0]
    assert code == 1


def test_the_table_for_people_has_a_line_a_capture(tmp_path, scan, capsys):
    scan("a_1"), scan("b_2", mask=None)
    with pytest.raises(SystemExit):
        check(path=tmp_path / "mine", params=PARAMS)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[2:4]] == [["a_1", "raw"], ["b_2", "raw"]]
    assert lines[4] == "2 captures, 2 scenes, 1 problems"
    assert lines[5].startswith("- ") and "no mask.png" in lines[5]
