"""A circuit board as the camera sees it: classes, materials mixed within pixels, heights and blemishes."""

from dataclasses import dataclass
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from boardbench.simulate import parts, spectra
from boardbench.simulate.parts import Canvas

Array = NDArray[np.float32]

# Class areas of the published test truth (ic, capacitor, connectors), which the layout is drawn to.
AREAS = (0.070, 0.0026, 0.010)
MASKS = ("green", "green", "blue", "green", "red", "green", "black", "green", "blue")
FIELD_MM = 128.0  # width of the shorter side; one unit of parts.Canvas is then 1 mm
BLUR = 0.4  # standard deviation of the optics' point spread, pixels


@dataclass(frozen=True)
class Board:
    """One board on the belt; everything that does not depend on the light.

    Attributes:
        mask: (lines, samples) uint8 class ids.
        height: (lines, samples) float32, mm above the belt.
        texture, dust, flux: (lines, samples) float32: relative brightness, share covered, film thickness.
        spectra: (materials, bands) float32 reflectance; the last material is dust.
        metal, gloss: (materials,) float32 specular shares.
        absorbance: (bands,) float32 of a flux film of thickness 1.
        part: oversampled material map, over: its factor.
        mm_a_line: distance of two lines, mm.
    """

    mask: NDArray[np.uint8]
    height: Array
    texture: Array
    dust: Array
    flux: Array
    spectra: Array
    metal: Array
    gloss: Array
    absorbance: Array
    part: NDArray[np.uint16]
    over: int
    mm_a_line: float

    def abundance(self, first: int, last: int) -> Array:
        """Return each material's share of pixels in lines first..last, (lines, materials, samples), sum 1.

        A point weighs as the pixel's box blurred by the optics, which reaches one pixel into its neighbours.
        """
        over, (lines, samples) = self.over, self.mask.shape
        rows = np.clip(np.arange((first - 1) * over, (last + 1) * over), 0, lines * over - 1)
        columns = np.clip(np.arange(-over, (samples + 1) * over), 0, samples * over - 1)
        seen = self.part[np.ix_(rows, columns)].astype(np.int64)
        at = (np.arange(3 * over) + 0.5) / over - 1.5
        line = np.array([erf((u + 0.5) / BLUR / sqrt(2)) - erf((u - 0.5) / BLUR / sqrt(2)) for u in at])
        weights = np.outer(line, line) / line.sum() ** 2
        # views[line, sample] is the 3 x 3 pixel neighbourhood at full detail.
        views = np.lib.stride_tricks.sliding_window_view(seen, (3 * over, 3 * over))[::over, ::over]
        count, materials = last - first, len(self.spectra)
        cell = np.arange(count)[:, None] * materials * samples + np.arange(samples)
        index = (views * samples + cell[:, :, None, None]).ravel()
        share = np.bincount(index, np.broadcast_to(weights, views.shape).ravel(), minlength=count * materials * samples)
        share = share.reshape(count, materials, samples).astype(np.float32)
        dust = self.dust[first:last, None]
        share *= 1 - dust
        share[:, -1:] += dust
        return share

    def reflectance(self, share: Array, first: int) -> Array:
        """Return the diffuse reflectance of lines ``first``.. from ``abundance``, (lines, bands, samples)."""
        block = np.s_[first : first + len(share)]
        cube = np.matmul(self.spectra.T, share)
        cube *= 1 - self.absorbance[:, None] * self.flux[block, None]
        cube *= self.texture[block, None]
        return np.clip(cube, 0, 1, out=cube)


def _smooth(rng: np.random.Generator, lines: int, samples: int, cells: int) -> NDArray:
    """Return a smooth random field, standard deviation near 1."""
    knots = rng.standard_normal((cells, cells))
    y, x = np.linspace(0, cells - 1, lines), np.linspace(0, cells - 1, samples)
    across = np.stack([np.interp(x, np.arange(cells), row) for row in knots])
    return np.stack([np.interp(y, np.arange(cells), column) for column in across.T], axis=1) * 1.5


class _Layout:
    """Free places on the board: parts keep ``gap`` units of distance."""

    def __init__(self, canvas: Canvas, margin: float):
        self.canvas, self.margin, self.taken = canvas, margin, []

    def place(self, w: float, h: float, gap: float = 1.2, side: bool = False):
        """Return (x, y, w, h) of a free place, the canvas turned at random, or None if there is none."""
        canvas, rng = self.canvas, self.canvas.rng
        for _ in range(200):
            canvas.turned = bool(rng.random() < 0.5)
            size = (canvas.length, canvas.width) if canvas.turned else (canvas.width, canvas.length)
            room = [size[0] - 2 * self.margin - w - 2, size[1] - 2 * self.margin - h - 2]
            if min(room) < 0:
                continue
            x, y = (self.margin + 1 + rng.uniform(0, r) for r in room)
            if side:  # connectors sit along the board's edges
                y = self.margin + 1 + (rng.random() < 0.5) * room[1]
            box = (y, x, h, w) if canvas.turned else (x, y, w, h)
            if all(
                box[0] > t[0] + t[2] + gap
                or t[0] > box[0] + box[2] + gap
                or box[1] > t[1] + t[3] + gap
                or t[1] > box[1] + box[3] + gap
                for t in self.taken
            ):
                self.taken.append(box)
                return x, y, w, h
        return None


