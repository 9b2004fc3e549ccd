"""Images of chips elsewhere, made from one photo: chip cut out, hole filled, chip put back shifted and turned.

Geometry is exact by construction: colours are taken from the photo's cubic spline at the place that a pixel comes
from, the mask from its distance to the outline there, and labels are the outline moved the same way. The hole's filling
is smooth, as one sees: the traces under a chip are not known.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates, spline_filter

from boardbench.captures.resize import resize
from boardbench.placement.corners import centre, moved

_RING = [0, 1, 3, 2]  # corners clockwise
_GROW = 0.4  # of the margin, that the hole is wider than what is cut: pads reach beyond legs, shadows beyond bodies
_CONTEXT = 0.15  # of the hole's width, the photo round it that its filling continues
_FILL_CELLS = 24  # across hole and context; finer, noise and stray edges at the rim grow into bright lobes


@dataclass(frozen=True)
class Cut:
    """A photo taken apart.

    Attributes:
        background: (lines, samples, 3) float32, 0 to 1, the hole filled.
        splines: (3, window lines, window samples) float32, cubic spline coefficients of the photo round the chip.
        corner: (2,) x and y of the window's first pixel.
        corners: (4, 2) outline on the photo.
        margin_px: what belongs to the chip beside its outline.
        feather_px: width of the soft edge that follows.
    """

    background: np.ndarray
    splines: np.ndarray
    corner: np.ndarray
    corners: np.ndarray
    margin_px: float
    feather_px: float


def distance(corners: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how far points lie outside an outline, in pixels: the largest distance from its four edges' lines.

    Args:
        corners: (4, 2), c1 to c4.
        x: (...), y: (...) points.

    Returns:
        (...), negative within. Lines of equal distance keep the outline's sharp corners.
    """
    ring = corners[_RING]
    along = np.roll(ring, -1, axis=0) - ring
    outwards = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)
    return np.max([n[0] * (x - a[0]) + n[1] * (y - a[1]) for a, n in zip(ring, outwards, strict=True)], axis=0)


def grown(corners: np.ndarray, border_px: float) -> np.ndarray:
    """Return the outline moved outwards by ``border_px``, (4, 2): what lies at that ``distance``."""
    ring = corners[_RING]
    along = np.roll(ring, -1, axis=0) - ring
    outwards = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.linalg.norm(along, axis=1, keepdims=True)
    # A corner lies border_px beyond the line of the edge before it and of the edge after it.
    pairs = np.stack([np.roll(outwards, 1, axis=0), outwards], axis=1)
    return (ring + np.linalg.solve(pairs, np.full((4, 2, 1), border_px))[..., 0])[_RING]


def room(corners: np.ndarray, size: tuple[int, int], border_px: float, rotation_deg: float) -> np.ndarray:
    """Return the largest shift (2,) in x and y, either way, that leaves chip and border inside the picture.

    Args:
        corners: (4, 2) outline on the photo.
        size: (lines, samples).
        border_px: margin and soft edge.
        rotation_deg: largest rotation, either way, about the chip's centre.
    """
    angles = np.linspace(-rotation_deg, rotation_deg, 65)
    turned = moved(grown(corners, border_px), np.zeros(2), angles, about=centre(corners))
    before = turned.min(axis=(0, 1))
    return np.minimum(before, np.array(size[::-1]) - turned.max(axis=(0, 1)))


def _window(corners: np.ndarray, border_px: float, size: tuple[int, int]) -> tuple[slice, slice]:
    """Return the lines and samples that hold an outline with a border, within the picture."""
    around = grown(corners, border_px)
    first = np.clip(np.floor(around.min(axis=0)).astype(int), 0, size[::-1])
    last = np.clip(np.ceil(around.max(axis=0)).astype(int), 0, size[::-1])
    return slice(first[1], last[1]), slice(first[0], last[0])


