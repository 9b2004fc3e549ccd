"""The verb ``prune`` for a run of any study that prunes: the study's own step does the work."""

from pathlib import Path

from boardbench.engine.address import StoreAddress
from boardbench.errors import BoardbenchError
from boardbench.params.pruning import Pruning
from boardbench.study import find_study
from boardbench.study_flags import flags_of


def prune(
    *,
    run: Path,
    name: str = "pruned",
    out: Path | None = None,
    samples: Path | None = None,
    split: Path | None = None,
    augmentation: Path | None = None,
    reflectance: Path | None = None,
    normalization: Path | None = None,
    reduction: Path | None = None,
    tracking: StoreAddress | None = None,
    params: Pruning,
) -> None:
    """Make a trained run smaller: take whole channels out of it, or set weights to zero, and train it on.

    Works on runs on captures and on images. Zeros alone make nothing faster, and no file smaller that is not
    compressed; channels that are gone do both. Without --batch-size, a step takes as many as the run's own training
    took. Details: 'boardbench STUDY prune --help'.

    Args:
        run: folder of the trained run (model.pt); it stays as it is.
        name: of the pruning.
        out: folder of the pruned run; pruned/<name>/<run> beside the folder of runs where none is given.
        samples: of images: samples.csv; the nearest above the run where none is given.
        split: of captures: split.csv; the nearest above the run where none is given.
        augmentation: of captures: augmentation.csv; the one beside the split where none is given.
        reflectance: of captures: folder of cubes; the one beside the split where none is given.
        normalization: of captures: normalization.npz; the nearest above the run where it needs one and none is given.
        reduction: of captures: fitted reduction; the nearest reduction/<strategy>.npz above the run where it needs one
            and none is given.
        tracking: MLflow store that shows the run.
        params: method, ratio, and how it is trained on.

    Raises:
        BoardbenchError: no such run, a run of a study without pruning, a flag of another study, or data that are not
            where they are looked for.
    """
    from boardbench.engine.modelfile import study_of

    of = find_study(study_of(run), str(run))
    if not of.prune:
        raise BoardbenchError(
            f"{run}: a run of the {of.name} study, which has no pruning. Give a run of another study."
        )
    step = of.get("prune")
    flags = {"samples": samples, "split": split, "augmentation": augmentation, "reflectance": reflectance}
    given = flags_of(of, step, flags | {"normalization": normalization, "reduction": reduction}, run)
    folder = (run if run.is_dir() else run.parent).resolve()
    out = out or folder.parents[1] / "pruned" / name / folder.name
    step(name=name, run=run, out=out, tracking=tracking, params=_as_trained(params, folder), **given)


def _as_trained(params: Pruning, folder: Path) -> Pruning:
    """Return the params with the run's own batch size where none was given."""
    from boardbench.engine.record import read_training

    if "batch_size" in params.model_fields_set:
        return params
    try:
        size = int(read_training(folder)["settings"]["batch_size"])
    except (ValueError, KeyError, TypeError) as error:
        raise BoardbenchError(
            f"{folder / 'training.json'}: does not say how many samples a step of training took ({error}). Give "
            "--batch-size."
        ) from None
    return params.model_copy(update={"batch_size": size})
