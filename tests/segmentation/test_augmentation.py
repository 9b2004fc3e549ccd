from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Augmentation
from boardbench.segmentation.augmentation import apply, augmentation, corners, cut

EXACT = ["identity", "flip_lines", "flip_samples", "rot90", "rot180"]
TURNS = ["rotate=+15", "rotate=-15", "rotate=90", "rotate=37.5"]
SHIFTS = ["shift_lines=3", "shift_samples=2", "shift_lines=-2", "shift_samples=40"]


@pytest.fixture
def planned(world):
    """Write a plan for train captures of the given (lines, samples) and return its table."""

    def planned(sizes: dict[str, tuple[int, int]], epochs: int = 1, **params) -> pd.DataFrame:
        world._rows[1:] = []
        for name, size in {**sizes, "held_1": (32, 32)}.items():
            part = "test" if name == "held_1" else "train"
            world.add(name, part, np.zeros((1, *size)), np.zeros(size))
        out = world.split.parent / "augmentation.csv"
        augmentation(
            split=world.split,
            reflectance=world.reflectance,
            out=out,
            epochs=epochs,
            params=Augmentation(**params),
        )
        return pd.read_csv(out, dtype={"epoch": "Int64"})

    return planned


def test_plan_none_is_every_training_capture_once(planned):
    table = planned({"b_1": (16, 16), "a_1": (16, 16)}, epochs=5, plan="none")
    assert list(table) == ["capture", "epoch", "transform", "seed"]
    assert table["capture"].tolist() == ["b_1", "a_1"]
    assert table["transform"].tolist() == ["identity"] * 2
    assert table["epoch"].isna().all()


def test_plan_flips_draws_each_with_p_one_half(planned):
    table = planned({f"s{n}_1": (16, 16) for n in range(20)}, epochs=100, plan="flips")
    assert table["epoch"].value_counts().to_dict() == dict.fromkeys(range(100), 20)
    steps = table["transform"].str.split("+")
    names = ["flip_lines", "flip_samples", "rot90"]
    drawn = pd.DataFrame({name: [name in row for row in steps] for name in names})
    # 2000 draws: standard deviation of a share 0.011, so four of them; of a correlation 0.022.
    assert (abs(drawn.mean() - 0.5) < 0.045).all()
    assert (abs(drawn.corr().to_numpy() - np.eye(3)) < 0.09).all()
    assert set(table["transform"]) >= {"identity", "flip_lines+flip_samples+rot90"}
    assert abs((table["transform"] == "identity").mean() - 1 / 8) < 0.03
    assert table["seed"].nunique() > 1990  # 32 bits: a collision is possible, a shared seed is not


def test_captures_that_are_not_square_keep_their_size(planned):
    table = planned({"a_1": (16, 20), "b_1": (16, 16)}, epochs=40, plan="flips")
    used = {name: set("+".join(rows["transform"]).split("+")) for name, rows in table.groupby("capture")}
    assert used["a_1"] == {"identity", "flip_lines", "flip_samples", "rot180"}
    assert used["b_1"] == {"identity", "flip_lines", "flip_samples", "rot90"}


@pytest.mark.parametrize("plan", ["flips", "pcbvision"])
def test_same_seed_same_plan_and_another_capture_changes_no_draw(planned, plan):
    size = (32, 32)
    first = planned({"a_1": size, "b_1": size}, epochs=6, plan=plan, seed=3)
    assert first.equals(planned({"a_1": size, "b_1": size}, epochs=6, plan=plan, seed=3))
    more = planned({"a_1": size, "aa_1": size, "b_1": size}, epochs=6, plan=plan, seed=3)
    assert more[more["capture"] != "aa_1"].reset_index(drop=True).equals(first)
    assert not first.equals(planned({"a_1": size, "b_1": size}, epochs=6, plan=plan, seed=4))


def test_plan_pcbvision_is_18_times_7(planned):
    table = planned({f"{n}_1": (32, 32) for n in range(18)}, epochs=3, plan="pcbvision")
    assert len(table) == 126 and table["epoch"].isna().all()
    kinds = table["transform"].str.replace(r"(shift_\w+)=\d+", r"\1", regex=True)
    order = ["identity", "rotate=+15", "rotate=-15", "shift_lines", "shift_samples", "flip_lines", "flip_samples"]
    assert kinds.tolist() == order * 18
    pixels = table["transform"].str.extract(r"shift_\w+=(\d+)").dropna()[0].astype(int)
    assert len(pixels) == 36 and pixels.between(10, 30).all() and pixels.nunique() > 5


