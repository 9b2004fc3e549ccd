"""The record of one training run: its fingerprint, its checkpoints, its files and its entry in MLflow."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from boardbench.artifacts import write
from boardbench.engine.address import StoreAddress
from boardbench.engine.artifacts import Seconds, Training
from boardbench.engine.history import History
from boardbench.engine.latency import hardware
from boardbench.engine.system import write_samples
from boardbench.engine.tracking import Run, Store
from boardbench.engine.training import remove_checkpoints
from boardbench.files import write_text


@dataclass(frozen=True)
class Record:
    """A run while it is trained.

    Attributes:
        study: name of the study.
        out: run folder.
        description: what the run is: data set, network, seed, hash of the data.
        fingerprint: of the run.
        settings: how it is trained, as plain values.
        entry: in MLflow; None: not shown.
    """

    study: str
    out: Path
    description: dict[str, Any]
    fingerprint: str
    settings: dict[str, Any]
    entry: Run | None

    @property
    def checkpoints(self) -> Path:
        """Folder of this run's checkpoints, which a run of other settings does not share."""
        return self.out / "checkpoints" / self.fingerprint

    def write(self, network: nn.Module, history: History, **more: Any) -> None:
        """Write history.csv, seconds.json (what was measured) and, last, training.json (the same in every run).

        Args:
            network: that was trained.
            history: of its training.
            more: what training.json says besides.
        """
        write_text(self.out / "history.csv", pd.DataFrame(history.rows).to_csv(index=False), record=True)
        on_gpu = self.settings.get("device") != "cpu" and torch.cuda.is_available()
        epoch = sum(history.seconds) / len(history.seconds)
        measured = Seconds(
            seconds=round(sum(history.seconds), 3),
            seconds_per_epoch=round(epoch, 4),
            **({"images_per_s": round(more["train_images"] / epoch, 1)} if "train_images" in more else {}),
            threads=torch.get_num_threads(),
            device="cuda" if on_gpu else "cpu",
            hardware=hardware(),
        )
        write(self.out / "seconds.json", measured)
        write_samples(self.out, self.entry.samples if self.entry else [])
        content = {
            "study": self.study,
            **self.description,
            "fingerprint": self.fingerprint,
            "epochs": len(history.rows),
            "kept_epoch": history.kept_epoch,
            "parameters": sum(weight.numel() for weight in network.parameters()),
            "settings": self.settings,
            **more,
        }
        write(self.out / "training.json", Training(**content))


@contextmanager
def record_run(
    study: str,
    verb: str,
    name: str,
    *,
    out: Path,
    description: dict[str, Any],
    fingerprint: str,
    settings: dict[str, Any],
    tracking: StoreAddress | None,
    shown: dict[str, Any] | None = None,
) -> Iterator[Record]:
    """Give the record of a run; its entry in MLflow ends as the block does: finished, failed or killed.

    Its checkpoints are removed where the block succeeds, and kept where it does not, so that it can go on. One process
    trains a run at a time: what a killed workflow left running is waited for, or it would remove our checkpoints.

    Args:
        study: of the run, which names MLflow's experiment.
        verb: that makes it: train or prune.
        name: of the run, behind that of its data set.
        out: run folder.
        description: what the run is; ``dataset`` is one of its keys.
        fingerprint: of the run.
        settings: how it is trained, as plain values.
        tracking: MLflow store; None: the run is not shown.
        shown: what MLflow shows besides description and settings.
    """
    with _alone(out):
        entry = None
        if tracking:
            title = f"{description['dataset']} {name}"
            parameters = description | settings | (shown or {})
            entry = Store(tracking).start(study, title, fingerprint, parameters, f"{study} {verb}")
        record = Record(study, out, description, fingerprint, settings, entry)
        try:
            yield record
        except BaseException as error:
            if entry:
                entry.finish("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
            raise
        if entry:
            entry.finish()
        remove_checkpoints(record.checkpoints)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Wait until no other process trains the run of this folder."""
    from filelock import FileLock, Timeout

    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / ".training.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"{out}: another process trains this run; waiting for its end", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
