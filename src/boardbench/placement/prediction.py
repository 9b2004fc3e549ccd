"""Photos of boards to verdicts with a trained model: the verb ``boardbench inspect``.

Writes into a folder:

- ``verdicts.csv``: one row a photo, in the order given: photo; verdict (pass, fail, or none where it could not be
  inspected); offset_mm, offset_x_mm, offset_y_mm (to the right, down) and rotation_deg (clockwise) of the chip from its
  place; the corners found, in pixels of the photo; rectangle_residual, the sum of the four corner angles' abs(cos) (0
  for a rectangle); converted, what was done to the photo to read it; overlay, the picture's name; reason, why there is
  no verdict
- ``<photo>.png``: the photo with the chip's outline as it should be and as found
"""

import json as text
from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from boardbench.engine.modelfile import check_study
from boardbench.engine.onnxfile import open_onnx, session
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write
from boardbench.params.placement import Tolerance
from boardbench.placement.corners import COLUMNS, centre, deviation, order_corners
from boardbench.placement.overlay import overlay
from boardbench.placement.photos import open_photo
from boardbench.study import FIRST

MADE_BY = "boardbench inspect"
TABLE = "verdicts.csv"
FAILED_BOARD = 3
"""Exit code where every photo was inspected and a board failed."""
COLUMNS_OUT = (
    *("photo", "verdict", "offset_mm", "offset_x_mm", "offset_y_mm", "rotation_deg"),
    *COLUMNS,
    *("rectangle_residual", "converted", "overlay", "reason"),
)
_ROUND = [0, 1, 3, 2]  # c1, c2, c4, c3: once round the chip


class Finder(ABC):
    """A model that finds a chip's corners on photos of the station it was trained for.

    Attributes:
        path: file or folder it came from.
        photo_size: lines, samples.
        nominal: (4, 2) corners of a chip that sits right, in pixels of a photo.
        mm_per_pixel: (2,) of a photo, along x and y.
    """

    path: Path
    photo_size: tuple[int, int]
    nominal: np.ndarray
    mm_per_pixel: np.ndarray

    @abstractmethod
    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Return corners (4, 2) in pixels of a photo (lines, samples, 3) uint8 of the right size."""

    def _station(self, size: tuple[int, int], photo_size: tuple[int, int], nominal: Any, mm_per_pixel: Any) -> None:
        """Take over what is known in pixels of the network's images."""
        larger = np.array(photo_size[::-1]) / size[::-1]
        self.photo_size = tuple(photo_size)
        self.nominal = np.asarray(nominal, np.float64) * larger
        self.mm_per_pixel = np.asarray(mm_per_pixel, np.float64) / larger


class TorchFinder(Finder):
    """A run folder (or its model.pt), by torch: every step as in training and evaluation."""

    def __init__(self, path: Path, threads: int):
        import torch

        from boardbench.placement.deployment import Deployed
        from boardbench.placement.model import load

        model = load(path)
        torch.set_num_threads(threads)
        self.path, self._deployed = path, Deployed(model).eval()
        self._station(model.size, model.photo_size, model.nominal, model.mm_per_pixel)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Resize by area as training did, and predict."""
        import torch

        with torch.inference_mode():
            return self._deployed(torch.from_numpy(pixels))[0].double().numpy()


class OnnxFinder(Finder):
    """A file that ``boardbench export`` wrote from a placement run, by ONNX Runtime; it resizes by itself."""

    def __init__(self, path: Path, threads: int):
        metadata = open_onnx(path).metadata
        check_study(path, metadata.get("study", FIRST), "placement")
        self.path, self._session = path, session(path, threads)
        self._station(metadata["size"], metadata["photo_size"], metadata["nominal"], metadata["mm_per_pixel"])

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Run the file."""
        return self._session.run(["corners"], {"photo": pixels})[0].astype(np.float64)