def test_shift_out_of_the_picture_is_refused(planned):
    with pytest.raises(BoardbenchError, match=r"a_1\.npy: \(30, 64\).*reflectance\.size larger or .*'flips'"):
        planned({"a_1": (30, 64)}, plan="pcbvision")


def picture(lines, samples, seed=0):
    mask = np.random.default_rng(seed).integers(0, 256, (lines, samples)).astype(np.uint8)
    return np.stack([mask, 255 - mask]).astype(np.float16), mask


@settings(deadline=None)
@given(
    steps=st.lists(st.sampled_from(EXACT + SHIFTS), min_size=1, max_size=4),
    lines=st.integers(1, 9),
    samples=st.integers(1, 9),
)
def test_exact_transforms_move_cube_and_mask_alike(steps, lines, samples):
    cube, mask = picture(lines, samples)
    moved, labels = apply("+".join(steps), cube, mask)
    np.testing.assert_array_equal(moved[0], labels)
    assert moved.dtype == cube.dtype and labels.dtype == mask.dtype


@settings(deadline=None, max_examples=40)
@given(lines=st.integers(2, 7), samples=st.integers(2, 7), degrees=st.floats(-180, 180).map(lambda x: round(x, 2)))
def test_rotation_moves_cube_and_mask_alike(lines, samples, degrees):
    """One band a pixel: the label must be that of the pixel with the largest bilinear weight."""
    size = lines * samples
    mask = np.arange(1, size + 1, dtype=np.uint8).reshape(lines, samples)
    cube = np.eye(size, dtype=np.float32).reshape(size, lines, samples)
    turned, labels = apply(f"rotate={degrees}", cube, mask)
    for weights, label in zip(turned.reshape(size, -1).T, labels.ravel(), strict=True):
        assert weights.sum() <= 1 + 1e-5
        if label:
            assert weights[label - 1] >= weights.max() - 1e-5
            assert weights[label - 1] >= 0.25 - 1e-5
        else:  # the nearest pixel lies outside
            assert weights.max() <= 0.5 + 1e-5


def test_exact_transforms_by_hand():
    mask = np.array([[1, 2], [3, 4]], np.uint8)
    for transform, expected in {
        "identity": [[1, 2], [3, 4]],
        "flip_lines": [[3, 4], [1, 2]],
        "flip_samples": [[2, 1], [4, 3]],
        "rot90": [[2, 4], [1, 3]],
        "rot180": [[4, 3], [2, 1]],
        "flip_lines+rot90": [[4, 2], [3, 1]],
        "shift_lines=1": [[0, 0], [1, 2]],
        "shift_samples=1": [[0, 1], [0, 3]],
        "shift_samples=-1": [[2, 0], [4, 0]],
        "shift_lines=9": [[0, 0], [0, 0]],
        "rotate=90": [[2, 4], [1, 3]],
        "rotate=+15+flip_lines": [[3, 4], [1, 2]],  # too small for 15 degrees to move a label
    }.items():
        assert apply(transform, mask[None].astype(np.float32), mask)[1].tolist() == expected, transform


def test_flips_are_views():
    cube, mask = picture(4, 4)
    for transform in EXACT:
        moved, labels = apply(transform, cube, mask)
        assert np.shares_memory(moved, cube) and np.shares_memory(labels, mask)


def test_quarter_turn_is_the_same_by_rotate_and_rot90():
    cube, mask = picture(8, 8)
    for array, other in zip(apply("rotate=90", cube, mask), apply("rot90", cube, mask), strict=True):
        np.testing.assert_allclose(array, other, atol=0.1)


def test_rotation_agrees_with_scipy_inside():
    from scipy.ndimage import rotate

    cube = np.random.default_rng(1).random((1, 21, 31)).astype(np.float32)
    ours = apply("rotate=15", cube, np.zeros((21, 31), np.uint8))[0][0]
    theirs = rotate(cube[0], 15, reshape=False, order=1)
    np.testing.assert_allclose(ours[6:15, 6:25], theirs[6:15, 6:25], atol=1e-5)


