"""Connected components of a class map: what a line engineer counts, measures and picks."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from boardbench.segmentation.axis import angle
from boardbench.segmentation.overlay import background

COLUMNS = [
    *("component", "class", "pixels", "first_line", "first_sample", "last_line", "last_sample"),
    *("centre_line", "centre_sample", "share", "angle", "mean_probability"),
]


def components(classes: np.ndarray, probability: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Return the connected components of a class map; pixels of one class that touch, corners too, are one.

    The background class (``others``) has no components. Memory: about 60 bytes a pixel.

    Args:
        classes: class indices, (lines, samples).
        probability: of each pixel's own class, (lines, samples) in [0, 1].
        names: of the classes, in index order.

    Returns:
        One row a component, sorted by first line, then first sample, then class: component (from 1), class, pixels,
        the bounding box (first and last are in it; counted from 0), the centre (mean line and sample, rounded to
        0.01), its share of the pixels between its first and last sample of each line (1: no holes), the direction of
        its long axis (degrees, as :func:`boardbench.segmentation.axis.angle`; empty: none) and the mean probability.

    Raises:
        ValueError: shapes that differ.
    """
    from skimage.measure import label

    if classes.shape != probability.shape:
        raise ValueError(f"classes {classes.shape}, probability {probability.shape}: must agree")
    zero = background(names)
    # Not every set of classes has a background; -1 is no class.
    labels = label(classes.astype(np.int32), background=-1 if zero is None else zero, connectivity=2).ravel()
    pixels = np.flatnonzero(labels)
    component = labels[pixels] - 1
    line, sample = np.divmod(pixels, classes.shape[1])
    found = int(component.max()) + 1 if component.size else 0
    area = np.bincount(component, minlength=found)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(component, weights=values, minlength=found) / area

    def furthest(ufunc: np.ufunc, values: np.ndarray, start: int) -> np.ndarray:
        result = np.full(found, start)
        ufunc.at(result, component, values)
        return result

    kind = np.zeros(found, np.intp)
    kind[component] = classes.ravel()[pixels]
    table = pd.DataFrame(
        {
            "class": np.array(names, dtype=object)[kind],
            "pixels": area,
            "first_line": furthest(np.minimum, line, classes.shape[0]),
            "first_sample": furthest(np.minimum, sample, classes.shape[1]),
            "last_line": furthest(np.maximum, line, -1),
            "last_sample": furthest(np.maximum, sample, -1),
            "centre_line": mean(line).round(2),
            "centre_sample": mean(sample).round(2),
            "share": (area / _within(component, line, sample, found)).round(4),
            "angle": _angles(line, sample, mean),
            "mean_probability": mean(probability.ravel()[pixels]).round(4),
        }
    )
    table = table.iloc[np.lexsort((kind, table["first_sample"], table["first_line"]))]
    table.insert(0, "component", np.arange(1, found + 1))
    return table.reset_index(drop=True)


def _within(component: np.ndarray, line: np.ndarray, sample: np.ndarray, found: int) -> np.ndarray:
    """Return how many pixels lie between the first and the last sample of each line of each component.

    The pixels are in the order of lines, then samples.
    """
    order = np.argsort(component, kind="stable")
    component, line, sample = component[order], line[order], sample[order]
    begins = np.flatnonzero(np.r_[True, (np.diff(component) != 0) | (np.diff(line) != 0)][: len(component)])
    ends = np.r_[begins[1:], len(component)] - 1
    return np.bincount(component[begins], weights=sample[ends[: len(begins)]] - sample[begins] + 1, minlength=found)


def _angles(line: np.ndarray, sample: np.ndarray, mean: Callable[[np.ndarray], np.ndarray]) -> list[float | None]:
    """Return the direction of each component's long axis."""
    lines, samples = mean(line), mean(sample)
    spreads = (mean(line * line) - lines**2, mean(sample * sample) - samples**2, mean(line * sample) - lines * samples)
    return [angle(*spread) for spread in zip(*spreads, strict=True)]
