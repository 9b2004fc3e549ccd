"""A trained model applied to one capture: by torch from a run folder, by ONNX Runtime or OpenVINO from a file.

Both take a capture as :mod:`boardbench.captures.locate` finds it and give a class map of the capture's own geometry.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from boardbench.captures.blocks import reflect
from boardbench.captures.locate import Located
from boardbench.captures.references import read_references
from boardbench.captures.resize import resize_mask
from boardbench.errors import BoardbenchError
from boardbench.segmentation.bands import Bands
from boardbench.segmentation.drift.references import seen
from boardbench.segmentation.drift.watch import Drift, Watch, nearest_drift, read_drift, watch_cube

if TYPE_CHECKING:
    from boardbench.segmentation.model import Sensor

SMALLEST = 16  # lines and samples that every backbone takes
METADATA = ("dataset", "backbone", "strategy", "width", "seed")


class Predictor(ABC):
    """A model that gives each pixel of a capture a class.

    Attributes:
        path: file or folder it came from.
        classes: names in index order.
        sensor: what a capture must look like.
        metadata: dataset, backbone, strategy, width and seed of the run; for an ONNX file the precision that it is
            computed in, and the runtime.
        drift: what it saw in training; None where that is not known.
    """

    path: Path
    classes: list[str]
    sensor: "Sensor"
    metadata: dict[str, Any]
    drift: Drift | None
    _form: tuple[tuple[int, int] | None, str]

    def __call__(self, capture: Located, bands: Bands) -> tuple[np.ndarray, np.ndarray]:
        """Return classes (uint8) and their probability (float32), both (lines, samples) of the capture.

        Where the model works at another size, each pixel gets those of the nearest one there.

        Raises:
            BoardbenchError: a capture that the model cannot take.
        """
        shape = capture.source.shape[:2]
        if min(shape) < SMALLEST and not self.any_size:
            raise BoardbenchError(
                f"{capture.source.header}: fields 'lines' and 'samples': {shape[0]} x {shape[1]}, but the network "
                f"needs at least {SMALLEST} x {SMALLEST} pixels. Scan more lines."
            )
        classes, probability = self._predict(capture, bands)
        return resize_mask(classes, shape), resize_mask(probability, shape)

    def watch(self, capture: Located, bands: Bands) -> Watch:
        """Return a watch that has held a capture against what the model saw in training, at the model's size."""
        watch = Watch(self.drift)
        if self.drift is None:
            return watch
        if capture.kind == "raw" and not bands.resampling:
            watch.references(seen(read_references(capture.source, **capture.references), bands.keep.tolist()))
        cube = self._reflectance(capture, bands, *self._form)
        watch_cube(watch, cube)
        if watch.first is not None:
            watch.first = min(capture.source.lines, round(watch.first * capture.source.lines / cube.shape[1]))
        return watch

    @property
    @abstractmethod
    def any_size(self) -> bool:
        """Whether captures smaller than ``SMALLEST`` are resized or padded to what the network takes."""

    @abstractmethod
    def _predict(self, capture: Located, bands: Bands) -> tuple[np.ndarray, np.ndarray]:
        """Return classes and their probability at the model's working size."""

    def _reflectance(self, capture: Located, bands: Bands, size: tuple[int, int] | None, resize: str) -> np.ndarray:
        """Return reflectance of the network's bands, float16 (bands, lines, samples), as in training."""
        cube = reflect(
            cube=capture.cube,
            **capture.references,
            keep=bands.keep.tolist(),
            panel=self.sensor.panel,
            size=size,
            resize=resize,
        )
        return bands.resampling.apply(cube) if bands.resampling else cube


class TorchPredictor(Predictor):
    """A run folder (or its model.pt), by torch: every step as in training and evaluation.

    Args:
        path: run folder or model.pt.
        threads: torch threads.

    Raises:
        BoardbenchError: no model there, or one that was trained with board masks.
    """

    def __init__(self, path: Path, threads: int):
        import torch

        from boardbench.segmentation.model import load
        from boardbench.segmentation.reduction import get

        self.path, self._model = path, load(path)
        if self._model.board_mask:
            raise BoardbenchError(
                f"{path}: trained with segmentation.reflectance.board_mask: true, and a capture to predict has no "
                "board mask: its surroundings would be unlike anything in training. Train a run with board_mask: "
                "false and give that."
            )
        torch.set_num_threads(threads)
        self.classes, self.sensor = self._model.classes, self._model.sensor
        self.metadata = {key: getattr(self._model, key) for key in METADATA}
        self._strategy = get(self._model.strategy)
        self._form = self._model.size, self._model.resize
        found = nearest_drift(path)
        self.drift = found and read_drift(found)

    @property
    def any_size(self) -> bool:
        """True where captures are resized, or cut into padded patches."""
        return self._model.size is not None or self._model.patch is not None

    def _predict(self, capture: Located, bands: Bands) -> tuple[np.ndarray, np.ndarray]:
        import torch

        from boardbench.segmentation.augmentation import corners, cut

        cube = self._reflectance(capture, bands, *self._form)
        cube = self._reduced(cube, str(capture.source.header))
        shape, patch = cube.shape[1:], self._model.patch
        classes, probability = np.empty(shape, np.uint8), np.empty(shape, np.float32)
        for line, sample in corners(shape, patch) if patch else [(0, 0)]:
            window = slice(line, line + (patch or shape[0])), slice(sample, sample + (patch or shape[1]))
            size = classes[window].shape
            part = cube[:, *window]
            if patch:
                part, _ = cut(part, np.zeros(size, np.uint8), patch)
            with torch.inference_mode():
                inputs = torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32))
                logits = self._model.network(inputs[None])[0, :, : size[0], : size[1]]
                best = logits.argmax(dim=0)
                classes[window] = best.to(torch.uint8).numpy()
                probability[window] = logits.softmax(dim=0).gather(0, best[None])[0].numpy()
        return classes, probability

    def _reduced(self, cube: np.ndarray, name: str) -> np.ndarray:
        """Apply normalization and reduction, measured and fitted on all pixels of the capture where training did so."""
        from boardbench.segmentation.data import IGNORED, blocks_of_lines
        from boardbench.segmentation.normalization import EVERY
        from boardbench.segmentation.reduction.pca import Axes, Fit, project

        scaling, factors = self._model.normalization, None
        if scaling:
            factors = (scaling.of_cube(cube, name) if scaling.fit == "cube" else scaling).factors(name, len(cube))
        if not self._strategy.fitted:
            return factors.cube(cube) if factors else cube
        axes = self._model.reduction
        if axes is None:
            spectra = (factors.pixels(pixels) if factors else pixels for _, pixels in blocks_of_lines(cube))
            blocks = ((pixels, np.full(len(pixels), IGNORED, np.uint8)) for pixels in spectra)
            fit = self._strategy.fit(blocks, self._strategy.components, name)
            arrays = {field: np.stack([getattr(fit, field)]) for field in Fit._fields}
            axes = Axes(captures=np.array([EVERY]), **arrays)
        return project(cube, axes, name, factors)


