"""What a page of results shows of each study: sections with their sentences, tables and figures, in order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from boardbench.report.artifacts import Figure

Data = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A section of a page; it is left out where a data set has nothing for it.

    Attributes:
        title: its heading.
        said: keys of the data's sentences, or functions of the data that return some.
        tables: (key, caption, whether it is folded) of the data's tables; of a folded one the caption is its title.
        figures: files.
    """

    title: str
    said: tuple[str | Callable[[Data], str | list[str]], ...] = ()
    tables: tuple[tuple[str, str, bool], ...] = ()
    figures: tuple[str, ...] = ()


def same_class(data: Data) -> str:
    """Say on which share of the test pixels exported files give their run's class, by precision."""
    exported = data["frames"]("pareto")
    if exported is None or exported.empty:
        return ""
    least = exported.assign(same_class=exported["same_class"].astype(float)).groupby("precision")["same_class"].min()
    said = ", ".join(f"{precision} {100 * share:.4f} %" for precision, share in least.items())
    return f"Least share of the test pixels on which an exported file gives its run's class: {said}."


def rectangle_weight(data: Data) -> str:
    """Say how the weight of the rectangle term compares with paper 4's, which adds it in pixels."""
    about = data["about"]
    weight = about.training.get("settings", {}).get("rectangle_weight")
    if weight is None:
        return ""
    lines = about.size[0]
    return (
        f"The term's weight is {weight:g} beside errors in image sizes. Paper 4 adds the term in pixels, a weight of "
        f"1/256\N{SUPERSCRIPT TWO} at its own size and of 1/{lines}\N{SUPERSCRIPT TWO} at this one: tested here is "
        f"{weight * 256**2:.3g} and {weight * lines**2:.3g} times as much."
    )


def prediction(figures: list[Figure]) -> Figure | None:
    """Return the figure of one test capture that a page shows: of SCRB, where there is one."""
    found = [figure for figure in figures if "_prediction_" in figure.file]
    return next((figure for figure in found if "-scrb_" in figure.file), found[0] if found else None)


SEGMENTATION = (
    Section("Answer", ("verdict", "answers"), (), ("segmentation_scores.svg",)),
    Section(
        "Mean scores",
        (),
        (
            (
                "mean",
                "Means over classes and seeds on the test part, ± standard deviation over seeds. Baselines have no "
                "network. Interval: 95 %, bootstrap over test scenes, and seeds where there are several. Published "
                "scores are of other boards and stand beside for orientation.",
                False,
            ),
            ("iou", "IoU by class", True),
            ("f1", "F1 by class", True),
        ),
    ),
    Section(
        "Does the input matter?",
        (),
        (
            (
                "comparisons",
                "Paired bootstrap over test scenes and seeds; mean over the networks where there are several.",
                False,
            ),
            ("by_backbone", "The same for each network", True),
        ),
    ),
    Section("What another seed moves", ("spread_said",), (("spread", "By network and input", True),)),
    Section(
        "Does the answer depend on the normalization?",
        ("normalizations_said",),
        (
            ("normalizations", "Scores by normalization", True),
            ("normalization_order", "Differences between inputs and between normalizations", True),
        ),
        ("segmentation_normalizations.svg",),
    ),
    Section(
        "What is a leak worth?",
        ("leakage_said",),
        (("leakage", "Scores by split", True),),
        ("segmentation_leakage.svg",),
    ),
    Section(
        "Cost",
        (),
        (
            (
                "complexity",
                "One forward pass at full size, counted. Published convention: a transposed convolution counted at "
                "its output size.",
                False,
            ),
            ("hidden", "What GMACs hide: operations and memory", True),
            ("latency", "Measured time", True),
            ("reduction", "Fitted reductions", True),
        ),
    ),
    Section("A test capture", (), (), ("prediction",)),
    Section(
        "On the line", ("line_said", same_class), (("line", "Every exported file", True),), ("segmentation_pareto.svg",)
    ),
    Section("Would drift be noticed?", ("drift_said",), (("drift", "Each drift", True),)),
    Section(
        "Pruning",
        (),
        (
            (
                "pruning",
                "GMACs of one capture of the size that was trained on; ms: median of the exported float32 file of the "
                "first seed.",
                False,
            ),
        ),
    ),
    Section(
        "Is the simulated camera like a real one?",
        ("camera_said",),
        (("camera", "Each quantity, real and simulated", True),),
        ("segmentation_sensor.svg",),
    ),
)
PLACEMENT = (
    Section("Answer", ("verdict",), (), ("placement_found.png",)),
    Section(
        "Errors",
        (),
        (
            ("found", "Means over seeds, ± standard deviation. Baselines have no network.", False),
            ("against", "Networks against baselines", True),
        ),
    ),
    Section(
        "Pass or fail",
        (),
        (
            (
                "judged",
                "A board fails beyond the tolerance of `params.yaml`; false accepts are bad boards passed, of the bad.",
                False,
            ),
        ),
        ("placement_roc.svg",),
    ),
    Section(
        "Does the rectangle term help?",
        ("term_said", rectangle_weight),
        (("term", "Error with the term minus error without it, paired by seed; 95 % limits over seeds.", True),),
    ),
    Section("Does validation tell how good the network is?", ("protocol",), (("leak", "Test minus validation", True),)),
    Section(
        "Cost",
        (),
        (
            ("complexity", "One image, counted. Paper: MobileNetV2 of width 1 at paper 4's size.", False),
            (
                "latency",
                "Measured, one image at a time. Limit: the network's multiply-accumulates at the rate of a matrix "
                "product on the same machine.",
                False,
            ),
        ),
    ),
    Section("Beside paper 4", (), (("settings", "Settings", True),)),
)


def beside_paper(data: Data) -> str:
    """Say why networks of paper 2's names are not its networks, where its numbers stand beside."""
    if not data["about"].cifar10 or data["numpy_networks"] is None:
        return ""
    return (
        "A published number stands beside where layers and learning rate are paper 2's; the recipe is not. Its code "
        "puts a ReLU on the logits of its dense networks and takes one full-batch step an epoch; these do neither."
    )


CLASSIFICATION = (
    Section("Answer", ("verdict", "why_published"), (), ("classification_samples.png",)),
    Section(
        "Classifiers without training",
        ("answers",),
        (
            ("baselines", "95 % limits over the test images (Wilson).", False),
            ("variants", "The same neighbours read in other ways", True),
        ),
    ),
    Section(
        "Networks in NumPy alone",
        (beside_paper,),
        (("numpy_networks", "Means over seeds, ± standard deviation.", False),),
    ),
    Section("Networks in PyTorch", (), (("networks", "Means over seeds, ± standard deviation.", False),)),
    Section(
        "Pruning",
        (),
        (
            (
                "efficiency",
                "Against the same runs before pruning, image by image; pruned ones were trained on. A dense network "
                "keeps and multiplies its zeros.",
                False,
            ),
            ("times", "Measured, ms; small: 99th percentile, and how many times faster than before pruning.", False),
        ),
        ("classification_latency.svg",),
    ),
    Section("Transfer", ("stand_in",), (("transfer", "Against the same network from a random start.", False),)),
    Section("Time", (), (("epochs", "Seconds of an epoch", True), ("seconds", "Seconds of each run", True))),
    Section("Every comparison", (), (("differences", "McNemar's exact test, or limits over seeds and images", True),)),
)
SECTIONS = {"segmentation": SEGMENTATION, "placement": PLACEMENT, "classification": CLASSIFICATION}
