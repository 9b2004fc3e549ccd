"""The verb ``export`` for a run of any study: the study's own step does the work."""

from pathlib import Path

from boardbench.engine.address import STORE, StoreAddress
from boardbench.study import find_study
from boardbench.study_flags import flags_of


def export(
    *,
    run: Path,
    precisions: list[str] | None = None,
    runtimes: list[str] | None = None,
    out: Path | None = None,
    sheet: Path | None = None,
    split: Path | None = None,
    drift: Path | None = None,
    bands_read: bool = False,
    size: str | None = None,
    photos: list[Path] | None = None,
    samples: Path | None = None,
    unregistered: bool = False,
    tracking: StoreAddress = STORE,
    threads: int = 2,
) -> None:
    """Write a trained run of any study as ONNX files with all preprocessing inside, and check them against the run.

    A run on captures takes raw counts and gives classes; it is checked on its test captures. A run on photos takes a
    photo and gives corners; it is checked on photos of its station. A run on images takes images and gives classes; it
    is checked on its test images. Details: 'boardbench STUDY export --help'.

    Args:
        run: folder of the run (model.pt).
        precisions: float32, int8; float32 where none is given.
        runtimes: of captures: onnxruntime, openvino: what the files are checked by; onnxruntime always.
        out: folder to write to; the run's own where none is given.
        sheet: of captures: capture sheet; data/raw/<dataset>/captures.csv where none is given.
        split: of captures: split.csv; the nearest above the run where none is given.
        drift: of captures: drift.json, which the files then carry; the nearest above the run where none is given.
        bands_read: of captures: take no other bands than those that the network reads.
        size: of captures that were resized: 'any' makes files that take lines as the camera gives them.
        photos: of photos: photos to check the files on; those in data/raw/<dataset> where none are given.
        samples: of images: samples.csv; the one in a folder above the run where none is given.
        unregistered: leave MLflow's model registry alone.
        tracking: MLflow store whose registry gets the files.
        threads: of ONNX Runtime and torch.

    Raises:
        BoardbenchError: no such run, or a flag of another study.
    """
    from boardbench.engine.modelfile import study_of

    of = find_study(study_of(run), str(run))
    step = of.get("export")
    flags = {"sheet": sheet, "split": split, "drift": drift, "bands_read": bands_read, "size": size}
    flags |= {"photos": photos, "samples": samples, "runtimes": runtimes}
    common = {"precisions": precisions, "out": out, "unregistered": unregistered, "tracking": tracking}
    step(run=run, **common, threads=threads, **flags_of(of, step, flags, run))