def _copper_layer(canvas: Canvas, colour: str, margin: float, thickness: float) -> None:
    """Draw pours, traces, vias, pads and bare copper on the masked board."""
    rng = canvas.rng
    masked = spectra.through_slit(lambda x: spectra.solder_mask(x, colour, thickness, True), canvas.nm)
    trace = canvas.material("mask", 0.06, masked)
    inner = np.array([canvas.width, canvas.length]) - 2 * margin
    for _ in range(rng.integers(1, 4)):
        w, h = rng.uniform(0.15, 0.4, 2) * inner
        canvas.rect(*(margin + rng.uniform(0, 1, 2) * (inner - (w, h))), w, h, trace)
    for _ in range(int(0.0035 * inner[0] * inner[1])):
        x, y = margin + 1 + rng.uniform(0, 1, 2) * (inner - 2)
        for _ in range(3):  # a few bends
            run, wide = rng.uniform(4, 30), rng.uniform(0.5, 1.1)
            if rng.random() < 0.5:
                run = min(run, canvas.width - margin - 1 - x)
                canvas.rect(x, y, run, wide, trace)
                x += run
            else:
                run = min(run, canvas.length - margin - 1 - y)
                canvas.rect(x, y, wide, run, trace)
                y += run
    metals = [canvas.material(name) for name in ("solder", "gold", "copper", "tin")]
    for _ in range(int(0.008 * inner[0] * inner[1])):
        x, y = margin + 1 + rng.uniform(0, 1, 2) * (inner - 2)
        canvas.disc(x, y, rng.uniform(0.4, 0.8), metals[rng.integers(4)])
    for _ in range(rng.integers(2, 6)):  # bare pads and laminate
        w, h = rng.uniform(2, 8, 2)
        bare = canvas.material(["copper", "laminate", "solder"][rng.integers(3)], 0.2)
        canvas.rect(*(margin + 2 + rng.uniform(0, 1, 2) * (inner - 12)), w, h, bare)


