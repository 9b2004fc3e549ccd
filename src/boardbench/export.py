"""The verb ``export`` for a run of any study: each study's own step does the work."""

from pathlib import Path

from boardbench.errors import BoardbenchError


def export(
    *,
    run: Path,
    precisions: list[str] | None = None,
    out: Path | None = None,
    sheet: Path | None = None,
    split: Path | None = None,
    drift: Path | None = None,
    bands_read: bool = False,
    photos: list[Path] | None = None,
    samples: Path | None = None,
    unregistered: bool = False,
    tracking: Path = Path("results/mlflow.db"),
    threads: int = 2,
) -> None:
    """Write a trained run as ONNX files with all preprocessing inside, and check them against the run.

    A segmentation run takes raw counts and gives classes ('boardbench segmentation export'); it is checked on its test
    captures. A placement run takes a photo and gives corners ('boardbench placement export'); it is checked on photos
    of its station. A classification run takes images and gives classes ('boardbench classification export'); it is
    checked on its test images.

    Args:
        run: folder of the run (model.pt).
        precisions: float32, int8; float32 where none is given.
        out: folder to write to; the run's own where none is given.
        sheet: segmentation: capture sheet; data/raw/<dataset>/captures.csv where none is given.
        split: segmentation: split.csv; the nearest above the run where none is given.
        drift: segmentation: drift.json, which the files then carry; the nearest above the run where none is given.
        bands_read: segmentation: take no other bands than those that the network reads.
        photos: placement: photos to check the files on; those in data/raw/<dataset> where none are given.
        samples: classification: samples.csv; the one in a folder above the run where none is given.
        unregistered: leave MLflow's model registry alone.
        tracking: MLflow store whose registry gets the files.
        threads: of ONNX Runtime and torch.

    Raises:
        BoardbenchError: no such run, or a flag of another study.
    """
    from boardbench.engine.modelfile import study_of

    study = study_of(run)
    flags = {
        "segmentation": {"--sheet": sheet, "--split": split, "--drift": drift, "--bands-read": bands_read},
        "placement": {"--photos": photos},
        "classification": {"--samples": samples},
    }
    if study not in flags:
        raise BoardbenchError(
            f"{run}: a run of the {study} study, which this version does not know. Update boardbench."
        )
    wrong = [flag for other, given in flags.items() if other != study for flag, value in given.items() if value]
    if wrong:
        raise BoardbenchError(f"{run}: a run of the {study} study, which takes no {', '.join(wrong)}. Leave it out.")
    common = {
        "run": run,
        "precisions": precisions,
        "out": out,
        "unregistered": unregistered,
        "tracking": tracking,
        "threads": threads,
    }
    if study == "segmentation":
        from boardbench.segmentation.export import export as segmentation

        segmentation(**common, sheet=sheet, split=split, drift=drift, bands_read=bands_read)
    elif study == "classification":
        from boardbench.classification.export import export as classification

        classification(**common, samples=samples)
    else:
        from boardbench.placement.export import export as placement
        from boardbench.placement.model import load
        from boardbench.placement.photos import find_photos

        folder = Path("data/raw") / load(run).dataset
        placement(**common, photos=photos or [files.photo for files in find_photos(folder, None).values()])
