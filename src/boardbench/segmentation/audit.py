"""Splits that leak, made on purpose: what are scores worth that others count by capture, by patch or by pixel?

Of a split by scenes the test part is left aside; as many labelled pixels as it has are taken from the scenes that
train, to the pixel:

==========  ============================================================================================
captures    whole captures, one a scene in turn, whose scenes train under their other conditions
patches     squares that overlap, drawn at random; the others train, and with them the pixels of both
pixels      labelled pixels at random; the others train
==========  ============================================================================================

What is too much of the last capture or patch is left out at random. Each capture is given out twice, as
``<scene>-train_<condition>`` and ``<scene>-test_<condition>``: one cube, and two masks that ignore (255) what is not of
the part. So the guards of :mod:`boardbench.segmentation.leaks` hold by name, as ever: what trains reads no file of the
test part. That both are of one board they cannot see, and here that is the point. Networks see whole captures in
training and in the test, as by scene; only the pixels differ that are learnt from and scored.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from boardbench.artifacts import read, write
from boardbench.captures.artifacts import CaptureReport
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.integrity import checked, record_of
from boardbench.params.split import Audit
from boardbench.segmentation.artifacts import SplitAudit
from boardbench.segmentation.data import IGNORED, captures_of, load_mask, prove_disjoint, scenes_of
from boardbench.segmentation.manifest import write_manifest

Masks = dict[str, np.ndarray]
"""Capture -> (lines, samples) bool."""


def audit(*, split: Path, reflectance: Path, out: Path, params: Audit) -> None:
    """Make a split that leaks of one that does not: captures, masks and split.csv in a folder of their own.

    Validation stays as it was. Whatever is trained from the folder says so: its reports name the protocol.

    Args:
        split: split.csv by scene.
        reflectance: folder of cubes, masks and reports; cubes are linked, not copied.
        out: folder for reflectance/, captures.sha256, audit.json and split.csv.
        params: protocol, seed, patch and stride.

    Raises:
        BoardbenchError: more pixels wanted than there are, scenes of one condition only, or patches larger than the
            captures.
    """
    labelled = {name: load_mask(reflectance, name) != IGNORED for name in captures_of(split, "train")}
    wanted = sum(int((load_mask(reflectance, name) != IGNORED).sum()) for name in captures_of(split, "test"))
    have = sum(int(mask.sum()) for mask in labelled.values())
    if not 0 < wanted < have:
        raise BoardbenchError(
            f"{split}: the test part has {wanted} labelled pixels, the training part {have}; an audit takes as many "
            "from the latter and leaves some. Give segmentation.split.train more scenes, or test fewer."
        )
    rng = np.random.default_rng(params.seed)
    if params.protocol == "captures":
        train, test = _captures(labelled, scenes_of(split, "train"), wanted, rng, split)
    elif params.protocol == "patches":
        train, test = _patches(labelled, wanted, rng, params, reflectance)
    else:
        train, test = _pixels(labelled, wanted, rng)
    validation = {name: load_mask(reflectance, name) != IGNORED for name in captures_of(split, "validation")}
    rows = [
        row
        for part, ending, masks in (("train", "-train", train), ("validation", "", validation), ("test", "-test", test))
        for row in _parts(part, ending, masks)
    ]
    table = pd.DataFrame([row[1:] for row in rows], columns=["scene", "condition", "part"])
    prove_disjoint(table)
    fresh, folder = out / ".reflectance", out / "reflectance"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    masks = {"train": train, "validation": validation, "test": test}
    for source, scene, condition, part in rows:
        _give(reflectance, source, fresh, f"{scene}_{condition}", masks[part][source], params.protocol)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    write_manifest(table["scene"] + "_" + table["condition"], folder, out / "captures.sha256")
    shared = sum(int((mask & train[name]).sum()) for name, mask in test.items() if name in train)
    counts = {"training_pixels": _total(train), "test_pixels": _total(test), "shared_pixels": shared}
    write(out / "audit.json", SplitAudit(protocol=params.protocol, **counts))
    with atomic_write(out / "split.csv", record=True) as beside:
        table.to_csv(beside, index=False, lineterminator="\n")


def _captures(
    labelled: Masks, scenes: dict[str, list[str]], wanted: int, rng: np.random.Generator, split: Path
) -> tuple[Masks, Masks]:
    """Take one capture of a scene after another, never a scene's last."""
    orders = [[names[at] for at in rng.permutation(len(names))] for names in scenes.values()]
    orders = [orders[at] for at in rng.permutation(len(orders))]
    rounds = range(max(map(len, orders)) - 1)
    order = [names[turn] for turn in rounds for names in orders if turn < len(names) - 1]
    if sum(int(labelled[name].sum()) for name in order) < wanted:
        raise BoardbenchError(
            f"{split}: {len(order)} captures of training scenes can be spared for the test, too few for its {wanted} "
            "pixels: protocol 'captures' needs scenes of two conditions or more. Take patches or pixels."
        )
    test: Masks = {}
    for name in order:
        test[name] = labelled[name]
        if (excess := _total(test) - wanted) >= 0:
            test[name] = _without(labelled[name], labelled[name], excess, rng)
            break
    return {name: mask for name, mask in labelled.items() if name not in test}, test


