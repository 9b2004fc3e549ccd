"""Cost tables of the segmentation study: counted (same networks, same bytes) and, apart from them, measured."""

from pathlib import Path

import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Complexity
from boardbench.report.runs import AGAIN, numbers, read_csv, read_printed
from boardbench.report.segmentation.runs import PUBLISHED_AS
from boardbench.report.writing import decimals

PAPER_COUNTED = Complexity(size=(640, 640), width=64, bands=214)
PAPER_CLASSES = 4
# Columns of complexity.csv with their decimals in the table.
COUNTED = {
    "gmacs": 4,
    "gmacs_published_convention": 4,
    "params_millions": 3,
    "gmacs_reduction": 4,
    "gflops": 3,
    "activations_inference_mib": 1,
    "activations_training_mib": 1,
}
AGREES = 0.00501  # GMACs: the last printed digit


def _printed(published: Path) -> dict[tuple[str, str], dict[str, str]]:
    columns = ("backbone", "strategy", "gmacs_published", "params_millions_published")
    rows = read_printed(published / "segmentation_complexity.csv", columns).to_dict("records")
    return {(row["backbone"], row["strategy"]): row for row in rows}


def _difference(ours: dict[str, float], published: str) -> tuple[str, str]:
    """Return published minus ours in GMACs (published convention), and what explains it."""
    if not published:
        return "", ""
    difference = float(published) - ours["gmacs_published_convention"]
    projection = ours["gmacs_reduction"]
    if abs(difference) <= AGREES:
        why = "equal"
    elif projection > 0 and abs(difference - 2 * projection) <= 0.02:
        why = f"the projection at 2 per MAC, remainder {difference - 2 * projection:+.3f}"
    else:
        why = "unexplained"
    return f"{difference:+.3f}", why


def complexity_table(
    dataset: str,
    path: Path,
    backbones: list[str],
    strategies: list[str],
    counted: Complexity,
    published: Path,
    classes: int,
) -> pd.DataFrame:
    """Put the counted costs beside the published ones, as text.

    Args:
        dataset: first column.
        path: complexity.csv.
        backbones: networks, in table order.
        strategies: input strategies, in table order.
        counted: what ``path`` was counted with; published numbers stand only beside the paper's own.
        published: folder of the published numbers.
        classes: number of classes that was counted.

    Returns:
        dataset, backbone, strategy, the columns of complexity.csv, gmacs_published, params_millions_published,
        gmacs_difference (published minus ours in the published convention) and difference_why.

    Raises:
        BoardbenchError: a row is missing or a cell is not a number; names the verb that makes it.
    """
    verb = "segmentation complexity"
    frame = read_csv(path, verb, ("backbone", "strategy", *COUNTED))
    counts = numbers(path, frame, COUNTED, verb, empty=COUNTED).to_dict("records")
    ours = dict(zip(zip(frame["backbone"], frame["strategy"], strict=True), counts, strict=True))
    printed = _printed(published) if (counted, classes) == (PAPER_COUNTED, PAPER_CLASSES) else {}
    rows = []
    for backbone, strategy in ((backbone, strategy) for backbone in backbones for strategy in strategies):
        key = backbone, strategy
        if key not in ours:
            raise BoardbenchError(
                f"{path}: no row for backbone {backbone}, strategy {strategy}. {AGAIN.format(verb=verb)}"
            )
        values = ours[key]
        row = {"dataset": dataset, "backbone": backbone, "strategy": strategy}
        row |= {name: decimals(values[name], digits) for name, digits in COUNTED.items()}
        paper = printed.get((backbone, PUBLISHED_AS.get(strategy, strategy)), {})
        row |= {name: paper.get(name, "") for name in ("gmacs_published", "params_millions_published")}
        row["gmacs_difference"], row["difference_why"] = _difference(values, row["gmacs_published"])
        rows.append(row)
    return pd.DataFrame(rows)


def latency_table(dataset: str, path: Path) -> pd.DataFrame:
    """Return the measured times (latency.csv) as text, with the data set in the first column."""
    frame = read_csv(
        path, "segmentation latency", ("backbone", "strategy", "network_p50_ms", "network_p99_ms", "n", "hardware")
    )
    frame.insert(0, "dataset", dataset)
    return frame
