"""What an inspection takes on this machine, one photo at a time: exported files and the baselines, side by side."""

from pathlib import Path

import numpy as np

from boardbench.files import write_csv
from boardbench.params.placement import Deployment

COLUMNS = ("model", "precision", "lines", "samples", "threads", "n", "p50_ms", "p99_ms", "limit_ms", "hardware")


def latency(
    *, models: list[Path], baselines: list[str] | None = None, samples: Path, out: Path, params: Deployment
) -> None:
    """Time exported files from photo to corners, and the baselines from image to corners, on the processor.

    Args:
        models: model.onnx or model-int8.onnx of run folders.
        baselines: names of baselines, fitted on the training images first, which is not timed.
        samples: samples.csv.
        out: table to write (CSV): model (run or baseline), precision; lines and samples of what is given to it (the
            photo; the image for baselines), threads, n (timed passes); p50_ms and p99_ms (the largest, for n < 100),
            measured values; limit_ms, the network's multiply-accumulates at the rate of a matrix product on as many
            threads; hardware.
        params: repeats and threads.
    """
    import torch
    from threadpoolctl import threadpool_limits

    from boardbench.engine.complexity import count
    from boardbench.engine.latency import gemm_rate, hardware, measure, percentiles_ms
    from boardbench.engine.onnxfile import open_onnx, session
    from boardbench.placement.baselines import BASELINES
    from boardbench.placement.data import read_samples
    from boardbench.placement.network import build_network

    given = read_samples(samples)
    torch.set_num_threads(params.threads)
    rate = gemm_rate(params.threads)
    rows = []

    def row(name: str, precision: str, size: tuple[int, int], seconds: list[float], limit: str) -> None:
        times = (f"{time:.3f}" for time in percentiles_ms(seconds))
        rows.append([name, precision, *size, params.threads, params.repeats, *times, limit, hardware()])

    for path in models:
        metadata = open_onnx(path).metadata
        run = session(path, params.threads)
        size = tuple(metadata["photo_size"])
        photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
        seconds = measure(lambda run=run, photo=photo: run.run(["corners"], {"photo": photo}), params.repeats)
        with torch.device("meta"):
            backbone = metadata.get("backbone", "mobilenet_v2")
            network = build_network(metadata["width"], tuple(metadata["size"]), backbone=backbone)
        macs = count(network, 3, tuple(metadata["size"]))[0]
        row(path.parent.name, metadata["precision"], size, seconds, f"{2 * macs / rate * 1e3:.3f}")
    with threadpool_limits(params.threads):
        for name in baselines or []:
            baseline = BASELINES[name]()
            baseline.fit(given)
            image = np.array(given.images[:1])
            seconds = measure(lambda baseline=baseline, image=image: baseline.predict(image), params.repeats)
            row(name, "", given.size, seconds, "")
    write_csv(out, COLUMNS, rows)
