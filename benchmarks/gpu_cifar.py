"""Papers 2 and 3 on a GPU: epochs of table 7, and ResNet-18 on CIFAR-10, by the project's own training."""

import csv
import dataclasses
import json
import shutil
import statistics
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn

import training_step
from boardbench.engine import record
from boardbench.params.networks import NamedTraining
from gpu_measure import SEED, Part, Watch
from gpu_table import LeftOut, write

NETWORKS = ("resnet18", "se-resnet18")  # runs of cifar-paper.yaml
GOALS = (0.94, 0.95)
RUN_COLUMNS = ("network", "seed", "epochs", "seconds", "seconds_per_epoch", "seconds_to_94", "seconds_to_95")
RUN_COLUMNS += ("validation_accuracy", "test_accuracy", "train_images", "test_images", "loader_share", "memory_mib")
RUN_COLUMNS += ("pixels", "card", "torch")
EPOCH_COLUMNS = ("network", "seed", "epoch", "seconds", "train_loss", "validation_loss", "validation_accuracy")


class _OnDevice(nn.Module):
    """Computes where its network is, and answers on the processor."""

    def __init__(self, network: nn.Module, device: str):
        super().__init__()
        self._network, self._device = network.to(device), device

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._network(x.to(self._device)).cpu()


class Images(Part):
    """Networks of 32 x 32 images."""

    def __init__(self, *given: Any):
        super().__init__(*given)
        self._settings = self.preset("cifar-paper.yaml").classification.networks.trainings
        self._runs: list[dict[str, Any]] = []
        self._history: list[dict[str, Any]] = []

    def table7(self, network: str) -> list[dict[str, Any]]:
        """Time an epoch of paper 2's table 7 by the verb for it."""
        from boardbench.classification.epoch import epoch

        self.begin()
        out = self.folder / f"table7-{network}.csv"
        epoch(out=out, networks=[network], **self.sizes.epoch)
        with out.open(newline="", encoding="utf-8") as file:
            timed = next(iter(csv.DictReader(file)))
        more = {"n": int(timed["steps"]), "batch_size": int(timed["batch_size"])}
        more["note"] = "reckoned from the median step; images random; reading them is not in it"
        seconds, images = float(timed["seconds_per_epoch"]), int(timed["images"])
        return [self.row("paper 2 table 7", network, "32", seconds, images, **more)]

    @cached_property
    def _samples(self) -> Path:
        """CIFAR-10 in the project's form; in a dry run noise."""
        from boardbench.classification.samples import samples
        from boardbench.params.classification import Archive

        out = self.folder / "samples.csv"
        if self.options.cifar:
            samples(source="cifar10", raw=self.folder, out=out, params=Archive(path=self.options.cifar))
        elif not self.options.dry:
            raise LeftOut("no --cifar was given")
        else:
            from boardbench.classification import archives

            with mock.patch.dict(archives.SOURCES, noise=_noise):
                samples(source="noise", raw=self.folder, out=out, params=Archive())
        return out

    def cifar(self, name: str, seed: int) -> list[dict[str, Any]]:
        """Train one network on CIFAR-10 by the verb, score it, and return its rows over all seeds so far."""
        from boardbench.classification import dataset as batches
        from boardbench.classification.training import train

        samples = self._samples
        self.begin()
        changed = {"epochs": self.options.epochs, "device": self.device} | self.sizes.cifar
        params = NamedTraining.model_validate(self._settings[name].model_dump() | changed)
        watch, out = Watch(self.clock, params.epochs), self.folder / f"{name}-{seed}"
        run: dict[str, Any] = {"network": name, "seed": seed, "card": self.card, "torch": torch.__version__}
        self._runs.append(run)
        try:
            with (
                mock.patch.object(record, "Store", lambda _: watch),
                mock.patch.object(batches, "DataLoader", training_step.timed(batches.DataLoader, watch)),
            ):
                where = {"samples": samples, "out": out, "tracking": self.folder / "none.db"}
                train(name=name, seed=seed, dataset="cifar10", params=params, **where)
            run["memory_mib"] = round(self.memory())
            run["pixels"] = json.loads(samples.with_suffix(".json").read_text())["source"]["encoding"]
            run["train_images"] = json.loads((out / "training.json").read_text())["train_images"]
            run |= self._scored(out, samples)
            shutil.rmtree(out)
        finally:  # also of a training without time for its end
            run |= _summary(watch.epochs)
            self._history += [
                {"network": name, "seed": seed, "seconds": epoch["at"], **epoch} for epoch in watch.epochs
            ]
            write(self.out / "gpu_cifar.csv", RUN_COLUMNS, self._runs)
            written = [{key: row[key] for key in EPOCH_COLUMNS} for row in self._history]
            write(self.out / "gpu_history.csv", EPOCH_COLUMNS, written)
        return self._cifar_rows(name, params)

    def _scored(self, out: Path, samples: Path) -> dict[str, Any]:
        """Return the accuracy on the test images; the weights are those of the epoch best on the validation part."""
        from boardbench.classification.data import read_samples
        from boardbench.classification.model import load

        model, given = load(out), read_samples(samples)
        rows = given.rows("test")
        images, labels = torch.from_numpy(np.array(given.images[rows])), given.labels[rows]
        model = dataclasses.replace(model, network=_OnDevice(model.network, self.device))
        return {"test_accuracy": float((model.predict(images) == labels).mean()), "test_images": len(labels)}

    def _cifar_rows(self, name: str, params: NamedTraining) -> list[dict[str, Any]]:
        done = [run for run in self._runs if run["network"] == name and "test_accuracy" in run]
        images = done[-1]["train_images"]
        memory = max(run["memory_mib"] for run in done)
        more = {"batch_size": params.batch_size, "memory_mib": memory}
        accuracy = statistics.mean(run["test_accuracy"] for run in done)
        note = f"{params.epochs} epochs; mean test accuracy {accuracy:.4f}; pixels: {done[-1]['pixels']}"
        seconds = statistics.median(run["seconds_per_epoch"] for run in done)
        share = {"loader_share": statistics.median(run["loader_share"] for run in done)}
        row = self.row(
            "CIFAR-10", f"{name}, an epoch", "bf16", seconds, images, n=len(done), note=note, **more, **share
        )
        rows = [row]
        for goal in GOALS:
            reached = [run[_goal(goal)] for run in done if run[_goal(goal)] is not None]
            note = f"validation accuracy; reached by {len(reached)} of {len(done)} trainings of {params.epochs} epochs"
            seconds = statistics.median(reached) if reached else None
            row = self.row("CIFAR-10", _to(name, goal), "bf16", seconds, None, n=len(reached), note=note, **more)
            rows.append(row)
        return rows


