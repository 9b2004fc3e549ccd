"""The verb ``reference``: a white or dark reference recorded from a camera."""

import time
from collections import Counter
from functools import partial
from pathlib import Path

import click
import numpy as np
from spectral.io import envi

from boardbench.camera import aravis
from boardbench.camera.lines import Settings, grab
from boardbench.captures.average import average_reference
from boardbench.captures.envi import Cube, open_cube
from boardbench.captures.references import SATURATED
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.stream.frames import Stopped

PATIENCE = 10.0
"""Seconds without a frame after which none is awaited."""


def reference(
    *,
    camera: str,
    out: Path,
    white: bool = False,
    dark: bool = False,
    lines: int = 100,
    wavelengths: Path | None = None,
) -> None:
    """Record a white or dark reference from a camera, as an ENVI file that 'stream' and the capture sheet take.

    All lines are written, not their mean: readers leave out values that do not belong, and 'boardbench sensor' sees the
    noise. Prints lines, mean, spread over the lines (median over samples and bands) and the share of values at the
    sensor's limit; the header has them and the camera's integration time.

    Args:
        camera: ID, of 'boardbench cameras'.
        out: header to write, *.hdr; the counts lie beside it, *.raw.
        white: of the white panel, lit as the belt is.
        dark: with the shutter closed, or the cap on.
        lines: lines to record.
        wavelengths: header of a capture of this camera, whose wavelengths the reference gets: 'stream' compares them
            with the model's. Without, only the number of bands is compared.

    Raises:
        BoardbenchError: no such camera, no frames, or flags that do not fit together.
    """
    if white == dark:
        raise BoardbenchError("--white, --dark: give one of the two.")
    if out.suffix.lower() != ".hdr":
        raise BoardbenchError(f"--out {out}: is the header to write. Give a name that ends with .hdr.")
    if lines < 3:
        raise BoardbenchError(f"--lines {lines}: must be at least 3, so that one odd line is known from the others.")
    like = None if wavelengths is None else open_cube(wavelengths)
    settings = aravis.settings_of(camera)
    if like is not None and (like.bands != settings.bands or like.wavelengths is None):
        raise BoardbenchError(
            f"--wavelengths {wavelengths}: field 'wavelength': camera {camera} has {settings.bands} bands, and the "
            f"header has wavelengths of {0 if like.wavelengths is None else like.bands}. Give a capture taken with the "
            "camera as it is set now."
        )
    counts, lost = _record(settings, lines)
    said = f"{'white' if white else 'dark'} reference of {_stated(counts, settings, lost)}"
    with atomic_write(out.with_suffix(".raw")) as temporary:
        counts.tofile(temporary)
    _write_header(out, settings, lines, like, said)
    click.echo(f"{out}: {said}")


def _record(settings: Settings, lines: int) -> tuple[np.ndarray, int]:
    """Return (lines, bands, samples) uint16 as they come, and how many were lost between them."""
    counts = np.empty((lines, settings.bands, settings.samples), np.uint16)
    begun = time.monotonic()
    numbers: list[int] = []
    seen: Counter[str] = Counter()

    def stopped() -> bool:
        return time.monotonic() - begun > PATIENCE

    def target() -> np.ndarray:
        return counts[len(numbers)]

    try:
        for event in grab(partial(aravis.started, settings.id), target, stopped, seen):
            if isinstance(event, int):
                numbers.append(event)
                begun = time.monotonic()
                if len(numbers) == lines:
                    break
            else:
                seen["other size"] += 1
    except Stopped:
        raise BoardbenchError(
            f"camera {settings.id}: {len(numbers)} of {lines} lines came, then {PATIENCE:g} s without a whole one "
            f"({seen['incomplete']} incomplete, {seen['other size']} of another size). Set TriggerMode to Off; where "
            "lines are incomplete, look at the network."
        ) from None
    return counts, numbers[-1] - numbers[0] + 1 - lines


def _stated(counts: np.ndarray, settings: Settings, lost: int) -> str:
    """Return what recorded counts, (lines, bands, samples), are, in a sentence."""
    average = average_reference(counts.transpose(0, 2, 1))
    full = 2**settings.depth - 1
    if settings.depth == 16:  # of a sensor of 12 bits: as they are, or shifted to the left end
        full = SATURATED if average.highest.max() <= SATURATED else SATURATED << 4
    spread = np.median([np.std(counts[:, band], axis=0, ddof=1) for band in range(settings.bands)])
    clipped = np.count_nonzero(counts >= full) / counts.size
    tint = "" if settings.tint is None else f" at {settings.tint:g} ms"
    return (
        f"{len(counts)} lines of {settings.samples} samples x {settings.bands} bands{tint}: mean "
        f"{average.mean.mean():.1f} counts, spread {spread:.1f}, {100 * clipped:.2f} % at the limit of {full:g}, "
        f"{100 * average.left_out.sum() / counts.size:.2f} % left out of the mean, {lost} lines lost between"
    )


def _write_header(path: Path, settings: Settings, lines: int, like: Cube | None, description: str) -> None:
    fields = {
        "description": description,
        "sensor type": settings.model,
        "sensorid": settings.id,
        "samples": settings.samples,
        "bands": settings.bands,
        "lines": lines,
        "interleave": "bil",
        "data type": 12,
        "header offset": 0,
        "byte order": 0,
        "pixel format": settings.kind,
    }
    if settings.depth < 16:  # 16 bits may hold a sensor of 12: its counts tell
        fields["bit depth"] = settings.depth
    if settings.tint is not None:
        fields["tint"] = f"{settings.tint:.6f}"
    if settings.lines_per_s is not None:
        fields["fps"] = f"{settings.lines_per_s:.2f}"
    if like is not None:
        fields["wavelength units"] = "nm"
        fields["wavelength"] = "{" + ", ".join(f"{nm:.2f}" for nm in like.wavelengths) + "}"
    with atomic_write(path) as temporary:
        envi.write_envi_header(str(temporary), fields)
