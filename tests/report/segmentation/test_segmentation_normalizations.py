"""Normalizations side by side: tables by hand, orders that turn round and that do not, and the figure."""

import json

import numpy as np
import pandas as pd
import pytest

from boardbench.report.segmentation.normalization_chart import normalizations_figure
from boardbench.report.segmentation.normalizations import ORDER, SCORES, hangs, normalization_tables
from boardbench.segmentation.scores import mean_scores, write_confusions

CLASSES = ["others", "ic"]
SCENES = np.linspace(-0.05, 0.05, 10)
SEEDS = (0, 0.01, -0.01)  # what a seed adds to the share of right pixels
MINUS = "\N{MINUS SIGN}"


def iou(share):
    """Return the IoU of two classes of as many pixels, that share of each right."""
    return share / (2 - share)


class Methods:
    """Runs with several normalizations; ``standardize`` is the study's own."""

    def __init__(self, root):
        self.root = root
        self.asked = {
            "dataset": "toy",
            "runs": root / "runs",
            "method": "standardize",
            "folder": root / "normalized",
            "methods": ["none", "standardize"],
            "backbones": ["unet"],
            "strategies": ["full", "scrb"],
            "seeds": [0, 1, 2],
            "classes": CLASSES,
            "resamples": 1000,
            "seed": 0,
        }

    def folder(self, method, name):
        return (self.root / "runs" if method == "standardize" else self.root / "normalized" / method) / name

    def write(self, method, backbone="unet", seeds=3, **shares):
        """Write the runs of a normalization: strategy -> share of right pixels, the same wobble over scenes for all."""
        for strategy, share in shares.items():
            for seed in range(seeds):
                folder = self.folder(method, f"{backbone}-{strategy}-seed{seed}")
                hits = [round(10_000 * (share + scene + SEEDS[seed])) for scene in SCENES]
                right = {f"b{n}_1": np.array([[h, 10_000 - h], [10_000 - h, h]]) for n, h in enumerate(hits)}
                write_confusions(folder / "confusions.csv", right, CLASSES)
                miou = float(mean_scores(sum(right.values()))[0])
                scores = {key: [miou] * 2 for key in ("iou", "f1", "precision", "recall")} | {"miou": miou, "mf1": miou}
                metadata = {"backbone": backbone, "strategy": strategy, "classes": CLASSES, "normalization": method}
                (folder / "metrics.json").write_text(json.dumps(metadata | {"scores": scores}))

    def made(self, **changes):
        return tuple(normalization_tables(**self.asked | changes).values())


@pytest.fixture
def methods(tmp_path):
    return Methods(tmp_path)


def picked(frame, **where):
    for column, value in where.items():
        frame = frame[frame[column] == value]
    return frame.to_dict("records")


def test_scores_deviation_and_rank_by_hand(methods):
    methods.write("none", full=0.8, scrb=0.7)
    methods.write("standardize", full=0.7, scrb=0.8)
    scores, _ = methods.made()
    assert scores.columns.tolist() == list(SCORES)
    assert list(zip(scores["normalization"], scores["strategy"], scores["rank"], strict=True)) == [
        ("none", "full", "1"),
        ("none", "scrb", "2"),
        ("standardize", "full", "2"),
        ("standardize", "scrb", "1"),
    ]
    seeds = [iou(share) for share in (0.8, 0.81, 0.79)]
    row = picked(scores, normalization="none", strategy="full")[0]
    assert (row["miou"], row["miou_sd"]) == (f"{np.mean(seeds):.4f}", f"{np.std(seeds, ddof=1):.4f}")
    assert float(row["low"]) < float(row["miou"]) < float(row["high"])
    expected = {"dataset": "toy", "backbone": "unet", "seeds": "3", "scenes": "10", "covers": "scenes and seeds"}
    assert {key: row[key] for key in expected} == expected and row["note"] == ""


def test_equal_scores_share_the_better_rank(methods):
    for name in ("none", "standardize"):
        methods.write(name, full=0.7, scrb=0.7, pca3=0.6)
    scores, _ = methods.made(strategies=["pca3", "full", "scrb"])
    assert scores["rank"].tolist() == ["3", "1", "1"] * 2


