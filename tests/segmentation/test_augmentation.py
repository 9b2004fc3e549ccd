"""The plan of training samples, and that cube and mask move together."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.errors import BoardbenchError
from boardbench.params import Augmentation
from boardbench.segmentation.augmentation import apply, augmentation

STEPS = ["identity", "flip_lines", "flip_samples", "rot90", "rot180", "shift_lines=2", "shift_samples=-3", "rotate=15"]


def plan_of(world, captures, epochs=3, size=(40, 40), **params) -> pd.DataFrame:
    for name in captures:
        world.add(name, "train", np.zeros((3, *size)), np.zeros(size))
    if "test_1" not in world.split.read_text().replace(",", "_"):
        world.add("test_1", "test", np.zeros((3, *size)), np.zeros(size))
    out = world.split.with_name("augmentation.csv")
    augmentation(
        split=world.split, reflectance=world.reflectance, out=out, epochs=epochs, params=Augmentation(**params)
    )
    return pd.read_csv(out)


def test_flips_by_hand():
    cube = np.array([[[1, 2], [3, 4]]], dtype=np.float32)
    mask = np.array([[1, 2], [3, 4]], dtype=np.uint8)
    for transform, expected in {
        "identity": [[1, 2], [3, 4]],
        "flip_lines": [[3, 4], [1, 2]],
        "flip_samples": [[2, 1], [4, 3]],
        "rot90": [[2, 4], [1, 3]],
        "rot180": [[4, 3], [2, 1]],
        "flip_lines+flip_samples": [[4, 3], [2, 1]],
        "shift_lines=1": [[0, 0], [1, 2]],
        "shift_samples=1": [[0, 1], [0, 3]],
        "shift_samples=-1": [[2, 0], [4, 0]],
    }.items():
        moved_cube, moved_mask = apply(transform, cube, mask)
        assert moved_cube[0].tolist() == expected, transform
        assert moved_mask.tolist() == expected, transform


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=3), st.integers(0, 1000))
def test_cube_and_mask_have_the_same_geometry(steps, seed):
    """A smooth band that is far from 0.5 but near edges of the mask shows where a pixel went."""
    rng = np.random.default_rng(seed)
    mask = np.kron(rng.integers(0, 2, (4, 4)), np.ones((6, 6))).astype(np.uint8)
    cube = np.stack([mask, mask]).astype(np.float32)
    moved_cube, moved_mask = apply("+".join(steps), cube, mask)
    if any(step.startswith("rotate") for step in steps):
        sure = np.abs(moved_cube[0] - 0.5) > 0.49
        # Interpolated and nearest edges may differ by half a pixel, never inside an area.
        assert (np.round(moved_cube[0])[sure] == moved_mask[sure]).mean() > 0.93
    else:
        assert (moved_cube[0] == moved_mask).all()
    assert (moved_cube[0] == moved_cube[1]).all()


def test_a_rotation_turns_about_the_centre_and_back():
    mask = np.zeros((41, 41), np.uint8)
    mask[10:31, 15:26] = 1
    cube = mask[None].astype(np.float32)
    there = apply("rotate=15", cube, mask)
    back = apply("rotate=-15", *there)
    assert there[1][20, 20] == 1
    assert (there[1] != mask).sum() > 50
    assert (back[1] == mask).mean() > 0.97
    assert back[0].dtype == np.float32


def test_half_of_the_draws_flip(world):
    plan = plan_of(world, [f"b{index}_1" for index in range(10)], epochs=100)
    assert len(plan) == 1000
    for word in ("flip_lines", "flip_samples", "rot90"):
        share = plan["transform"].str.contains(word).mean()
        assert 0.45 < share < 0.55, word  # three standard deviations


def test_every_training_capture_stands_once_in_every_epoch_and_no_other(world):
    plan = plan_of(world, ["a_1", "b_1"], epochs=4)
    assert plan.groupby("epoch")["capture"].apply(sorted).tolist() == [["a_1", "b_1"]] * 4


def test_another_capture_changes_no_other_row(world):
    first = plan_of(world, ["a_1", "b_1"])
    more = plan_of(world, ["c_1"])
    kept = more[more["capture"] != "c_1"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, first)


def test_the_seed_changes_the_draws(world):
    first = plan_of(world, ["a_1", "b_1"], epochs=20)
    other = plan_of(world, [], epochs=20, seed=1)
    assert (first["transform"] != other["transform"]).any()


def test_captures_that_are_not_square_are_half_turned(world):
    plan = plan_of(world, ["a_1"], epochs=50, size=(40, 50))
    assert not plan["transform"].str.contains("rot90").any()
    assert plan["transform"].str.contains("rot180").any()


def test_the_pcbvision_set_makes_126_of_18(world):
    plan = plan_of(world, [f"b{index:02}_1" for index in range(18)], plan="pcbvision")
    assert len(plan) == 126
    assert plan["epoch"].isna().all()
    words = plan[plan["capture"] == "b03_1"]["transform"].str.replace("+", "").str.split("=").str[0].tolist()
    assert words == ["identity", "rotate", "rotate", "shift_lines", "shift_samples", "flip_lines", "flip_samples"]
    pixels = plan[plan["transform"].str.startswith("shift")]["transform"].str.split("=").str[1].astype(int)
    assert pixels.between(10, 30).all()


@pytest.mark.parametrize("transform", ["flip_line", "rotate", "rot90=2", "shift_lines=much"])
def test_an_unknown_transform_is_named(transform):
    with pytest.raises(BoardbenchError, match=transform.split("=")[0]):
        apply(transform, np.zeros((1, 4, 4), np.float32), np.zeros((4, 4), np.uint8))
