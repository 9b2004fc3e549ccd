"""Streaming: a line-scan camera's lines through the spectral encoder, and through a whole model.

Usage: python benchmarks/stream.py [--quick] [--out FILE.csv]

1024 samples x 224 bands, SCRB to 3 channels. (1) The spectral encoder alone, one thread, against float64 NumPy written
layer by layer, and against the encoder and the file of commit 667d6f9; the channels must agree. Limit: the two matrix
products at the rate of torch's, and a copy of the line. (2) The spectral encoder behind the source process and the ring
at the camera's 327 lines/s: none may be dropped. (3) The whole of `boardbench stream` with a small model: the rate that
it takes when the source waits for it, then the highest rate by the clock that it keeps with nothing dropped.
"""

import json
import multiprocessing
import os
import tempfile
from pathlib import Path

import numpy as np

import measuring
from boardbench.engine.latency import gemm_rate
from measuring import Row, Wire, Worker, compare, in_turn
from reflectance import make_capture

CAMERA = 327.0  # lines/s of a Specim FX10 with all bands
MODEL = ("mobile_unet", "scrb", 8)
TOLERANCE = 5e-3  # the file rounds reflectance to float16, as the cubes are


def side(who: str, folder: str, *numbers: str) -> None:
    """Be one side: ``ours`` writes the model first; ``rival`` measures the limit too."""
    wire, folder = Wire(), Path(folder)
    samples, bands = map(int, numbers)
    if who == "ours":
        ours(wire, folder, samples, bands)
    else:
        rival(wire, folder, samples, bands)


def ours(wire: Wire, folder: Path, samples: int, bands: int) -> None:
    """Time the spectral encoder, and run streams."""
    import exported
    from boardbench.stream.spectral_encoder import SpectralEncoder
    from boardbench.stream.stream import stream

    path = folder / "model.onnx"
    exported.write_onnx(exported.untrained(*MODEL, bands), path)
    given = exported.capture(64, samples, bands)
    exposure = float(given["exposure"][0])
    encoder = SpectralEncoder(path, white=given["white"], dark=given["dark"], exposure=exposure)
    np.save(folder / "ours.npy", encoder.lines(given["counts"][:1]))

    def job(part: str, lines: int, rate: float = 0.0) -> dict[str, float]:
        if part == "encoder":
            counts = given["counts"]
            spent = measuring.seconds(lambda: [encoder.lines(counts[n % 64][None]) for n in range(lines)])
            return {"rate": lines / spent}
        if part == "ring":
            return behind_ring(folder, encoder, lines, rate)
        out = folder / f"stream-{rate}"
        stream(
            source=str(folder / "cube.hdr"),
            white=folder / "white.hdr",
            dark=folder / "dark.hdr",
            model=path,
            out=out,
            lines=lines,
            lines_per_s=rate,
        )
        report = json.loads((out / "stream.json").read_text())
        return {
            "kept": bool(report["kept"]),
            "dropped": report["lines"]["dropped"],
            "rate": report["lines_per_s"]["sustained"],
        }

    wire.serve(job)


def behind_ring(folder: Path, encoder, lines: int, rate: float) -> dict[str, float]:
    """Take lines as the verb does, but only through the spectral encoder; return what came and what was dropped."""
    from boardbench.captures.envi import open_cube
    from boardbench.stream.ring import Ring
    from boardbench.stream.source import Replay, run

    cube = open_cube(folder / "cube.hdr")
    context = multiprocessing.get_context("spawn")
    ring = Ring(256, cube.bands, cube.samples, context)
    receive, send = context.Pipe(duplex=False)
    arguments = (Replay(cube, lines), ring, rate, os.getpid(), send)
    process = context.Process(target=run, args=arguments, daemon=True)
    process.start()
    send.close()
    came = 0
    while (line := ring.take(0.1)) is not None or not receive.poll():
        if line is not None:
            encoder.lines(line.counts[None])
            ring.done()
            came += 1
    process.join()
    return {"came": came, "dropped": ring["dropped"], "known": ring["known"]}


