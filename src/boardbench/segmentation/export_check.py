"""An exported file held against its run, from raw counts, on the run's test captures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from boardbench.captures.blocks import reflect
from boardbench.captures.envi import open_cube
from boardbench.captures.masks import read_mask
from boardbench.captures.references import read_references
from boardbench.captures.resize import resize_mask
from boardbench.captures.sheet import Capture
from boardbench.engine.runtimes import DEFAULT, open_network, variants
from boardbench.segmentation.scores import confusion_matrix, scores

if TYPE_CHECKING:
    from boardbench.segmentation.model import Model

SAME_CLASS = 0.999
"""Least share of pixels that a float32 file must give the run's class."""


def inputs_of(model: "Model", capture: Capture, read: list[int]) -> dict[str, np.ndarray]:
    """Return what an exported file takes, of the bands ``read`` of one capture."""
    cube = open_cube(capture.cube)
    if model.sensor.kind != "raw":
        whole = reflect(cube=capture.cube, keep=read)
        return {"reflectance": np.ascontiguousarray(whole.transpose(1, 0, 2), np.float32)}
    found = read_references(cube, **capture.references)
    counts = np.ascontiguousarray(cube.counts(0, cube.lines).transpose(0, 2, 1)[:, read], np.uint16)
    white, dark = (np.ascontiguousarray(mean.T[read], np.float32) for mean in found.counts())
    return {"counts": counts, "white": white, "dark": dark, "exposure": np.float32([found.exposure])}


def check_files(
    model: "Model", paths: dict[str, Path], captures: list[Capture], read: list[int], threads: int, others: list[str]
) -> dict[str, dict[str, Any]]:
    """Compare files with the run, capture by capture, and score them; by precision, with other runtimes inside."""
    keys = [(of, *how) for of in paths for how in variants([DEFAULT, *others], of)]
    opened = {key: open_network(paths[key[0]], threads, *key[1:]) for key in keys}
    count = len(model.classes)
    pixels, same, largest = 0, dict.fromkeys(keys, 0), dict.fromkeys(keys, 0.0)
    confusion = {key: np.zeros((count, count), np.int64) for key in keys}
    for capture in captures:
        inputs, expected = inputs_of(model, capture, read), _probabilities(model, capture)
        cube = open_cube(capture.cube)
        truth = read_mask(capture.mask, cube.shape[:2], count, cube.shutter_lines)
        truth, wanted = resize_mask(truth, expected.shape[1:]), expected.argmax(axis=0)
        pixels += wanted.size
        for key, file in opened.items():
            classes, probabilities = file.run(["classes", "probabilities"], inputs)
            same[key] += int(np.count_nonzero(classes == wanted))
            largest[key] = max(largest[key], float(np.abs(probabilities - expected).max()))
            confusion[key] += confusion_matrix(truth, classes, count)
    results: dict[str, dict[str, Any]] = {}
    for (of, runtime, precision), matrix in confusion.items():
        found = scores(matrix)
        checked = {
            "captures": len(captures),
            "pixels": pixels,
            "same_class": same[of, runtime, precision] / pixels,
            "largest_probability_difference": largest[of, runtime, precision],
            "scores": {"miou": _known(found["miou"]), "mf1": _known(found["mf1"]), "iou": [*map(_known, found["iou"])]},
        }
        if runtime == DEFAULT:
            results[of] = checked | {"runtimes": {}}
        else:
            results[of]["runtimes"].setdefault(runtime, {})[precision] = checked
    return results


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _probabilities(model: "Model", capture: Capture) -> np.ndarray:
    """Return what the run itself gives for a capture, whole: (classes, lines, samples)."""
    import torch

    from boardbench.segmentation.reduction.pca import project

    raw = capture.references if model.sensor.kind == "raw" else {}
    sensor = model.sensor
    cube = reflect(cube=capture.cube, keep=sensor.keep, panel=sensor.panel, size=model.size, resize=model.resize, **raw)
    factors = model.normalization.factors(capture.name, len(cube)) if model.normalization else None
    if model.reduction:
        values = project(cube, model.reduction, capture.name, factors)
    else:
        values = factors.cube(cube) if factors else cube.astype(np.float32)
    with torch.inference_mode():
        return model.network(torch.from_numpy(values)[None])[0].softmax(dim=0).numpy()


def verdict_of(precision: str, checked: dict[str, Any]) -> tuple[str, str]:
    """Return what :func:`check_files` found of a file, in a sentence, and what is wrong with it, or nothing."""
    same = checked["same_class"]
    said = (
        f"{same:.4%} of {checked['pixels']} pixels of {checked['captures']} test captures have the run's class, "
        f"probabilities differ by at most {checked['largest_probability_difference']:.3g}, mean IoU "
        f"{checked['scores']['miou']:.4f}"
    )
    shares = {"": same} if precision == "float32" else {}
    for runtime, by in checked["runtimes"].items():
        for computed, found in by.items():
            also, miou = found["same_class"], found["scores"]["miou"]
            said += f"; by {runtime} in {computed} {also:.4%}, {miou:.4f}" if miou is not None else ""
            if computed == "float32":
                shares[f"by {runtime} "] = also
    low = [f"{by}only {share:.3%}" for by, share in shares.items() if share < SAME_CLASS]
    return said, f"{low[0]} of the test pixels have the run's class (least: {SAME_CLASS:.1%})." if low else ""