class OnnxPredictor(Predictor):
    """A file that ``boardbench export`` wrote, by a runtime: calibration to classes inside the file.

    Args:
        path: the ``.onnx`` file.
        threads: of the runtime.
        runtime: onnxruntime or openvino.
        precision: bf16, of a float32 file; None for the file's own.

    Raises:
        BoardbenchError: not an ONNX file, or not one of boardbench, or of a precision that has no other.
    """

    def __init__(self, path: Path, threads: int, runtime: str = "onnxruntime", precision: str | None = None):
        from boardbench.engine.onnxfile import open_onnx
        from boardbench.engine.runtimes import computed_in, open_network

        metadata = open_onnx(path).metadata
        self.path, self.classes = path, metadata["classes"]
        self.sensor = SimpleNamespace(**metadata["sensor"])  # a Sensor would need torch
        precision = computed_in(path, metadata["precision"], precision)
        self.metadata = {key: metadata[key] for key in METADATA} | {"precision": precision, "runtime": runtime}
        self._form = metadata["size"] and tuple(metadata["size"]), metadata["resize"]
        self.drift = metadata.get("drift") and Drift.from_json(metadata["drift"])
        self._session = open_network(path, threads, runtime, precision)

    @property
    def any_size(self) -> bool:
        """True where the file resizes captures."""
        return self._form[0] is not None

    def _predict(self, capture: Located, bands: Bands) -> tuple[np.ndarray, np.ndarray]:
        inputs = self._counts(capture, bands) if self.sensor.kind == "raw" else self._whole_grid(capture, bands)
        classes, probabilities = self._session.run(["classes", "probabilities"], inputs)
        return classes, np.take_along_axis(probabilities, classes[None].astype(np.intp), axis=0)[0]

    def _counts(self, capture: Located, bands: Bands) -> dict[str, np.ndarray]:
        """Return the inputs of a file that takes raw counts: the camera's own, lines of BIL."""
        source = capture.source
        if capture.kind != "raw":
            raise BoardbenchError(
                f"{source.header}: a reflectance cube, but {self.path} takes raw counts with their references. Give "
                "the raw capture, or predict with --run and the run's folder, which takes both."
            )
        if bands.resampling:
            raise BoardbenchError(
                f"{source.header}: --resample interpolates reflectance, but {self.path} takes raw counts of its own "
                "bands. Predict with --run and the run's folder instead of --model."
            )
        counts = source.counts(0, source.lines).transpose(0, 2, 1)
        if source.dtype.kind == "f" or not np.can_cast(source.dtype, np.uint16):
            fits = np.isfinite(counts).all() and counts.min() >= 0 and counts.max() <= np.iinfo(np.uint16).max
            if not (fits and (counts == np.round(counts)).all()):
                raise BoardbenchError(
                    f"{source.header}: field 'data type': {source.dtype.name} values that are not whole numbers from 0 "
                    f"to 65535, but {self.path} takes a camera's counts. Predict with --run and the run's folder "
                    "instead of --model."
                )
        found = read_references(source, **capture.references)
        white, dark = found.counts()
        return {
            "counts": np.ascontiguousarray(counts, np.uint16),
            "white": np.ascontiguousarray(white.T, np.float32),
            "dark": np.ascontiguousarray(dark.T, np.float32),
            "exposure": np.array([found.exposure], np.float32),
        }

    def _whole_grid(self, capture: Located, bands: Bands) -> dict[str, np.ndarray]:
        """Return the input of a file that takes reflectance of all the sensor's bands; those it drops stay 0."""
        kept = self._reflectance(capture, bands, None, "bilinear")
        lines, samples = kept.shape[1:]
        cube = np.zeros((lines, self.sensor.bands, samples), np.float32)
        cube[:, self.sensor.keep] = kept.transpose(1, 0, 2)
        return {"reflectance": cube}