def inspect(
    *,
    photos: list[Path],
    run: Path | None = None,
    model: Path | None = None,
    out: Path = Path("inspection"),
    threads: int = 1,
    json: bool = False,
    params: Tolerance,
) -> None:
    """Say of each photo whether the chip sits right: a line, a row of a table and a picture.

    One that cannot be inspected does not stop the others. Exit code: 0 all passed, 3 a board failed, 1 a photo could
    not be inspected (whatever the others gave) or nothing was.

    Args:
        photos: of boards under the camera of the training photos, at their size.
        run: folder of a placement run (or its model.pt); predicts by torch, exactly as in evaluation.
        model: file that 'boardbench export' wrote, instead of --run; predicts by ONNX Runtime.
        out: folder for verdicts.csv and a picture a photo; only what this verb wrote there is replaced.
        threads: of torch or ONNX Runtime.
        json: print JSON at the end instead of lines: the rows of verdicts.csv, and how many passed, failed and could
            not be inspected.
        params: what passes.

    Raises:
        BoardbenchError: before any work: no photo, no or two models, a model of another study, a file in the way; at
            the end: photos that could not be inspected, each with its reason.
        SystemExit: 3 where a board failed.
    """
    _check_flags(photos, run, model, threads)
    pictures = _pictures(photos, out)
    finder = TorchFinder(run, threads) if run is not None else OnnxFinder(model, threads)
    say = (lambda _: None) if json else partial(print, flush=True)
    say(f"tolerance: {_limits(params)}; model: {finder.path}")
    rows, failed = [], {}
    for photo, picture in zip(photos, pictures, strict=True):
        try:
            row = _one(finder, photo, picture, params)
            note = f" ({row['converted']})" if row["converted"] else ""
            say(f"{photo}: {row['verdict']}, {_found(row)}{note}")
        except (BoardbenchError, OSError) as error:
            failed[photo] = str(error)
            row = {"photo": str(photo), "verdict": "none", "reason": str(error)}
            say(f"{photo}: NOT INSPECTED, see the end")
        rows.append(row)
    _write(out / TABLE, rows)
    boards = sum(row["verdict"] == "fail" for row in rows)
    passed = len(rows) - boards - len(failed)
    say(f"{passed} passed, {boards} failed, {len(failed)} not inspected: {out / TABLE}")
    if json:
        counts = {"passed": passed, "failed": boards, "not_inspected": len(failed), "table": str(out / TABLE)}
        print(text.dumps({"verdicts": rows, **counts}, indent=2))
    if failed:
        listed = "\n".join(f"  {reason}" for reason in failed.values())
        raise BoardbenchError(f"{len(failed)} of {len(photos)} photos could not be inspected:\n{listed}")
    if boards:
        raise SystemExit(FAILED_BOARD)


def rectangle_residual(corners: np.ndarray) -> float:
    """Return the sum of the four corner angles' abs(cos) of corners (4, 2): 0 for a rectangle, 4 for a line."""
    ring = corners[_ROUND]
    edges = np.roll(ring, -1, axis=0) - ring
    edges = edges / np.linalg.norm(edges, axis=1, keepdims=True)
    return float(np.abs((edges * np.roll(edges, -1, axis=0)).sum(axis=1)).sum())


def _check_flags(photos: list[Path], run: Path | None, model: Path | None, threads: int) -> None:
    if not photos:
        raise BoardbenchError("no photo given. Name the photos to inspect.")
    if (run is None) == (model is None):
        raise BoardbenchError(
            f"{'no model' if run is None else '--run and --model'} given: name either a run folder with --run, or an "
            "exported .onnx file with --model."
        )
    if run is not None and run.suffix.lower() == ".onnx":
        raise BoardbenchError(f"{run}: --run takes the folder of a run; name an exported file with --model.")
    if model is not None and (model.is_dir() or model.suffix == ".pt"):
        raise BoardbenchError(f"{model}: --model takes an exported .onnx file; name a run's folder with --run.")
    if threads < 1:
        raise BoardbenchError(f"--threads {threads}: give 1 or more.")


