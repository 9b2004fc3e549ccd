"""The step from one capture to reflectance at working size.

The cube is read, calibrated, resized and written in blocks of a few lines, so memory does not grow with
the number of lines. Blocks go through pread and pwrite: pages of a memory map would count as this
process's memory.
"""

import hashlib
import io
import json
import math
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from boardbench.captures.bands import trim
from boardbench.captures.calibration import (
    SATURATED,
    Factors,
    average_reference,
    check_reference,
    exposure_ratio,
    factors,
)
from boardbench.captures.envi import Cube, open_cube
from boardbench.captures.masks import read_board, read_mask
from boardbench.captures.resize import Taps, add_lines, resize_mask, resize_samples, taps
from boardbench.errors import BoardbenchError
from boardbench.files import whole
from boardbench.params import Reflectance

LINES = 2
"""Lines read and calibrated at once: few enough for the processor's cache."""

LINES_WRITTEN = 32
"""Lines of the result written at once: each band of them is one write, and small writes are slow."""

THREADS = 2


@dataclass(frozen=True)
class _Job:
    """All that a block needs; ``dark`` and ``gain`` are (bands, 1, samples) of the kept bands, ``board`` is
    (lines, samples), true where the board is.
    """

    cube: Cube
    keep: slice | np.ndarray
    bands: int
    lines: Taps
    samples: Taps
    scale: float
    dark: np.ndarray | None = None
    gain: np.ndarray | None = None
    board: np.ndarray | None = None


def reflectance(
    *,
    cube: Path,
    out: Path,
    mask: Path,
    classes: int,
    white: Path | None = None,
    dark: Path | None = None,
    board: Path | None = None,
    truth: Path | None = None,
    params: Reflectance,
) -> None:
    """Turn one capture into reflectance in [0, 1] at working size.

    Writes ``out`` (.npy: bands, lines, samples; float16) and beside it .json (wavelengths in nm, original
    and working size, counts of invalid, saturated and clipped values before resizing, integration times in
    ms, the hash of the .npy) and .png (the mask at working size), and to ``truth``, where it is given, the mask
    at the capture's own size (.png). All appear, or none. With ``white`` and ``dark``, ``cube`` holds raw
    counts; without, reflectance, divided by the header's ``reflectance scale factor`` where there is one.
    Invalid values (white not above dark; not finite) become 0. With ``board_mask`` the reflectance of all
    pixels outside ``board`` becomes 0 before resizing. Counts are of the kept bands, one a value, outside the
    board too; ``outside_board`` counts pixels.

    Raises:
        BoardbenchError: cube, references, masks or trimming that do not fit each other; see the functions
            called.
    """
    if truth is not None and truth == out.with_suffix(".png"):
        raise BoardbenchError(f"{truth}: --truth is where the mask at working size is written. Give it another folder.")
    if out.suffix != ".npy":
        raise BoardbenchError(f"{out}: the output of this step is a NumPy file; give --out a name that ends in .npy.")
    source = open_cube(cube)
    keep = trim(
        source.bands,
        source.wavelengths,
        params.drop_first,
        params.drop_last,
        params.min_nm,
        params.max_nm,
        str(source.header),
    )
    labels = read_mask(mask, (source.lines, source.samples), classes)
    if params.board_mask and board is None:
        raise BoardbenchError(
            f"{source.header}: board_mask is true, but the capture has no board mask. Give --board (in a sheet: the "
            "column 'board'), or set segmentation.reflectance.board_mask to false."
        )
    inside = read_board(board, (source.lines, source.samples)) if params.board_mask else None
    size = params.size or (source.lines, source.samples)
    tints = {"cube": source.tint, "white": None, "dark": None}
    axes = [taps(n_in, n_out, params.resize) for n_in, n_out in zip(source.shape, size, strict=False)]
    one_run = slice(int(keep[0]), int(keep[-1]) + 1) if len(keep) == keep[-1] - keep[0] + 1 else keep
    if white is None and dark is None:
        parts = None
        job = _Job(source, one_run, len(keep), *axes, scale=_scale(source), board=inside)
    elif white is None or dark is None:
        given, missing = ("white", "dark") if dark is None else ("dark", "white")
        raise BoardbenchError(
            f"{source.header}: the {given} reference is given, the {missing} one is not. Raw counts need "
            f"both: give --{missing} (in a sheet: the column '{missing}'); a cube that is reflectance "
            "already takes neither."
        )
    else:
        parts = _factors(source, white, dark, params.panel, tints)
        dark_signal, gain = (np.ascontiguousarray(array.T[keep])[:, None, :] for array in (parts.dark, parts.gain))
        job = _Job(source, one_run, len(keep), *axes, scale=1.0, dark=dark_signal, gain=gain, board=inside)

    with ExitStack() as outputs:
        npy, facts, png = (outputs.enter_context(whole(out.with_suffix(kind))) for kind in (".npy", ".json", ".png"))
        if truth is not None:
            Image.fromarray(labels).save(outputs.enter_context(whole(truth)), format="PNG")
        counts = _write(job, npy)
        _count_references(counts, parts, keep, source.lines)
        with npy.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        known = {
            "wavelengths": None if source.wavelengths is None else source.wavelengths[keep].round(4).tolist(),
            "kind": "raw" if parts else "reflectance",
            "original": {"lines": source.lines, "samples": source.samples, "bands": source.bands},
            "working": {"lines": size[0], "samples": size[1], "bands": len(keep)},
            "values": source.lines * source.samples * len(keep),
            "invalid": counts["invalid"],
            "saturated": counts["saturated"] if parts else None,
            "white_saturated": counts["white_saturated"] if parts else None,
            "clipped_low": counts["low"],
            "clipped_high": counts["high"],
            "outside_board": None if inside is None else int(np.count_nonzero(~inside)),
            "tint_ms": tints,
            "sha256": digest,
        }
        facts.write_text(json.dumps(known, indent=2, allow_nan=False) + "\n", encoding="utf-8", newline="\n")
        Image.fromarray(resize_mask(labels, size)).save(png)


