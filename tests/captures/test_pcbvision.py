import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from boardbench.captures import pcbvision as module
from boardbench.captures.masks import read_mask
from boardbench.captures.pcbvision import SCENES, TEST, TRAIN, UNUSED, VALIDATION, pcbvision, scene_captures
from boardbench.captures.sheet import read_sheet
from boardbench.params.segmentation import Pcbvision

PUBLISHED = yaml.safe_load((Path(__file__).parents[2] / "reports/published/pcbvision_scenes.yaml").read_text())


def params(folder, **values):
    return Pcbvision(**{"folder": folder, "scenes": [1, 2, 5]} | values)


def test_scene_lists_are_the_published_ones():
    assert list(TRAIN) == PUBLISHED["train"]
    assert list(VALIDATION) == PUBLISHED["validation"]
    assert list(TEST) == PUBLISHED["test"]
    assert list(UNUSED) == PUBLISHED["unused"]
    assert sorted(TRAIN + VALIDATION + TEST + UNUSED) == list(SCENES)
    assert (len(TRAIN), len(VALIDATION), len(TEST)) == (18, 3, 30)


def test_layout_is_the_published_one():
    layout = PUBLISHED["layout"]
    assert layout["cube"] == module.CUBE
    assert {"general": layout["general_mask"], "monoseg": layout["monoseg_mask"]} == module.MASKS
    assert layout["board_mask"] == module.BOARD
    assert (layout["rgb"], layout["rgb_general_mask"], layout["rgb_monoseg_mask"]) == module.RGB


def test_sheet_of_an_unpacked_copy(copy, tmp_path):
    out = tmp_path / "data" / "raw" / "pcbvision" / "captures.csv"
    pcbvision(out=out, params=params(copy))
    first = out.read_text().splitlines()[1]
    up = "../../../copy/HSI"
    assert first == f"1,1,reflectance,{up}/pcb1/pcb1.hdr,,,{up}/General_masks/1.HDR,{up}/PCB_Masks/1.jpg"
    captures = read_sheet(out)
    assert [capture.name for capture in captures] == ["1_1", "2_1", "5_1"]
    expected = scene_captures(params(copy))
    assert [[path.resolve() for path in capture.files] for capture in captures] == [
        capture.files for capture in expected
    ]
    assert [path.name for path in expected[2].files] == ["pcb5.hdr", "pcb5", "5.HDR", "5", "5.jpg"]


def test_scenes_are_in_order_and_named_once(copy):
    captures = scene_captures(params(copy, scenes=[5, 1, 5]))
    assert [capture.scene for capture in captures] == ["1", "5"]


def test_general_and_monoseg(copy):
    masks = {}
    for kind in ("general", "monoseg"):
        (capture,) = scene_captures(params(copy, mask=kind, scenes=[2]))
        masks[kind] = read_mask(capture.mask, (16, 16), 4)
    names = [f"{kind}/{path.name}" for kind in masks for path in (copy / "HSI").glob(f"{kind.title()}_masks/*2.*")]
    assert names == ["general/2.HDR", "monoseg/mono2.hdr"]
    # Monoseg is a part of General, with the same ids.
    assert set(np.unique(masks["monoseg"])) == {0, 1, 2, 3}
    inside = masks["monoseg"] > 0
    np.testing.assert_array_equal(masks["monoseg"][inside], masks["general"][inside])
    assert inside.sum() < (masks["general"] > 0).sum()


def test_headers_in_the_other_case(copy):
    (copy / "HSI/General_masks/1.HDR").rename(copy / "HSI/General_masks/1.hdr")
    (copy / "HSI/pcb1/pcb1.hdr").rename(copy / "HSI/pcb1/pcb1.HDR")
    (capture,) = scene_captures(params(copy, scenes=[1]))
    assert (capture.cube.name, capture.mask.name) == ("pcb1.HDR", "1.hdr")


