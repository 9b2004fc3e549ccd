"""One assembled board design with a quad flat package, drawn from above in millimetres; simulated.

The design (copper, pads, silkscreen, which part sits where) is fixed by its seed. What differs from board to board
comes from the generator given to ``draw``: lots of parts and their markings, shades of mask and solder, where the
placement machine put each part.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from boardbench.simulate.raster import Canvas, Frame

FIELD = 25.6
"""Sides of what the camera sees, mm."""

BODY, SPAN, PITCH, LEGS = 7.0, 9.0, 0.5, 12
"""Of a 48-lead quad flat package (JEDEC MS-026 BBC): body and span over the legs, mm; leg pitch, mm; legs a side."""

CHIP_AT = Frame(12.9, 12.7)
_CLEAR = 6.7  # mm round the chip's centre without other parts, so that a misplaced chip touches none
_SIDES = (0, 90, 180, 270)

# Linear reflectance of red, green, blue.
_MASK, _POUR, _TRACE = (0.004, 0.070, 0.024), (0.008, 0.125, 0.042), (0.012, 0.165, 0.056)
_LAMINATE = (0.16, 0.15, 0.08)
_SOLDER, _TIN, _SILK = (0.50, 0.50, 0.50), (0.46, 0.45, 0.43), (0.70, 0.71, 0.67)
_EPOXY, _MARKING = (0.020, 0.020, 0.021), (0.26, 0.26, 0.25)
_BLACK = (0.0, 0.0, 0.0)
_BODIES = {"R": (0.022, 0.021, 0.024), "C": (0.30, 0.19, 0.11), "L": (0.09, 0.085, 0.085), "D": (0.62, 0.60, 0.50)}


@dataclass(frozen=True)
class Part:
    """A part other than the chip: its kind, sides in mm, place and name on the silkscreen."""

    kind: str
    w: float
    h: float
    frame: Frame
    name: str


@dataclass(frozen=True)
class Design:
    """What all boards of one design share: parts, traces (polylines, mm) and vias (x, y in mm)."""

    parts: list[Part]
    traces: list[list[tuple[float, float]]]
    vias: list[tuple[float, float]]


def _pads() -> list[Frame]:
    """Return the chip's pads, in its frame: x of a pad runs outwards."""
    along = (np.arange(LEGS) - (LEGS - 1) / 2) * PITCH
    return [Frame(deg=side).at(4.15, float(at)) for side in _SIDES for at in along]


def _layout(rng: np.random.Generator) -> list[Part]:
    """Put connectors to two edges of the field and the small parts where room is left round the chip."""
    parts = [
        Part("socket", 3.2, 11.0, Frame(1.9, 9.0), "J1"),
        Part("header", 12.7, 2.5, Frame(15.8, 23.9), "J2"),
        Part("can", 4.6, 2.6, Frame(21.0, 2.7), "X1"),
        Part("so", 3.9, 4.9, Frame(22.6, 16.8), "U2"),
    ]
    kinds = [("L", 2.5, 2.0)] + [("D", 1.6, 0.8)] * 2 + [("C", 2.0, 1.25)] * 4 + [("C", 1.6, 0.8), ("R", 1.6, 0.8)] * 9
    counts: dict[str, int] = {}
    for kind, w, h in kinds:
        for _ in range(200):
            x, y = np.round(rng.uniform(1.2, FIELD - 1.2, 2), 1)
            deg = 90.0 * rng.integers(2)
            if _free(parts, float(x), float(y), *((w, h) if deg == 0 else (h, w))):
                counts[kind] = counts.get(kind, 0) + 1
                parts.append(Part(kind, w, h, Frame(float(x), float(y), deg), f"{kind}{counts[kind]}"))
                break
    return parts


def _free(parts: list[Part], x: float, y: float, w: float, h: float) -> bool:
    """Whether a rectangle with its name beside it clears chip and parts."""
    w, h = w + 1.6, h + 1.7
    if max(abs(x - CHIP_AT.x) - w / 2, abs(y - CHIP_AT.y) - h / 2) < _CLEAR - 0.6:
        return False
    for part in parts:
        pw, ph = (part.w, part.h) if part.frame.deg == 0 else (part.h, part.w)
        if part.kind == "so":
            pw += 2.2
        if abs(x - part.frame.x) < (w + pw) / 2 and abs(y - part.frame.y) < (h + ph) / 2:
            return False
    return True