def _centres(window: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Return x (1, samples) and y (lines, 1) of a window's pixel centres."""
    lines, samples = window
    return np.arange(samples.start, samples.stop)[None] + 0.5, np.arange(lines.start, lines.stop)[:, None] + 0.5


def _fill(photo: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return a window (lines, samples, 3) with its hole filled: in cells of whole pixels, then drawn smooth."""
    from skimage.restoration import inpaint_biharmonic

    step = -(-max(hole.shape) // _FILL_CELLS)
    after = [(0, -side % step) for side in hole.shape]
    known = np.pad(~hole, after)[..., None].astype(np.float32)
    values = np.pad(photo, [*after, (0, 0)]) * known
    blocks = (known.shape[0] // step, step, known.shape[1] // step, step, -1)
    weight = known.reshape(blocks).sum(axis=(1, 3))
    coarse = values.reshape(blocks).sum(axis=(1, 3)) / np.maximum(weight, 1)
    unknown = weight[..., 0] == 0
    filled = inpaint_biharmonic(coarse, unknown, channel_axis=-1).astype(np.float32)  # within each channel's range
    if step > 1:
        full = resize(np.moveaxis(filled, -1, 0), known.shape[:2], "bilinear")
        filled = np.moveaxis(full, 0, -1)[: hole.shape[0], : hole.shape[1]]
    return np.where(hole[..., None], filled, photo)


def cut(pixels: np.ndarray, corners: np.ndarray, margin_px: float, feather_px: float) -> Cut:
    """Take a photo apart into chip and background.

    Args:
        pixels: (lines, samples, 3), uint8 or float of 0 to 1.
        corners: (4, 2) outline of the chip's body.
        margin_px: what belongs to the chip beside its outline, such as legs.
        feather_px: width of the soft edge beyond the margin; below one pixel it is one pixel.
    """
    photo = pixels.astype(np.float32) / 255 if pixels.dtype == np.uint8 else pixels.astype(np.float32)
    feather_px = max(feather_px, 1.0)
    border = margin_px + feather_px
    hole = border + max(_GROW * margin_px, 2.0)
    context = _CONTEXT * np.ptp(grown(corners, hole), axis=0).max() + 4
    outer = _window(corners, hole + context, photo.shape[:2])
    background = photo.copy()
    background[outer] = _fill(photo[outer], distance(corners, *_centres(outer)) < hole)
    splines = np.stack([spline_filter(channel, order=3, mode="mirror") for channel in np.moveaxis(photo[outer], -1, 0)])
    corner = np.array([outer[1].start, outer[0].start])
    return Cut(background, splines.astype(np.float32), corner, corners, margin_px, feather_px)


def paste(taken: Cut, shift_px: np.ndarray, rotation_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Put the chip back, turned about its centre and shifted.

    Args:
        taken: from ``cut``.
        shift_px: (2,) x and y.
        rotation_deg: positive clockwise.

    Returns:
        (lines, samples, 3) float32, 0 to 1, and the corners there, (4, 2).
    """
    pixels = taken.background.copy()
    middle = centre(taken.corners)
    corners = moved(taken.corners, shift_px, rotation_deg)
    window = _window(corners, taken.margin_px + taken.feather_px, pixels.shape[:2])
    x, y = _centres(window)
    x, y = x - middle[0] - shift_px[0], y - middle[1] - shift_px[1]
    c, s = np.cos(np.radians(rotation_deg)), np.sin(np.radians(rotation_deg))
    x, y = c * x + s * y + middle[0], c * y - s * x + middle[1]  # where each pixel comes from
    edge = distance(taken.corners, x, y) - taken.margin_px
    share = np.clip(1 - edge / taken.feather_px, 0, 1)[..., None].astype(np.float32)
    places = np.stack([y - 0.5 - taken.corner[1], x - 0.5 - taken.corner[0]])
    chip = [map_coordinates(one, places, order=3, mode="mirror", prefilter=False) for one in taken.splines]
    pixels[window] += share * (np.clip(np.stack(chip, axis=-1), 0, 1) - pixels[window])
    return pixels, corners


def resize_photo(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return (lines, samples, 3) at a smaller size as means over areas, float32; coordinates scale by the factor."""
    return np.moveaxis(resize(np.moveaxis(pixels, -1, 0).astype(np.float32), size, "area"), 0, -1)


def light_and_noise(pixels: np.ndarray, rng: np.random.Generator, light: float, noise: float) -> np.ndarray:
    """Vary the light on an image: brightness of all, a slope across it in any direction, a little of each colour.

    Args:
        pixels: (lines, samples, 3), 0 to 1.
        rng: used for the light, then for the noise.
        light: largest change of brightness, over all and from the middle to an edge; of a colour, a quarter of it.
        noise: standard deviation of normal noise, of full scale.
    """
    lines, samples = pixels.shape[:2]
    gain, slope = 1 + rng.uniform(-light, light), rng.uniform(0, light)
    colour = 1 + rng.uniform(-light / 4, light / 4, 3)
    angle = rng.uniform(0, 2 * np.pi)
    x, y = 2 * (np.arange(samples) + 0.5) / samples - 1, 2 * (np.arange(lines)[:, None] + 0.5) / lines - 1
    lamp = gain * (1 + slope * (np.cos(angle) * x + np.sin(angle) * y))
    lit = pixels * (lamp[..., None] * colour).astype(np.float32)
    return lit + np.float32(noise) * rng.standard_normal(pixels.shape, dtype=np.float32)
