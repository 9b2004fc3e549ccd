"""Pruning of a trained run of the classification study."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from boardbench.classification.data import read_samples
from boardbench.classification.dataset import Batches, loader, parts_of
from boardbench.classification.model import load, save
from boardbench.classification.training import counts, learn
from boardbench.engine.address import StoreAddress
from boardbench.engine.arithmetic import fix_arithmetic
from boardbench.engine.processes import on_each_device
from boardbench.engine.pruning import check_folder, pruned
from boardbench.engine.record import record_run
from boardbench.engine.tracking import fingerprint_of
from boardbench.files import nearest_above, sha256
from boardbench.params.pruning import Pruning

BATCH = 256


def prune_run(
    *,
    name: str,
    run: Path,
    out: Path,
    samples: Path | None = None,
    tracking: StoreAddress | None = None,
    params: Pruning,
) -> None:
    """Prune a run whose data lie in the folders above it, as :func:`prune`."""
    folder = (run if run.is_dir() else run.parent).resolve()
    samples = samples or nearest_above(folder, "samples.csv", "--samples")
    prune(name=name, run=run, samples=samples, out=out, tracking=tracking, params=params)


@on_each_device
def prune(
    *, name: str, run: Path, samples: Path, out: Path, tracking: StoreAddress | None = None, params: Pruning
) -> None:
    """Prune a trained run, train it on, and write its run folder ``out`` as 'boardbench classification train' does.

    All is chosen by the validation images of the run; the test images are not read. MACs are those of one image.
    'boardbench classification evaluate --out OUT' scores it as any run.

    Args:
        name: of the pruning, as classification.pruning has it.
        run: folder of the trained run; it stays as it is.
        samples: samples.csv of its data set, with samples.json and images.npy beside it.
        out: folder of the pruned run, another than the run's own.
        tracking: MLflow store that shows the run.
        params: method, ratio, and how it is trained on.

    Raises:
        BoardbenchError: a folder without a run, a run that is pruned already, the run's own folder as ``out``, other
            images, or a ratio that empties a layer.
    """
    fix_arithmetic(params.threads)
    model = load(run)
    check_folder(run, out, model.pruning)
    given = read_samples(samples)
    model.check(given, samples)
    settings = model.settings
    where = f"classification.pruning, {name}"
    parts = parts_of(given, model.classes, settings["validation"], model.seed, where, settings["train_images"])
    chosen = params.model_dump(mode="json", include=set(Pruning.model_fields))
    weights = run / "model.pt" if run.is_dir() else run
    description = {
        "dataset": model.dataset,
        "name": model.name,
        "network": settings["network"],
        "seed": model.seed,
        "data": sha256(samples, samples.with_name("samples.json"), weights)[:16],
        "pruning": name,
    }
    fingerprint = fingerprint_of(**description, study="classification", params=chosen)
    with record_run(
        "classification",
        "prune",
        f"{model.name}-{name}-seed{model.seed}",
        out=out,
        description=description,
        fingerprint=fingerprint,
        settings=settings,
        tracking=tracking,
        shown=chosen,
    ) as record:
        torch.manual_seed(model.seed)
        fitted = (model.normalization.offset, model.normalization.scale)
        scrambled = model.settings.get("scrambled", False)
        learning, validation = (Batches(part, *fitted, scrambled=scrambled) for part in (parts.train, parts.validation))
        result = pruned(
            model.network,
            params,
            size=given.size[:2],
            whole=[model.network.head],
            validated=_accuracy(validation, params.device),
            losses=lambda network: (
                nn.functional.cross_entropy(network(images), labels)
                for images, labels in loader(learning, settings["batch_size"], model.seed)
            ),
            train=lambda network: learn(network, parts, model.normalization, settings, params, model.seed, record),
        )
        small = replace(model, network=result.network, pruning={"name": name, **result.summary})
        save(small, out / "model.pt")
        record.write(
            small.network,
            result.history,
            kind="pruned",
            parent=model.name,
            **counts(small, parts),
            pruning=small.pruning,
        )


def _accuracy(images: Batches, device: str) -> Callable[[nn.Module], float]:
    """Return what gives a network's accuracy on images."""
    on = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"

    def accuracy(network: nn.Module) -> float:
        network.to(on)
        with torch.inference_mode():
            right = [
                int((network(inputs.to(on)).argmax(dim=1).cpu() == labels).sum())
                for inputs, labels in loader(images, BATCH, None)
            ]
        network.cpu()
        return sum(right) / len(images)

    return accuracy
