"""Splits that leak on purpose: what each promises, and what a classifier that only remembers scores by each."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from boardbench.integrity import is_damaged
from boardbench.params.split import Audit
from boardbench.segmentation.audit import audit
from boardbench.segmentation.data import (
    IGNORED,
    captures_of,
    closed_test_part,
    labelled_pixels,
    load_capture,
    scenes_of,
)
from boardbench.segmentation.scores import confusion_matrix, scores

BOARDS, CONDITIONS, SIZE, CLASSES, BANDS = 10, 2, 24, 3, 4
PARTS = ["train"] * 6 + ["validation"] + ["test"] * 2 + ["unused"]
PROTOCOLS = ["captures", "patches", "pixels"]


@pytest.fixture
def boards(world):
    """Ten boards under two lights, each with inks of its own: a board tells nothing of the others."""
    for board, part in enumerate(PARTS):
        rng = np.random.default_rng(board)
        coarse = rng.integers(0, CLASSES, (SIZE // 4, SIZE // 4))
        mask = np.kron(coarse, np.ones((4, 4), int)).astype(np.uint8)
        mask[:2] = IGNORED
        inks = rng.uniform(0, 1, (CLASSES, BANDS))
        for condition in range(1, CONDITIONS + 1):
            cube = inks[np.where(mask == IGNORED, 0, mask)].transpose(2, 0, 1) * (1 - 0.02 * condition)
            world.add(f"b{board}_{condition}", part, cube + rng.normal(0, 0.005, cube.shape), mask)
    return world


def made(boards, protocol, **params):
    out = boards.split.parent / protocol
    audit(
        split=boards.split,
        reflectance=boards.reflectance,
        out=out,
        params=Audit(protocol=protocol, **{"patch": 8, "stride": 4, **params}),
    )
    return SimpleNamespace(folder=out, split=out / "split.csv", reflectance=out / "reflectance")


def labels(found, part):
    """Return board and condition -> which pixels have a label in a part."""
    names = captures_of(found.split, part)
    masks = {name: np.array(Image.open(found.reflectance / f"{name}.png")) != IGNORED for name in names}
    return {name.replace(f"-{part}", ""): mask for name, mask in masks.items()}


WANTED = 2 * CONDITIONS * (SIZE - 2) * SIZE  # labelled pixels of the two test boards


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_as_many_test_pixels_as_by_scene_of_the_boards_that_train(boards, protocol):
    found = made(boards, protocol)
    train, test = labels(found, "train"), labels(found, "test")
    assert sum(mask.sum() for mask in test.values()) == WANTED
    assert (
        {name.split("_")[0] for name in test} <= {name.split("_")[0] for name in train} <= {f"b{n}" for n in range(6)}
    )
    assert captures_of(found.split, "validation") == ["b6_1", "b6_2"]
    assert not list(found.reflectance.glob("b[789]*"))  # the test boards by scene, and unused ones, lie aside
    told = json.loads((found.folder / "audit.json").read_text())
    shared = sum((mask & train[name]).sum() for name, mask in test.items() if name in train)
    assert told == {
        "protocol": protocol,
        "training_pixels": sum(mask.sum() for mask in train.values()),
        "test_pixels": WANTED,
        "shared_pixels": shared,
    }
    every = 6 * CONDITIONS * (SIZE - 2) * SIZE
    if protocol == "pixels":
        assert shared == 0 and told["training_pixels"] == every - WANTED
        assert set(train) == set(test) == {f"b{n}_{c}" for n in range(6) for c in (1, 2)}
    if protocol == "captures":
        assert shared == 0 and not set(train) & set(test)
        assert told["training_pixels"] == every - WANTED
    if protocol == "patches":
        assert 0.5 * WANTED < shared <= WANTED  # each pixel inside lies in four patches


def test_patches_train_whole_and_reach_the_edges(boards):
    """Stride 5 leaves 24 - 8 = 16 as the last start: 0, 5, 10, 15, 16."""
    found = made(boards, "patches", stride=5)
    both = labels(found, "train"), labels(found, "test")
    for name, mask in both[0].items():
        known = mask | both[1].get(name, False)
        assert known[2:].mean() > 0.9 and known[-1].any() and known[:, -1].any()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_cubes_are_the_same_masks_are_parts_and_reports_say_so(boards, protocol):
    found = made(boards, protocol)
    for name in captures_of(found.split, "train") + captures_of(found.split, "test"):
        own = name.replace("-train", "").replace("-test", "")
        cube, mask = load_capture(found.reflectance, name)
        whole, truth = load_capture(boards.reflectance, own)
        np.testing.assert_array_equal(cube, whole)
        assert ((mask == truth) | (mask == IGNORED)).all()
        assert json.loads((found.reflectance / f"{name}.json").read_text())["audit"] == protocol
        assert not any(is_damaged(found.reflectance / f"{name}.{kind}") for kind in ("npy", "json", "png"))


def test_the_seed_draws(boards):
    """Made again in the same folder, so that only the draw can differ."""
    first, again, other = (labels(made(boards, "pixels", seed=seed), "test") for seed in (0, 0, 1))
    assert all((first[name] == again[name]).all() for name in first)
    assert any((first[name] != other[name]).any() for name in first)


def nearest(split, reflectance):
    """Score a classifier that gives each test pixel the class of the nearest training spectrum."""
    known = [block for name in captures_of(split, "train") for block in labelled_pixels(reflectance, name)]
    spectra, truth = (np.concatenate(values) for values in zip(*known, strict=True))
    total = 0
    for name in captures_of(split, "test"):
        for pixels, wanted in labelled_pixels(reflectance, name):
            distance = (spectra**2).sum(axis=1) - 2 * pixels @ spectra.T
            total = total + confusion_matrix(wanted, truth[distance.argmin(axis=1)], CLASSES)
    return scores(total)["miou"], int(total.sum())


def test_what_only_remembers_scores_high_by_every_leak_and_low_by_board(boards):
    by_board, counted = nearest(boards.split, boards.reflectance)
    assert counted == WANTED and by_board < 0.5
    for protocol in PROTOCOLS:
        found = made(boards, protocol)
        remembered, counted = nearest(found.split, found.reflectance)
        assert counted == WANTED and remembered > 0.95, protocol


def test_the_guard_still_holds_by_name(boards, says):
    found = made(boards, "pixels")
    name = captures_of(found.split, "test")[0]
    with closed_test_part(found.split):
        says(lambda: load_capture(found.reflectance, name), name, "test part")
        load_capture(found.reflectance, name.replace("-test", "-train"))
    assert len(scenes_of(found.split, "train")) == 6  # an epoch that takes one capture a scene has as many steps


def test_what_cannot_be_is_refused_and_nothing_is_left(boards, says):
    table = pd.read_csv(boards.split)
    says(lambda: made(boards, "patches", patch=25), "segmentation.split.patch", "25")
    table[table["condition"] == 1].to_csv(boards.split, index=False)
    says(lambda: made(boards, "captures"), str(boards.split), "captures", "conditions")
    table.replace({"part": {"test": "train", "train": "test"}}).to_csv(boards.split, index=False)
    says(lambda: made(boards, "pixels"), str(boards.split), "segmentation.split.train")
    assert not list(boards.split.parent.glob("p*/split.csv"))


def test_a_run_says_by_which_leak_it_was_made_and_goes_to_no_line(boards, tmp_path, says):
    from boardbench.params.segmentation import Augmentation, Training
    from boardbench.segmentation.augmentation import augmentation
    from boardbench.segmentation.deployment import Deployed
    from boardbench.segmentation.evaluation import evaluate
    from boardbench.segmentation.model import load
    from boardbench.segmentation.training import train

    found, run = made(boards, "pixels"), tmp_path / "run"
    where = {"split": found.split, "reflectance": found.reflectance}
    augmentation(**where, out=tmp_path / "plan.csv", epochs=1, params=Augmentation())
    names = {"backbone": "unet", "strategy": "scrb", "seed": 0, "dataset": "toy", "classes": ["a", "b", "c"]}
    params = Training(width=1, epochs=1, class_weights="none")
    train(**names, **where, augmentation=tmp_path / "plan.csv", out=run, params=params)
    evaluate(**where, out=run)
    for file in ("training.json", "metrics.json"):
        assert json.loads((run / file).read_text())["audit"] == "pixels"
    assert load(run).audit == "pixels"
    says(lambda: Deployed(load(run)), "toy unet-scrb", "audit", "pixels")
    scored = pd.read_csv(run / "confusions.csv")
    assert scored.select_dtypes("number").sum().sum() == WANTED