def _patches(labelled: Masks, wanted: int, rng: np.random.Generator, params: Audit, where: Path) -> tuple[Masks, Masks]:
    """Take one patch after another; those that are left train."""
    places = [(name, *corner) for name, mask in labelled.items() for corner in _corners(mask.shape, params)]
    if not places:
        raise BoardbenchError(
            f"{where}: segmentation.split.patch: no capture is as large as {params.patch} x {params.patch} pixels; "
            "give smaller patches."
        )
    test = {name: np.zeros_like(mask) for name, mask in labelled.items()}
    train = {name: np.zeros_like(mask) for name, mask in labelled.items()}
    taken = 0
    for at in rng.permutation(len(places)):
        name, line, sample = places[at]
        window = np.s_[line : line + params.patch, sample : sample + params.patch]
        if taken == wanted:
            train[name][window] |= labelled[name][window]
            continue
        new = np.zeros_like(labelled[name])
        new[window] = labelled[name][window] & ~test[name][window]
        new = _without(new, new, max(0, taken + int(new.sum()) - wanted), rng)
        test[name] |= new
        taken += int(new.sum())
    if taken < wanted:
        raise BoardbenchError(f"{where}: patches hold {taken} labelled pixels, {wanted} are wanted; give smaller ones.")
    return train, test


def _corners(size: tuple[int, int], params: Audit) -> Iterator[tuple[int, int]]:
    """Yield first line and sample of the patches of a capture; the last ones end where it does."""
    starts = [[*range(0, length - params.patch, params.stride), length - params.patch] for length in size]
    if min(starts[0][-1], starts[1][-1]) >= 0:
        yield from ((line, sample) for line in starts[0] for sample in starts[1])


def _pixels(labelled: Masks, wanted: int, rng: np.random.Generator) -> tuple[Masks, Masks]:
    """Take labelled pixels of all captures, each as likely as any other."""
    chosen = np.zeros(_total(labelled), bool)
    chosen[rng.choice(len(chosen), wanted, replace=False)] = True
    train, test, first = {}, {}, 0
    for name, mask in labelled.items():
        test[name] = np.zeros_like(mask)
        test[name][mask] = chosen[first : first + mask.sum()]
        train[name] = mask & ~test[name]
        first += int(mask.sum())
    return train, test


def _without(mask: np.ndarray, among: np.ndarray, excess: int, rng: np.random.Generator) -> np.ndarray:
    """Return a mask less so many pixels, drawn at random."""
    left = mask.copy()
    left.flat[rng.choice(np.flatnonzero(among), excess, replace=False)] = False
    return left


def _total(masks: Masks) -> int:
    return sum(int(mask.sum()) for mask in masks.values())


def _parts(part: str, ending: str, masks: Masks) -> Iterator[tuple[str, str, str, str]]:
    """Yield (capture, scene, condition, part) of the captures that have a pixel in a part."""
    for name, mask in masks.items():
        scene, _, condition = name.rpartition("_")
        if mask.any():
            yield name, f"{scene}{ending}", condition, part


def _give(source: Path, name: str, target: Path, given: str, keep: np.ndarray, protocol: str) -> None:
    """Write cube, mask and report of a capture under another name, with some of its labels."""
    cube, linked = checked(source / f"{name}.npy"), target / f"{given}.npy"
    try:
        os.link(cube, linked)
    except OSError:  # a file system without links
        shutil.copyfile(cube, linked)
    if record_of(cube).is_file():
        copied = record_of(cube).read_text(encoding="utf-8").replace(cube.name, linked.name)
        record_of(linked).write_text(copied, encoding="utf-8")
    mask = np.where(keep, load_mask(source, name), IGNORED).astype(np.uint8)
    with atomic_write(target / f"{given}.png", record=True) as beside:
        Image.fromarray(mask).save(beside, format="PNG")
    report = read(source / f"{name}.json", CaptureReport, "reflectance")
    write(target / f"{given}.json", CaptureReport(**report.model_dump() | {"audit": protocol}))