def _components(canvas: Canvas, layout: _Layout) -> None:
    """Draw parts until each class has its share of the area, then what is hard to tell from them."""
    rng, whole = canvas.rng, canvas.width * canvas.length
    wanted = np.array(AREAS) * whole * rng.uniform(0.85, 1.15, 3)

    left, sides = wanted[2], True
    colours = rng.permutation(["white", "black", "blue", "beige", "green"])
    while left > 20:
        h = rng.uniform(4.5, 7.0)
        w = min(rng.uniform(10, 22), max(left / h, 5.0))
        if not (place := layout.place(w, h, side=sides)):
            if not sides:
                break
            sides = False
            continue
        kind = ("header", "socket", "terminal")[rng.integers(3)]
        colours = np.roll(colours, 1)
        parts.connector(canvas, *place, str(colours[0]), kind, ("gold", "tin")[rng.integers(2)])
        left -= w * h

    left = wanted[0]
    while left > 60:
        legs = (2, 4, 4, 2, 0)[rng.integers(5)]
        w = rng.uniform(12, 27)
        h = w if legs != 2 else rng.uniform(8, 13)
        if w * h > 1.1 * left:
            w = h = sqrt(left)
        if place := layout.place(w, h):
            parts.ic(canvas, *place, legs)
            left -= w * h
        else:
            break

    left = wanted[1]
    while left > 10:
        kind = ("can", "can", "can", "tantalum", "tantalum", "ceramic")[rng.integers(6)]
        d = rng.uniform(5.0, 6.2)
        w, h = (d, d) if kind == "can" else (d, 0.72 * d)
        area = 0.785 * d * d if kind == "can" else w * h
        if area > 1.2 * left:
            w, h = w * sqrt(left / area), h * sqrt(left / area)
            area = left
        if not (place := layout.place(w, h)):
            break
        if kind == "can":
            parts.can(canvas, *place)
        else:
            parts.block(canvas, *place, kind, 3.5)
        left -= area

    density = whole / 128**2
    # name, length, width, most of them, tin ends, height mm; all of class others.
    for name, w, h, most, ends, height in (
        ("epoxy_black", 7.0, 6.0, 4, True, 3.5),  # power transistors
        ("ferrite", 8.0, 8.0, 3, False, 4.5),  # coils
        ("alumina", 8.0, 3.0, 3, True, 2.2),  # power resistors
        ("tin", 8.0, 3.5, 3, False, 4.0),  # crystals
        ("plastic_white", 5.0, 2.5, 2, False, 5.0),  # spacers, jumpers
        ("plastic_blue", 4.0, 2.5, 2, False, 5.0),
        ("plastic_black", 6.0, 2.5, 3, False, 5.0),
        ("plastic_red", 3.0, 2.5, 2, False, 3.0),
        ("epoxy_black", 3.2, 2.2, 10, True, 2.4),  # diodes, small transistors
        ("resistor_black", 3.6, 2.0, 22, True, 2.0),
        ("ceramic", 1.8, 1.0, 8, True, 2.0),  # too small to be labelled
    ):
        if name == "ferrite" and rng.random() < 0.5 and (place := layout.place(*rng.uniform(11, 17, 2))):
            parts.heat_sink(canvas, *place)
        for _ in range(int(rng.integers(most // 3, most + 1) * density + 0.5)):
            size = np.array([w, h]) * rng.uniform(0.8, 1.25)
            if place := layout.place(*size, gap=0.6):
                parts.chip(canvas, *place, name, ends, height)

    white = canvas.material("silkscreen", 0.2)
    for _ in range(int(14 * density)):
        if place := layout.place(rng.uniform(4, 12), 3.2, gap=0.3):
            parts.strokes(canvas, *place, white)
    canvas.turned = False
    for x, y, w, h in layout.taken[4::2]:  # printed frames round some parts, not the holes
        for frame in ((x - 0.9, y - 0.9, w + 1.8, 0.5), (x - 0.9, y + h + 0.4, w + 1.8, 0.5)):
            canvas.rect(*frame, white)


def _to_pixels(label: NDArray[np.uint8], over: int) -> NDArray[np.uint8]:
    """Return the class that covers most of each pixel; a class too small to win keeps its best pixel."""
    lines, samples = (n // over for n in label.shape)
    votes = np.stack([(label == k).reshape(lines, over, samples, over).sum(axis=(1, 3)) for k in range(4)])
    mask = votes.argmax(axis=0).astype(np.uint8)
    for k in range(1, 4):
        if votes[k].any() and not (mask == k).any():
            mask[np.unravel_index(votes[k].argmax(), mask.shape)] = k
    return mask


def make_board(index: int, lines: int, samples: int, nm: NDArray[np.float64], seed: int) -> Board:
    """Draw board number ``index`` (from 0); the same arguments give the same board, whatever else is drawn.

    The layout is drawn in units that scale with the shorter side, so another size shows the same board.

    Args:
        index: place in the data set; solder mask colours take turns.
        lines: size along the belt, pixels.
        samples: size across the belt, pixels.
        nm: band centres, nm.
        seed: of the data set.
    """
    rng = np.random.default_rng([seed, 1, index])
    canvas = Canvas(lines, samples, nm, rng)
    margin = rng.uniform(3, 8)
    cycle = np.random.default_rng([seed, 2, index // len(MASKS)]).permutation(MASKS)
    colour = str(cycle[index % len(MASKS)])
    thickness = rng.uniform(0.7, 1.3)

    belt = canvas.material("belt")
    canvas.rect(0, 0, canvas.width, canvas.length, belt)
    mask = spectra.through_slit(lambda x: spectra.solder_mask(x, colour, thickness), nm)
    rim, film = canvas.material("laminate"), canvas.material("mask", 0.08, mask)
    for inset, part in ((margin - 0.7, rim), (margin, film)):
        canvas.rect(inset, inset, canvas.width - 2 * inset, canvas.length - 2 * inset, part, 0, 1.6)
    _copper_layer(canvas, colour, margin, thickness)
    layout = _Layout(canvas, margin)
    for x in (margin + 3.5, canvas.width - margin - 3.5):  # mounting holes
        for y in (margin + 3.5, canvas.length - margin - 3.5):
            canvas.disc(x, y, 2.6, canvas.material("tin"))
            canvas.disc(x, y, 1.7, belt, None, 0.0)
            layout.taken.append((x - 3, y - 3, 6, 6))
    _components(canvas, layout)
    canvas.material("dust", 0.1)

    over = canvas.over
    texture = 1 + 0.05 * _smooth(rng, lines, samples, 9) + 0.045 * rng.standard_normal((lines, samples))
    dust = np.clip(0.012 + 0.012 * _smooth(rng, lines, samples, 7), 0, 0.06)
    flux = np.clip(0.5 * _smooth(rng, lines, samples, 8) - 0.3, 0, 0.7)
    middle = np.s_[over // 2 :: over, over // 2 :: over]
    return Board(
        mask=_to_pixels(canvas.label, over),
        height=np.ascontiguousarray(canvas.height[middle]),
        texture=np.clip(texture, 0.6, 1.4).astype(np.float32),
        dust=dust.astype(np.float32),
        flux=flux.astype(np.float32),
        spectra=np.array(canvas.spectra, dtype=np.float32),
        metal=np.array(canvas.metal, dtype=np.float32),
        gloss=np.array(canvas.gloss, dtype=np.float32),
        absorbance=spectra.flux_absorbance(nm).astype(np.float32),
        part=canvas.part,
        over=over,
        mm_a_line=FIELD_MM / min(lines, samples),
    )
