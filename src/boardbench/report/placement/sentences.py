"""What the page says of the placement study: each sentence is decided by a table, none is written by hand."""

from typing import Any

import pandas as pd

from boardbench.report.charts import pretty
from boardbench.report.columns import DASH, Row
from boardbench.report.placement.artifacts import PlacementAbout
from boardbench.report.placement.charts import network
from boardbench.report.placement.differences import BASELINE, TERM
from boardbench.report.sentences import answer, over, tally

CENTRE = "centre_mae_px"
PART_NAMES = {"test": "photos that were not trained on (test)", "displaced": "chips really put down wrong (displaced)"}
ERRORS = {CENTRE: "centre, px", "corner_mae_px": "corners, px", "rotation_mae_deg": "rotation, °"}
PROTOCOLS = {
    "images": "Validation images show the photos that also train, as in paper 4; test images show photos of their own.",
    "photos": "Validation images show photos of their own here, not those that train as in paper 4, so this leak is "
    "closed; what remains is how the photos differ.",
}


def against_baselines(scores: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """Say, for test and displaced, what is concluded of each network against each baseline at the chip's centre.

    Args:
        scores: placement.csv as text.
        differences: placement_differences.csv as text.
    """
    if not (scores["loss"] == "none").any():
        return ["No baseline was run on this data, so nothing says what these errors are worth."]
    asked = differences[(differences["question"] == BASELINE) & (differences["metric"] == CENTRE)]
    if asked.empty:
        return ["No network was trained on this data; these are the baselines alone."]
    said = []
    for part, words in PART_NAMES.items():
        rows = asked[asked["part"] == part].to_dict("records")
        names = [f"{network(row['init'], row['loss'])} against {pretty(row['against'])}" for row in rows]
        if rows:
            question = f"Networks against baselines, error at the centre, {words} ({over(rows[0])})"
            said.append(tally(question, zip(names, [row["conclusion"] for row in rows], strict=True)))
    return said


def headline(scores: pd.DataFrame, differences: pd.DataFrame) -> list[tuple[str, str]]:
    """Return topic and sentence of what the first page says: best network against best baseline, then the term.

    Best are those whose centre errs least on boards whose chip was really put down wrong, or else on test images.

    Args:
        scores: placement.csv as text.
        differences: placement_differences.csv as text.
    """
    centre = differences[differences["metric"] == CENTRE]
    errors = scores.assign(error=pd.to_numeric(scores[CENTRE], errors="coerce")).dropna(subset=["error"])
    part = next((name for name in reversed(PART_NAMES) if name in set(errors["part"])), "")
    of = errors[errors["part"] == part].sort_values("error", kind="stable")
    rows = centre[(centre["question"] == BASELINE) & (centre["part"] == part)]
    said = []
    for name, base in zip(of[of["loss"] != "none"].itertuples(), of[of["loss"] == "none"].itertuples(), strict=False):
        chosen = rows[(rows["init"] == name.init) & (rows["loss"] == name.loss) & (rows["against"] == base.init)]
        topic = f"{network(name.init, name.loss)} against {pretty(base.init)}"
        said = [(topic, row) for row in chosen.to_dict("records")]
        break
    asked = centre[(centre["question"] == TERM) & (centre["part"] == part)]
    said += [(f"Rectangle term, {pretty(row['init'])}", row) for row in asked.to_dict("records")]
    found = [(topic, answer(f"error of the centre, {part} images,", row, " px")) for topic, row in said]
    return found or [("Networks against baselines", " ".join(against_baselines(scores, differences)))]


def term(differences: pd.DataFrame) -> str:
    """Say whether the rectangle term is shown to help."""
    rows = differences[differences["question"] == TERM].to_dict("records")
    if not rows:
        return "The networks were not trained both with and without it, so nothing says whether it helps."
    found = [(f"{ERRORS[row['metric']].split(',')[0]} on {row['part']}", row["conclusion"]) for row in rows]
    return tally(f"With against without the term, each error and part ({over(rows[0])})", found)


def _range(values: pd.Series, unit: str) -> str:
    numbers = sorted(float(value) for value in values)
    if not numbers:
        return DASH
    ends = [f"{numbers[0]:.3f}", f"{numbers[-1]:.3f}"]
    return f"{' to '.join(dict.fromkeys(ends))} {unit}"


def settings(about: PlacementAbout, scores: pd.DataFrame) -> list[Row]:
    """Put what paper 4 says of its study beside ours: rows of what, paper, here."""
    parts, training = about.parts, about.training
    given = training.get("settings", {})
    trained = scores[scores["loss"] != "none"]
    test = trained[trained["part"] == "test"]
    init = ", ".join(pretty(name) for name in dict.fromkeys(trained["init"])) or DASH
    backbone = pretty(given.get("backbone", "mobilenet_v2"))
    size = "{} \N{MULTIPLICATION SIGN} {}".format(*about.size)
    validation = parts["validation"]["images"]
    whole = parts["train"]["images"] + validation
    share = f"{100 * parts['train']['images'] / whole:.0f} %" if whole else DASH

    def number(key: str, source: dict[str, Any]) -> str:
        return f"{source[key]:g}" if key in source else DASH

    rows = [
        ("photos for training", "10", str(parts["train"]["photos"])),
        ("images made of them, share that trains", "2000, 85 %", f"{whole}, {share}"),
        ("further test images", "300 of 2 photos", f"{parts['test']['images']} of {parts['test']['photos']} photos"),
        ("boards whose chip was really displaced", "none", f"{parts['displaced']['images']} photos"),
        ("image", "256 \N{MULTIPLICATION SIGN} 256", size),
        ("network", "MobileNetV2, frozen; separable convolution, 512, 8", f"{backbone}, {init}; the same head"),
        ("weights that it starts from", "ImageNet", str(given.get("weights") or "none: a random start")),
        ("width of the backbone", "not stated", number("width", given)),
        ("optimizer, batch", "Adam, 32", f"Adam, {number('batch_size', given)}"),
        ("weight of the rectangle term", "1: the plain sum", number("rectangle_weight", given)),
        ("epochs", "1000", number("epochs", training)),
        (
            "training settles after",
            "about 600 epochs, read off a curve",
            f"{number('convergence_epoch', training)} epochs",
        ),
        ("error of the centre", "a curve, no number", f"{_range(test[CENTRE], 'px')} on test photos"),
    ]
    return [dict(zip(("what", "paper", "here"), row, strict=True)) for row in rows]
