"""What the parts of benchmarks/gpu.py share: their sizes, the time of epochs, memory, and the row of a part."""

import argparse
import gc
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

import measuring
from boardbench.engine.arithmetic import fix_arithmetic
from boardbench.params.params import Params, load_params
from gpu_table import ROOT, Clock, LeftOut

SEED = 0


@dataclass(frozen=True)
class Sizes:
    """How large everything is.

    Attributes:
        lines: of a capture, and samples.
        bands: of a capture.
        train: captures of an epoch.
        validation: captures that are scored after it.
        segmentation: settings of the network and its loop that differ from the preset's.
        steps: that are timed.
        table7: networks.
        epoch: arguments of the verb that times an epoch of table 7.
        cifar: settings that differ from the preset's.
    """

    lines: int
    bands: int
    train: int
    validation: int
    segmentation: dict[str, Any]
    steps: int
    table7: tuple[str, ...]
    epoch: dict[str, Any]
    cifar: dict[str, Any]


FULL = Sizes(
    640, 214, 126, 3, {}, 10, ("resnet18", "vgg16", "mobilenet_v2"), {"devices": ["cuda"]}, {"workers": 4, "threads": 4}
)
DRY = Sizes(
    lines=32,
    bands=8,
    train=4,
    validation=1,
    segmentation={"width": 2, "batch_size": 2, "workers": 0, "threads": 1},
    steps=1,
    table7=("mobilenet_v2",),
    epoch={"devices": ["cpu"], "images": 4, "batch_size": 2, "steps": 1, "threads": 1},
    cifar={"width": 0.125, "batch_size": 32, "epochs": 2},
)


class Watch:
    """In place of MLflow: keeps the time of each epoch, and ends a training that has no time for another."""

    def __init__(self, clock: Clock, epochs: int):
        self.epochs: list[dict[str, float]] = []
        self.samples: list[Any] = []  # a tracker's, of the machine
        self.waited = 0.0  # seconds for batches, in this epoch
        self._clock, self._wanted = clock, epochs

    def start(self, *_) -> "Watch":
        """Be the store's run."""
        self._first = self._begun = time.perf_counter()
        return self

    def log(self, rows: list[dict[str, float]]) -> None:
        """Take in an epoch, the checkpoint of the one before included."""
        now = time.perf_counter()
        seconds = now - self._begun
        self.epochs.append(rows[-1] | {"took": seconds, "at": now - self._first, "loader": self.waited / seconds})
        self._begun, self.waited = now, 0.0
        if len(self.epochs) < self._wanted and self._clock.left() < seconds:
            raise LeftOut("no time was left for another epoch")

    def finish(self, *_) -> None:
        """Do nothing."""


class Part:
    """What is measured, and what the measurements share.

    Args:
        folder: for data and runs; nothing in it is a result.
        out: of the tables.
        sizes: FULL or DRY.
        clock: of the whole command.
        options: of the command line: cifar, dry, epochs, seeds.
    """

    def __init__(self, folder: Path, out: Path, sizes: Sizes, clock: Clock, options: argparse.Namespace):
        self.folder, self.out, self.sizes, self.clock, self.options = folder, out, sizes, clock, options
        self.cuda = not options.dry
        self.device = "cuda" if self.cuda else "cpu"
        self.card = torch.cuda.get_device_name().replace(",", ";") if self.cuda else "none (dry run)"
        # As the project's loop does, for the steps that are timed without it.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
        fix_arithmetic(sizes.segmentation.get("threads", 4))

    @staticmethod
    def preset(name: str) -> Params:
        """Return a preset of the project over its defaults."""
        return load_params(yaml.safe_load((ROOT / "workflow" / "presets" / name).read_text(encoding="utf-8")), name)

    def begin(self) -> None:
        """Forget what earlier parts took of the memory."""
        gc.collect()
        if self.cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def memory(self) -> float:
        """Return the most memory since the part began, MiB: torch's on the GPU, in a dry run the whole process's."""
        return torch.cuda.max_memory_allocated() / 2**20 if self.cuda else measuring.peak_mb()

    def row(self, part: str, what: str, precision: str, seconds: float | None, samples: int | None, **more: Any):
        """Return a row of gpu.csv; ``samples`` is what the seconds were for, None where a rate means nothing."""
        notes = [more.pop("note", "")]
        if precision == "32" and self.cuda and torch.backends.cudnn.allow_tf32:
            notes.append("convolutions in TF32, as torch does by default")
        common = {"card": self.card, "torch": torch.__version__, "hardware": measuring.hardware()}
        common |= {"memory_mib": round(self.memory()), "note": "; ".join(filter(None, notes))}
        measured = {"seconds": seconds, "samples_per_s": samples / seconds if samples and seconds else None}
        return {"part": part, "what": what, "precision": precision, **measured, **common, **more}
