"""What the placement study shows: does the rectangle term help, do networks beat baselines, does validation flatter?

Every row is the mean over seeds of a difference of errors with 95 % limits; a difference is shown only where the
printed limits of three seeds or more leave out 0.

**Rectangle term and leak**: Student's t over the seeds. The runs of one seed share their split and images, so both
sides are paired. The limits cover what training again would change, not other images or photos. One seed has no
limits.

**Baseline**: Student's t over the images, and over the seeds where there are several. Network and baseline found the
chip on the same images, so their errors are paired image by image; a baseline needs no draw. With one seed the limits
cover other images for this one network, not training again. They never cover other photos: images that were made of one
photo are not independent, and limits that take them as such are too narrow. The note says of how few photos they are.
"""

from statistics import mean

import pandas as pd

from boardbench.report.placement.images import METRICS, Images
from boardbench.report.placement.runs import PARTS, Group
from boardbench.report.uncertainty import image_interval, interval, verdict
from boardbench.report.writing import decimals

TERM, BASELINE, LEAK = QUESTIONS = ("rectangle term", "baseline", "leak")
COLUMNS = ["question", "init", "loss", "against", "part", "metric", "seeds", "difference", "low", "high", "conclusion"]
COLUMNS += ["note"]
# What a difference of errors below 0 and above 0 is called.
WORDS = {TERM: ("helps", "harms"), BASELINE: ("beats", "loses"), LEAK: ("lower", "higher")}
ROUGH = 5  # seeds, below which the limits are called rough


def _row(
    question: str, group: Group, against: str, part: str, metric: str, value: float, limits: tuple[float, float]
) -> dict[str, str]:
    """Return a row without its note."""
    low, high = (decimals(end, 4) for end in limits)
    seeds = len(group.scores)
    shown = verdict(low, high, seeds, *WORDS[question])
    cells = (question, group.init, group.loss, against, part, metric, str(seeds), decimals(value, 4), low, high)
    return dict(zip(COLUMNS, (*cells, shown), strict=False))


def _image_note(seeds: int, images: int, photos: int) -> str:
    if images == 1:
        return "one image: no interval"
    notes = ["one seed: limits over images only"] if seeds == 1 else []
    if photos < images:
        notes.append(f"{images} images of {photos} photo{'s' if photos != 1 else ''}, not independent")
    return "; ".join(notes)


def differences(groups: list[Group], images: Images) -> pd.DataFrame:
    """Compare runs as the page asks; text cells with 4 decimals.

    * rectangle term: loss rectangle minus loss corners of the same init, every part; limits over seeds;
    * baseline: each network minus each baseline, parts test and displaced; limits over images and seeds;
    * leak: the same run, part test minus part validation; limits over seeds.

    Args:
        groups: the runs' scores.
        images: their errors image by image.

    Returns:
        question, init, loss, against, part, metric, seeds, difference, low, high (empty where there is one seed, for a
        baseline where there is one image), conclusion (:func:`boardbench.report.uncertainty.verdict` in WORDS), note.
    """
    networks = {(group.init, group.loss): group for group in groups if not group.baseline}
    parts = [part for part in PARTS if part in groups[0].scores[0]]
    rows = []

    def over_seeds(question: str, group: Group, part: str, against: str, other: Group, other_part: str) -> None:
        for metric in METRICS:
            pairs = zip(group.values(part, metric), other.values(other_part, metric), strict=True)
            paired = [mine - its for mine, its in pairs]
            row = _row(question, group, against, part, metric, mean(paired), interval(paired))
            count = len(paired)
            note = "one seed: no interval" if count == 1 else f"rough: {count} seeds" if count < ROUGH else ""
            rows.append(row | {"note": note})

    def over_images(group: Group, baseline: Group, part: str) -> None:
        for metric in METRICS:
            ours, theirs = (images.errors[one.init, one.loss][part][metric] for one in (group, baseline))
            paired = ours - theirs
            row = _row(BASELINE, group, baseline.init, part, metric, float(paired.mean()), image_interval(paired))
            rows.append(row | {"note": _image_note(*paired.shape, images.photos[part])})

    for (init, loss), group in networks.items():
        if loss == "rectangle" and (init, "corners") in networks:
            for part in parts:
                over_seeds(TERM, group, part, "corners", networks[init, "corners"], part)
    for group in networks.values():
        for baseline in (group for group in groups if group.baseline):
            for part in parts[1:]:
                over_images(group, baseline, part)
    for group in networks.values():
        over_seeds(LEAK, group, "test", "validation", group, "validation")
    return pd.DataFrame(rows, columns=COLUMNS)
