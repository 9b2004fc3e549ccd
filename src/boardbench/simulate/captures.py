"""The verb that writes one simulated board as Lumo capture folders, one for each condition."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image
from spectral.io import envi

from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.params.segmentation import Simulate
from boardbench.simulate import sensor
from boardbench.simulate.board import Board, make_board
from boardbench.simulate.spectra import FWHM_NM, wavelengths

BLOCK = 16  # lines in memory at a time
REFERENCE_LINES = 50
SENSOR = "FX10 , Lumo - Recorder (none: simulated by boardbench)"
RGB_NM = (640, 550, 460)


def scene_names(params: Simulate) -> list[str]:
    """Return the names of the boards: board01, board02, ... with as many digits as the last one needs."""
    digits = max(2, len(str(params.boards)))
    return [f"board{i:0{digits}d}" for i in range(1, params.boards + 1)]


def condition_names(params: Simulate) -> list[str]:
    """Return the names of the capture conditions: '1', '2', ..."""
    return [condition.name for condition in sensor.conditions(params.conditions, params.seed)]


def _write_header(path: Path, lines: int, samples: int, nm: np.ndarray, tint: float, binning: int) -> None:
    """Write the fields of the recorder's header, spelt as it spells them; no clock, so bytes can repeat."""
    bands = len(nm)
    fps = min(50.0, np.floor(1000 / tint))
    default = [int(np.abs(nm - at).argmin()) + 1 for at in RGB_NM]  # ENVI counts bands from 1
    metadata = {
        "sensor type": SENSOR,
        "acquisition date": "DATE(yyyy-mm-dd): 2000-01-01",
        "samples": samples,
        "bands": bands,
        "lines": lines,
        "errors": "{none}",
        "interleave": "bil",
        "data type": 12,
        "header offset": 0,
        "byte order": 0,
        "x start": 0,
        "y start": 0,
        "default bands": "{" + ", ".join(map(str, default)) + "}",
        "himg": f"{{1, {samples}}}",
        "vimg": f"{{1, {bands}}}",
        "hroi": f"{{1, {samples}}}",
        "vroi": f"{{1, {bands}}}",
        "fps": f"{fps:.2f}",
        "fps_qpf": f"{fps:.2f}",
        "tint": f"{tint:.6f}",
        "binning": f"{{{binning}, 1}}",
        "trigger mode": "Internal",
        "sensorid": "simulated",
        "wavelength units": "nm",
        "wavelength": "{\n" + ",\n".join(f"{x:.2f}" for x in nm) + "\n}",
        "fwhm": "{\n" + ",\n".join([f"{FWHM_NM:.2f}"] * bands) + "\n}",
    }
    with atomic_write(path) as temporary:
        envi.write_envi_header(str(temporary), metadata)


def apparent(
    board: Board, share: np.ndarray, diffuse: np.ndarray, condition: sensor.Condition, shade: np.ndarray, rng
) -> np.ndarray:
    """Return a block of lines in units of the white panel, (lines, bands, samples); bright facets exceed 1.

    Diffuse reflectance times the light of the place, plus glints: metal facets catch the lamp at random, few
    are bright (log-normal), in the metal's own colour; glossy skins add a veil of the lamp's colour.

    Args:
        board: its specular shares are used.
        share: from ``Board.abundance``.
        diffuse: from ``Board.reflectance``.
        condition: its glint is used.
        shade: from ``sensor.light``, (lines, samples) of the block.
        rng: numpy Generator, used once in C order.
    """
    facet = np.exp(rng.standard_normal(shade.shape, dtype=np.float32) * np.float32(1.1))
    metal, gloss = (np.einsum("lms,m->ls", share, specular) for specular in (board.metal, board.gloss))
    on_metal = 0.07 * condition.glint * metal * facet
    veil = np.sqrt(condition.glint) * gloss
    return diffuse * (shade + on_metal)[:, None] + veil[:, None]


def _streams(params: Simulate, index: int, condition: int) -> list[np.random.Generator]:
    """Return generators for glints, sample, white and dark noise; each capture has its own."""
    return [np.random.default_rng([params.seed, 4, index, condition, k]) for k in range(4)]


def simulate(*, out: Path, scene: str, params: Simulate) -> None:
    """Write the captures of one simulated board under every condition.

    Under ``out``, for each condition: ``<scene>_<condition>/capture/`` with the sample, WHITEREF and DARKREF
    as ENVI BIL of uint16 counts (lines, bands, samples), 0-4095, and ``<scene>_<condition>/mask.png``, uint8
    class ids (0 others, 1 ic, 2 capacitor, 3 connectors), the same under every condition. The dark reference
    has the sample's integration time, the white reference its own. Same seed, scene, condition: same bytes.

    Raises:
        BoardbenchError: for a scene that the parameters do not have.
    """
    names = scene_names(params)
    if scene not in names:
        raise BoardbenchError(
            f"--scene {scene}: no such simulated board; --boards {params.boards} gives {names[0]} to "
            f"{names[-1]}. Name one of these, or raise boards (params: segmentation.simulate.boards)."
        )
    index = names.index(scene)
    nm = wavelengths(params.bands)
    lines, samples = params.lines, params.samples
    board = make_board(index, lines, samples, nm, params.seed)
    camera = sensor.camera(nm, samples, params.seed)
    chosen = sensor.conditions(params.conditions, params.seed)
    streams = [_streams(params, index, k) for k in range(len(chosen))]
    shades = [sensor.light(board.height, condition, board.mm_a_line) for condition in chosen]
    captures = [f"{scene}_{condition.name}" for condition in chosen]
    folders = [out / capture / "capture" for capture in captures]

    with ExitStack() as stack:
        # The mixing of materials is the same under every light: all conditions are written side by side.
        files = [
            stack.enter_context((stack.enter_context(atomic_write(folder / f"{capture}.raw"))).open("wb"))
            for folder, capture in zip(folders, captures, strict=True)
        ]
        for first in range(0, lines, BLOCK):
            last = min(first + BLOCK, lines)
            share = board.abundance(first, last)
            diffuse = board.reflectance(share, first)
            for condition, shade, (glints, noise, *_), file in zip(chosen, shades, streams, files, strict=True):
                seen = apparent(board, share, diffuse, condition, shade[first:last], glints)
                sensor.expose(camera, condition, seen, condition.tint, seen.shape, noise).tofile(file)

    count = min(REFERENCE_LINES, max(8, lines // 8))
    for condition, capture, folder, (_, _, white, dark) in zip(chosen, captures, folders, streams, strict=True):
        for prefix, level, tint, rng in (
            ("WHITEREF_", np.float32(1), condition.white_tint, white),
            ("DARKREF_", np.float32(0), condition.tint, dark),
        ):
            counts = sensor.expose(camera, condition, level, tint, (count, len(nm), samples), rng)
            with atomic_write(folder / f"{prefix}{capture}.raw") as temporary:
                counts.tofile(temporary)
            _write_header(folder / f"{prefix}{capture}.hdr", count, samples, nm, tint, camera.binning)
        _write_header(folder / f"{capture}.hdr", lines, samples, nm, condition.tint, camera.binning)
        with atomic_write(folder.parent / "mask.png") as temporary:
            Image.fromarray(board.mask).save(temporary)
