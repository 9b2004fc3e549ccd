"""What the page says of the placement study: each sentence is decided by a table, none is written by hand."""

from typing import Any

import pandas as pd

from boardbench.report.charts import pretty
from boardbench.report.placement.charts import network
from boardbench.report.placement.differences import BASELINE, LEAK, TERM
from boardbench.report.sentences import seeds_of, signed
from boardbench.report.uncertainty import HIGHER, LOWER, is_untested

CENTRE = "centre_mae_px"
PART_NAMES = {
    "test": "On images of photos that were not trained on (test)",
    "displaced": "On boards whose chip was really put down wrong (displaced)",
}
ERRORS = {CENTRE: "centre, px", "corner_mae_px": "corners, px", "rotation_mae_deg": "rotation, °"}
PROTOCOLS = {
    "images": "Validation images show the photos that also train, as in paper 4; test images show photos of their own. "
    "What validation hides is the difference:",
    "photos": "Validation images show photos of their own here, not those that train as in paper 4, so this leak is "
    "closed; what remains is how the photos differ:",
}


def _centre(scores: pd.DataFrame, init: str, loss: str, part: str) -> str:
    """Return the printed error of a network's centre on a part."""
    chosen = (scores["init"] == init) & (scores["loss"] == loss) & (scores["part"] == part)
    return f"{float(scores.loc[chosen, CENTRE].iloc[0]):.3f} px"


def _limits(row: dict[str, Any]) -> str:
    if not row["low"]:
        return "one seed, so no interval"
    return f"95 % interval {signed(row['low'])} to {signed(row['high'])} over {row['seeds']} seeds"