def rival(wire: Wire, folder: Path, samples: int, bands: int) -> None:
    """Time float64 NumPy; tell what limits both."""
    import exported
    from rivals.front64 import front64
    from rivals.whole_file import INTERMEDIATES, LineByFile, WholeFile

    network = exported.untrained(*MODEL, bands).network
    given = exported.capture(64, samples, bands)
    before = folder / "before.onnx"
    exported.write_onnx(exported.untrained(*MODEL, bands), before, WholeFile, INTERMEDIATES)
    by_file = LineByFile(before, given["white"], given["dark"], float(given["exposure"][0]))
    np.save(folder / "before.npy", by_file.lines(given["counts"][:1])[:, 0])
    layers = []
    for convolution, norm in (
        (network.spectral_encoder[0], network.spectral_encoder[1]),
        (network.spectral_encoder[3], network.spectral_encoder[4]),
    ):
        tensors = {"mean": norm.running_mean, "variance": norm.running_var, "scale": norm.weight, "shift": norm.bias}
        layer = {name: tensor.detach().numpy().astype(np.float64)[:, None] for name, tensor in tensors.items()}
        weight = convolution.weight.detach().numpy()[:, :, 0, 0].astype(np.float64)
        layers.append(layer | {"weight": weight, "epsilon": norm.eps})
    arguments = (given["white"], given["dark"], float(given["exposure"][0]), exported.DROP_FIRST, layers)
    np.save(folder / "rival.npy", front64(given["counts"][0], *arguments))
    flops = 2 * samples * sum(layer["weight"].size for layer in layers)
    size = 2 * samples * bands

    def job(part: str, lines: int) -> dict[str, float]:
        if part == "limit":
            quick = samples < 1024
            rate = gemm_rate(1, 256 if quick else 2048, 3)
            copied = measuring.copy_rate(1 << 20 if quick else 1 << 28, 3)
            return {"rate": 1 / (flops / rate + size / copied)}
        counts = given["counts"]
        if part == "before":
            spent = measuring.seconds(lambda: [by_file.lines(counts[n % 64][None]) for n in range(lines)])
            return {"rate": lines / spent}
        spent = measuring.seconds(lambda: [front64(counts[n % 64], *arguments) for n in range(lines)])
        return {"rate": lines / spent}

    wire.serve(job)


def check_same(folder: Path) -> None:
    """Refuse to compare times of channels that differ."""
    ours = np.load(folder / "ours.npy")[:, 0]
    for name, tolerance in (("rival", TOLERANCE), ("before", 1e-5)):
        theirs = np.load(folder / f"{name}.npy")
        if ours.shape != theirs.shape or (worst := np.abs(ours - theirs).max()) > tolerance * np.abs(theirs).max():
            raise SystemExit(f"stream: channels differ from {name}: {ours.shape} and {theirs.shape}, by up to {worst}")


def rate_that_holds(worker: Worker, lines: int, seconds: float, tries: int = 6) -> tuple[float, float]:
    """Return the rate when the source waits, and the highest rate by the clock that was kept (0: none)."""
    free = worker.ask(part="stream", lines=lines)["rate"]
    rate = round(0.95 * free)
    for _ in range(tries):
        if worker.ask(part="stream", lines=max(lines, int(seconds * rate)), rate=rate)["kept"]:
            return free, float(rate)
        rate = round(0.85 * rate)
    return free, 0.0


def rows(quick: bool) -> list[Row]:
    """Measure, and return lines/s of the spectral encoder alone, behind the ring, and of a whole stream."""
    lines, samples, bands, repeats = (64, 64, 24, 1) if quick else (256, 1024, 224, 5)
    camera, seconds = (50.0, 1) if quick else (CAMERA, 8)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_capture(folder, lines, samples, bands)
        arguments = (folder, samples, bands)
        with Worker("stream.py", "ours", *arguments) as mine:
            with Worker("stream.py", "rival", *arguments) as theirs:
                sides = {
                    "ours": lambda: mine.ask(part="encoder", lines=lines),
                    "rival": lambda: theirs.ask(part="line", lines=lines // 4),
                    "before": lambda: theirs.ask(part="before", lines=lines),
                    "limit": lambda: theirs.ask(part="limit", lines=0),
                }
                answers = in_turn(sides, repeats)
                check_same(folder)
            ring = mine.ask(part="ring", lines=int(seconds * camera), rate=camera)
            free, held = rate_that_holds(mine, 4 * lines, 0.2 if quick else 8, 1 if quick else 6)
    rates = {who: [answer["rate"] for answer in given] for who, given in answers.items()}
    limit = max(rates["limit"])
    what = f"{samples} samples x {bands} bands"
    kept = camera * ring["came"] / ring["known"]
    model = f"stream {MODEL[0]} width {MODEL[2]} {MODEL[1]}"
    ours, theirs = rates["ours"], rates["rival"]

    def against_camera(name: str, values: list[float], target: float | None = 1, limit: float | None = None) -> Row:
        return compare(name, "the camera", "lines/s", values, [camera], target=target, limit=limit)

    return [
        compare(f"spectral encoder, {what}", "float64 NumPy", "lines/s", ours, theirs, target=3, limit=limit),
        compare(f"spectral encoder, {what}", "commit 667d6f9", "lines/s", ours, rates["before"], limit=limit),
        compare(f"spectral encoder, {what}", "its limit", "lines/s", ours, rates["limit"], target=0.75, limit=limit),
        against_camera(f"spectral encoder, {what}: headroom", ours, limit=limit),
        against_camera(f"spectral encoder behind source and ring, {seconds} s: lines that came", [kept]),
        against_camera(f"{model}: the source waits", [free], target=None),
        against_camera(f"{model}: highest rate kept, none dropped", [held]),
    ]


def main() -> None:
    """Run the benchmark, or be a side of it."""
    measuring.alone(rows, __doc__, side)


if __name__ == "__main__":
    main()
