"""What the classes look like to the sensor, and which bands an SCRB listens to."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boardbench.artifacts import read
from boardbench.captures.artifacts import CaptureReport
from boardbench.report.charts import COLOURS, canvas
from boardbench.report.plots import Panel, panel, series
from boardbench.segmentation.data import captures_of, load_capture
from boardbench.segmentation.overlay import class_colours

if TYPE_CHECKING:
    from torch import nn

# What is read, evenly over the training part: more moves no line that one could see, and costs seconds.
CAPTURES, LINES = 6, 32
PIXELS = 100  # of each class and capture, on which an SCRB is tried
OTHERS = "#7a7a7a"  # the class that pictures leave uncoloured


def read_spectra(names: list[str], reflectance: Path, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean spectrum of each class, and spectra to try networks on.

    Returns:
        (classes, bands), NaN where a class has no pixel; (pixels, bands) float32.
    """
    sums, counts, tried = np.zeros((classes, 1)), np.zeros((classes, 1)), []
    for name in names:
        cube, mask = load_capture(reflectance, name)
        every = slice(None, None, -(-len(mask) // LINES))
        pixels = cube[:, every].reshape(len(cube), -1).astype(np.float32)
        of = np.arange(classes)[:, None] == mask[every].ravel()
        sums, counts = sums + of.astype(np.float32) @ pixels.T, counts + of.sum(axis=1, keepdims=True)
        tried += [pixels[:, one][:, :PIXELS].T for one in of]
    with np.errstate(invalid="ignore"):
        return sums / counts, np.concatenate(tried)


def band_weights(encoder: "nn.Module", spectra: np.ndarray) -> np.ndarray:
    """Return how far an encoder's channels move when a band moves by its standard deviation, as shares of all bands.

    Args:
        encoder: (N, bands, lines, samples) to channels, pixel by pixel.
        spectra: (pixels, bands), as the network takes them.

    Returns:
        (bands,): the absolute derivative, mean over spectra, summed over channels; sum 1, or 0 where nothing moves.
    """
    import torch  # which the other figures do without

    moved = np.zeros(spectra.shape[1])
    given = torch.from_numpy(np.ascontiguousarray(spectra))[:, :, None, None].requires_grad_()
    out = encoder(given)
    for channel in range(out.shape[1]):
        (slopes,) = torch.autograd.grad(out[:, channel].sum(), given, retain_graph=True)
        moved += slopes.abs().mean(dim=(0, 2, 3)).numpy() * spectra.std(axis=0)
    return moved / moved.sum() if moved.any() else moved


def _weights(run: Path, spectra: np.ndarray) -> np.ndarray | None:
    """Return the band weights of a trained run; None where each cube has a scale of its own."""
    from boardbench.segmentation.model import load

    model = load(run)
    if model.normalization is not None:
        if model.normalization.fit == "cube":
            return None
        spectra = model.normalization.factors("", spectra.shape[1]).pixels(spectra)
    return band_weights(model.network.spectral_encoder, spectra)


def spectra_plot(runs: list[Path], split: Path, reflectance: Path, classes: list[str]) -> list[Panel]:
    """Return the mean spectrum of each class and, of trained runs with an SCRB, what each band weighs in it.

    Args:
        runs: folders, one a seed.
        split: names the training captures, of which at most six are read.
        reflectance: folder of their cubes and masks.
        classes: names in index order.

    Raises:
        BoardbenchError: a file is missing, damaged, or of other bands.
    """
    names = captures_of(split, "train")
    names = [names[at] for at in np.unique(np.linspace(0, len(names) - 1, CAPTURES).round().astype(int))]
    means, spectra = read_spectra(names, reflectance, len(classes))
    known = read(reflectance / f"{names[0]}.json", CaptureReport, "reflectance").wavelengths
    place, label = (known, "wavelength, nm") if known else (range(1, means.shape[1] + 1), "band")
    hues = {index: "#{:02X}{:02X}{:02X}".format(*rgb) for index, rgb in class_colours(classes).items()}
    found = [at for at in range(len(classes)) if np.isfinite(means[at]).all()]
    drawn = [series(classes[at], place, means[at], hues.get(at, OTHERS), group=classes[at]) for at in found]
    panels = [panel("", label, "mean reflectance", drawn)]
    shares = [_weights(run, spectra) for run in runs]
    if shares and all(share is not None for share in shares):
        look = {"colour": COLOURS[0], "group": "SCRB"}
        drawn = [series(f"SCRB, run {at}", place, 100 * share, **look) for at, share in enumerate(shares, 1)]
        panels.append(panel("", label, "weight in SCRB, %", drawn))
    return panels


def spectra_figure(panels: list[Panel], out: Path) -> None:
    """Draw the panels of :func:`spectra_plot` below each other, as an SVG."""
    with canvas(out, (5.6, 2.3 * len(panels)), (len(panels), 1), sharex=True) as rows:
        for axes, given in zip(rows[:, 0], panels, strict=True):
            for line in given["series"]:
                axes.plot(line["x"], line["y"], color=line["colour"], lw=1.2, label=line["group"])
            axes.set_ylim(0, None)
            axes.set_ylabel(given["y"]["label"])
        rows[-1, 0].set_xlabel(panels[0]["x"]["label"])
        rows[0, 0].legend(fontsize=8, ncols=2)