def _scale(source: Cube) -> float:
    """Return the divisor that makes stored values reflectance."""
    text = source.metadata.get("reflectance scale factor")
    if text is None and source.dtype.kind == "f":
        return 1.0
    try:
        scale = float(text)
    except (TypeError, ValueError):
        scale = 0.0
    if not (np.isfinite(scale) and scale > 0):
        found = "is missing" if text is None else f"is {text!r}"
        raise BoardbenchError(
            f"{source.header}: the cube holds {source.dtype.name} values and field 'reflectance scale "
            f"factor' {found}. If it is reflectance, write the number that stands for 1, such as "
            "'reflectance scale factor = 10000'; if it is raw counts, give its white and dark references."
        )
    return scale


def _factors(source: Cube, white: Path, dark: Path, panel: float, tints: dict[str, float | None]) -> Factors:
    """Open both references, note their integration times in ``tints`` and return the calibration."""
    references = {"white": open_cube(white), "dark": open_cube(dark)}
    for kind, reference in references.items():
        check_reference(str(reference.header), reference.shape[1:], source.shape[1:])
        tints[kind] = reference.tint
    exposure = exposure_ratio(
        tints["cube"],
        tints["white"],
        tints["dark"],
        raw=str(source.header),
        white=str(references["white"].header),
        dark=str(references["dark"].header),
    )
    return factors(*(average_reference(reference) for reference in references.values()), exposure, panel)


def _count_references(counts: Counter, parts: Factors | None, keep: np.ndarray, lines: int) -> None:
    """Add what the references alone decide: it holds for every line."""
    if parts is not None:
        counts["invalid"] += lines * int(np.count_nonzero(parts.invalid[:, keep]))
        counts["white_saturated"] += lines * int(np.count_nonzero(parts.white_saturated[:, keep]))


