"""The step from a trained run to ONNX files that take photos, each checked against the run itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from boardbench.engine.address import STORE, StoreAddress
from boardbench.engine.exported import FILES, check_precisions, metadata_of, report_on
from boardbench.engine.models import ModelFacts
from boardbench.engine.onnxfile import session
from boardbench.errors import BoardbenchError
from boardbench.placement.photos import find_photos, open_photo

if TYPE_CHECKING:
    from boardbench.placement.model import Model

CLOSE = 0.05
"""Most pixels of the photo by which a float32 file may place a corner elsewhere than the run does."""


def export(
    *,
    run: Path,
    precisions: list[str] | None = None,
    out: Path | None = None,
    photos: list[Path] | None = None,
    unregistered: bool = False,
    tracking: StoreAddress = STORE,
    threads: int = 1,
) -> None:
    """Write a trained run as ONNX files from photo to corners, and check them on photos.

    A file takes a photo (lines, samples, 3) uint8 RGB of the size the run's photos have, and gives the chip's corners
    (4, 2) float32 in the photo's pixels: c1 top-left, c2 top-right, c3 bottom-left, c4 bottom-right. Scaling and
    normalization are inside; metadata hold the nominal corners, the scale in mm and the commit.

    Writes model.onnx and, for int8, model-int8.onnx, and beside each export.json or export-int8.json: bytes, photos
    compared, largest_difference_px and mean_difference_px of a corner, in pixels of the photo.

    Args:
        run: folder of the run (model.pt).
        precisions: float32, int8; float32 where none is given. int8 takes its ranges from the photos.
        out: folder to write to; the run's own where none is given.
        photos: photos of the station, on which the files are checked; those in data/raw/<dataset> where none are given.
        unregistered: leave MLflow's model registry alone.
        tracking: MLflow store whose registry gets the files, as <dataset>-<run> and <dataset>-<run>-int8.
        threads: of ONNX Runtime and torch.

    Raises:
        BoardbenchError: no photos, or of another size, or a float32 file that places a corner elsewhere.
    """
    import torch

    from boardbench.engine.export import register, to_int8, to_onnx
    from boardbench.placement.deployment import INTERMEDIATE, Deployed
    from boardbench.placement.model import load

    precisions = check_precisions(precisions)
    model = load(run)
    out = out or (run if run.is_dir() else run.parent)
    torch.set_num_threads(threads)
    if not photos:
        folder = Path("data/raw") / model.dataset
        if not folder.is_dir():
            raise BoardbenchError(
                f"{run}: nothing to check the exported file on, {folder} is not there. Give --photos at least once."
            )
        photos = [files.photo for files in find_photos(folder, None).values()]
    seen = [_photo(path, model) for path in photos]

    deployed = Deployed(model).eval()
    paths = {precision: out / name for precision, name in FILES.items()}
    example = {"photo": torch.from_numpy(seen[0])}
    to_onnx(deployed, example, {}, ["corners"], [INTERMEDIATE], _metadata(model, "float32"), paths["float32"])
    if "int8" in precisions:
        samples = ({"photo": photo} for photo in seen)
        to_int8(paths["float32"], samples, INTERMEDIATE, _metadata(model, "int8"), paths["int8"])
    with torch.inference_mode():
        wanted = [deployed(torch.from_numpy(photo))[0].numpy() for photo in seen]
    for precision in precisions:
        path = paths[precision]
        run_file = session(path, threads)
        found = [run_file.run(["corners"], {"photo": photo})[0] for photo in seen]
        difference = np.abs(np.array(found) - np.array(wanted))
        largest = float(difference.max())
        mean = float(difference.mean())
        checked = {"photos": len(seen), "largest_difference_px": largest, "mean_difference_px": mean}
        said = f"corners of {len(seen)} photos differ from the run's by at most {largest:.4g} pixels"
        other = precision == "float32" and not largest <= CLOSE
        fault = f"a corner lies {largest:.3g} pixels from where the run places it (most: {CLOSE})." if other else ""
        report_on(path, precision, checked, said, fault)
        if not unregistered:
            name = "-".join([model.dataset, model.init, model.loss, f"seed{model.seed}"])
            name += path.stem.removeprefix("model")
            inputs = {"photo": ("uint8", (*model.photo_size, 3))}
            facts = ModelFacts.of_check(checked, f"{model.dataset} {model.init}-{model.loss}: {path.name}")
            register(path, name, inputs, {"corners": ("float32", (4, 2))}, tracking, facts)


def _photo(path: Path, model: "Model") -> np.ndarray:
    pixels, _ = open_photo(path)
    if pixels.shape[:2] != model.photo_size:
        raise BoardbenchError(
            f"{path}: {pixels.shape[0]} lines x {pixels.shape[1]} samples, but the run was trained on photos of "
            f"{model.photo_size[0]} x {model.photo_size[1]}. Give photos of its station."
        )
    return np.ascontiguousarray(pixels)


def _metadata(model: "Model", precision: str) -> dict[str, Any]:
    names = ("dataset", "init", "loss", "backbone", "width", "seed", "size", "photo_size", "mm_per_pixel")
    return metadata_of("placement", model, names, precision, nominal=model.nominal.tolist())