def _goal(goal: float) -> str:
    return f"seconds_to_{100 * goal:.0f}"


def _to(name: str, goal: float) -> str:
    return f"{name}, to {100 * goal:.0f} %"


def _summary(epochs: list[dict[str, float]]) -> dict[str, Any]:
    """Return what gpu_cifar.csv says of the epochs of a training; the first one is warm-up for the median."""
    if not epochs:
        return {}
    took = [epoch["took"] for epoch in epochs]
    accuracies = [epoch["validation_accuracy"] for epoch in epochs]
    summary = {"epochs": len(epochs), "seconds": epochs[-1]["at"], "validation_accuracy": max(accuracies)}
    summary["seconds_per_epoch"] = statistics.median(took[1:] or took)
    summary["loader_share"] = statistics.median(epoch["loader"] for epoch in epochs)
    for goal in GOALS:
        summary[_goal(goal)] = next((epoch["at"] for epoch in epochs if epoch["validation_accuracy"] >= goal), None)
    return summary


def _noise(*_) -> Any:
    """Return images of noise in the place of CIFAR-10."""
    from boardbench.classification.archives.archive import Images, Part

    generator = np.random.default_rng(SEED)
    pixels = generator.integers(0, 256, (60, 8, 8, 3), np.uint8)
    part = Part(np.arange(60) % 10, lambda rows: iter([pixels[rows]]))
    about = {"kind": "noise", "encoding": "random", "class_names": "letters"}
    return Images(part, part, list("abcdefghij"), (8, 8, 3), about)


def rows_of(name: str) -> list[str]:
    """Name the rows of gpu.csv that a network's trainings give."""
    return [f"{name}, an epoch", *(_to(name, goal) for goal in GOALS)]