def _write(job: _Job, path: Path) -> Counter:
    """Write the .npy and return the counts of values."""
    shape = (job.bands, job.lines.n_out, job.samples.n_out)
    head = io.BytesIO()
    form = {"descr": np.lib.format.dtype_to_descr(np.dtype("<f2")), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, form)
    row = shape[2] * 2
    with path.open("wb", buffering=0) as file, ThreadPoolExecutor(THREADS) as pool:
        file.write(head.getbuffer())
        file.truncate(head.tell() + math.prod(shape) * 2)

        def one(first: int) -> Counter:
            last = min(first + LINES_WRITTEN, shape[1])
            block, counts = _block(job, first, last)
            for band in range(job.bands):
                _write_at(file.fileno(), block[band], head.tell() + (band * shape[1] + first) * row)
            return counts

        total = Counter()
        for counts in pool.map(one, range(0, shape[1], LINES_WRITTEN)):
            total += counts
    return total


def _write_at(handle: int, block: np.ndarray, start: int) -> None:
    """Write a contiguous block from byte ``start`` on; one call may take less than given."""
    view = memoryview(block.reshape(-1).view(np.uint8))
    while view:
        done = os.pwrite(handle, view, start)
        view, start = view[done:], start + done


def _block(job: _Job, first: int, last: int) -> tuple[np.ndarray, Counter]:
    """Return output lines ``first`` to ``last`` as float16 (bands, lines, samples), and the counts of
    their share.

    Every input line is counted by exactly one block, though a neighbour may read it for its interpolation
    too.
    """
    n_in, n_out = job.lines.n_in, job.lines.n_out
    owned = range(first * n_in // n_out, last * n_in // n_out)
    needed = job.lines.index[first:last][job.lines.weight[first:last] > 0]
    start, stop = int(needed.min()), int(needed.max()) + 1
    if owned:
        start, stop = min(start, owned.start), max(stop, owned.stop)
    result = np.empty((job.bands, last - first, job.samples.n_out), np.float16)
    total = None if job.lines.identity else np.zeros((*result.shape[:2], job.samples.n_in), np.float32)
    counts = Counter()
    for line in range(start, stop, LINES):
        end = min(line + LINES, stop)
        mine = slice(max(owned.start - line, 0), max(min(owned.stop, end) - line, 0))
        part = _calibrated(job, line, end, mine, counts)
        if total is None:
            to_half(resize_samples(part, job.samples), result[:, line - first : end - first])
        else:
            add_lines(total, first, part, line, job.lines)
    if total is not None:
        to_half(resize_samples(total, job.samples), result)
    return result, counts


def to_half(values: np.ndarray, out: np.ndarray) -> None:
    """Round float32 ``values`` in [0, 2) to the nearest float16 in ``out``; overwrites ``values``.

    NumPy's astype converts one value at a time and takes four times as long. Ties go up, not to even.
    """
    # Scaled so that float32's exponent counts as float16's, subnormal numbers too.
    values *= np.float32(2.0**-112)
    bits = values.view(np.uint32)
    # Round to the upper 19 bits, which are float16's: 13 bits of the mantissa go.
    bits += 0x1000
    bits >>= 13
    np.copyto(out.view(np.uint16), bits, casting="unsafe")


def _calibrated(job: _Job, first: int, last: int, mine: slice, counts: Counter) -> np.ndarray:
    """Read input lines and return their reflectance in [0, 1] as float32 (bands, lines, samples).

    Values of the lines in ``mine`` are added to ``counts``.
    """
    block = job.cube.read(first, last).transpose(2, 0, 1)[job.keep]
    values = np.empty(block.shape, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        np.copyto(values, block, casting="unsafe")
    if job.gain is not None:
        counts["saturated"] += int(np.count_nonzero(block[:, mine] >= SATURATED))
        values -= job.dark
        values *= job.gain
    elif job.scale != 1.0:
        values /= job.scale
    if block.dtype.kind == "f":
        wrong = ~np.isfinite(values)
        counts["invalid"] += int(np.count_nonzero(wrong[:, mine]))
        values[wrong] = 0
    counts["low"] += int(np.count_nonzero(values[:, mine] < 0))
    counts["high"] += int(np.count_nonzero(values[:, mine] > 1))
    np.clip(values, 0, 1, out=values)
    if job.board is not None:
        values *= job.board[first:last]
    return values
