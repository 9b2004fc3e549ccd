"""The plan of training samples, and the transforms that it names. Copies are never stored, only planned.

Transforms act on the last two axes, lines and samples. Several are joined by ``+`` and act from left to
right:

==================  ====================================================================================
identity            nothing
flip_lines          lines in reverse order
flip_samples        samples in reverse order
rot90, rot180       turned counter-clockwise by 90 or 180 degrees, lines running down
rotate=D            turned counter-clockwise by D degrees about the centre, size kept
shift_lines=N       moved N pixels towards higher lines
shift_samples=N     moved N pixels towards higher samples
==================  ====================================================================================

What ``rotate`` and ``shift`` bring in from outside is 0 in the cube and class 0 in the mask, as in
PCB-Vision's code.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from boardbench.errors import BoardbenchError, nearest
from boardbench.files import atomic_write
from boardbench.params.segmentation import Augmentation
from boardbench.segmentation.data import IGNORED, captures_of, load_cube, scenes_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TRANSFORMS = [
    "identity",
    "flip_lines",
    "flip_samples",
    "rot90",
    "rot180",
    "rotate",
    "shift_lines",
    "shift_samples",
]
_WITH_VALUE = ("rotate", "shift_lines", "shift_samples")
_SHIFT = (10, 30)  # pixels of the working size, both ends included (PCB-Vision)


def _seed(*words: object) -> int:
    """Return 32 bits that depend on the words alone, so that no capture changes another's draws."""
    return int.from_bytes(hashlib.blake2b("/".join(map(str, words)).encode(), digest_size=4).digest(), "big")


def _flips(seed: int, square: bool) -> str:
    """Draw each of two flips and a quarter turn with p = 0.5 (rot180 where the capture is not square)."""
    names = ["flip_lines", "flip_samples", "rot90" if square else "rot180"]
    drawn = np.random.default_rng(seed).random(len(names)) < 0.5
    return "+".join(name for name, use in zip(names, drawn, strict=True) if use) or "identity"


def _fixed_copies(seed: int, name: str) -> list[tuple[str, int]]:
    """Return the original and the six copies of PCB-Vision as (transform, seed), in its order."""
    kinds = [
        "identity",
        "rotate=+15",
        "rotate=-15",
        "shift_lines",
        "shift_samples",
        "flip_lines",
        "flip_samples",
    ]
    copies = []
    for kind in kinds:
        own = _seed(seed, name, kind)
        if kind.startswith("shift"):
            kind += f"={np.random.default_rng(own).integers(*_SHIFT, endpoint=True)}"
        copies.append((kind, own))
    return copies


def augmentation(
    *, split: Path, reflectance: Path, out: Path, epochs: int, patch: int | None = None, params: Augmentation
) -> None:
    """Write the plan of training samples, one row a sample; it is applied when a sample is read.

    ``none``: every training capture as it is. ``flips``: for each epoch, flip_lines, flip_samples and rot90
    drawn with p = 0.5 each; captures that are not square take rot180 for rot90, so that the size stays. With
    ``conditions: one`` an epoch takes one capture of each scene, drawn by (seed, epoch, scene): more scenes then cost
    no more steps, and teach more than the same board under another light.
    ``pcbvision``: the original and six fixed copies, every epoch. Each row's draw depends on the seed, its
    epoch and its capture only. (PCB-Vision's own code means its two shifts to be random but seeds each call, so it
    moves every board by the same 10 lines and 13 samples, at the board's own size; here each capture has its own.)

    Args:
        split: split.csv; only its training part is planned.
        reflectance: folder of the cubes (their sizes are looked at).
        out: CSV with columns capture, epoch (from 0; empty = a fixed copy, used every epoch), transform,
            seed.
        epochs: number of epochs that ``flips`` is drawn for.
        patch: pixels a side; each row becomes one row a patch of the transformed capture, with two more columns,
            line and sample, where the patch begins. None: whole captures.
        params: section ``segmentation.augmentation``.

    Raises:
        BoardbenchError: no training capture, a missing cube, or a capture too small for the shifts.
    """
    rows = []
    names = captures_of(split, "train")
    sizes = {name: load_cube(reflectance, name).shape[1:] for name in names}
    if params.plan == "flips":
        scenes = scenes_of(split, "train")
        for epoch in range(epochs):
            for name in _one_each(scenes, params.seed, epoch) if params.conditions == "one" else names:
                seed = _seed(params.seed, epoch, name)
                rows.append((name, epoch, _flips(seed, sizes[name][0] == sizes[name][1]), seed))
    elif params.plan == "pcbvision":
        for name in names:
            if min(sizes[name]) <= _SHIFT[1]:
                raise BoardbenchError(
                    f"{reflectance / name}.npy: {sizes[name]} lines, samples; plan 'pcbvision' shifts by up "
                    f"to {_SHIFT[1]} pixels. Set segmentation.reflectance.size larger or "
                    "segmentation.augmentation.plan to 'flips'."
                )
            rows += [(name, "", transform, seed) for transform, seed in _fixed_copies(params.seed, name)]
    else:
        rows = [(name, "", "identity", _seed(params.seed, name, "identity")) for name in names]
    columns = ["capture", "epoch", "transform", "seed"]
    if patch:
        rows = [(*row, *corner) for row in rows for corner in corners(sizes[row[0]], patch)]
        columns += ["line", "sample"]
    with atomic_write(out, record=True) as beside:
        table = pd.DataFrame(rows, columns=columns)
        table.to_csv(beside, index=False, lineterminator="\n")