def test_an_order_that_turns_round_is_told(methods):
    methods.write("none", full=0.8, scrb=0.7)
    methods.write("standardize", full=0.7, scrb=0.8)
    scores, order = methods.made()
    assert order.columns.tolist() == list(ORDER)
    keys = ["normalization", "strategy", "against_normalization", "against"]
    assert order[keys].to_numpy().tolist() == [
        ["none", "scrb", "none", "full"],
        ["standardize", "scrb", "standardize", "full"],
        ["none", "full", "standardize", "full"],
        ["none", "scrb", "standardize", "scrb"],
    ]
    assert order["conclusion"].tolist() == ["lower", "higher", "higher", "lower"]
    difference = np.mean([iou(0.7 + more) - iou(0.8 + more) for more in SEEDS])
    assert order["difference"].tolist() == [
        f"{sign * difference:.4f}" for sign in (1, -1, -1, 1)
    ]  # each of the four compares .7 with .8, seed by seed
    said = hangs(scores, order)
    assert said[0] == (
        "Without normalization all bands > SCRB; with standardize SCRB > all bands (U-Net, 3 seeds, 10 test scenes; "
        "\N{ALMOST EQUAL TO}: no difference shown)."
    )
    turned = "SCRB is above all bands with standardize and below without normalization"
    assert said[1] == f"The order hangs on the normalization: {turned}."
    assert said[2].startswith(
        "Without normalization, mean IoU against that with standardize is higher for all bands (+0.1"
    )
    assert f"; lower for SCRB ({MINUS}0.1" in said[2] and "95 % interval" in said[2]


def test_an_order_that_stays_is_told_only_as_far_as_it_is_shown(methods):
    for name, more in (("none", 0.1), ("minmax", 0.0), ("standardize", 0.0)):
        methods.write(name, full=0.7 + more, scrb=0.6 + more, pca3=0.6 + more)
    scores, order = methods.made(methods=["none", "minmax", "standardize"], strategies=["full", "scrb", "pca3"])
    chain, verdict, none, minmax = hangs(scores, order)
    same = "all bands > SCRB \N{ALMOST EQUAL TO} PCA, 3 axes"
    assert chain.startswith(f"Without normalization {same}; with minmax {same}; with standardize {same} (U-Net")
    assert verdict == (
        "As far as the intervals show, the order does not hang on the normalization: 2 of 3 pairs of inputs "
        "differ, alike under all normalizations; the others under no normalization."
    )
    assert none.count("95 % interval") == 3 and " is higher for all bands (+0.1" in none
    assert minmax == (
        "With minmax, mean IoU against that with standardize is not shown to differ for all bands, SCRB, PCA, 3 axes."
    )


def test_told_apart_under_one_and_not_under_the_other_is_no_turn(methods):
    methods.write("none", full=0.7, scrb=0.7)
    methods.write("standardize", full=0.7, scrb=0.8)
    said = hangs(*methods.made())
    assert said[1] == (
        "No two inputs are shown to change places, but a difference is shown under some normalizations only "
        "(SCRB against all bands): whether the order hangs on the normalization stays open."
    )


def test_where_nothing_is_told_apart_nothing_is_said_of_the_order(methods):
    for name in ("none", "standardize"):
        methods.write(name, full=0.7, scrb=0.7)
    said = hangs(*methods.made())
    assert "No two inputs are shown to differ under any normalization" in said[1]


def order_of(*rows, seeds="3"):
    """Return both tables of rows (normalization, strategy, against, difference, shown)."""
    common = {"against_normalization": "none", "seeds": seeds, "scenes": "10", "low": "0.0000", "high": "0.0000"}
    names = ("normalization", "strategy", "against", "difference", "conclusion")
    made = [common | dict(zip(names, row, strict=True)) | {"against_normalization": row[0]} for row in rows]
    return pd.DataFrame({"backbone": ["unet", "resunet"]}), pd.DataFrame(made)


def test_pairs_that_the_chain_does_not_tell_are_named_after_it():
    """PCA and all bands are told apart although their neighbours are not; SCRB and linear are not, across a >."""
    none = "no difference shown"
    scores, order = order_of(
        ("none", "pca3", "full", "-0.0200", "lower"),
        ("none", "scrb", "full", "-0.0100", none),
        ("none", "linear3", "full", "-0.0300", "lower"),
        ("none", "pca3", "scrb", "-0.0100", none),
        ("none", "pca3", "linear3", "0.0100", "higher"),
        ("none", "scrb", "linear3", "0.0200", none),
    )
    same = "\N{ALMOST EQUAL TO}"
    assert hangs(scores, order)[0].startswith(
        f"Without normalization all bands {same} SCRB {same} PCA, 3 axes > learned linear, 3, but all bands > PCA, 3 "
        f"axes, SCRB {same} learned linear, 3 (mean over the networks, 3 seeds"
    )


