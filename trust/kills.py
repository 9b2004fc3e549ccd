"""Kills: a run's process group, its parent or the step it runs, at a seeded moment; then the same command again."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil

from scratch import Row, Scratch

WHO = ("group", "parent", "child")
SEGMENTATION, PLACEMENT = "results/segmentation/tiny", "results/placement/tiny-photos"
DIGITS = "results/classification/tiny-digits"


@dataclass(frozen=True)
class Phase:
    """A part of a run that is hit.

    Attributes:
        name: as the table says it.
        verb: of the command line that is hit.
        targets: made by it; removed before, and asked for.
        checkpoint: pattern of the file that has to be there before the kill: the training has begun.
    """

    name: str
    verb: str
    targets: tuple[str, ...]
    checkpoint: str = ""


def _run(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


_TRAINED = ("model.pt", "history.csv", "seconds.json", "training.json")
PHASES = (
    Phase(
        "calibration",
        "reflectance --cube",
        (
            *_run(f"{SEGMENTATION}/reflectance", "board01_1.npy", "board01_1.json", "board01_1.png"),
            f"{SEGMENTATION}/truth/board01_1.png",
        ),
    ),
    Phase(
        "training",
        "segmentation train",
        _run(f"{SEGMENTATION}/runs/unet-pca3-seed0", *_TRAINED),
        f"{SEGMENTATION}/runs/unet-pca3-seed0/checkpoints/*/last.ckpt",
    ),
    Phase(
        "training",
        "placement train",
        _run(f"{PLACEMENT}/runs/random-corners-seed0", *_TRAINED),
        f"{PLACEMENT}/runs/random-corners-seed0/checkpoints/*/last.ckpt",
    ),
    Phase("training", "classification train", _run(f"{DIGITS}/runs/small-seed0", *_TRAINED)),
    Phase(
        "training",
        "classification numpy-network",
        _run(
            f"{DIGITS}/runs/cnn-seed0",
            *("model.npz", "history.csv", "training.json", "metrics.json", "predictions.csv", "seconds.json"),
        ),
    ),
    Phase(
        "pruning",
        "segmentation prune",
        _run(f"{SEGMENTATION}/pruned/half/unet-scrb-seed0", *_TRAINED),
        f"{SEGMENTATION}/pruned/half/unet-scrb-seed0/checkpoints/*/last.ckpt",
    ),
    Phase(
        "export",
        "segmentation export",
        _run(
            f"{SEGMENTATION}/runs/unet-scrb-seed0",
            *("model.onnx", "export.json", "model-int8.onnx", "export-int8.json"),
        ),
    ),
    Phase("export", "placement export", _run(f"{PLACEMENT}/runs/random-rectangle-seed0", "model.onnx", "export.json")),
    # A page made again has no comparison yet: the last rule adds it.
    Phase("publish", "publish --datasets", ("results/published.json", "results/report/verify.json")),
)


def step_of(run: psutil.Process, verb: str) -> psutil.Process | None:
    """Return the process below a run that runs a verb, if it is there."""
    with suppress(psutil.Error):
        for process in run.children(recursive=True):
            with suppress(psutil.Error):
                words = process.cmdline()
                if "boardbench" in " ".join(words[:2]) and verb in " ".join(words):
                    return process
    return None


def _wait(scratch: Scratch, phase: Phase, run: psutil.Process) -> psutil.Process | None:
    """Wait until the step is there, and has begun; None where the run ended before."""
    while run.is_running() and run.status() != psutil.STATUS_ZOMBIE:
        step = step_of(run, phase.verb)
        if step and (not phase.checkpoint or any(scratch.folder.glob(phase.checkpoint))):
            return step
        time.sleep(0.05)
    return None


def seconds_of(scratch: Scratch, phase: Phase) -> float:
    """Return how long a step takes from the moment that a kill may come, and check that it makes equal bytes."""
    scratch.without(phase.targets)
    with scratch.start(*phase.targets) as started:
        step = _wait(scratch, phase, psutil.Process(started.pid))
        begun = time.monotonic()
        with suppress(psutil.Error):
            while step and step.is_running() and step.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.05)
        taken = time.monotonic() - begun
        printed = started.communicate()[0]
    wrong = scratch.differences() or scratch.entries()
    if started.returncode or step is None or wrong:
        raise SystemExit(f"{phase.verb}: an undisturbed repetition differs: {wrong or printed[-2000:]}")
    return taken


def kill(scratch: Scratch, phase: Phase, who: str, moment: float) -> str | None:
    """Kill once and run again; return what went wrong, '' for nothing, None where the step had ended before."""
    scratch.without(phase.targets)
    with scratch.start(*phase.targets) as started:
        run = psutil.Process(started.pid)
        step = _wait(scratch, phase, run)
        if step is None:
            return f"the run ended before the step: {started.communicate()[0][-300:]}"
        time.sleep(moment)
        family = [run, *run.children(recursive=True)]
        if not step.is_running() or step.status() == psutil.STATUS_ZOMBIE:
            started.communicate()
            return None
        for process in {"group": family, "parent": [run], "child": [step]}[who]:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        if who == "parent":  # the step goes on as an orphan, and holds the pipe
            os.waitpid(started.pid, 0)
            started.returncode = -signal.SIGKILL
        else:
            started.communicate()
        again = scratch.run(*phase.targets)
        psutil.wait_procs([step], timeout=120)
        if again.returncode:
            return f"{phase.verb} ({who} after {moment:.2f} s): exit code {again.returncode}: {again.stdout[-1500:]}"
        wrong = scratch.differences() or scratch.entries()
        return wrong and f"{phase.verb} ({who} after {moment:.2f} s): {wrong}"


def rows(scratch: Scratch, tries: int, seed: int, phases: tuple[Phase, ...] = PHASES) -> Iterator[Row]:
    """Kill each phase ``tries`` times, the group, the parent and the child in turn."""
    draw = random.Random(seed)
    for name in dict.fromkeys(phase.name for phase in phases):
        row, begun = Row(f"kill in {name}"), time.monotonic()
        for phase in (phase for phase in phases if phase.name == name):
            seconds = seconds_of(scratch, phase)
            for number in range(tries):
                started, wrong, who = time.monotonic(), None, WHO[number % len(WHO)]
                while wrong is None:
                    wrong = kill(scratch, phase, who, draw.uniform(0, seconds))
                row.count(wrong, silent="other bytes" in wrong)
                print(f"  {phase.verb}, {who}: {time.monotonic() - started:.0f} s", flush=True)
        row.seconds = time.monotonic() - begun
        yield row
