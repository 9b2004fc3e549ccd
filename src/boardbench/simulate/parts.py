"""Drawing of a board's parts, in units of 1/128 of a capture's shorter side (about 1 mm)."""

import numpy as np

from boardbench.simulate import spectra

OTHERS, IC, CAPACITOR, CONNECTORS = range(4)
# Specular return of metal facets, relative to the shiniest (gold pads, solder).
METALS = {"copper": 0.6, "gold": 1.0, "tin": 0.8, "solder": 1.0, "aluminium": 0.5}


class Canvas:
    """Oversampled maps of material, class and height, and the spectra of the materials drawn so far.

    Attributes:
        part: (lines * over, samples * over) uint16, row of ``spectra``.
        label: same shape, uint8 class ids.
        height: same shape, float32 mm above the belt.
        spectra: list of (bands,) reflectance; metal, gloss: one number a spectrum.
    """

    def __init__(self, lines: int, samples: int, nm: np.ndarray, rng: np.random.Generator):
        short = min(lines, samples)
        self.over = max(3, -(-256 // short))  # at least two subpixels a unit
        self.scale = self.over * short / 128
        self.width, self.length = samples * 128 / short, lines * 128 / short
        shape = (lines * self.over, samples * self.over)
        self.part = np.zeros(shape, dtype=np.uint16)
        self.label = np.zeros(shape, dtype=np.uint8)
        self.height = np.zeros(shape, dtype=np.float32)
        self.nm, self.rng = nm, rng
        self.spectra, self.metal, self.gloss = [], [], []
        self.turned = False
        self._memo: dict[str, np.ndarray] = {}

    def material(self, name: str, spread: float = 0.12, spectrum: np.ndarray | None = None) -> int:
        """Add a material with its own brightness, slope, veil and age; return its row.

        Spread 0.12 is the usual difference between two parts of one kind (finish, batch, ageing).
        """
        if spectrum is None:
            if name not in self._memo:
                self._memo[name] = spectra.endmember(name, self.nm)
            spectrum = self._memo[name]
        bright, slope, veil, age = self.rng.standard_normal(4)
        varied = spectrum * np.exp(spread * bright) * (1 + 0.5 * spread * slope * (self.nm - 700) / 300)
        varied = varied * (1 - 0.8 * spread * abs(age) * spectra.flux_absorbance(self.nm)) + 0.006 * abs(veil)
        self.spectra.append(np.clip(varied, 0.01, 0.98).astype(np.float32))
        self.metal.append(METALS.get(name, 0.0))
        self.gloss.append(0.0 if name in METALS else 0.012 * self.rng.gamma(2, 0.5))
        return len(self.spectra) - 1

    def _fill(self, where, part, label, height):
        if part is not None:
            self.part[where] = part
        if label is not None:
            self.label[where] = label
        if height is not None:
            self.height[where] = height

    def rect(self, x, y, w, h, part=None, label=None, height=None):
        """Fill a rectangle given by its corner and size, in units; axes are swapped while ``turned``."""
        if self.turned:
            x, y, w, h = y, x, h, w
        x0, y0 = (max(round(v * self.scale), 0) for v in (x, y))
        x1, y1 = max(round((x + w) * self.scale), x0 + 1), max(round((y + h) * self.scale), y0 + 1)
        self._fill(np.s_[y0:y1, x0:x1], part, label, height)

    def disc(self, x, y, radius, part=None, label=None, height=None, above=None):
        """Fill a disc round (x, y), in units; with ``above``, only what lies right of that share of it."""
        if self.turned:
            x, y = y, x
        cx, cy, r = x * self.scale, y * self.scale, max(radius * self.scale, 0.6)
        x0, y0 = max(int(cx - r), 0), max(int(cy - r), 0)
        window = np.s_[y0 : int(cy + r) + 2, x0 : int(cx + r) + 2]
        rows, columns = np.indices(self.part[window].shape)
        inside = (rows + y0 + 0.5 - cy) ** 2 + (columns + x0 + 0.5 - cx) ** 2 <= r**2
        if above is not None:
            inside &= (columns + x0 + 0.5 - cx) > above * r
        full = np.zeros(self.part.shape, dtype=bool)
        full[window] = inside
        self._fill(full, part, label, height)


def strokes(canvas: Canvas, x, y, w, h, part: int, step: float = 2.6) -> None:
    """Draw rows of dashes that stand for printed text."""
    for row in np.arange(y, y + h - 1.0, step):
        at = x
        while at < x + w - 0.8:
            dash = min(canvas.rng.uniform(0.8, 2.4), x + w - at)
            if canvas.rng.random() < 0.8:
                canvas.rect(at, row, dash, 0.8, part)
            at += dash + 0.6


def ic(canvas: Canvas, x, y, w, h, legs: int) -> None:
    """Draw a black epoxy package with tin legs on 0, 2 or 4 sides (``legs``); its footprint is class ic.

    The footprint is labelled as a person outlines it, gaps between the legs included.
    """
    body, tin = canvas.material("epoxy_black", 0.22), canvas.material("tin")
    canvas.rect(x, y, w, h, None, IC)
    foot = 1.4
    bx, bw = (x + foot, w - 2 * foot) if legs == 4 else (x, w)
    by, bh = (y + foot, h - 2 * foot) if legs else (y, h)
    for at in np.arange(bx + 0.7, bx + bw - 1.0, 1.9) if legs else ():
        canvas.rect(at, y, 0.9, h, tin, height=1.8)
    for at in np.arange(by + 0.7, by + bh - 1.0, 1.9) if legs == 4 else ():
        canvas.rect(x, at, w, 0.9, tin, height=1.8)
    canvas.rect(bx, by, bw, bh, body, height=3.2)
    marking = canvas.material("marking", 0.25)
    strokes(canvas, bx + 0.2 * bw, by + 0.25 * bh, 0.6 * bw, 0.5 * bh, marking)
    canvas.disc(bx + 1.8, by + 1.8, 0.6, marking)


def can(canvas: Canvas, x, y, w, h) -> None:
    """Draw a round aluminium electrolytic capacitor with its dark mark on the rim."""
    r = min(w, h) / 2
    metal, mark = canvas.material("aluminium"), canvas.material("epoxy_black", 0.2)
    canvas.disc(x + r, y + r, r, metal, CAPACITOR, 6.0)
    canvas.disc(x + r, y + r, r, mark, above=0.45)


def block(canvas: Canvas, x, y, w, h, name: str, height: float) -> None:
    """Draw a tantalum or ceramic chip capacitor with its tin ends."""
    canvas.rect(x, y, w, h, canvas.material("tin"), CAPACITOR, height)
    canvas.rect(x + 0.7, y, w - 1.4, h, canvas.material(name), height=height)
    if name == "tantalum":
        canvas.rect(x + 1.1, y, 0.9, h, canvas.material("resistor_black", 0.2))


def connector(canvas: Canvas, x, y, w, h, colour: str, kind: str, pins: str) -> None:
    """Draw a plastic connector of a kind: header (pins on top), socket (cavity) or terminal (screws)."""
    name = f"plastic_{colour}"
    plastic, metal = canvas.material(name, 0.15), canvas.material(pins)
    canvas.rect(x, y, w, h, plastic, CONNECTORS, 5.5)
    if kind == "socket":
        cavity = canvas.material(name, 0.1, 0.45 * spectra.endmember(name, canvas.nm))
        canvas.rect(x + 1.2, y + 1.4, w - 2.4, h - 2.8, cavity, height=3.5)
    for at in np.arange(x + 1.6, x + w - 1.8, 2.5):
        if kind == "terminal":
            canvas.disc(at + 0.8, y + h / 2, 1.0, metal)
        else:
            canvas.rect(at, y + h / 2 - 0.65, 1.3, 1.3, metal)


def chip(canvas: Canvas, x, y, w, h, name: str, ends: bool = True, height: float = 2.2) -> None:
    """Draw a small part of class others: a resistor, diode, crystal, coil or jumper."""
    if ends:
        canvas.rect(x, y, w, h, canvas.material("solder"), OTHERS, height)
    inset = 0.6 if ends else 0.0
    canvas.rect(x + inset, y, w - 2 * inset, h, canvas.material(name, 0.2), OTHERS, height)
    if name == "resistor_black" and w > 3:
        canvas.rect(x + 0.35 * w, y + 0.3 * h, 0.3 * w, 0.6, canvas.material("silkscreen"))


def heat_sink(canvas: Canvas, x, y, w, h) -> None:
    """Draw a finned heat sink of black-anodised aluminium."""
    fin = canvas.material("anodised_black", 0.2)
    base = canvas.material("anodised_black", 0.1, 0.6 * canvas.spectra[fin])
    canvas.rect(x, y, w, h, base, OTHERS, 3.0)
    for at in np.arange(x, x + w - 0.9, 2.2):
        canvas.rect(at, y, 1.1, h, fin, height=7.0)
