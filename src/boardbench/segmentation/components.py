"""Connected components of a class map: what a line engineer counts, measures and picks."""

import numpy as np
import pandas as pd

from boardbench.segmentation.overlay import background

COLUMNS = [
    *("component", "class", "pixels", "first_line", "first_sample", "last_line", "last_sample"),
    *("centre_line", "centre_sample", "mean_probability"),
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
        0.01) and the mean probability (rounded to 0.0001).

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
            "mean_probability": mean(probability.ravel()[pixels]).round(4),
        }
    )
    table = table.iloc[np.lexsort((kind, table["first_sample"], table["first_line"]))]
    table.insert(0, "component", np.arange(1, found + 1))
    return table.reset_index(drop=True)
