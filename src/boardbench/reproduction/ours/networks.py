"""Our networks in PyTorch as the reproduction sees them: the published tables of every data set that is CIFAR-10."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardbench.report.runs import read_csv, read_json
from boardbench.reproduction.ours.classification import DATASETS, Rows

VERB = "classification tables"
_NETWORKS = ("name", "network", "blocks", "learning_rate", "epochs", "seeds", "classes", "train_images", "accuracy")
_COSTS = ("name", "network", "pruning", "method", "ratio", "seeds", "accuracy", "parameters_millions", "gmacs")
_TIMES = ("name", "pruning", "network", "runtime", "batch", "threads", "n", "p50_ms", "speedup")
_EPOCHS = ("network", "device", "batch_size", "threads", "seconds_per_epoch", "hardware", "device_published")
COLUMNS = {
    "networks": (*_NETWORKS, "precision", "recall", "f_score", "setting_published"),
    "efficiency": (*_COSTS, "parameters_nonzero_millions", "params_millions_published"),
    "latency": (*_TIMES, "inference_ms_per_batch_published"),
    "epoch_seconds": _EPOCHS,
    "transfer": ("child", "parent", "classes", "parent_classes", "accuracy", "ratio"),
}


@dataclass(frozen=True)
class Trained:
    """Published tables of networks in PyTorch of one data set; cells are text, a table that is not there is empty."""

    dataset: str
    command: str
    about: dict[str, Any]
    networks: Rows
    efficiency: Rows
    latency: Rows
    epoch_seconds: Rows
    transfer: Rows

    @property
    def data(self) -> str:
        """What the data are, in brackets behind a number."""
        words = [self.dataset]
        words += [] if self.about["original"] else ["recoded as JPEG" if self.about["recoded"] else "pixels unknown"]
        words += [] if self.about["complete"] else [f"{self.about['parts']['train']} training images"]
        return ", ".join(words)


def read_trained(reports: Path) -> list[Trained]:
    """Return the data sets that are CIFAR-10 and have such tables, by name.

    Raises:
        BoardbenchError: one of the tables is broken.
    """
    found = []
    for path in sorted(reports.glob("tables/*/about.json")):
        about = read_json(path, VERB)
        if about.get("study") != "classification" or not about.get("cifar10"):
            continue
        rows = {
            table: read_csv(file, VERB, columns).to_dict("records") if file.is_file() else []
            for table, columns in COLUMNS.items()
            for file in [path.with_name(f"classification_{table}.csv")]
        }
        name = path.parent.name
        # A preset is called like the data set that it makes.
        command = DATASETS.get(name, f"snakemake --cores all --configfile workflow/presets/{name}.yaml")
        if any(rows.values()):
            found.append(Trained(name, command, about, **rows))
    return found
