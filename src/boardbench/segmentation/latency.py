"""What the networks of the cost table take on this machine, one capture at a time.

Times belong to the machine, so they stand in a table of their own. The reduction is what is applied to a capture:
``pca3_cube`` must be fitted to it, besides, which is not timed.
"""

from pathlib import Path

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.files import write_csv
from boardbench.params.segmentation import Latency
from boardbench.segmentation import reduction
from boardbench.segmentation.complexity import by_network, check
from boardbench.segmentation.reduction.pca import EVERY, Axes, project

COLUMNS = (
    "backbone",
    "strategy",
    "lines",
    "samples",
    "threads",
    "n",
    "reduction_p50_ms",
    "network_p50_ms",
    "network_p99_ms",
    "ms_per_gmac",
    "hardware",
)


def latency(
    *,
    out: Path,
    backbones: list[str],
    strategies: list[str],
    classes: int,
    width: int,
    bands: int,
    params: Latency,
) -> None:
    """Time every backbone with every strategy on the processor, in evaluation, on random numbers, one image a pass.

    Args:
        out: table to write (CSV), rows in the order of the arguments: backbone, strategy, lines, samples, threads, n
            (timed passes); reduction_p50_ms, of a fitted reduction applied by NumPy to a float16 cube, empty where
            there is none; network_p50_ms and network_p99_ms (the largest, for n < 100); ms_per_gmac, the median over
            the GMACs of :func:`boardbench.engine.complexity.count` at this size; hardware.
        backbones: names of backbones.
        strategies: names of input strategies; equal networks are timed once.
        classes: channels of the logits.
        width: channels of the first level; as in the cost table.
        bands: bands of the captures; as in the cost table.
        params: size, repeats and threads.

    Raises:
        BoardbenchError: for an unknown or missing name, fewer than 2 classes, or a width or bands below 1.
    """
    check(out, backbones, strategies, classes)
    for flag, value in {"--width": width, "--bands": bands}.items():
        if value < 1:
            raise BoardbenchError(f"{out}: {flag} is {value}; it must be at least 1.")
    import torch
    from threadpoolctl import threadpool_limits

    from boardbench.engine.complexity import count
    from boardbench.engine.latency import hardware, measure, percentiles_ms
    from boardbench.segmentation.networks import build_network

    def time_network(backbone: str, strategy: str) -> list[float]:
        network = build_network(backbone, strategy, bands, classes, width)
        gmacs = count(network, network.in_channels, params.size)[0] / 1e9
        network = network.eval().to(memory_format=torch.channels_last)
        image = torch.rand(1, network.in_channels, *params.size).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            seconds = measure(lambda: network(image), params.repeats)
        median, late = percentiles_ms(seconds)
        return [median, late, median / gmacs]

    def time_reduction(strategy: str) -> float | None:
        plan = reduction.get(strategy)
        if not plan.fitted:
            return None
        cube = np.random.default_rng(0).random((bands, *params.size), np.float32).astype(np.float16)
        axes = _random_axes(plan, bands)
        return percentiles_ms(measure(lambda: project(cube, axes, "any"), params.repeats))[0]

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(params.threads)
        with threadpool_limits(params.threads):
            reductions = {strategy: time_reduction(strategy) for strategy in strategies}
            networks = by_network(time_network, backbones, strategies, bands)
    finally:
        torch.set_num_threads(before)

    rows = []
    for (backbone, strategy), times in networks.items():
        measured = (value if value is None else f"{value:.3f}" for value in (reductions[strategy], *times))
        rows.append([backbone, strategy, *params.size, params.threads, params.repeats, *measured, hardware()])
    write_csv(out, COLUMNS, rows)


def _random_axes(plan: reduction.Strategy, bands: int) -> Axes:
    """Return a fitted reduction of the strategy's form: random axes, or bands evenly picked."""
    axes = np.random.default_rng(0).normal(size=(1, plan.components, bands)).astype(np.float32)
    picked = np.linspace(0, bands - 1, plan.components, dtype=np.int64)[None] if not plan.projects else np.empty((1, 0))
    return Axes(
        captures=np.array([EVERY]),
        mean=np.full((1, bands), 0.5, np.float32),
        components=axes,
        explained_variance_ratio=np.ones((1, plan.components), np.float32),
        bands=picked,
        criterion=np.full(1, np.nan),
    )
