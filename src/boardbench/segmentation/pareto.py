"""What exported networks take on this machine, raw counts to classes, beside what they score.

Times belong to the machine and change from run to run. The files take turns, so that what else happens on a shared
machine hits all of them alike; only one is open at a time, because a session keeps the memory of its largest pass
(about 0.6 GB at 128 lines x 1024 samples x 224 bands).
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.artifacts import read
from boardbench.engine.runtimes import DEFAULT, check_runtime, lacks, open_network, variants
from boardbench.errors import BoardbenchError
from boardbench.files import write_csv
from boardbench.params.segmentation import Deployment
from boardbench.segmentation import backbones, reduction
from boardbench.segmentation.artifacts import CheckedFile, SegmentationExport

COLUMNS = (
    "backbone",
    "strategy",
    "seed",
    "width",
    "precision",
    "pruning",
    "runtime",
    "bands_read",
    "bytes",
    "same_class",
    "miou",
    "mf1",
    "gmacs",
    "lines",
    "samples",
    "threads",
    "n",
    "p50_ms",
    "p99_ms",
    "encoder_p50_ms",
    "lines_per_s",
    "hardware",
)
TURN = 4  # timed passes of a file before the next one's turn


@dataclass(frozen=True)
class _Exported:
    """An ONNX file by one runtime: what it says of itself, and what its export measured.

    ``precision`` is what the runtime computes it in; None: the file's own.
    """

    path: Path
    metadata: dict[str, Any]
    report: SegmentationExport
    runtime: str = DEFAULT
    precision: str | None = None

    @property
    def key(self) -> tuple[str, str, int, int, str, str, str]:
        """Backbone, strategy, seed, width of the first level, precision, pruning and runtime: what tells it from all
        others.
        """
        backbone, strategy, seed, width, precision = (self.metadata[name] for name in COLUMNS[:5])
        width = backbones.parse(backbone)[1] or width
        pruning = self.metadata.get("pruning", "")
        return backbone, strategy, seed, width, self.precision or precision, pruning, self.runtime

    @property
    def checked(self) -> "SegmentationExport | CheckedFile":
        """What the file gave on the test captures by this runtime.

        Raises:
            BoardbenchError: its export did not ask that.
        """
        if self.runtime == DEFAULT:
            return self.report
        found = self.report.runtimes.get(self.runtime, {}).get(self.precision or self.metadata["precision"])
        if found is None:
            raise BoardbenchError(
                f"{self.path}: was not checked by {self.runtime} in {self.precision}, and a time without its score "
                f"decides nothing. Make it again with 'boardbench export --run RUN --runtimes {self.runtime}'."
            )
        return found

    def gmacs(self, size: tuple[int, int]) -> float:
        """Return the GMACs of a capture of that many lines and samples; of the working size where there is one."""
        lines, samples = self.metadata["size"] or size
        return self.report.gmacs_per_megapixel * lines * samples / 1e6


def pareto(*, out: Path, models: list[Path], params: Deployment) -> None:
    """Time exported networks side by side on random counts of their sensor, and put their scores and GMACs beside.

    A file is opened, passed through twice untimed (ONNX Runtime lays out its memory in the second pass), timed for
    up to four passes and closed, then the next one has its turn, until each has its ``repeats``.

    Args:
        out: table to write (CSV), rows in the order of ``models``, of each those by its runtimes: backbone, strategy,
            seed, width (of the first level, the backbone's own where its word has one, before pruning), precision (that
            a runtime computes in: bf16 of a float32 file by openvino, where the processor has it), pruning (its name,
            empty where there was none), runtime; bands_read, that a camera must read; bytes of the file; same_class,
            share of test pixels with PyTorch's class; miou and mf1 of the file itself on the test part, empty where
            there is none; gmacs of network and fitted projection at the size that the network sees; lines, samples,
            threads, n (timed passes); p50_ms and p99_ms of counts to classes (nearest rank: the largest, for n < 100);
            encoder_p50_ms, counts to what enters the backbone (calibration, trimming, reduction), timed by itself;
            lines_per_s, lines over the median; hardware.
        models: ``model*.onnx``, each beside its ``export*.json``, of one data set.
        params: runtimes, size, repeats and threads.

    Raises:
        BoardbenchError: no file, one that is not ours, of another data set or named twice, an export without its
            report or without a check by a runtime, or a runtime that is not installed.
    """
    if not models:
        raise BoardbenchError(f"{out}: nothing to time. Give --models at least once.")
    for runtime in params.runtimes:
        check_runtime("--runtimes", runtime)
    files = [_read(path) for path in models]
    _check(files)
    exported = _by_runtime(files, params.runtimes)
    from boardbench.engine.latency import hardware, percentiles_ms

    seconds: list[list[float]] = [[] for _ in exported]
    encoders: list[list[float]] = [[] for _ in exported]
    while (done := len(seconds[0])) < params.repeats:
        passes = min(TURN, params.repeats - done)
        for place, model in enumerate(exported):
            whole, encoder = _turn(model, params, passes)
            seconds[place] += whole
            encoders[place] += encoder

    machine = "; ".join([hardware(), *(f"{name} {version(name)}" for name in params.runtimes)])
    rows = []
    for model, whole, encoder in zip(exported, seconds, encoders, strict=True):
        lines, samples = params.size
        median, late = percentiles_ms(whole)
        rows.append(
            [
                *model.key,
                reduction.get(model.metadata["strategy"]).reads(len(model.metadata["sensor"]["keep"])),
                model.path.stat().st_size,
                f"{model.checked.same_class:.6f}",
                *(
                    score if score is None else f"{score:.6f}"
                    for score in (model.checked.scores.miou, model.checked.scores.mf1)
                ),
                f"{model.gmacs(params.size):.4f}",
                *(lines, samples, params.threads, len(whole)),
                *(f"{value:.3f}" for value in (median, late, percentiles_ms(encoder)[0])),
                f"{lines / median * 1e3:.1f}",
                machine,
            ]
        )
    write_csv(out, COLUMNS, rows)


def _read(path: Path) -> _Exported:
    """Read the metadata of an ONNX file and the report of its export.

    Raises:
        BoardbenchError: not a file of ours, or no readable report beside it.
    """
    from boardbench.engine.onnxfile import open_onnx

    metadata = open_onnx(path).metadata
    report = path.with_name(f"{path.stem.replace('model', 'export', 1)}.json")
    content = read(report, SegmentationExport, "export")
    if content.precision != metadata["precision"]:
        raise BoardbenchError(
            f"{report}: precision is {content.precision!r}, but {path.name} is {metadata['precision']}. Make both "
            "files again with 'boardbench export --run RUN'."
        )
    return _Exported(path, metadata, content)


def _check(exported: list[_Exported]) -> None:
    """Refuse files that do not belong into one table.

    Raises:
        BoardbenchError: another study or data set, or the same network twice.
    """
    first, seen = exported[0], {}
    for model in exported:
        for key in ("study", "dataset"):
            if model.metadata[key] != first.metadata[key]:
                raise BoardbenchError(
                    f"{model.path}: {key} is {model.metadata[key]!r}, but {first.path} has {first.metadata[key]!r}: "
                    "their scores cannot stand in one table. Give --models of one data set."
                )
        if model.key in seen:
            raise BoardbenchError(
                f"{model.path}: the same backbone, strategy, seed, width, precision and pruning as {seen[model.key]}. "
                "Give each of --models once."
            )
        seen[model.key] = model.path


def _by_runtime(files: list[_Exported], runtimes: list[str]) -> list[_Exported]:
    """Return each file once for every way in which it is computed here; say what this processor cannot judge."""
    if any(file.metadata["precision"] == "int8" for file in files) and (why := lacks("int8")):
        print(f"int8: {why}: its times here say nothing of a processor that has one")
    ways = {of: variants(runtimes, of) for of in {file.metadata["precision"]: None for file in files}}
    found = [
        replace(file, runtime=runtime, precision=precision)
        for file in files
        for runtime, precision in ways[file.metadata["precision"]]
    ]
    for model in found:
        _ = model.checked  # before any time is measured
    return found


def _turn(model: _Exported, params: Deployment, passes: int) -> tuple[list[float], list[float]]:
    """Return seconds of passes from counts to classes, and of passes through the spectral encoder alone."""
    from boardbench.engine.latency import measure
    from boardbench.engine.onnxfile import cut

    sensor = model.metadata["sensor"]
    given = _capture(sensor["kind"], sensor["bands"], *params.size)

    def timed(source: Path | bytes, output: str) -> list[float]:
        opened = open_network(source, params.threads, model.runtime, model.precision or model.metadata["precision"])
        opened.run([output], given)
        return measure(lambda: opened.run([output], given), passes)

    return timed(model.path, "classes"), timed(cut(model.path, list(given), ["reduced"]), "reduced")


def time_model(path: Path, kind: str, bands: int, size: tuple[int, int], threads: int, passes: int = 5) -> float:
    """Return the median seconds of counts to classes of a file on its own, on random counts of its sensor."""
    from boardbench.engine.latency import measure, percentiles_ms
    from boardbench.engine.onnxfile import session

    opened, given = session(path, threads), _capture(kind, bands, *size)
    opened.run(["classes"], given)
    return percentiles_ms(measure(lambda: opened.run(["classes"], given), passes))[0] / 1e3


@lru_cache(maxsize=1)
def _capture(kind: str, bands: int, lines: int, samples: int) -> dict[str, np.ndarray]:
    """Return random inputs of an exported network: counts and references, or reflectance."""
    random = np.random.default_rng(0)
    if kind != "raw":
        return {"reflectance": random.random((lines, bands, samples), np.float32)}
    return {
        "counts": random.integers(80, 4096, (lines, bands, samples), np.uint16),
        "white": random.uniform(3300, 3700, (bands, samples)).astype(np.float32),
        "dark": random.uniform(90, 110, (bands, samples)).astype(np.float32),
        "exposure": np.ones(1, np.float32),
    }