def against_baselines(scores: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """Say, for test and displaced, which networks beat both baselines at the chip's centre, and which do not; the
    errors alone where too few seeds were trained.

    Args:
        scores: placement.csv as text.
        differences: placement_differences.csv as text.
    """
    if not (scores["loss"] == "none").any():
        return ["No baseline was run on this data, so nothing says what these errors are worth."]
    if not (scores["loss"] != "none").any():
        return ["No network was trained on this data; these are the baselines alone."]
    said = []
    asked = differences[(differences["question"] == BASELINE) & (differences["metric"] == CENTRE)]
    for part, words in PART_NAMES.items():
        rows = asked[asked["part"] == part].to_dict("records")
        if not rows:
            continue
        names = list(dict.fromkeys((row["init"], row["loss"]) for row in rows))
        rivals = list(dict.fromkeys(row["against"] for row in rows))
        baselines = ", ".join(map(pretty, rivals))
        if is_untested(rows[0]["conclusion"]):
            errors = [f"{network(*name)} {_centre(scores, *name, part)}" for name in names]
            errors += [f"{pretty(baseline)} {_centre(scores, baseline, 'none', part)}" for baseline in rivals]
            said.append(f"{words}, error at the centre: {', '.join(errors)} ({rows[0]['conclusion']}).")
            continue
        short = [row for row in rows if row["conclusion"] != "beats"]
        if not short:
            said.append(
                f"{words}, every trained network ({len(names)}) beats every baseline ({baselines}) at the centre."
            )
            continue
        failed = []
        for name in names:
            mine = [row for row in short if (row["init"], row["loss"]) == name]
            if mine:
                against = ", ".join(_against(scores, row) for row in mine)
                failed.append(f"{network(*name)} ({_centre(scores, *name, part)}) {against}")
        count = f"{len(failed)} of {len(names)} trained networks are not"
        who = f"none of the {len(names)} trained networks is" if len(failed) == len(names) else count
        said.append(f"{words}, {who} shown to beat every baseline ({baselines}) at the centre: {'; '.join(failed)}.")
    return said


def _against(scores: pd.DataFrame, row: dict[str, Any]) -> str:
    rival = f"{pretty(row['against'])} ({_centre(scores, row['against'], 'none', row['part'])})"
    return f"loses to {rival}" if row["conclusion"] == "loses" else f"is not told apart from {rival}"


def leak(scores: pd.DataFrame, differences: pd.DataFrame) -> list[str]:
    """Say for each network how its centre errs on validation and on test images, and what of that is shown."""
    words = {HIGHER: "validation flatters it", LOWER: "the test photos are easier"}
    said = []
    asked = differences[(differences["question"] == LEAK) & (differences["metric"] == CENTRE)]
    for row in asked.to_dict("records"):
        name = row["init"], row["loss"]
        validation, test = (_centre(scores, *name, part) for part in ("validation", "test"))
        said.append(
            f"{network(*name)}: centre {validation} on validation images, {test} on test images; difference "
            f"{signed(row['difference'])} px ({_limits(row)}): {words.get(row['conclusion'], row['conclusion'])}."
        )
    return said


def term(differences: pd.DataFrame) -> tuple[str, list[dict[str, Any]]]:
    """Say whether the rectangle term is shown to help.

    Returns:
        the sentence, and the rows it rests on with ``what`` (the error's name).
    """
    rows = differences[differences["question"] == TERM].to_dict("records")
    if not rows:
        return "The networks were not trained both with and without it, so nothing says whether it helps.", []
    rows = [row | {"what": ERRORS[row["metric"]]} for row in rows]
    found = {word: [row for row in rows if row["conclusion"] == word] for word in ("helps", "harms")}
    base = f"{len(rows)} comparisons (error by part, {seeds_of(rows[0])})"
    if is_untested(rows[0]["conclusion"]):
        return f"Not tested: fewer than three seeds decide none of {base}.", rows
    if not any(found.values()):
        return f"Not shown: in none of {base} do the limits leave out 0.", rows
    parts = []
    for word, chosen in found.items():
        if chosen:
            where = ", ".join(f"{row['what'].split(',')[0]} on {row['part']}" for row in chosen)
            parts.append(f"it {word} in {len(chosen)} ({where})")
    rest = len(rows) - sum(map(len, found.values()))
    parts += [f"in {rest} no difference is shown"] if rest else []
    return f"Of {base}, {'; '.join(parts)}. Of twenty comparisons of equals about one is shown by chance.", rows


def _range(values: pd.Series, unit: str) -> str:
    numbers = sorted(float(value) for value in values)
    if not numbers:
        return "\N{EN DASH}"
    ends = [f"{numbers[0]:.3f}", f"{numbers[-1]:.3f}"]
    return f"{' to '.join(dict.fromkeys(ends))} {unit}"


def settings(about: dict[str, Any], scores: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Put what paper 4 says of its study beside ours: (what, paper 4, here)."""
    parts, training = about["parts"], about["training"]
    given = training.get("settings", {})
    trained = scores[scores["loss"] != "none"]
    test = trained[trained["part"] == "test"]
    init = ", ".join(pretty(name) for name in dict.fromkeys(trained["init"])) or "\N{EN DASH}"
    size = "{} \N{MULTIPLICATION SIGN} {}".format(*about["size"])
    validation = parts["validation"]["images"]
    whole = parts["train"]["images"] + validation
    share = f"{100 * parts['train']['images'] / whole:.0f} %" if whole else "\N{EN DASH}"

    def number(key: str, source: dict[str, Any]) -> str:
        return f"{source[key]:g}" if key in source else "\N{EN DASH}"

    return [
        ("photos for training", "10", str(parts["train"]["photos"])),
        ("images made of them, share that trains", "2000, 85 %", f"{whole}, {share}"),
        ("further test images", "300 of 2 photos", f"{parts['test']['images']} of {parts['test']['photos']} photos"),
        ("boards whose chip was really displaced", "none", f"{parts['displaced']['images']} photos"),
        ("image", "256 \N{MULTIPLICATION SIGN} 256", size),
        ("network", "MobileNetV2 of ImageNet, frozen; separable convolution, 512, 8", f"{init}; the same head"),
        ("weights that MobileNetV2 starts from", "ImageNet", str(given.get("weights") or "none: a random start")),
        ("width of MobileNetV2", "not stated", number("width", given)),
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
