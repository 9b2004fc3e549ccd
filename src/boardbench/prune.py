"""The verb ``prune`` for a run of either study with networks to prune: each study's own step does the work."""

import json
from pathlib import Path

from boardbench.errors import BoardbenchError
from boardbench.params.pruning import Pruning


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
    tracking: Path | None = None,
    params: Pruning,
) -> None:
    """Make a trained run smaller: take whole channels out of it, or set weights to zero, and train it on.

    Works on runs of the segmentation and the classification study ('boardbench segmentation prune', 'boardbench
    classification prune'). Zeros alone make nothing faster, and no file smaller that is not compressed; channels that
    are gone do both. Without --batch-size, a step takes as many as the run's own training took.

    Args:
        run: folder of the trained run (model.pt); it stays as it is.
        name: of the pruning.
        out: folder of the pruned run; pruned/<name>/<run> beside the folder of runs where none is given.
        samples: classification: samples.csv; the nearest above the run where none is given.
        split: segmentation: split.csv; the nearest above the run where none is given.
        augmentation: segmentation: augmentation.csv; the one beside the split where none is given.
        reflectance: segmentation: folder of cubes; the one beside the split where none is given.
        normalization: segmentation: normalization.npz; the nearest above the run where it needs one and none is given.
        reduction: segmentation: fitted reduction; the nearest reduction/<strategy>.npz above the run where it needs one
            and none is given.
        tracking: MLflow store that shows the run.
        params: method, ratio, and how it is trained on.

    Raises:
        BoardbenchError: no such run, a run of the placement study, a flag of the other study, or data that are not
            where they are looked for.
    """
    from boardbench.engine.modelfile import study_of

    study = study_of(run)
    given = {
        "segmentation": {
            "--split": split,
            "--augmentation": augmentation,
            "--reflectance": reflectance,
            "--normalization": normalization,
            "--reduction": reduction,
        },
        "classification": {"--samples": samples},
    }
    if study not in given:
        raise BoardbenchError(
            f"{run}: a run of the {study} study, which has no pruning. Give a run of segmentation or classification."
        )
    wrong = [flag for other, flags in given.items() if other != study for flag, value in flags.items() if value]
    if wrong:
        raise BoardbenchError(f"{run}: a run of the {study} study, which takes no {', '.join(wrong)}. Leave it out.")
    folder = (run if run.is_dir() else run.parent).resolve()
    out = out or folder.parents[1] / "pruned" / name / folder.name
    common = {"name": name, "run": run, "out": out, "tracking": tracking, "params": _as_trained(params, folder, study)}
    if study == "classification":
        from boardbench.classification.pruning import prune as classification

        classification(**common, samples=samples or _above(folder, "samples.csv", "--samples"))
        return
    from boardbench.segmentation import reduction as strategies
    from boardbench.segmentation.model import load
    from boardbench.segmentation.pruning import prune as segmentation

    split = split or _above(folder, "split.csv", "--split")
    data, model = split.parent, load(run)
    if normalization is None and model.normalization:
        normalization = _above(folder, "normalization.npz", "--normalization")
    if reduction is None and strategies.is_fitted(model.strategy):
        reduction = _above(folder, f"reduction/{model.strategy}.npz", "--reduction")
    files = {
        "augmentation": augmentation or data / "augmentation.csv",
        "reflectance": reflectance or data / "reflectance",
        **({"normalization": normalization} if normalization else {}),
        **({"reduction": reduction} if reduction else {}),
    }
    for flag, path in files.items():
        if not path.exists():
            raise BoardbenchError(f"{path}: no such file. The run is trained on with it: name it with --{flag}.")
    segmentation(**common, split=split, **files)


def _above(folder: Path, name: str, flag: str) -> Path:
    """Return the nearest file of a name in the folders above a run."""
    found = next((above / name for above in folder.parents if (above / name).is_file()), None)
    if found is None:
        raise BoardbenchError(
            f"{folder}: no {name} in any folder above. The run is trained on with its own data: name it with {flag}."
        )
    return found


def _as_trained(params: Pruning, folder: Path, study: str) -> Pruning:
    """Return the params with the run's own batch size where none was given."""
    if "batch_size" in params.model_fields_set:
        return params
    try:
        training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        size = int(training["training" if study == "segmentation" else "settings"]["batch_size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BoardbenchError(
            f"{folder / 'training.json'}: does not say how many samples a step of training took ({error}). Give "
            "--batch-size."
        ) from None
    return params.model_copy(update={"batch_size": size})
