"""Paper 1 on a GPU: the training step and an epoch of preset paper.yaml, by the project's own training.

The cubes are random and lie in memory after their first reading: that changes no time of a step, and the loader's
share is that of a machine whose memory holds the data.
"""

import shutil
import statistics
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

import training_step
from boardbench.engine import record
from boardbench.engine.arithmetic import channels_last
from boardbench.engine.latency import measure
from boardbench.engine.optimizers import optimizer_of
from boardbench.engine.training import Learner
from boardbench.params.segmentation import Training
from gpu_measure import SEED, Part, Watch

STRATEGIES = {"full": "U-Net, all bands", "scrb": "U-Net, SCRB"}
CLASSES = [str(number) for number in range(len(training_step.WEIGHTS))]


class Boards(Part):
    """paper.yaml on random captures."""

    @cached_property
    def _paper(self):
        return self.preset("paper.yaml").segmentation

    def _loop(self, precision: str, **more: Any) -> Training:
        changed = {"precision": precision, "device": self.device} | self.sizes.segmentation | more
        return self._paper.training.model_copy(update=changed)

    def step(self, strategy: str, precision: str) -> list[dict[str, Any]]:
        """Time training steps of paper.yaml on a batch that lies on the device already."""
        from boardbench.segmentation.loss import loss_of
        from boardbench.segmentation.networks import build_network
        from boardbench.segmentation.training import batch_statistics, class_weights, score

        sizes, params = self.sizes, self._loop(precision, epochs=1)
        torch.manual_seed(SEED)
        network = build_network("unet", strategy, in_bands=sizes.bands, classes=len(CLASSES), width=params.width)
        network = channels_last(network).to(self.device)
        weights = class_weights(np.ones(len(CLASSES)), params.class_weights).tolist()
        loss = loss_of(params.loss, weights, params.loss_mean)
        learner = Learner(network, loss, batch_statistics, score, params, SEED, torch.device(self.device))
        shape = params.batch_size, sizes.bands, sizes.lines, sizes.lines
        cubes = torch.rand(shape, device=self.device).contiguous(memory_format=torch.channels_last)
        masks = torch.randint(len(CLASSES), (shape[0], *shape[2:]), device=self.device)
        optimizer = optimizer_of(network, params)
        self.begin()
        # The mean loss is read from the device at its end, so the step is done.
        seconds = measure(lambda: learner.train_epoch(0, [(cubes, masks)], optimizer), sizes.steps)
        median = statistics.median(seconds)
        more = {"n": len(seconds), "batch_size": len(cubes)}
        return [self.row("training step", STRATEGIES[strategy], precision, median, len(cubes), **more)]

    @cached_property
    def _captures(self) -> Path:
        """Random captures, their plan and normalization, as paper.yaml has them."""
        from boardbench.segmentation.augmentation import augmentation
        from boardbench.segmentation.normalization.fit import normalization

        sizes, folder = self.sizes, self.folder / "captures"
        folder.mkdir()
        split, part = folder / "split.csv", folder / "part.csv"
        training_step.make(folder, sizes.lines, sizes.bands, sizes.train, sizes.validation, distinct=4)
        # One training capture has the least and greatest values of random cubes: it need not read all of them.
        part.write_text("".join(split.read_text().splitlines(keepends=True)[:2]))
        normalization(split=part, reflectance=folder, out=folder / "n.npz", params=self._paper.normalization)
        plan = {"out": folder / "plan.csv", "epochs": 2, "params": self._paper.augmentation}
        augmentation(split=split, reflectance=folder, **plan)
        return folder

    def _workers(self, params: Training) -> int:
        """Return the loader's processes: as many as have room for their batches in shared memory."""
        shared, wanted = Path("/dev/shm"), params.workers
        if not shared.is_dir():
            return wanted
        batch = 4 * params.batch_size * self.sizes.bands * self.sizes.lines**2  # bytes
        return min(wanted, shutil.disk_usage(shared).free // (3 * batch))  # two wait, one is made

    def epoch(self, strategy: str, precision: str) -> list[dict[str, Any]]:
        """Time an epoch of paper.yaml by the verb that trains: reading and validation are in it."""
        from boardbench.segmentation import training

        self.begin()
        folder, params = self._captures, self._loop(precision, epochs=2)
        params = params.model_copy(update={"workers": self._workers(params)})
        watch, run = Watch(self.clock, params.epochs), self.folder / f"{strategy}-{precision}"
        with (
            mock.patch.object(record, "Store", lambda _: watch),
            mock.patch.object(training, "DataLoader", training_step.timed(training.DataLoader, watch)),
        ):
            training.train(
                backbone="unet",
                strategy=strategy,
                seed=SEED,
                dataset="random",
                classes=CLASSES,
                split=folder / "split.csv",
                augmentation=folder / "plan.csv",
                reflectance=folder,
                normalization=folder / "n.npz",
                out=run,
                tracking=self.folder / "none.db",
                params=params,
            )
        shutil.rmtree(run)
        last = watch.epochs[-1]
        note = f"second epoch, with validation and the checkpoint before it; {params.workers} workers; cubes in memory"
        more = {"n": 1, "batch_size": params.batch_size, "loader_share": last["loader"], "note": note}
        return [self.row("epoch", STRATEGIES[strategy], precision, last["took"], self.sizes.train, **more)]