def test_all_that_is_missing_is_named(copy, tmp_path, says):
    shutil.rmtree(copy / "HSI/pcb2")
    (copy / "HSI/General_masks/5").unlink()
    (copy / "HSI/PCB_Masks/5.jpg").unlink()
    (copy / "HSI/Monoseg_masks/mono1.hdr").unlink()
    # Monoseg is not read here.
    message = says(
        lambda: pcbvision(out=tmp_path / "captures.csv", params=params(copy)),
        f"{copy}: 2 of 3 boards are not complete",
        "boardbench fetch pcbvision",
        "segmentation.pcbvision.scenes",
        "board 2: HSI/pcb2/pcb2.hdr",
        "board 5: HSI/General_masks/5 (data file), HSI/PCB_Masks/5.jpg",
    )
    assert "board 1" not in message
    assert not (tmp_path / "captures.csv").exists()
    says(lambda: scene_captures(params(copy, mask="monoseg")), "board 1: HSI/Monoseg_masks/mono1.hdr")


def test_folders_that_are_not_the_copy(copy, tmp_path, says):
    says(lambda: scene_captures(params(tmp_path / "no")), "no: no such folder", "boardbench fetch pcbvision")
    says(lambda: scene_captures(params(tmp_path)), f"Set segmentation.pcbvision.folder to {copy}")
    says(lambda: scene_captures(params(copy, scenes=None)), "50 of 53 boards", "board 53: HSI/pcb53/pcb53.hdr")


def test_masks_of_another_size(copy, tmp_path, write_envi, says):
    write_envi(copy / "HSI/General_masks/2.HDR", np.zeros((16, 15, 1), np.uint8), "bip", data="")
    cube = copy / "HSI/pcb5/pcb5"
    cube.write_bytes(cube.read_bytes()[:-4])
    says(
        lambda: pcbvision(out=tmp_path / "captures.csv", params=params(copy)),
        "General_masks/2.HDR: the mask has lines = 16, samples = 15",
        "pcb2/pcb2.hdr has lines = 16, samples = 16",
        "pcb5: the header pcb5.hdr expects 387072 bytes",
        "boardbench fetch pcbvision",
        "segmentation.pcbvision.scenes",
    )
    assert not (tmp_path / "captures.csv").exists()


def test_board_masks_that_cannot_be_applied_are_warned_of(copy, tmp_path, capsys):
    Image.fromarray(np.zeros((16, 15), np.uint8)).save(copy / "HSI/PCB_Masks/2.jpg")
    (copy / "HSI/PCB_Masks/5.jpg").write_text("no picture")
    pcbvision(out=tmp_path / "captures.csv", params=params(copy))
    text = capsys.readouterr().err
    assert "PCB_Masks/2.jpg: the mask has lines = 16, samples = 15, its cube" in text
    assert "PCB_Masks/5.jpg: no picture" in text
    assert "PCB_Masks/1.jpg" not in text
    assert len(read_sheet(tmp_path / "captures.csv")) == 3


def test_paths_through_a_link(copy, tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "raw").symlink_to(tmp_path / "deep" / "er")
    sheet = tmp_path / "raw" / "captures.csv"
    pcbvision(out=sheet, params=params(copy))
    assert not Path(sheet.read_text().splitlines()[1].split(",")[3]).is_absolute()
    assert all(path.is_file() for capture in read_sheet(sheet) for path in capture.files)


def test_where_no_relative_path_exists(copy, tmp_path, monkeypatch):
    def other_drive(*_):
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    monkeypatch.setattr("os.path.relpath", other_drive)
    pcbvision(out=tmp_path / "captures.csv", params=params(copy))
    cell = (tmp_path / "captures.csv").read_text().splitlines()[1].split(",")[3]
    assert cell == (copy / "HSI/pcb1/pcb1.hdr").as_posix()


@pytest.mark.parametrize("relative", [True, False])
def test_captures_stay_as_relative_as_the_folder(copy, monkeypatch, relative):
    monkeypatch.chdir(copy.parent)
    captures = scene_captures(params(Path("copy") if relative else copy))
    assert captures[0].cube.is_absolute() != relative