def _routes(rng: np.random.Generator) -> tuple[list[list[tuple[float, float]]], list[tuple[float, float]]]:
    """Fan the pads out: in bundles to the field's edge, or to a via inside or outside the pads."""
    traces, vias = [], []
    for side in _SIDES:
        jog = rng.uniform(0.8, 2.2, 2) * rng.choice([-1, 1])
        start = rng.uniform(1.0, 1.8, 2)
        for leg in range(LEGS):
            frame = CHIP_AT.at(0, 0, side)
            at = (leg - (LEGS - 1) / 2) * PITCH
            group, draw = int(leg >= LEGS // 2), rng.random()
            if draw < 0.55:  # in parallel, with a jog of 45 degrees
                first = 4.9 + start[group]
                inside = [(4.2, at), (first, at), (first + abs(jog[group]), at + jog[group]), (20.0, at + jog[group])]
            else:
                to = 5.6 + 0.55 * (leg % 2) if draw < 0.8 else 2.9 - 0.6 * (leg % 2)
                inside = [(4.2, at), (to, at)]
                vias.append(tuple(frame.points(np.array((to, at)))))
            traces.append([tuple(point) for point in frame.points(np.array(inside))])
    for x, y in rng.uniform(0.5, FIELD - 0.5, (40, 2)):
        if max(abs(x - CHIP_AT.x), abs(y - CHIP_AT.y)) > 5.6:
            vias.append((float(x), float(y)))
    return traces, vias


def make_design(seed: int) -> Design:
    """Return the board design of a seed."""
    rng = np.random.default_rng([seed, 0])
    traces, vias = _routes(rng)
    return Design(_layout(rng), traces, vias)


def _shade(rng: np.random.Generator, colour: tuple, spread: float) -> np.ndarray:
    """Return a lot's colour: brighter or darker as a whole, a little in hue."""
    return np.asarray(colour) * np.exp(spread * rng.standard_normal() + 0.2 * spread * rng.standard_normal(3))


def _copper(canvas: Canvas, board: Frame, design: Design, rng: np.random.Generator) -> None:
    """Draw what lies under the solder mask: poured copper, gaps round traces, traces, vias."""
    tint = _shade(rng, (1, 1, 1), 0.05)
    mask, pour, trace = (tint * colour for colour in (_MASK, _POUR, _TRACE))
    canvas.pixels[:] = pour
    chip = board.at(CHIP_AT.x, CHIP_AT.y)
    canvas.box(chip, 11.0, 11.0, mask)
    canvas.box(chip, 4.2, 4.2, pour)
    for points in design.traces:
        for ends in pairwise(points):
            canvas.stroke(board, ends, 0.48, mask)
    for points in design.traces:
        for ends in pairwise(points):
            canvas.stroke(board, ends, 0.18, trace)
    for x, y in design.vias:
        at = board.at(x, y)
        canvas.disc(at, 0.34, mask)
        canvas.disc(at, 0.25, trace)
        canvas.disc(at, 0.12, 0.5 * mask, soft=0.06)


def _weave(canvas: Canvas, board: Frame) -> None:
    """Let the glass weave show faintly through everything drawn so far."""
    at = (np.arange(len(canvas.pixels)) + 0.5) * canvas.step
    across, down = (np.sin(2 * np.pi * (at - shift) / 0.6).astype(np.float32) for shift in (board.x, board.y))
    canvas.pixels *= (1 + 0.025 * (across + down[:, None]))[..., None]


def _joint(canvas: Canvas, frame: Frame, w: float, h: float, solder: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a pad with its solder: laminate at the mask opening, a dark meniscus, a bright crown somewhere on it."""
    canvas.box(frame, w + 0.14, h + 0.14, _LAMINATE, alpha=0.6, radius=0.07)
    canvas.box(frame, w, h, 0.55 * solder, radius=0.06)
    bright, place = rng.normal(1.0, 0.18), rng.uniform(-0.15, 0.15)
    canvas.box(frame.at(place * w, 0), 0.75 * w, 0.62 * h, bright * solder, radius=0.2 * h, soft=0.35 * h)


def _two_ended(canvas: Canvas, part: Part, frame: Frame, solder: np.ndarray, rng: np.random.Generator) -> None:
    canvas.box(frame.at(0.08, 0.08), part.w, part.h, _BLACK, alpha=0.45, soft=0.45)
    canvas.box(frame, part.w, part.h, _shade(rng, _TIN, 0.15), radius=0.05)
    body = _shade(rng, _BODIES[part.kind], 0.12)
    canvas.box(frame, 0.62 * part.w, part.h, body)
    canvas.box(frame, 0.5 * part.w, 0.7 * part.h, 1.25 * body, soft=0.3 * part.h)
    if part.kind == "R":
        code = "".join(rng.choice(list("1234")) for _ in range(2)) + "03"[int(rng.integers(2))]
        canvas.text(frame, code, 0.42, _SILK, 0.055, alpha=0.7)
    if part.kind == "D":
        canvas.box(frame.at(-0.18 * part.w, 0), 0.16, part.h, (0.05, 0.2, 0.09))
    if part.kind == "L":
        canvas.disc(frame, 0.32 * part.h, 0.6 * body, soft=0.2)


def _package(canvas: Canvas, frame: Frame, w: float, h: float, body: np.ndarray) -> None:
    """Draw a moulded body: a sharp outline, flanks that catch more light than the top."""
    canvas.box(frame, w, h, 2.2 * body)
    canvas.box(frame.at(0.03, 0.03), w - 0.22, h - 0.22, 0.8 * body, soft=0.08)
    canvas.box(frame.at(0.04, 0.04), w - 0.3, h - 0.3, body, soft=0.12)


def _leg(canvas: Canvas, frame: Frame, length: float, width: float, tin: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a gull wing that begins at the frame and runs along its x: shoulder, dark slope, bright foot."""
    tin = tin * rng.normal(1, 0.08)
    canvas.box(frame.at(length / 2 + 0.04, 0.05), length, width + 0.06, _BLACK, alpha=0.4, soft=0.12)
    canvas.box(frame.at(length / 2 - 0.05, 0), length + 0.1, width, 0.45 * tin)
    canvas.box(frame.at(0.14 * length, 0), 0.28 * length, width, 0.95 * tin)
    canvas.box(frame.at(0.76 * length, 0), 0.48 * length, width, 1.15 * tin)
    canvas.box(frame.at(0.72 * length, 0), 0.25 * length, 0.4 * width, 1.6 * tin, soft=0.08)


def _small(canvas: Canvas, part: Part, frame: Frame, lot: dict, rng: np.random.Generator) -> None:
    """Draw a part other than the chip."""
    if part.kind in _BODIES:
        _two_ended(canvas, part, frame, lot["solder"], rng)
        return
    canvas.box(frame.at(0.15, 0.2), part.w, part.h, _BLACK, alpha=0.5, soft=1.0)
    if part.kind == "so":
        for way in (0, 180):
            for at in (np.arange(4) - 1.5) * 1.27:
                _leg(canvas, frame.at(0, 0, way).at(part.w / 2, float(at)), 1.05, 0.42, lot["tin"], rng)
        _package(canvas, frame, part.w, part.h, _shade(rng, _EPOXY, 0.1))
        canvas.disc(frame.at(-1.3, -1.8), 0.25, (0.01, 0.01, 0.01), soft=0.1)
        for row, words in enumerate(("LM2", str(rng.integers(100, 999)))):
            canvas.text(frame.at(0, 0.8 * row - 0.3, 0), words, 0.55, _MARKING, 0.08)
    elif part.kind == "can":
        metal = _shade(rng, (0.40, 0.39, 0.36), 0.05)
        canvas.box(frame, part.w, part.h, 0.6 * metal, radius=1.2)
        canvas.box(frame, part.w - 0.5, part.h - 0.5, metal, radius=1.0, soft=0.2)
        canvas.text(frame, f"12{rng.integers(0, 9)}00", 0.6, 0.3 * metal, 0.08)
    elif part.kind == "socket":
        plastic = _shade(rng, (0.60, 0.56, 0.45), 0.04)
        canvas.box(frame, part.w, part.h, plastic)
        canvas.box(frame.at(0.2, 0), part.w - 0.9, part.h - 1.0, 0.45 * plastic, soft=0.1)
        for at in (np.arange(5) - 2) * 2.0:
            canvas.box(frame.at(0.2, float(at)), 1.2, 0.5, lot["tin"], radius=0.05)
    else:  # header
        plastic = _shade(rng, (0.018, 0.018, 0.018), 0.1)
        for at in (np.arange(5) - 2) * 2.54:
            pin = frame.at(float(at), 0)
            canvas.box(pin, 2.5, 2.5, plastic, radius=0.4)
            canvas.box(pin, 1.9, 1.9, 1.5 * plastic, radius=0.3, soft=0.2)
            canvas.box(pin, 0.64, 0.64, (0.5, 0.36, 0.12), soft=0.1)
            canvas.box(pin.at(-0.05, -0.05), 0.3, 0.3, (0.9, 0.7, 0.3), soft=0.1)


def _chip(canvas: Canvas, frame: Frame, lot: dict, rng: np.random.Generator) -> np.ndarray:
    """Draw the quad flat package and return its body's corners in mm."""
    canvas.box(frame.at(0.16, 0.2), BODY, BODY, _BLACK, alpha=0.5, soft=0.9)
    length = (SPAN - BODY) / 2
    for side in _SIDES:
        for at in (np.arange(LEGS) - (LEGS - 1) / 2) * PITCH:
            _leg(canvas, frame.at(0, 0, side).at(BODY / 2, float(at)), length, 0.22, lot["tin"], rng)
    _package(canvas, frame, BODY, BODY, lot["epoxy"])
    canvas.disc(frame.at(-2.6, -2.6), 0.38, 0.45 * lot["epoxy"], soft=0.15)
    rows = (("UC48", 0.95), (f"F{lot['date']}", 0.7), (lot["code"], 0.7))
    for (words, height), at in zip(rows, (-0.9, 0.5, 1.7), strict=True):
        canvas.text(frame.at(0.1, at), words, height, lot["marking"], 0.1)
    half = BODY / 2
    return frame.points(np.array([(-half, -half), (half, -half), (-half, half), (half, half)]))


def draw(canvas: Canvas, design: Design, board: Frame, chip: Frame, rng: np.random.Generator) -> np.ndarray:
    """Draw one assembled board, the chip last.

    Args:
        canvas: drawn over from edge to edge.
        design: from ``make_design``.
        board: where the station holds the board, against its ideal place.
        chip: where the chip was put, against its place on the board (shift in mm, degrees about its centre).
        rng: what differs from board to board.

    Returns:
        (4, 2) float64, corners of the chip's body in mm from the field's upper left: top-left, top-right,
        bottom-left, bottom-right.
    """
    _copper(canvas, board, design, rng)
    _weave(canvas, board)
    lot = {
        "solder": _shade(rng, _SOLDER, 0.08),
        "tin": _shade(rng, _TIN, 0.08),
        "epoxy": _shade(rng, _EPOXY, 0.12),
        "marking": _shade(rng, _MARKING, 0.2),
        "date": int(rng.integers(2001, 2853)),
        "code": "".join(rng.choice(list("CDFLRSTUX")) for _ in range(2)) + str(rng.integers(10, 99)),
    }
    ink = board.at(*rng.normal(0, 0.03, 2))  # the silkscreen is printed in a step of its own
    home = board.at(CHIP_AT.x, CHIP_AT.y)
    for pad in _pads():
        _joint(canvas, home.at(pad.x, pad.y, pad.deg), 1.5, 0.28, lot["solder"], rng)
    mark = ink.at(CHIP_AT.x, CHIP_AT.y)
    for side in _SIDES:
        canvas.stroke(mark.at(0, 0, side), [(3.2, 3.62), (3.62, 3.62), (3.62, 3.2)], 0.15, _SILK, 0.9)
    canvas.disc(mark.at(-5.3, -3.4), 0.25, _SILK, 0.9)
    canvas.text(mark.at(5.0, -5.0), "U1", 0.9, _SILK, 0.15, 0.9)
    for part in design.parts:
        seat, turned = board.at(part.frame.x, part.frame.y, part.frame.deg), part.frame.deg != 0
        if part.kind in _BODIES:
            for way in (-1, 1):
                _joint(canvas, seat.at(way * part.w * 0.48, 0), 0.42 * part.w, 1.05 * part.h, lot["solder"], rng)
        if part.kind == "so":
            for way in (0, 180):
                for at in (np.arange(4) - 1.5) * 1.27:
                    pad = seat.at(0, 0, way).at(part.w / 2 + 0.8, float(at))
                    _joint(canvas, pad, 1.5, 0.6, lot["solder"], rng)
        beside = (part.w if turned else part.h) / 2 + 0.55
        canvas.text(ink.at(part.frame.x, part.frame.y - beside), part.name, 0.7, _SILK, 0.11, 0.9)
    for part in design.parts:
        seat = board.at(part.frame.x, part.frame.y, part.frame.deg)
        _small(canvas, part, seat.at(*rng.normal(0, 0.03, 2), rng.normal(0, 0.6)), lot, rng)
    return _chip(canvas, home.at(chip.x, chip.y, chip.deg), lot, rng)
