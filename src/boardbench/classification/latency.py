"""What trained networks take on this machine, images to classes, by torch and by ONNX Runtime, side by side.

Times belong to the machine and change from run to run. The networks take turns, so that what else happens on a shared
machine hits all of them alike. Zeroed weights are multiplied like all others: a run pruned that way is timed as it is.
"""

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boardbench.classification.complexity import opened
from boardbench.errors import BoardbenchError
from boardbench.files import write_csv
from boardbench.params.classification import Latency

if TYPE_CHECKING:
    from boardbench.classification.model import Model

COLUMNS = (
    "name",
    "pruning",
    "seed",
    "network",
    "runtime",
    "batch",
    "threads",
    "n",
    "p50_ms",
    "p99_ms",
    "images_per_s",
    "hardware",
)
RUNTIMES = ("torch", "onnxruntime")
TURN = 5  # timed passes before the next one's turn
LARGE = 16  # images a pass, from which on a tenth of the passes is timed


def latency(*, runs: list[Path], out: Path, params: Latency) -> None:
    """Time runs on the processor, from random uint8 images to classes and probabilities, in turns.

    torch runs in evaluation and inference mode and channels-last memory; ONNX Runtime runs the file that
    'boardbench classification export' writes, which is written anew for this and not kept.

    Args:
        runs: run folders (model.pt), pruned ones too.
        out: table to write (CSV), rows by run, runtime and batch: name, pruning (empty: none), seed, network, runtime
            (torch, onnxruntime), batch (images a pass), threads, n (timed passes), p50_ms and p99_ms of a pass (nearest
            rank, measured values: the largest, for n < 100), images_per_s (batch over the median), hardware.
        params: batches, repeats and threads.

    Raises:
        BoardbenchError: no run, a folder without a run of this study, or runs of several data sets.
    """
    import torch
    from threadpoolctl import threadpool_limits

    from boardbench.engine.latency import hardware, measure, percentiles_ms

    models = opened(runs, out)
    first = next(iter(models.values()))
    for model in models.values():
        if model.size != first.size:
            raise BoardbenchError(f"{out}: --runs take images of {model.size} and {first.size}. Give runs of one size.")
    images = np.random.default_rng(0).integers(0, 256, (max(params.batches), *first.size), np.uint8)
    seconds: dict[tuple, list[float]] = {}
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(params.threads)
        with threadpool_limits(params.threads), tempfile.TemporaryDirectory() as folder:
            passes = _passes(models, Path(folder), params.threads)
            for batch in params.batches:
                for passed in _turns(repeats_of(batch, params.repeats)):
                    for key, opening in passes.items():
                        run = partial(opening(), images[:batch])
                        run()  # besides the one that ``measure`` leaves out: memory is laid out in the second
                        seconds.setdefault((*key, batch), []).extend(measure(run, passed))
    finally:
        torch.set_num_threads(before)

    machine = f"{hardware()}; {hardware('onnxruntime').split('; ')[-1]}"
    rows = []
    for model in models:
        for runtime in RUNTIMES:
            for batch in params.batches:
                found = seconds[*model, runtime, batch]
                median, late = percentiles_ms(found)
                times = (f"{median:.3f}", f"{late:.3f}", f"{batch / median * 1e3:.1f}")
                rows.append([*model, runtime, batch, params.threads, len(found), *times, machine])
    write_csv(out, COLUMNS, rows)


def repeats_of(batch: int, repeats: int) -> int:
    """Return how many passes of a batch are timed: ``repeats``, of large batches a tenth, but three at least."""
    return repeats if batch < LARGE else max(min(3, repeats), repeats // 10)


def _turns(repeats: int) -> Iterator[int]:
    """Yield the passes of each turn."""
    for start in range(0, repeats, TURN):
        yield min(TURN, repeats - start)


def _passes(models: dict[tuple, "Model"], folder: Path, threads: int) -> dict[tuple, Callable[[], Callable]]:
    """Return, for each model and runtime, what opens it: a function from images to classes comes of that.

    A session is opened for its turn alone, because it keeps the memory of its largest pass.
    """
    import torch

    from boardbench.classification.deployment import Deployed
    from boardbench.classification.export import to_file
    from boardbench.engine.onnxfile import session

    def by_torch(deployed: Deployed) -> Callable:
        def run(images: np.ndarray) -> None:
            with torch.inference_mode():
                deployed(torch.from_numpy(images))

        return run

    def by_onnx(path: Path) -> Callable:
        opened = session(path, threads)
        return lambda images: opened.run(["classes", "probabilities"], {"images": images})

    passes: dict[tuple, Callable[[], Callable]] = {}
    for number, (key, model) in enumerate(models.items()):
        path = folder / f"{number}.onnx"
        to_file(model, path)
        passes[*key, "torch"] = partial(by_torch, Deployed(model))
        passes[*key, "onnxruntime"] = partial(by_onnx, path)
    return passes
