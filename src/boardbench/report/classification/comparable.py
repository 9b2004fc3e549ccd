"""What the cells of two classification runs must have in common to be comparable."""

from typing import Any

from boardbench.params.classification import Classification
from boardbench.report.verify.comparable import Scored, Table, dump, pruned


def _images(params: Classification) -> dict[str, Any]:
    return {"source": params.source, "archive": dump(params.archive)}


def runs(params: Classification) -> dict[str, Scored]:
    """Return run -> the settings that its scores hang on, and the seeds that are asked for."""
    images, networks = _images(params), params.networks.trainings
    numpy_networks = {
        run.name: Scored(images | dump(run), params.numpy_networks.seeds) for run in params.numpy_networks.runs
    }
    trained = {}
    for name, run in networks.items():
        line, start = [], run
        while start:  # a network that starts from another one's weights hangs on its settings too
            line.append(dump(start, "seeds", "grid"))
            start = networks.get(start.weights)
        trained[name] = Scored(images | {"run": line}, run.seeds or params.networks.seeds)
    return numpy_networks | trained | pruned(params.pruning, trained)


def tables(params: Classification) -> dict[str, Table]:
    """Return table -> its keys and the settings that its cells hang on, of tables equal on every machine."""
    settings = _images(params) | {"baselines": dump(params.baselines)}
    keys = ("method", "k", "distance", "normalization")
    return {
        "classification_baselines": Table(keys, settings),
        "classification_variants": Table(("variant", *keys), settings),
    }
