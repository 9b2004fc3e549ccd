"""The list of calibrated captures: as sha256sum writes it, of the sheet's captures only."""

import hashlib

import pytest

from boardbench.integrity import record_of
from boardbench.segmentation.manifest import manifest


@pytest.fixture
def calibrated(tmp_path):
    """Two captures of a sheet, and one left over that the sheet does not have."""
    for name in ("b2_1", "b1_1", "old_1"):
        for kind in ("json", "png"):
            (tmp_path / f"{name}.{kind}").write_text(name + kind)
    for file in ("c.hdr", "c.raw", "m.png"):
        (tmp_path / file).write_text("")
    rows = [f"{scene},1,reflectance,c.hdr,,,m.png" for scene in ("b2", "b1")]
    (tmp_path / "captures.csv").write_text("\n".join(["scene,condition,kind,cube,white,dark,mask", *rows]) + "\n")
    return tmp_path


def written(folder):
    manifest(sheet=folder / "captures.csv", reflectance=folder, out=folder / "list.sha256")
    return (folder / "list.sha256").read_text().splitlines()


def test_it_lists_reports_and_masks_of_the_sheets_captures_in_order(calibrated):
    names = ["b1_1.json", "b1_1.png", "b2_1.json", "b2_1.png"]
    hashes = [hashlib.sha256(name.replace(".", "").encode()).hexdigest() for name in names]
    assert written(calibrated) == [f"{found}  {name}" for found, name in zip(hashes, names, strict=True)]


def test_another_mask_gives_another_list(calibrated):
    before = written(calibrated)
    (calibrated / "b1_1.png").write_text("another")
    assert [old == new for old, new in zip(before, written(calibrated), strict=True)] == [True, False, True, True]


def test_a_missing_or_damaged_file_is_named(calibrated, says):
    mask = calibrated / "b2_1.png"
    record_of(mask).write_text("0" * 64 + "  b2_1.png\n")
    says(lambda: written(calibrated), str(mask), "damaged")
    mask.unlink()
    says(lambda: written(calibrated), str(mask), "missing")