def _one_each(scenes: dict[str, list[str]], seed: int, epoch: int) -> list[str]:
    """Return one capture of each scene, drawn for an epoch."""
    return [names[_seed(seed, epoch, scene) % len(names)] for scene, names in scenes.items()]


def corners(size: tuple[int, int], patch: int) -> list[tuple[int, int]]:
    """Return the first line and sample of the patches that tile a capture of (lines, samples), row by row."""
    return [(line, sample) for line in range(0, size[0], patch) for sample in range(0, size[1], patch)]


def cut(cube: np.ndarray, mask: np.ndarray, patch: int) -> tuple[np.ndarray, np.ndarray]:
    """Pad what is left of a capture at its end to a whole patch: cube with 0, mask with 255 (not scored).

    Args:
        cube: (bands, lines, samples), at most ``patch`` lines and samples.
        mask: (lines, samples) class ids.
        patch: pixels a side.
    """
    below, right = patch - mask.shape[0], patch - mask.shape[1]
    if below or right:
        cube = np.pad(cube, ((0, 0), (0, below), (0, right)))
        mask = np.pad(mask, ((0, below), (0, right)), constant_values=IGNORED)
    return cube, mask


@lru_cache(maxsize=4)
def _rotation(lines: int, samples: int, degrees: float) -> "tuple[csr_array, np.ndarray]":
    """Return one geometry for cube and mask.

    Returns:
        Bilinear weights (pixels out, pixels in) float32, and for each pixel out its nearest pixel in, or -1.
    """
    from scipy.sparse import csr_array

    angle = np.deg2rad(degrees)
    line, sample = np.indices((lines, samples), dtype=np.float64).reshape(2, -1)
    middle = (lines - 1) / 2, (samples - 1) / 2
    down, right = line - middle[0], sample - middle[1]
    # Where each pixel comes from: turned back, clockwise (lines run down).
    line = np.cos(angle) * down + np.sin(angle) * right + middle[0]
    sample = -np.sin(angle) * down + np.cos(angle) * right + middle[1]

    first_line, first_sample = np.floor(line).astype(int), np.floor(sample).astype(int)
    rows, columns, weights = [], [], []
    for step_line in (0, 1):
        for step_sample in (0, 1):
            at_line, at_sample = first_line + step_line, first_sample + step_sample
            weight = (1 - abs(line - at_line)) * (1 - abs(sample - at_sample))
            inside = (at_line >= 0) & (at_line < lines) & (at_sample >= 0) & (at_sample < samples)
            rows.append(np.flatnonzero(inside))
            columns.append((at_line * samples + at_sample)[inside])
            weights.append(weight[inside].astype(np.float32))
    size = lines * samples
    bilinear = csr_array((np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(size, size))
    near_line, near_sample = np.rint(line).astype(int), np.rint(sample).astype(int)
    inside = (near_line >= 0) & (near_line < lines) & (near_sample >= 0) & (near_sample < samples)
    return bilinear, np.where(inside, near_line * samples + near_sample, -1)


def _rotate(
    cube: np.ndarray, mask: np.ndarray, degrees: float, window: tuple[slice, slice]
) -> tuple[np.ndarray, np.ndarray]:
    bilinear, nearest_pixel = _rotation(*mask.shape, degrees)
    wanted = np.arange(mask.size).reshape(mask.shape)[window]
    bilinear, nearest_pixel = bilinear[wanted.ravel()], nearest_pixel[wanted.ravel()]
    turned = np.empty((len(cube), *wanted.shape), cube.dtype)
    for band, out in zip(cube, turned, strict=True):  # band by band: float32 copies of one band only
        out[...] = (bilinear @ np.asarray(band, dtype=np.float32).ravel()).reshape(wanted.shape)
    labels = np.where(nearest_pixel >= 0, mask.ravel()[nearest_pixel], 0).astype(mask.dtype)
    return turned, labels.reshape(wanted.shape)


def _shift(array: np.ndarray, pixels: int, axis: int) -> np.ndarray:
    """Move along an axis counted from the end; 0 comes in."""
    moved = np.zeros(array.shape, array.dtype)
    size = array.shape[axis]
    pixels = int(np.clip(pixels, -size, size))
    to, from_ = [slice(None)] * array.ndim, [slice(None)] * array.ndim
    to[axis] = slice(max(pixels, 0), size + min(pixels, 0))
    from_[axis] = slice(max(-pixels, 0), size - max(pixels, 0))
    moved[tuple(to)] = array[tuple(from_)]
    return moved


def _value(text: str, name: str, value: str, kind: type) -> float:
    try:
        return kind(value)
    except ValueError:
        raise BoardbenchError(f"transform '{text}': {name} needs a number, such as {name}=15, not '{value}'.") from None


WHOLE = (slice(None), slice(None))


def apply(
    transform: str, cube: np.ndarray, mask: np.ndarray, window: tuple[slice, slice] = WHOLE
) -> tuple[np.ndarray, np.ndarray]:
    """Apply one transform of the plan to a cube and its mask, with the same geometry.

    Flips and quarter turns are exact and return views; ``rotate`` is bilinear for the cube and nearest for
    the mask.

    Args:
        transform: names of this module's table, joined by ``+``.
        cube: (bands, lines, samples).
        mask: (lines, samples) class ids.
        window: lines and samples of the result that are wanted; a rotation computes no others.

    Returns:
        Cube and mask (their window), of the same dtype and, but for rot90 of a capture that is not square, the same
        size.

    Raises:
        BoardbenchError: unknown transform, or a missing, needless or unreadable value.
    """
    steps = transform.replace("=+", "=").split("+")  # the sign in rotate=+15 joins nothing
    for place, step in enumerate(steps, start=1):
        name, equals, value = step.partition("=")
        if name not in TRANSFORMS:
            raise BoardbenchError(f"transform '{transform}': '{name}' is unknown. {nearest(name, TRANSFORMS)}")
        if bool(equals) != (name in _WITH_VALUE):
            needs = f"needs a value, such as {name}=15" if name in _WITH_VALUE else "takes no value"
            raise BoardbenchError(f"transform '{transform}': {name} {needs}.")
        if name == "flip_lines":
            cube, mask = cube[..., ::-1, :], mask[::-1]
        elif name == "flip_samples":
            cube, mask = cube[..., ::-1], mask[:, ::-1]
        elif name in ("rot90", "rot180"):
            turns = int(name.removeprefix("rot")) // 90
            cube, mask = np.rot90(cube, turns, axes=(-2, -1)), np.rot90(mask, turns)
        elif name == "rotate":
            degrees = _value(transform, name, value, float)
            if place == len(steps):
                return _rotate(cube, mask, degrees, window)
            cube, mask = _rotate(cube, mask, degrees, WHOLE)
        elif name != "identity":
            axis = -2 if name == "shift_lines" else -1
            pixels = _value(transform, name, value, int)
            cube, mask = _shift(cube, pixels, axis), _shift(mask, pixels, axis)
    return cube[:, *window], mask[window]
