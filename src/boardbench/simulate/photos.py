"""The verb that writes photos of simulated boards: one design after another under a fixed camera.

Geometry is drawn, light and camera follow physics; nothing is tuned towards a result. Between photos of good boards
vary lots of parts and their markings, shades of mask and solder, dust, lamp, camera noise, focus, how the station
holds the board (a few hundredths of a millimetre) and where the placement machine puts a chip that passes.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from boardbench.files import atomic_write, write_json
from boardbench.params.placement import Simulate
from boardbench.simulate.assembly import FIELD, Design, draw, make_design
from boardbench.simulate.raster import Canvas, Frame

GOOD = (0.05, 0.3)
"""Where a chip lies that was placed well: at most mm in x and y, at most degrees."""

WRONG = (1.5, 10.0)
"""Likewise for a chip that was not."""

_NEAR = 0.2  # every third displaced chip within this share of WRONG: boards on both sides of usual tolerances
_FULL_WELL, _READ_NOISE = 9000.0, 7.0  # electrons of the camera
_EXPOSURE = 1.25  # linear full scale a reflectance of 1: metal clips, as on a real photo
_DUST = 5  # grains on a board, on average


def _names(name: str, count: int) -> list[str]:
    digits = max(2, len(str(count)))
    return [f"{name}{i:0{digits}d}" for i in range(1, count + 1)]


def photo_names(params: Simulate) -> list[str]:
    """Return the names of the photos of good boards: photo01, photo02, ..."""
    return _names("photo", params.photos)


def displaced_names(params: Simulate) -> list[str]:
    """Return the names of the photos of boards whose chip was put down wrong: displaced01, displaced02, ..."""
    return _names("displaced", params.displaced)


def _dust(canvas: Canvas, rng: np.random.Generator) -> None:
    """Scatter grains and a fibre or two over board and parts."""
    for _ in range(rng.poisson(_DUST)):
        grey = rng.uniform(0.15, 0.6)
        at = Frame(*rng.uniform(0, FIELD, 2), rng.uniform(0, 360))
        w, h = rng.uniform(0.04, 0.14, 2)
        canvas.box(at, w, h, (grey, grey, 0.95 * grey), alpha=0.7, radius=min(w, h) / 2, soft=0.04)
    for _ in range(rng.poisson(0.7)):
        bend, length = rng.uniform(-1.0, 1.0), rng.uniform(0.8, 2.2)
        share = np.linspace(-0.5, 0.5, 7)
        points = np.stack([length * share, bend * (0.25 - share**2)], axis=1)
        at = Frame(*rng.uniform(0, FIELD, 2), rng.uniform(0, 360))
        canvas.stroke(at, points, 0.035, (0.5, 0.5, 0.5), alpha=0.45)


def _expose(scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the camera's picture of reflectances (lines, samples, 3): uint8, sRGB."""
    from scipy.ndimage import gaussian_filter  # not at the top: Snakemake imports this module for its names

    size = len(scene)
    at = (np.arange(size) + 0.5) / size - 0.5
    across, down = at, at[:, None]
    gain, (tilt_x, tilt_y) = rng.normal(1, 0.04), rng.normal(0, 0.05, 2)
    lamp = gain * (1 + tilt_x * across + tilt_y * down) * (1 - 0.2 * (across**2 + down**2))
    balance = rng.normal(1, 0.012, 3)
    blur = rng.uniform(0.45, 0.7)  # pixels
    light = _EXPOSURE * gaussian_filter(scene, (blur, blur, 0)) * lamp[..., None] * balance
    light = np.clip(light, 0, None)
    spread = np.sqrt(light / _FULL_WELL + (_READ_NOISE / _FULL_WELL) ** 2)
    light = np.clip(light + spread * rng.standard_normal(light.shape), 0, 1)
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(255 * srgb).astype(np.uint8)


def _chip_place(rng: np.random.Generator, limits: tuple[float, float]) -> Frame:
    """Draw a chip's shift and rotation, uniform within limits."""
    x, y = rng.uniform(-limits[0], limits[0], 2)
    return Frame(float(x), float(y), float(rng.uniform(-limits[1], limits[1])))


def render(
    design: Design, size: int, rng: np.random.Generator, limits: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Render a photo of one board.

    Args:
        design: from ``make_design``.
        size: lines and samples; they always show 25.6 mm.
        rng: everything that differs from photo to photo.
        limits: the chip's shift (mm, in x and in y) and rotation (degrees) are uniform within them.

    Returns:
        (size, size, 3) uint8 RGB, and the corners of the chip's body (4, 2) in pixels: top-left, top-right,
        bottom-left, bottom-right, (0, 0) being the outer corner of the first pixel.
    """
    chip = _chip_place(rng, limits)
    board = Frame(*rng.normal(0, 0.03, 2), rng.normal(0, 0.04))
    canvas = Canvas(size, FIELD / size, over=max(4, -(-512 // size)))
    corners = draw(canvas, design, board, chip, rng)
    _dust(canvas, rng)
    return _expose(canvas.mean(), rng), corners * size / FIELD


def photos(*, out: Path, params: Simulate) -> None:
    """Write photos of simulated boards, each with its chip's corners beside it.

    ``photo01.png``, ``photo01.json``, ...: chips within 0.05 mm and 0.3 degrees of their place.
    ``displaced/displaced01.png``, ``.json``, ...: chips really put down wrong, uniform within 1.5 mm in x and y and
    10 degrees (every third within a fifth of that), with the pads that show then. The JSON holds ``corners``, exact, in
    pixels, and ``mm_per_pixel``. Same seed, same bytes; a photo does not depend on how many others there are.

    Args:
        out: folder; made if missing.
        params: section ``placement.simulate``.
    """
    design = make_design(params.seed)
    sets = [(out, photo_names(params), 1), (out / "displaced", displaced_names(params), 2)]
    for folder, names, kind in sets:
        for index, name in enumerate(names):
            limits = GOOD if kind == 1 else WRONG
            if kind == 2 and index % 3 == 0:
                limits = tuple(_NEAR * limit for limit in limits)
            rng = np.random.default_rng([params.seed, kind, index])
            pixels, corners = render(design, params.size, rng, limits)
            with atomic_write(folder / f"{name}.png") as temporary:
                Image.fromarray(pixels).save(temporary)
            content = {"corners": np.round(corners, 5).tolist(), "mm_per_pixel": FIELD / params.size}
            write_json(folder / f"{name}.json", content)