@pytest.mark.parametrize(
    ("seeds", "verdict", "word"),
    [(1, "one seed: not tested", "One seed"), (2, "two seeds: not tested", "Two seeds")],
)
def test_fewer_than_three_seeds_test_nothing(methods, seeds, verdict, word):
    methods.write("none", full=0.9, scrb=0.5)
    methods.write("standardize", full=0.5, scrb=0.9)
    scores, order = methods.made(seeds=list(range(seeds)))
    assert set(order["conclusion"]) == {verdict} and (order["low"] != "").all()
    assert hangs(scores, order) == [
        f"{word}: whether the order of the inputs hangs on the normalization is not tested."
    ]


def test_differences_are_means_over_the_backbones_and_without_full_against_the_first(methods):
    for backbone, more in (("unet", 0.0), ("resunet", 0.1)):
        methods.write("none", backbone, pca3=0.6, scrb=0.6 + more)
        methods.write("standardize", backbone, pca3=0.6, scrb=0.6)
    scores, order = methods.made(backbones=["unet", "resunet"], strategies=["pca3", "scrb"])
    assert len(scores) == 8
    (row,) = picked(order, normalization="none", against_normalization="none")
    assert (row["strategy"], row["against"]) == ("scrb", "pca3")
    half = np.mean([iou(0.7 + more) - iou(0.6 + more) for more in SEEDS]) / 2
    assert float(row["difference"]) == pytest.approx(half, abs=5e-5)
    assert "(mean over the networks, 3 seeds" in hangs(scores, order)[0]


def test_the_own_method_stands_first_where_it_is_not_among_the_compared(methods):
    for name in ("none", "standardize"):
        methods.write(name, full=0.7)
    scores, order = methods.made(methods=["none"], strategies=["full"])
    assert scores["normalization"].tolist() == ["standardize", "none"]
    assert hangs(scores, order) == [
        "Without normalization, mean IoU against that with standardize is not shown to differ for all bands."
    ]


def test_runs_that_cannot_be_compared_name_file_field_and_remedy(methods, says):
    for name in ("none", "standardize"):
        methods.write(name, full=0.7, scrb=0.7)
    says(lambda: methods.made(methods=["minmax"]), "minmax/unet-full-seed0/metrics.json", "segmentation evaluate")
    path = methods.folder("none", "unet-scrb-seed1") / "metrics.json"
    text = path.read_text()
    path.write_text(text.replace('"none"', '"minmax"'))
    says(methods.made, "metrics.json: normalization is 'minmax', expected 'none'", "Delete its folder")
    path.write_text(text)
    write_confusions(path.with_name("confusions.csv"), {"b99_1": np.eye(2, dtype=int)}, CLASSES)
    says(methods.made, "none/unet-scrb-seed1/confusions.csv: scored on other captures than", "unet-full-seed0")


def test_the_figure_has_a_panel_a_backbone_and_equal_tables_give_equal_bytes(methods, monkeypatch, tmp_path):
    from matplotlib.figure import Figure

    seen, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda figure, *given, **how: (seen.append(figure), save(figure, *given, **how))
    )
    for backbone in ("unet", "resunet"):
        methods.write("none", backbone, full=0.8, scrb=0.7)
        methods.write("standardize", backbone, full=0.7, scrb=0.8)
    scores, _ = methods.made(backbones=["unet", "resunet"])
    for name in "ab":
        normalizations_figure(scores, tmp_path / name, "toy (label)", ["full", "scrb"])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    first, second = seen[0].axes
    assert [axes.get_title() for axes in (first, second)] == ["U-Net", "ResU-Net"]
    assert [tick.get_text() for tick in first.get_xticklabels()] == ["none", "standardize"]
    marks = [line.get_ydata() for line in first.lines if line.get_marker() == "o" and len(line.get_xdata())]
    expected = scores[scores["backbone"] == "unet"]["miou"].astype(float).to_numpy().reshape(2, 2).T
    assert np.array_equal(marks, expected)
    normalizations_figure(scores.assign(low="", high=""), tmp_path / "c", "toy", ["full", "scrb"])  # one test scene
