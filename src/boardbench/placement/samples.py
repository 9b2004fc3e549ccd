"""The verb that makes the images of training and test out of photos."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from boardbench.arrays import new_array
from boardbench.artifacts import write
from boardbench.errors import BoardbenchError, nearest
from boardbench.files import atomic_write, sha256
from boardbench.params.placement import Synthesis
from boardbench.placement.artifacts import PlacementSamples
from boardbench.placement.corners import COLUMNS, centre, deviation
from boardbench.placement.outlines import read_outline, read_scale
from boardbench.placement.photos import check_sizes, read_photo
from boardbench.placement.split import PARTS, read_split
from boardbench.placement.synthesis import cut, light_and_noise, paste, resize_photo, room

NEAR, NEAR_SHARE = 0.2, 1 / 3
"""One image in three is drawn within a fifth of the limits: boards as a line mostly sees them, and both verdicts."""

_FINER = 4  # photos of more than this many times an image's size are shrunk to it first


@dataclass(frozen=True)
class _Source:
    """A photo of the split with its outline, in pixels of the photo."""

    photo: Path
    outline: Path
    corners: np.ndarray


@dataclass(frozen=True)
class _Row:
    """One image to make: its part, photo, and the stream and index that its draws depend on."""

    part: str
    photo: str
    stream: int = 0
    index: int = 0


def _sources(
    parts: dict[str, list[str]], split: Path, photos: list[Path], outlines: list[Path]
) -> tuple[dict[str, _Source], tuple[int, int]]:
    """Read the outline of every photo of the split, and the size that all photos share."""
    files = {photo.stem: (photo, outline) for photo, outline in zip(photos, outlines, strict=True)}
    listed = [name for names in parts.values() for name in names]
    for name in listed:
        if name not in files:
            raise BoardbenchError(
                f"{split}: photo '{name}' is not among the photos given. {nearest(name, list(files))} Write the split "
                "again with `boardbench placement split`."
            )
    for name in files:
        if name not in listed:
            raise BoardbenchError(
                f"{files[name][0]}: not in {split}. Write the split again with `boardbench placement split`."
            )
    size = check_sizes([files[name][0] for name in listed])
    return {name: _Source(*files[name], read_outline(files[name][1], name, size)) for name in listed}, size


def _check_scale(sources: dict[str, _Source], mm_per_pixel: float) -> None:
    for outline in dict.fromkeys(source.outline for source in sources.values()):
        scale = read_scale(outline)
        if scale is not None and abs(scale / mm_per_pixel - 1) > 0.001:
            raise BoardbenchError(
                f"{outline}, mm_per_pixel: {scale:g}, but placement.mm_per_pixel is {mm_per_pixel:g}. Set the one that "
                "is wrong to the scale of the photos."
            )


def _plan(parts: dict[str, list[str]], split: Path, protocol: str, validation: float, params: Synthesis) -> list[_Row]:
    """Return the images to make, in the order of the parts."""
    if protocol not in ("images", "photos"):
        raise BoardbenchError(f"--protocol {protocol}: unknown. Valid: images, photos.")
    if (protocol == "photos") != bool(parts["validation"]):
        raise BoardbenchError(
            f"{split}: {len(parts['validation'])} photos in part 'validation', which does not fit protocol "
            f"'{protocol}'. Write the split again with `boardbench placement split`."
        )
    count = min(max(1, round(validation * params.images)), params.images - 1)

    def taking_turns(part: str, photos: list[str], images: int, stream: int) -> list[_Row]:
        return [_Row(part, photos[index % len(photos)], stream, index) for index in range(images)]

    if protocol == "photos":
        rows = taking_turns("train", parts["train"], params.images - count, 0)
        rows += taking_turns("validation", parts["validation"], count, 1)
    else:
        rows = taking_turns("train", parts["train"], params.images, 0)
        for index in np.random.default_rng([params.seed, 3]).permutation(params.images)[:count]:
            rows[index] = _Row("validation", rows[index].photo, 0, int(index))
        rows.sort(key=lambda row: PARTS.index(row.part))
    rows += taking_turns("test", parts["test"], params.test_images, 2)
    return rows + [_Row("displaced", photo) for photo in parts["displaced"]]


def _check_room(
    sources: dict[str, _Source], plan: list[_Row], size: tuple[int, int], mm: float, params: Synthesis
) -> None:
    """Refuse limits that put a chip out of the picture."""
    border = params.margin_mm / mm + max(params.feather_mm / mm, 1.0)
    for name in dict.fromkeys(row.photo for row in plan if row.part != "displaced"):
        left = mm * room(sources[name].corners, size, border, params.rotation_deg).min()
        if left < params.shift_mm:
            remedy = f"Lower synthesis.shift_mm to {np.floor(100 * left) / 100:g} or less"
            if left < 0:
                remedy = "Even unshifted it does not fit: lower synthesis.margin_mm or rotation_deg"
            raise BoardbenchError(
                f"synthesis.shift_mm {params.shift_mm:g}: the chip of photo '{name}' with its margin would leave the "
                f"picture (room on every side for {max(left, 0):.2f} mm, at rotations to {params.rotation_deg:g} "
                f"degrees). {remedy}, or take photos with more of the board round the chip."
            )


def _draw(rng: np.random.Generator, params: Synthesis) -> tuple[np.ndarray, float]:
    """Draw a shift (mm) and a rotation (degrees)."""
    share = NEAR if rng.random() < NEAR_SHARE else 1.0
    shift, turn = rng.uniform(-1, 1, 2), rng.uniform(-1, 1)
    return share * params.shift_mm * shift, share * params.rotation_deg * turn


def samples(
    *,
    split: Path,
    photos: list[Path],
    outlines: list[Path],
    displaced: list[Path] | None = None,
    displaced_outlines: list[Path] | None = None,
    mm_per_pixel: float,
    out: Path,
    protocol: str,
    validation: float,
    params: Synthesis,
) -> None:
    """Make images of chips elsewhere out of photos, with the corners of the chip on each.

    Images of training, validation and test are synthetic, the photos of a part taking turns; displaced photos are
    real in their geometry and only scaled. An image's draws depend on seed, part and its number only; same seed, same
    bytes. The chip's nominal place is the mean outline of the training photos.

    Args:
        split: split.csv.
        photos: the photos of good boards.
        outlines: file of the chip's outline on each photo, in the same order.
        displaced: photos of boards whose chip was put down wrong.
        displaced_outlines: likewise for these.
        mm_per_pixel: scale of the photos.
        out: CSV with columns sample, part, photo, shift_x_mm, shift_y_mm, rotation_deg (from the nominal place), c1x to
            c4y (pixels of the image); samples.json and images.npy (samples, lines, samples across, 3) uint8 beside it.
        protocol: images, a share of the training photos' images validates; photos, those of photos of their own.
        validation: share of the images that validates.
        params: section ``placement.synthesis``.

    Raises:
        BoardbenchError: photos and split do not fit each other, a photo or outline is not usable, photos differ in
            size or are smaller than the images, or limits let a chip leave the picture.
    """
    displaced, displaced_outlines = displaced or [], displaced_outlines or []
    for given, files, word in ((photos, outlines, "photos"), (displaced, displaced_outlines, "displaced")):
        if len(given) != len(files):
            raise BoardbenchError(f"--{word}: {len(given)} photos, but {len(files)} outlines. Give one outline each.")
    parts = read_split(split)
    sources, photo_size = _sources(parts, split, [*photos, *displaced], [*outlines, *displaced_outlines])
    _check_scale(sources, mm_per_pixel)
    if params.size[0] > photo_size[0] or params.size[1] > photo_size[1]:
        raise BoardbenchError(
            f"synthesis.size: {list(params.size)} lines, samples, but the photos have only {list(photo_size)}. Lower "
            "synthesis.size to that or less."
        )
    plan = _plan(parts, split, protocol, validation, params)
    _check_room(sources, plan, photo_size, mm_per_pixel, params)

    to_image = np.array(params.size[::-1]) / photo_size[::-1]
    scale = mm_per_pixel / to_image
    nominal = np.mean([sources[name].corners for name in parts["train"]], axis=0) * to_image
    corners, converted = np.empty((len(plan), 4, 2)), {}
    images_file, metadata_file = out.with_name("images.npy"), out.with_name("samples.json")
    with atomic_write(images_file, record=True) as beside:
        images = new_array(beside, np.uint8, (len(plan), *params.size, 3))
        for name, source in sources.items():
            rows = [index for index, row in enumerate(plan) if row.photo == name]
            done = _make(source, rows, plan, mm_per_pixel, params, images, corners)
            if done:
                converted[name] = done
                print(f"{source.photo}: {done}", flush=True)
        images.flush()
        del images
    metadata = PlacementSamples(
        size=params.size,
        photo_size=photo_size,
        mm_per_pixel=scale.tolist(),
        nominal=nominal.round(5).tolist(),
        photos={part: list(dict.fromkeys(row.photo for row in plan if row.part == part)) for part in PARTS},
        sha256=sha256(images_file),
        converted=converted,
        synthesis=params.model_dump(mode="json"),
    )
    write(metadata_file, metadata)
    table = pd.DataFrame({"sample": range(len(plan)), "part": [row.part for row in plan]})
    table["photo"] = [row.photo for row in plan]
    table[["shift_x_mm", "shift_y_mm"]] = (centre(corners) - centre(nominal)) * scale
    table["rotation_deg"] = deviation(corners, nominal, scale)[1]
    table[list(COLUMNS)] = corners.reshape(-1, 8)
    with atomic_write(out, record=True) as beside:
        table.to_csv(beside, index=False, lineterminator="\n", float_format="%.5f")


def _make(
    source: _Source,
    rows: list[int],
    plan: list[_Row],
    mm_per_pixel: float,
    params: Synthesis,
    images: np.ndarray,
    corners: np.ndarray,
) -> str:
    """Write the images and corners of one photo; return what was done to its pixels when it was read."""
    photo = read_photo(source.photo)
    size = photo.pixels.shape[:2]
    pixels, outline = photo.pixels.astype(np.float32) / 255, source.corners
    step = min(size[0] // (_FINER * params.size[0]), size[1] // (_FINER * params.size[1]))
    if step > 1:  # a large photo's detail is lost in the image anyway
        pixels = resize_photo(pixels, (round(size[0] / step), round(size[1] / step)))
    factor = np.array(pixels.shape[1::-1]) / size[::-1]
    outline, mm = outline * factor, mm_per_pixel / factor
    to_image = np.array(params.size[::-1]) / pixels.shape[1::-1]
    taken = None
    for index in rows:
        row = plan[index]
        if row.part == "displaced":  # exactly as an inspection scales a photo (placement/deployment.py)
            image, place = resize_photo(photo.pixels, params.size), outline
        else:
            if taken is None:
                taken = cut(pixels, outline, params.margin_mm / mm.mean(), params.feather_mm / mm.mean())
            rng = np.random.default_rng([params.seed, row.stream, row.index])
            shift, turn = _draw(rng, params)
            image, place = paste(taken, shift / mm, turn)
            image = 255 * light_and_noise(resize_photo(image, params.size), rng, params.light, params.noise)
        images[index] = np.round(np.clip(image, 0, 255)).astype(np.uint8)
        corners[index] = place * to_image
    return photo.converted
