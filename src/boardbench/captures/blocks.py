"""One capture's reflectance in blocks of a few lines, read, calibrated and resized; any number of lines.

Blocks go through pread: pages of a memory map would count as this process's memory.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boardbench.captures.calibration import Factors, factors
from boardbench.captures.envi import Cube, open_cube
from boardbench.captures.header import SCALE
from boardbench.captures.header_values import number
from boardbench.captures.judgement import is_reflectance
from boardbench.captures.references import References, read_references
from boardbench.captures.resize import Taps, add_lines, resize_samples, taps
from boardbench.errors import BoardbenchError

LINES = 2
"""Lines read and calibrated at once: few enough for the processor's cache."""

LINES_WRITTEN = 32
"""Lines of the result made at once: each band of them is one write, and small writes are slow."""

THREADS = 2


@dataclass(frozen=True)
class Job:
    """All that a block needs.

    ``dark`` and ``gain`` are (bands, 1, samples) of the kept bands and None for reflectance, which ``scale`` divides;
    ``full_scale`` is the counts at which the sensor is full; ``board`` is (lines, samples), true where the board is.
    """

    cube: Cube
    keep: slice | np.ndarray
    bands: int
    lines: Taps
    samples: Taps
    scale: float
    dark: np.ndarray | None = None
    gain: np.ndarray | None = None
    full_scale: float = np.inf
    board: np.ndarray | None = None


def reflect(
    *,
    cube: Path,
    white: Path | None = None,
    dark: Path | None = None,
    white_dark: Path | None = None,
    keep: Sequence[int],
    panel: float = 1.0,
    size: tuple[int, int] | None = None,
    resize: str = "bilinear",
) -> np.ndarray:
    """Return one capture's reflectance in [0, 1], float16 (bands, lines, samples), as :func:`reflectance` writes it.

    Args:
        cube: header or data file of the capture.
        white: white reference, for raw counts; None for a cube that is reflectance already.
        dark: dark reference, as ``white``.
        white_dark: dark reference of the white, where it has one of its own.
        keep: indices of the bands to return, ascending.
        panel: reflectance of the white panel.
        size: lines and samples of the result; None: as captured.
        resize: bilinear or area.

    Raises:
        BoardbenchError: as :func:`reflectance`; or a band of ``keep`` that the cube does not have.
    """
    source = open_cube(cube)
    if max(keep) >= source.bands:
        raise BoardbenchError(
            f"{source.header}: the cube has {source.bands} bands, but band {max(keep)} (counted from 0) is asked for. "
            "Give a capture of the sensor that the bands were chosen for."
        )
    found = references(source, white, dark, white_dark)
    job, _ = plan(source, found, np.asarray(keep), panel, size or (source.lines, source.samples), resize)
    result = np.empty((job.bands, job.lines.n_out, job.samples.n_out), np.float16)

    def put(first: int, block: np.ndarray) -> None:
        result[:, first : first + block.shape[1]] = block

    each_block(job, put)
    return result


def references(
    source: Cube,
    white: Path | None,
    dark: Path | None,
    white_dark: Path | None = None,
    full_scale: float | None = None,
) -> References | None:
    """Return the references of a capture, or None for a cube that is reflectance; arguments as of the step.

    Raises:
        BoardbenchError: one reference without the other, references of a cube that is reflectance, counts without
            references, and what :func:`read_references` raises.
    """
    given = {"white": white, "dark": dark}
    absent = [kind for kind, path in given.items() if path is None]
    if len(absent) == 1 or (white_dark is not None and absent):
        raise BoardbenchError(
            f"{source.header}: the {absent[0]} reference is not given, another one is. Raw counts need both: give "
            f"--{absent[0]} (in a sheet: the column '{absent[0]}'); a cube that is reflectance already takes neither."
        )
    if not is_reflectance(source, white):
        return read_references(source, white, dark, white_dark, full_scale)
    if white is not None:
        raise BoardbenchError(
            f"{source.header}: field '{SCALE}' says that the cube is reflectance, yet references are given. Give none "
            "(in a sheet: set kind to reflectance and leave the columns empty); if these are counts, delete the field."
        )
    return None


