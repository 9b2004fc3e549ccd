"""How far a run of the workflow is, and how long it takes still, by what its jobs are expected to take.

A job is expected to take what the finished jobs of its rule took in this run and what the running ones say of
themselves; before there are any, what a job of the rule took in a default run, times how much larger it is here and how
much slower the jobs so far were.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

ENOUGH = 20.0
"""Seconds of finished jobs after which this machine is held against that of the default run."""

START_UP = 3.0
"""Seconds that a step takes however small its work is."""

LARGER: dict[str, float] = {}
"""Rule -> how many times the work of a default run's job one of this run is; filled as the workflow reads params."""

_EPOCH = re.compile(r"^.*?epoch (\d+)/(\d+) .* at most (\d+) s left$", re.MULTILINE)
_CLOCKS = 1.0  # seconds that a file's time may lie before that of time.time: a file system counts in coarse steps
_END = 4000  # bytes of a log in which its last line of an epoch lies


@dataclass
class Job:
    """A running job.

    Attributes:
        rule: of the job.
        title: what it does, for people.
        log: file it writes to; None: none.
        started: on the clock of ``time.time``.
        epoch: the last line of an epoch in its log.
        left: seconds that were left by that line, now; None before there is one.
    """

    rule: str
    title: str
    log: Path | None
    started: float
    epoch: str = ""
    left: float | None = None

    def look(self, now: float) -> None:
        """Read the last line of an epoch in the log."""
        try:
            written = self.log.stat().st_mtime if self.log else 0
            if written < self.started - _CLOCKS:  # of a run before
                return
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - _END))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return
        if found := list(_EPOCH.finditer(text)):
            self.epoch = found[-1][0]
            self.left = max(0.0, float(found[-1][3]) - (now - written))


class Progress:
    """All jobs of a run: those that wait by rule, those that run, and what the finished ones took.

    Args:
        usual: rule -> seconds of a job in a default run.
        larger: rule -> how many times that a job of these params is expected to take.
        cores: jobs that can run at once; None: as many as do.
    """

    def __init__(self, usual: Mapping[str, float], larger: Mapping[str, float], cores: int | None = None):
        self._usual, self._larger, self._cores = usual, larger, cores
        self._other = median(usual.values())
        self.waiting: dict[str, int] = {}
        self.running: dict[Any, Job] = {}
        self._took: dict[str, list[float]] = {}
        self._least = 0.0

    def start(self, number: Any, job: Job) -> None:
        """Take a job that begins."""
        self.waiting[job.rule] = max(0, self.waiting.get(job.rule, 0) - 1)
        self.running[number] = job

    def finish(self, number: Any, now: float) -> tuple[Job, float] | None:
        """Take a job that has ended; return it with its seconds."""
        job = self.running.pop(number, None)
        if job is None:
            return None
        self._took.setdefault(job.rule, []).append(now - job.started)
        return job, now - job.started

    def _before(self, rule: str) -> float:
        usual = self._usual.get(rule, self._other)
        return max(usual * self._larger.get(rule, 1.0), min(usual, START_UP))

    def expected(self, rule: str, now: float) -> float:
        """Return the seconds that a job of a rule is expected to take."""
        running = [job for job in self.running.values() if job.rule == rule and job.left is not None]
        told = [now - job.started + job.left for job in running]
        if measured := self._took.get(rule, []) + told:
            return mean(measured)
        took = sum(map(sum, self._took.values()))
        thought = sum(self._before(rule) * len(seconds) for rule, seconds in self._took.items())
        return self._before(rule) * (took / thought if thought >= ENOUGH else 1.0)

    def _rest(self, now: float) -> list[float]:
        """Return the seconds that each running job takes still; one that is overdue, a tenth of what it took so far."""
        rest = []
        for job in self.running.values():
            spent = now - job.started
            rest.append(max(self.expected(job.rule, now) - spent, spent / 10) if job.left is None else job.left)
        return rest

    def share(self, now: float) -> float:
        """Return the share of the run that is done, from 0 to 1; it never falls."""
        done = sum(map(sum, self._took.values())) + sum(now - job.started for job in self.running.values())
        left = self._work(now)
        self._least = max(self._least, done / (done + left) if left else 1.0)
        return self._least

    def _work(self, now: float) -> float:
        """Return the seconds of all jobs that are still to be spent."""
        waiting = sum(count * self.expected(rule, now) for rule, count in self.waiting.items() if count)
        return waiting + sum(self._rest(now))

    def left(self, now: float) -> float:
        """Return the seconds until the end: the work over the cores, and no less than the longest job takes."""
        jobs = sum(self.waiting.values()) + len(self.running)
        at_once = self._cores or max(len(self.running), 1)
        waiting = [self.expected(rule, now) for rule, count in self.waiting.items() if count]
        return max([self._work(now) / max(1, min(at_once, jobs)), *self._rest(now), *waiting])


def spoken(seconds: float) -> str:
    """Return a time as people say it: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def larger(params: Any, default: Any) -> dict[str, float]:
    """Return rule -> how many times the work of the default params a job of these is, where it can be told.

    Args:
        params: ``Params`` of this run.
        default: ``Params()``.
    """
    here, there = _work(params), _work(default)
    return {rule: here[rule] / there[rule] for rule in here if there.get(rule)}


def _count(part: Any) -> int:
    return part if isinstance(part, int) else len(part)


def _mean_epochs(runs: Any) -> float:
    epochs = [run.epochs for run in runs]
    return mean(epochs) if epochs else 0.0


def _work(params: Any) -> dict[str, float]:
    """Return rule -> its work in a unit of its own: epochs, samples, pixels and channels, each to the first power."""
    board, chip, image = params.segmentation, params.placement, params.classification
    lines, samples = board.reflectance.size or board.complexity.size
    pixels, width = lines * samples, board.training.width
    made = board.simulate
    captured = made.lines * made.samples * made.bands if board.source == "simulate" else pixels * board.complexity.bands
    train, test = _count(board.split.train), _count(board.split.test)
    conditions = made.conditions if board.source == "simulate" else 1
    drawn = 1 if board.augmentation.conditions == "one" else conditions
    photo = chip.synthesis.images * chip.synthesis.size[0] * chip.synthesis.size[1]
    return {
        "simulate": captured * made.conditions,
        "reflectance": captured,
        "segmentation_train": board.training.epochs * train * drawn * pixels * width,
        "segmentation_prune": _mean_epochs(board.pruning) * train * drawn * pixels * width,
        "segmentation_evaluate": test * conditions * pixels * width,
        "segmentation_baseline": (train + test) * conditions * pixels,
        "placement_train": chip.training.epochs * photo * chip.training.width,
        "classification_train": _mean_epochs(image.networks.trainings.values()),
        "classification_prune": _mean_epochs(image.pruning),
        "classification_numpy_network": _mean_epochs(image.numpy_networks.runs),
    }
