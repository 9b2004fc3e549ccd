"""OpenVINO, int8 and bf16 against ONNX Runtime in float32: the same exported file, from raw counts to the class map.

Usage: python benchmarks/runtimes.py [--quick] [--out FILE.csv]

U-Net with SCRB on 224 bands, two threads: a window of the line (width 8, 128 lines x 1024 samples) and a capture (width
64, 320 x 320). Class maps of the float32 file must agree on 99.9 % of the pixels. A precision that this processor has
no instructions for is not judged: int8 is stated without a target, bf16 is not run.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

import measuring
from boardbench.engine.latency import processor_flags
from boardbench.engine.runtimes import DEFAULT, FASTER, RUNTIMES, lacks
from measuring import Row, Wire, Worker, compare, in_turn, not_run

THREADS = 2
SAME_CLASS = 0.999
FILES = {"float32": "model.onnx", "int8": "model-int8.onnx", FASTER: "model.onnx"}
TARGETS = {(64, "openvino", "int8"): 2.55}
"""(width, runtime, precision) -> times faster wanted, where the processor has the instructions."""
SETS = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")


def side(who: str, folder: str, *numbers: str) -> None:
    """Be one side: ``files`` writes the files and ends; a runtime computes them when asked."""
    import exported

    wire, folder = Wire(), Path(folder)
    lines, samples, bands, width = map(int, numbers)
    given = exported.capture(lines, samples, bands)
    if who == "files":
        wire.serve(lambda: write(folder, width, bands, given))
        return
    from boardbench.engine.runtimes import open_network

    opened = {}

    def job(precision: str) -> dict[str, float]:
        if precision not in opened:
            opened[precision] = open_network(folder / FILES[precision], THREADS, who, precision)
        found = []
        spent = measuring.seconds(lambda: found.append(opened[precision].run(["classes"], given)[0]))
        np.save(folder / f"{who}-{precision}.npy", found[0])
        return {"ms": 1e3 * spent}

    wire.serve(job)


def write(folder: Path, width: int, bands: int, given: dict[str, np.ndarray]) -> dict[str, float]:
    """Write an untrained network as a float32 and an int8 file, whose ranges are those of a part of the counts."""
    import exported
    from boardbench.engine.export import to_int8
    from boardbench.segmentation import export

    model = exported.untrained("unet", "scrb", width, bands)
    exported.write_onnx(model, folder / FILES["float32"])
    part = {name: values[..., :128] if values.ndim > 1 else values for name, values in given.items()}
    part["counts"] = np.ascontiguousarray(part["counts"][:64])
    made = {name: np.ascontiguousarray(values) for name, values in part.items()}
    to_int8(folder / FILES["float32"], iter([made]), "reduced", export._metadata(model, "int8"), folder / FILES["int8"])
    return {}


def share(folder: Path, one: str, other: str) -> float:
    """Return the share of pixels of equal class of two maps, one of which shows several."""
    maps = [np.load(folder / f"{who}.npy") for who in (one, other)]
    if len(np.unique(maps[0])) == 1:
        raise SystemExit("runtimes: the whole map is one class, so that it proves nothing")
    return float(np.mean(maps[0] == maps[1]))


def measured(lines: int, samples: int, bands: int, width: int, repeats: int) -> list[Row]:
    """Return a row for each runtime and precision but the rival's."""
    judged = [FASTER] if not lacks(FASTER) else []
    ways = [(runtime, precision) for runtime in RUNTIMES for precision in ("float32", "int8")]
    ways += [("openvino", precision) for precision in judged]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        numbers = lines, samples, bands, width
        with Worker("runtimes.py", "files", folder, *numbers) as maker:
            maker.ask()
        with (
            Worker("runtimes.py", "onnxruntime", folder, *numbers) as first,
            Worker("runtimes.py", "openvino", folder, *numbers) as second,
        ):
            workers = {"onnxruntime": first, "openvino": second}
            sides = {way: (lambda way=way: workers[way[0]].ask(precision=way[1])) for way in ways}
            answers = in_turn(sides, repeats, warm=2)
        same = share(folder, "onnxruntime-float32", "openvino-float32")
        print(f"        classes as by {DEFAULT} in float32: openvino {same:.4%}", end="")
        for runtime in RUNTIMES:
            print(f"; int8 by {runtime} {share(folder, 'onnxruntime-float32', f'{runtime}-int8'):.4%}", end="")
        print(f"; the two int8 {share(folder, 'onnxruntime-int8', 'openvino-int8'):.4%}", flush=True)
        if same < SAME_CLASS:
            raise SystemExit(f"runtimes: class maps differ: {same:.4%} of pixels equal")
    spent = {way: [answer["ms"] for answer in given] for way, given in answers.items()}
    what = f"unet scrb, width {width}, {lines} x {samples}, {THREADS} threads, raw counts to classes"
    rival = f"{DEFAULT}, float32"
    sets = "; ".join(["instructions", *(name for name in SETS if name in processor_flags())])
    rows = []
    for way in ways[1:]:
        runtime, precision = way
        why = lacks(precision)
        aim = None if why else TARGETS.get((width, *way))
        row = compare(f"{what}: {runtime}, {precision}", rival, "ms", spent[way], spent[ways[0]], target=aim)
        said = "; ".join(filter(None, (row.hardware, sets, why and f"{precision} not judged: {why}")))
        rows.append(replace(row, hardware=said))
    if not judged:
        name = f"{what}: openvino, {FASTER}"
        rows.append(not_run(name, rival, "ms", f"not judged: {lacks(FASTER)}; {measuring.hardware()}; {sets}"))
    return rows


def rows(quick: bool) -> list[Row]:
    """Measure, and return milliseconds of a window and of a capture; nothing without OpenVINO but why."""
    import importlib.util

    if not importlib.util.find_spec("openvino"):
        return [not_run("exported files by OpenVINO", DEFAULT, "ms", "openvino is not installed")]
    if quick:
        return measured(64, 64, 24, 4, 1)
    return [*measured(128, 1024, 224, 8, 5), *measured(320, 320, 224, 64, 5)]


def main() -> None:
    """Run the benchmark, or be a side of it."""
    measuring.alone(rows, __doc__, side)


if __name__ == "__main__":
    main()
