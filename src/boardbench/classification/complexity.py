"""What trained networks cost: parameters, operations and bytes, with and without the zeros that pruning leaves.

Counted, not measured: the same runs give the same table. What zeros and channels buy in time is in latency.csv.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from boardbench.errors import BoardbenchError
from boardbench.files import write_csv

if TYPE_CHECKING:
    from boardbench.classification.model import Model

COLUMNS = (
    "name",
    "pruning",
    "seed",
    "network",
    "parameters",
    "parameters_nonzero",
    "gmacs",
    "gmacs_effective",
    "bytes",
    "bytes_compressed",
)


def complexity(*, runs: list[Path], out: Path) -> None:
    """Count what each run stores, and what it computes for one image of its data set.

    Args:
        runs: run folders (model.pt), pruned ones too.
        out: table to write (CSV), rows in the order of ``runs``: name, pruning (empty: none), seed, network;
            parameters and how many of them are not zero; gmacs (:mod:`boardbench.engine.complexity`) and
            gmacs_effective, without the products with zeros, which dense kernels compute all the same; bytes of all
            weights and statistics, and bytes_compressed, of the same by zlib, level 9.

    Raises:
        BoardbenchError: no run, a folder without a run of this study, or the same run twice.
    """
    from boardbench.engine.pruning import cost, weight_bytes

    rows = []
    for key, model in opened(runs, out).items():
        counted = cost(model.network, model.size[:2])
        rows.append(
            [
                *key,
                *(counted.parameters, counted.parameters_nonzero),
                *(f"{macs / 1e9:.9f}" for macs in (counted.macs, counted.macs_effective)),
                *weight_bytes(model.network),
            ]
        )
    write_csv(out, COLUMNS, rows)


def opened(runs: list[Path], out: Path) -> dict[tuple[str, str, str, str], "Model"]:
    """Read runs for one table.

    Args:
        runs: run folders.
        out: the table, for messages.

    Returns:
        by name, pruning ('' for none), seed and network, in the order of ``runs``.

    Raises:
        BoardbenchError: no run, a folder without a run of this study, of another data set, or the same run twice.
    """
    from boardbench.classification.model import load

    if not runs:
        raise BoardbenchError(f"{out}: no run to put there. Give --runs at least once.")
    models: dict[tuple[str, str, str, str], Model] = {}
    folders: dict[tuple[str, str, str, str], Path] = {}
    for run in runs:
        model = load(run)
        first = next(iter(models.values()), model)
        if model.dataset != first.dataset:
            raise BoardbenchError(
                f"{run}: dataset is {model.dataset!r}, but {runs[0]} has {first.dataset!r}: their images differ. Give "
                "--runs of one data set."
            )
        pruning = model.pruning["name"] if model.pruning else ""
        key = (model.name, pruning, str(model.seed), model.settings["network"])
        if key in models:
            raise BoardbenchError(
                f"{run}: the same name, pruning and seed as {folders[key]}. Give each of --runs once."
            )
        models[key], folders[key] = model, run
    return models