def test_rotation_brings_in_zero_and_class_zero():
    cube, mask = apply("rotate=45", np.ones((1, 20, 20), np.float16), np.full((20, 20), 3, np.uint8))
    assert cube[0, 0, 0] == 0 and mask[0, 0] == 0
    assert cube[0, 10, 10] == 1 and mask[10, 10] == 3


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        ("flip_line", "'flip_line' is unknown. Did you mean 'flip_lines'"),
        ("flip_lines+", "'' is unknown. Valid: identity"),
        ("rotate", "rotate needs a value, such as rotate=15"),
        ("flip_lines=2", "flip_lines takes no value"),
        ("shift_lines=far", "shift_lines needs a number.*'far'"),
    ],
)
def test_unknown_transform_is_refused(transform, message):
    with pytest.raises(BoardbenchError, match=f"transform '.*': {message}"):
        apply(transform, *picture(3, 3))


def test_module_needs_no_torch():
    import subprocess
    import sys

    code = "import sys, boardbench.segmentation.augmentation as a; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent).returncode == 0


@settings(deadline=None)
@given(
    steps=st.lists(st.sampled_from(EXACT + SHIFTS + TURNS), min_size=1, max_size=3),
    lines=st.integers(2, 9),
    samples=st.integers(2, 9),
    patch=st.integers(2, 5),
)
def test_patches_put_together_are_the_whole_transformed_capture(steps, lines, samples, patch):
    cube, mask = picture(lines, samples)
    moved, labels = apply("+".join(steps), cube, mask)
    assert len(corners(labels.shape, patch)) == -(-labels.shape[0] // patch) * -(-labels.shape[1] // patch)
    for line, sample in corners(labels.shape, patch):
        window = slice(line, line + patch), slice(sample, sample + patch)
        part, truth = apply("+".join(steps), cube, mask, window)
        np.testing.assert_array_equal(part, moved[:, *window])
        np.testing.assert_array_equal(truth, labels[window])


def test_padding_is_zero_in_the_cube_and_ignored_in_the_mask():
    cube, mask = cut(np.ones((2, 1, 3), np.float16), np.ones((1, 3), np.uint8), patch=4)
    assert cube.shape == (2, 4, 4) and cube.sum() == 6 and cube[:, :1, :3].all()
    assert mask[0].tolist() == [1, 1, 1, 255] and (mask[1:] == 255).all()
    whole = np.ones((2, 4, 4), np.float16)
    assert cut(whole, mask, patch=4)[0] is whole


def test_a_plan_of_patches_has_a_row_a_patch(world):
    world.add("a_1", "train", np.zeros((1, 40, 33)), np.zeros((40, 33)))
    out = world.split.parent / "augmentation.csv"
    plan = Augmentation(plan="pcbvision")
    augmentation(split=world.split, reflectance=world.reflectance, out=out, epochs=1, patch=32, params=plan)
    table = pd.read_csv(out)
    assert list(table) == ["capture", "epoch", "transform", "seed", "line", "sample"]
    assert table[["line", "sample"]].drop_duplicates().to_numpy().tolist() == [[0, 0], [0, 32], [32, 0], [32, 32]]
    assert len(table) == 7 * 4


def test_one_capture_of_each_scene_an_epoch_drawn_by_seed_epoch_and_scene(planned):
    sizes = {f"{scene}_{condition}": (16, 16) for scene in "abcdefgh" for condition in "123"}
    table = planned(sizes, epochs=60, plan="flips", conditions="one")
    assert table.groupby("epoch").size().eq(8).all()
    table["scene"] = table["capture"].str[0]
    assert (table.groupby("epoch")["scene"].nunique() == 8).all()
    # 480 draws: standard deviation of a share 0.022.
    assert (abs(table["capture"].str[2].value_counts(normalize=True) - 1 / 3) < 0.09).all()
    # Eight boards under one light in one epoch would come about once in 2000 epochs.
    assert (table["capture"].str[2].groupby(table["epoch"]).nunique() > 1).all()
    fewer = planned({name: size for name, size in sizes.items() if name[0] != "a"}, epochs=60, plan="flips")
    kept = table[table["scene"] != "a"]
    assert fewer["capture"].tolist() == kept["capture"].tolist(), "a scene does not change another's draws"
    assert len(planned(sizes, epochs=2, plan="flips", conditions="all")) == 48
