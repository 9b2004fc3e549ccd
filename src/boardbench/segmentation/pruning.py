"""Pruning of a trained segmentation run."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from boardbench.artifacts import read
from boardbench.engine.address import StoreAddress
from boardbench.engine.arithmetic import fix_arithmetic
from boardbench.engine.processes import on_each_device
from boardbench.engine.pruning import check_folder, pruned
from boardbench.engine.record import record_run
from boardbench.engine.tracking import fingerprint_of
from boardbench.errors import BoardbenchError
from boardbench.files import nearest_above, sha256
from boardbench.networks.squeeze_excitation import SqueezeExcitation
from boardbench.params.pruning import Pruning
from boardbench.params.segmentation import Training
from boardbench.segmentation import reduction as strategies
from boardbench.segmentation.artifacts import SegmentationTraining
from boardbench.segmentation.data import closed_test_part
from boardbench.segmentation.model import load, save
from boardbench.segmentation.training import TrainingData, batch_statistics, load_training_data, score

TRACED = (32, 32)  # whatever the captures' size: every backbone takes it, and it takes no time


def prune_run(
    *,
    name: str,
    run: Path,
    out: Path,
    split: Path | None = None,
    augmentation: Path | None = None,
    reflectance: Path | None = None,
    normalization: Path | None = None,
    reduction: Path | None = None,
    tracking: StoreAddress | None = None,
    params: Pruning,
) -> None:
    """Prune a run whose data lie in the folders above it, as :func:`prune`.

    Raises:
        BoardbenchError: data that are not there.
    """
    folder = (run if run.is_dir() else run.parent).resolve()
    model, split = load(run), split or nearest_above(folder, "split.csv", "--split")
    if normalization is None and model.normalization:
        normalization = nearest_above(folder, "normalization.npz", "--normalization")
    if reduction is None and strategies.is_fitted(model.strategy):
        reduction = nearest_above(folder, f"reduction/{model.strategy}.npz", "--reduction")
    files = {
        "augmentation": augmentation or split.with_name("augmentation.csv"),
        "reflectance": reflectance or split.with_name("reflectance"),
        **({"normalization": normalization} if normalization else {}),
        **({"reduction": reduction} if reduction else {}),
    }
    for flag, path in files.items():
        if not path.exists():
            raise BoardbenchError(f"{path}: no such file. The run is trained on with it: name it with --{flag}.")
    prune(name=name, run=run, out=out, split=split, tracking=tracking, params=params, **files)


@on_each_device
def prune(
    *,
    name: str,
    run: Path,
    split: Path,
    augmentation: Path,
    reflectance: Path,
    normalization: Path | None = None,
    reduction: Path | None = None,
    out: Path,
    tracking: StoreAddress | None = None,
    params: Pruning,
) -> None:
    """Prune a trained run, train it on, and write its run folder ``out`` as 'boardbench segmentation train' does.

    'boardbench segmentation evaluate --out OUT' scores it as any run. The validation score is the mean IoU; the test
    part is never read. MACs are those of one capture of the size that the run was trained on.

    Args:
        name: of the pruning, as segmentation.pruning has it.
        run: folder of the trained run; it stays as it is.
        split: split.csv.
        augmentation: augmentation.csv; gone through again where it has fewer epochs than are trained on.
        reflectance: folder of cubes and masks at working size.
        normalization: normalization.npz that the run was trained with; none: bands as they are.
        reduction: fitted reduction, where the run's strategy has one.
        out: folder of the pruned run, another than the run's own.
        tracking: MLflow store that shows the run.
        params: method, ratio, and how it is trained on.

    Raises:
        BoardbenchError: a folder without a run, a run that is pruned already, the run's own folder as ``out``, or a
            ratio that empties a layer.
    """
    fix_arithmetic(params.threads)
    model = load(run)
    check_folder(run, out, model.pruning)
    folder = run if run.is_dir() else run.parent
    learnt = read(folder / "training.json", SegmentationTraining, "segmentation train").settings
    settings = Training(
        **{key: learnt[key] for key in ("class_weights", "patch")},
        loss=learnt.get("loss", "cross_entropy"),  # runs of version 0.1 do not say
        loss_mean=learnt.get("loss_mean", "weights"),
        batch_size=params.batch_size,
        workers=params.workers,
    )
    training_data = load_training_data(
        split=split,
        augmentation=augmentation,
        reflectance=reflectance,
        normalization=normalization,
        reduction=reduction,
        classes=model.classes,
        seed=model.seed,
        params=settings,
        again=True,
    )
    chosen = params.model_dump(mode="json", include=set(Pruning.model_fields))
    description = {
        "dataset": model.dataset,
        "backbone": model.backbone,
        "strategy": model.strategy,
        "seed": model.seed,
        "normalization": model.normalization.method if model.normalization else "none",
        "data": training_data.data,
    }
    fingerprint = fingerprint_of(**description, pruning=name, params=chosen, parent=sha256(folder / "model.pt"))
    with (
        closed_test_part(split),
        record_run(
            "segmentation",
            "prune",
            f"{model.name}-{name}",
            out=out,
            description=description | {"pruning": name},
            fingerprint=fingerprint,
            settings=learnt | chosen,
            tracking=tracking,
        ) as record,
    ):
        torch.manual_seed(model.seed)
        result = pruned(
            model.network,
            params,
            size=training_data.size,
            whole=["backbone.head", *_gates_of_bands(model.network)],
            traced=TRACED,
            validated=lambda network: _mean_iou(network, training_data),
            losses=lambda network: (
                training_data.loss(network(inputs), truth) for inputs, truth in training_data.loaders[0]
            ),
            train=lambda network: training_data.fit(network, params, model.seed, record),
        )
        summary = {"name": name, **result.summary}
        save(replace(model, network=result.network, pruning=summary), out / "model.pt")
        record.write(result.network, result.history, class_weights=training_data.class_weights, pruning=summary)


def _mean_iou(network: nn.Module, training_data: TrainingData) -> float:
    """Return the mean IoU on the validation part."""
    with torch.inference_mode():
        return score([batch_statistics(network(inputs), targets) for inputs, targets in training_data.loaders[1]])[
            "iou"
        ]


def _gates_of_bands(network: nn.Module) -> list[str]:
    """Return the name of the spectral encoder's gates on the bands, of which there must be as many as bands."""
    return [
        name
        for name, layer in network.spectral_encoder.named_modules(prefix="spectral_encoder")
        if isinstance(layer, SqueezeExcitation)
    ]
