"""The step from one capture to reflectance at working size."""

import io
import math
import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image

from boardbench.artifacts import write
from boardbench.captures.artifacts import CaptureReport
from boardbench.captures.bands import trim
from boardbench.captures.blocks import Job, each_block, plan, references
from boardbench.captures.calibration import Factors
from boardbench.captures.envi import open_cube
from boardbench.captures.masks import read_board, read_mask
from boardbench.captures.resize import resize_mask
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.integrity import hash_of
from boardbench.params.segmentation import Reflectance


def reflectance(
    *,
    cube: Path,
    out: Path,
    mask: Path,
    classes: int,
    white: Path | None = None,
    dark: Path | None = None,
    white_dark: Path | None = None,
    board: Path | None = None,
    truth: Path | None = None,
    params: Reflectance,
) -> None:
    """Turn one capture into reflectance in [0, 1] at working size.

    Writes ``out`` (.npy: bands, lines, samples; float16) and beside it .json (wavelengths in nm, original
    and working size, counts of invalid, saturated and clipped values before resizing and of the references'
    values that are left out of their averages, integration times in ms, counts at which the sensor is full, the hash
    of the .npy) and .png (the mask at working size), and to ``truth``, where it is given, the mask at the capture's
    own size (.png). All appear, or none. With ``white`` and ``dark``, ``cube`` holds raw counts; without,
    reflectance, divided by the header's ``reflectance scale factor`` where there is one. ``dark`` may be ``cube``
    itself, where it ends with frames of a closed shutter; ``white_dark`` is the white's own dark reference, where it
    has one. Invalid values (white not above dark; not finite; the header's ``data ignore value``) become 0, bad bands
    (``bbl``) are dropped. With ``board_mask`` the reflectance of all pixels outside ``board`` becomes 0 before
    resizing. Counts are of the kept bands, one a value, outside the board too; ``outside_board`` counts pixels.

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
        source.good,
    )
    labels = read_mask(mask, source.shape[:2], classes, source.shutter_lines)
    if params.board_mask and board is None:
        raise BoardbenchError(
            f"{source.header}: board_mask is true, but the capture has no board mask. Give --board (in a sheet: the "
            "column 'board'), or set segmentation.reflectance.board_mask to false."
        )
    inside = read_board(board, source.shape[:2], source.shutter_lines) if params.board_mask else None
    size = params.size or (source.lines, source.samples)
    found = references(source, white, dark, white_dark, params.full_scale)
    job, parts = plan(source, found, keep, params.panel, size, params.resize, inside)

    with ExitStack() as outputs:
        npy, metadata, png = (
            outputs.enter_context(atomic_write(out.with_suffix(kind), record=True))
            for kind in (".npy", ".json", ".png")
        )
        if truth is not None:
            Image.fromarray(labels).save(outputs.enter_context(atomic_write(truth, record=True)), format="PNG")
        counts = _write(job, npy)
        _count_references(counts, parts, keep, source.lines)
        report = CaptureReport(
            wavelengths=None if source.wavelengths is None else source.wavelengths[keep].round(4).tolist(),
            kind="raw" if parts else "reflectance",
            sensor={
                "wavelengths": None if source.wavelengths is None else source.wavelengths.round(4).tolist(),
                "keep": keep.tolist(),
                "panel": params.panel,
            },
            resize=params.resize,
            original={"lines": source.lines, "samples": source.samples, "bands": source.bands},
            working={"lines": size[0], "samples": size[1], "bands": len(keep)},
            values=source.lines * source.samples * len(keep),
            invalid=counts["invalid"],
            saturated=counts["saturated"] if parts else None,
            white_saturated=counts["white_saturated"] if parts else None,
            white_left_out=int(parts.white_left_out[:, keep].sum()) if parts else None,
            dark_left_out=int(parts.dark_left_out[:, keep].sum()) if parts else None,
            clipped_low=counts["low"],
            clipped_high=counts["high"],
            outside_board=None if inside is None else int(np.count_nonzero(~inside)),
            full_scale=found and found.full_scale,
            bad_bands=[] if source.good is None else np.flatnonzero(~source.good).tolist(),
            shutter_lines=source.shutter_lines,
            tint_ms=found.tints if found else {"cube": source.tint, "white": None, "dark": None},
            sha256=hash_of(npy),
        )
        write(metadata, report, record=False)
        Image.fromarray(resize_mask(labels, size)).save(png)


def _count_references(counts: Counter, parts: Factors | None, keep: np.ndarray, lines: int) -> None:
    """Add what the references alone decide: it holds for every line."""
    if parts is not None:
        counts["invalid"] += lines * int(np.count_nonzero(parts.invalid[:, keep]))
        counts["white_saturated"] += lines * int(np.count_nonzero(parts.white_saturated[:, keep]))


def _write(job: Job, path: Path) -> Counter:
    """Write the .npy and return the counts of values."""
    shape = (job.bands, job.lines.n_out, job.samples.n_out)
    head = io.BytesIO()
    form = {"descr": np.lib.format.dtype_to_descr(np.dtype("<f2")), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, form)
    row = shape[2] * 2
    with path.open("wb", buffering=0) as file:
        file.write(head.getbuffer())
        file.truncate(head.tell() + math.prod(shape) * 2)

        def put(first: int, block: np.ndarray) -> None:
            for band in range(job.bands):
                _write_at(file.fileno(), block[band], head.tell() + (band * shape[1] + first) * row)

        return each_block(job, put)


def _write_at(handle: int, block: np.ndarray, start: int) -> None:
    """Write a contiguous block from byte ``start`` on; one call may take less than given."""
    view = memoryview(block.reshape(-1).view(np.uint8))
    while view:
        done = os.pwrite(handle, view, start)
        view, start = view[done:], start + done
