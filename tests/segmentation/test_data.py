import numpy as np
import pandas as pd
import pytest
from PIL import Image

from boardbench.errors import BoardbenchError
from boardbench.segmentation.data import (
    blocks_of_lines,
    captures_of,
    check_classes,
    class_counts,
    labelled_pixels,
    load_capture,
    load_cube,
    load_mask,
    prove_disjoint,
)

CUBE = np.arange(24).reshape(2, 3, 4) / 32
MASK = np.array([[0, 0, 0, 1], [1, 255, 255, 2], [2, 2, 2, 2]])


def test_captures_of_keeps_the_order_of_the_file_and_names_as_text(world):
    for name, part in [("07_2", "train"), ("07_1", "train"), ("NA_1", "test"), ("1e3_1", "train")]:
        world.add(name, part, CUBE, MASK)
    assert captures_of(world.split, "train") == ["07_2", "07_1", "1e3_1"]
    assert captures_of(world.split, "test") == ["NA_1"]
    assert captures_of(world.split, "unused") == []


def test_empty_part_is_refused(world):
    world.add("a_1", "train", CUBE, MASK)
    with pytest.raises(BoardbenchError, match=r"split\.csv: no capture in part 'test'.*segmentation\.split"):
        captures_of(world.split, "test")


def test_unknown_part_is_refused(world):
    with pytest.raises(BoardbenchError, match=r"part 'tests' is unknown\. Did you mean 'test'"):
        captures_of(world.split, "tests")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scene,condition\na,1\n", r"split\.csv: column part missing.*boardbench segmentation split"),
        (
            "scene,condition,part\na,1,trian\n",
            r"split\.csv, line 2, part: unknown part 'trian'. Did you mean 'train'",
        ),
        ("scene,condition,part\na,1,train\na,2,test\n", r"split\.csv: .*'a' \(test, train\)"),
        ("scene,condition,part\na,1,train\na,1,train\n", r"split\.csv: .*listed twice: a_1"),
    ],
)
def test_damaged_split_names_file_field_remedy(world, text, message):
    world.split.write_text(text)
    with pytest.raises(BoardbenchError, match=message):
        captures_of(world.split, "train")


def test_missing_split_names_the_verb(tmp_path):
    with pytest.raises(BoardbenchError, match=r"none\.csv: no split.*boardbench segmentation split"):
        captures_of(tmp_path / "none.csv", "train")


def test_prove_disjoint_lets_conditions_of_one_scene_share_a_part():
    rows = [("a", "1", "train"), ("a", "2", "train"), ("b", "1", "test")]
    prove_disjoint(pd.DataFrame(rows, columns=["scene", "condition", "part"]))


def test_cube_is_memory_mapped(world):
    world.write("a_1", CUBE, MASK)
    cube = load_cube(world.reflectance, "a_1")
    assert isinstance(cube, np.memmap) and cube.dtype == np.float16
    np.testing.assert_array_equal(cube, CUBE)
    np.testing.assert_array_equal(load_mask(world.reflectance, "a_1"), MASK)


@pytest.mark.parametrize("load", [load_cube, load_mask])
def test_missing_or_damaged_file_names_the_verb(world, load):
    with pytest.raises(BoardbenchError, match=r"a_1\.(npy|png): no .*'a_1'.*`boardbench reflectance`"):
        load(world.reflectance, "a_1")
    for kind in ("npy", "png"):
        (world.reflectance / f"a_1.{kind}").write_bytes(b"not what it says")
    with pytest.raises(BoardbenchError, match=r"a_1\.(npy|png): not a readable.*`boardbench reflectance`"):
        load(world.reflectance, "a_1")


def test_cut_off_cube_is_refused(world):
    world.write("a_1", CUBE, MASK)
    path = world.reflectance / "a_1.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(BoardbenchError, match=r"a_1\.npy: not a readable cube"):
        load_cube(world.reflectance, "a_1")


def test_cube_needs_three_axes_and_mask_one_channel(world):
    np.save(world.reflectance / "a_1.npy", np.zeros((3, 4)))
    Image.new("RGB", (4, 3)).save(world.reflectance / "a_1.png")
    with pytest.raises(BoardbenchError, match=r"a_1\.npy: 2 axes instead of bands, lines, samples"):
        load_cube(world.reflectance, "a_1")
    with pytest.raises(BoardbenchError, match=r"a_1\.png: .*one 8-bit channel"):
        load_mask(world.reflectance, "a_1")


def test_mask_of_another_size_is_refused(world):
    world.write("a_1", CUBE, MASK[:2])
    with pytest.raises(BoardbenchError, match=r"a_1\.png: mask of \(2, 4\).*\(3, 4\).*boardbench reflectance"):
        load_capture(world.reflectance, "a_1")


def test_blocks_put_the_cube_together_again(monkeypatch):
    monkeypatch.setattr("boardbench.segmentation.data.BLOCK", 8)  # two lines of four samples
    blocks = list(blocks_of_lines(CUBE))
    assert [pixels.shape for _, pixels in blocks] == [(8, 2), (4, 2)]
    np.testing.assert_array_equal(np.concatenate([pixels for _, pixels in blocks]), CUBE.reshape(2, -1).T)


def test_labelled_pixels_leave_out_the_ignored(world):
    world.write("a_1", CUBE, MASK)
    ((pixels, truth),) = labelled_pixels(world.reflectance, "a_1")
    known = MASK.ravel() != 255
    np.testing.assert_array_equal(pixels, CUBE.reshape(2, -1).T[known])
    np.testing.assert_array_equal(truth, MASK.ravel()[known])


def test_class_counts_add_over_captures(world):
    world.write("a_1", CUBE, MASK)
    world.write("b_1", CUBE, np.zeros((3, 4)))
    counts = class_counts(world.reflectance, ["a_1", "b_1"], ["x", "y", "z"])
    assert counts.dtype == np.int64
    assert counts.tolist() == [3 + 12, 2, 5]


def test_class_id_without_a_name_is_refused(world):
    world.write("a_1", CUBE, MASK)
    with pytest.raises(BoardbenchError, match=r"a_1\.png: class id 2, but segmentation\.classes names only 2"):
        class_counts(world.reflectance, ["a_1"], ["x", "y"])


def test_class_absent_from_training_names_class_split_and_remedy(tmp_path):
    check_classes(np.array([1, 2]), ["others", "ic"], tmp_path / "split.csv")
    with pytest.raises(BoardbenchError, match=r"split\.csv: no training pixel of class 'ic'.*listed split"):
        check_classes(np.array([5, 0]), ["others", "ic"], tmp_path / "split.csv")
