"""What the placement study shows: does the rectangle term help, do networks beat floors, does validation flatter?

Every row is the mean over seeds of a difference of errors, with the 95 % limits of Student's t over the seeds: the
runs of one seed share their split and images, so both sides are paired. The limits cover what training again would
change, not other photos: the images of a part are made of few photos and are not independent, so a bootstrap over
them would claim more than it knows. A difference is shown only where the printed limits leave out 0; one seed has no
limits and shows nothing.
"""

import math
from statistics import mean, stdev

import pandas as pd
from scipy import stats

from boardbench.report.placement_runs import PARTS, Group
from boardbench.report.writing import decimals

TERM, FLOOR, LEAK = QUESTIONS = ("rectangle term", "floor", "leak")
METRICS = ("centre_mae_px", "corner_mae_px", "rotation_mae_deg")
COLUMNS = ["question", "features", "loss", "against", "part", "metric", "seeds", "difference", "low", "high", "shown"]
COLUMNS += ["note"]
NOTHING = "no difference shown"
# What a difference of errors below 0 and above 0 is called.
WORDS = {TERM: ("helps", "harms"), FLOOR: ("beats", "loses"), LEAK: ("lower", "higher")}
LEVEL = 0.95
ROUGH = 5  # seeds, below which the limits are called rough


def interval(values: list[float]) -> tuple[float, float]:
    """Return the limits of the mean of ``values`` by Student's t; NaN for a single one."""
    if len(values) < 2:
        return math.nan, math.nan
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    return mean(values) - half, mean(values) + half


def _row(question: str, group: Group, against: str, part: str, metric: str, values: list[float]) -> dict[str, str]:
    low, high = (decimals(end, 4) for end in interval(values))
    below, above = WORDS[question]
    shown = below if high and float(high) < 0 else above if low and float(low) > 0 else NOTHING
    count = len(values)
    note = "one seed: no interval" if count == 1 else f"rough: {count} seeds" if count < ROUGH else ""
    difference = decimals(mean(values), 4)
    cells = (question, group.features, group.loss, against, part, metric, str(count), difference, low, high, shown)
    return dict(zip(COLUMNS, (*cells, note), strict=True))


def differences(groups: list[Group]) -> pd.DataFrame:
    """Compare runs as the page asks; text cells with 4 decimals.

    * rectangle term: loss rectangle minus loss corners of the same features, every part;
    * floor: each network minus each floor, parts test and displaced (a floor needs no draw: one number);
    * leak: the same run, part test minus part validation.

    Returns:
        question, features, loss, against, part, metric, seeds, difference, low, high (empty with one seed), shown
        (helps or harms, beats or loses, lower or higher, no difference shown), note.
    """
    networks = {(group.features, group.loss): group for group in groups if not group.floor}
    parts = [part for part in PARTS if part in groups[0].scores[0]]
    rows = []

    def compare(question: str, group: Group, part: str, against: str, other: Group, other_part: str) -> None:
        for metric in METRICS:
            ours, theirs = group.values(part, metric), other.values(other_part, metric)
            theirs = theirs * len(ours) if other.floor else theirs
            paired = [mine - its for mine, its in zip(ours, theirs, strict=True)]
            rows.append(_row(question, group, against, part, metric, paired))

    for (features, loss), group in networks.items():
        if loss == "rectangle" and (features, "corners") in networks:
            for part in parts:
                compare(TERM, group, part, "corners", networks[features, "corners"], part)
    for group in networks.values():
        for floor in (group for group in groups if group.floor):
            for part in parts[1:]:
                compare(FLOOR, group, part, floor.features, floor, part)
    for group in networks.values():
        compare(LEAK, group, "test", "validation", group, "validation")
    return pd.DataFrame(rows, columns=COLUMNS)