def _pictures(photos: list[Path], out: Path) -> list[Path]:
    """Return where each photo's picture goes, no two to one file, after checking that no other file is in the way."""
    if out.exists() and not out.is_dir():
        raise BoardbenchError(f"{out}: --out is a file. Name a folder; it is made where it does not exist.")
    taken, pictures = set(), []
    for photo in photos:
        name, number = photo.stem, 1
        while name.casefold() in taken:  # some file systems do not tell A from a
            number += 1
            name = f"{photo.stem}-{number}"
        taken.add(name.casefold())
        pictures.append(out / f"{name}.png")
    for path in (out / TABLE, *pictures):
        if path.exists() and not _ours(path):
            raise BoardbenchError(
                f"{path}: exists and was not written by '{MADE_BY}'; it is not replaced. Give --out another folder, or "
                "move this file away."
            )
    return pictures


def _ours(path: Path) -> bool:
    """Whether a file in the way is an earlier result of this verb."""
    try:
        if path.name == TABLE:
            return path.read_text(encoding="utf-8").startswith(",".join(COLUMNS_OUT[:6]))
        with Image.open(path) as image:
            return image.info.get("Software") == MADE_BY
    except (OSError, ValueError):
        return False


def _one(finder: Finder, photo: Path, picture: Path, tolerance: Tolerance) -> dict[str, Any]:
    """Inspect one photo, write its picture and return its row."""
    pixels, converted = open_photo(photo)
    if pixels.shape[:2] != finder.photo_size:
        found, wanted = (f"{size[1]} x {size[0]}" for size in (pixels.shape, finder.photo_size))
        raise BoardbenchError(
            f"{photo}: {found} pixels, but {finder.path} was trained on photos of {wanted}. A pixel may be another "
            "length, and millimetres would be wrong: take the photo with the camera and settings of the training "
            f"photos, or train a run on photos of {found}."
        )
    corners = finder(pixels)
    try:
        order_corners(corners)
    except BoardbenchError:
        raise BoardbenchError(
            f"{photo}: the corners that {finder.path} found form no outline of a chip: {corners.round(1).tolist()}. "
            "Look whether the photo shows the board, lit and in its place; else the run needs more training."
        ) from None
    offset, turned = (float(value) for value in deviation(corners, finder.nominal, finder.mm_per_pixel))
    x, y = ((centre(corners) - centre(finder.nominal)) * finder.mm_per_pixel).tolist()
    passed = offset <= tolerance.offset_mm and abs(turned) <= tolerance.rotation_deg
    row = {
        "photo": str(photo),
        "verdict": "pass" if passed else "fail",
        **{"offset_mm": offset, "offset_x_mm": x, "offset_y_mm": y, "rotation_deg": turned},
        **dict(zip(COLUMNS, corners.ravel().tolist(), strict=True)),
        "rectangle_residual": rectangle_residual(corners),
        "converted": converted,
        "overlay": picture.name,
        "reason": "",
    }
    text = f"{row['verdict'].upper()}: {_found(row)}; tolerance {_limits(tolerance)}"
    about = PngImagePlugin.PngInfo()
    about.add_text("Software", MADE_BY)
    with atomic_write(picture) as beside:
        overlay(pixels, finder.nominal, corners, text=text).save(beside, pnginfo=about)
    return row


def _limits(tolerance: Tolerance) -> str:
    return f"{tolerance.offset_mm:g} mm, {tolerance.rotation_deg:g} deg"


def _found(row: dict[str, Any]) -> str:
    return (
        f"offset {row['offset_mm']:.3f} mm (x {row['offset_x_mm']:+.3f}, y {row['offset_y_mm']:+.3f}), "
        f"rotation {row['rotation_deg']:+.2f} deg"
    )


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the table, whole; numbers with 4 decimals."""
    import pandas as pd

    table = pd.DataFrame(rows, columns=list(COLUMNS_OUT))
    with atomic_write(path) as beside:
        table.to_csv(beside, index=False, float_format="%.4f", lineterminator="\n")