def plan(
    source: Cube,
    found: References | None,
    keep: np.ndarray,
    panel: float,
    size: tuple[int, int],
    resize: str,
    board: np.ndarray | None = None,
) -> tuple[Job, Factors | None]:
    """Return what a block needs, and the calibration of raw counts (None where the cube is reflectance)."""
    axes = [taps(n_in, n_out, resize) for n_in, n_out in zip(source.shape, size, strict=False)]
    one_run = slice(int(keep[0]), int(keep[-1]) + 1) if len(keep) == keep[-1] - keep[0] + 1 else keep
    if found is None:
        return Job(source, one_run, len(keep), *axes, scale=_scale(source), board=board), None
    parts = factors(found, panel)
    dark, gain = (np.ascontiguousarray(array.T[keep])[:, None, :] for array in (parts.dark, parts.gain))
    job = Job(
        source, one_run, len(keep), *axes, scale=1.0, dark=dark, gain=gain, full_scale=found.full_scale, board=board
    )
    return job, parts


def _scale(source: Cube) -> float:
    """Return the divisor that makes stored values reflectance."""
    if SCALE not in source.metadata:
        return 1.0
    scale = number(source.metadata[SCALE])
    if not (np.isfinite(scale) and scale > 0):
        raise BoardbenchError(
            f"{source.header}: field '{SCALE}' is {source.metadata[SCALE]!r}. Write the number that stands for 1, such "
            f"as '{SCALE} = 10000'."
        )
    return scale


def each_block(job: Job, put: Callable[[int, np.ndarray], None]) -> Counter:
    """Compute the result in blocks of lines, give each with its first line to ``put``; return the counts of values."""

    def one(first: int) -> Counter:
        block, counts = _block(job, first, min(first + LINES_WRITTEN, job.lines.n_out))
        put(first, block)
        return counts

    total = Counter()
    with ThreadPoolExecutor(THREADS) as pool:
        for counts in pool.map(one, range(0, job.lines.n_out, LINES_WRITTEN)):
            total += counts
    return total


def _block(job: Job, first: int, last: int) -> tuple[np.ndarray, Counter]:
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


def _calibrated(job: Job, first: int, last: int, mine: slice, counts: Counter) -> np.ndarray:
    """Read input lines and return their reflectance in [0, 1] as float32 (bands, lines, samples).

    Values of the lines in ``mine`` are added to ``counts``.
    """
    cube = job.cube
    block = cube.read(first, last).transpose(2, 0, 1)[job.keep]
    unknown = cube.unknown(block)
    values = np.empty(block.shape, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        np.copyto(values, block, casting="unsafe")
    if cube.gain is not None:
        values *= cube.gain[job.keep, None, None].astype(np.float32)
    if cube.shift is not None:
        values += cube.shift[job.keep, None, None].astype(np.float32)
    if job.gain is not None:
        full = block[:, mine] >= job.full_scale
        counts["saturated"] += int(np.count_nonzero(full if unknown is None else full & ~unknown[:, mine]))
        values -= job.dark
        values *= job.gain
    elif job.scale != 1.0:
        values /= job.scale
    if block.dtype.kind == "f" or unknown is not None:
        wrong = ~np.isfinite(values)
        wrong = wrong if unknown is None else wrong | unknown
        # What the references make invalid is counted once, for all lines.
        counted = wrong[:, mine] if job.gain is None else wrong[:, mine] & (job.gain > 0)
        counts["invalid"] += int(np.count_nonzero(counted))
        values[wrong] = 0
    counts["low"] += int(np.count_nonzero(values[:, mine] < 0))
    counts["high"] += int(np.count_nonzero(values[:, mine] > 1))
    np.clip(values, 0, 1, out=values)
    if job.board is not None:
        values *= job.board[first:last]
    return values
