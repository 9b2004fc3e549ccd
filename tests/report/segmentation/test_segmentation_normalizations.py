"""Normalizations side by side: tables by hand, orders that turn round and that do not, and the figure."""

import json

import numpy as np
import pytest

from boardbench.report.segmentation.charts import compared_figure
from boardbench.report.segmentation.normalizations import ORDER, SCORES, normalization_tables
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
                metadata = {"dataset": "toy", "backbone": backbone, "strategy": strategy, "seed": seed}
                metadata |= {"classes": CLASSES, "normalization": method}
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


def test_an_order_that_turns_round_is_in_the_table(methods):
    methods.write("none", full=0.8, scrb=0.7)
    methods.write("standardize", full=0.7, scrb=0.8)
    _, order = methods.made()
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


@pytest.mark.parametrize(("seeds", "verdict"), [(1, "one seed: not tested"), (2, "two seeds: not tested")])
def test_fewer_than_three_seeds_test_nothing(methods, seeds, verdict):
    methods.write("none", full=0.9, scrb=0.5)
    methods.write("standardize", full=0.5, scrb=0.9)
    _, order = methods.made(seeds=list(range(seeds)))
    assert set(order["conclusion"]) == {verdict} and (order["low"] != "").all()


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


def test_the_own_method_stands_first_where_it_is_not_among_the_compared(methods):
    for name in ("none", "standardize"):
        methods.write(name, full=0.7)
    scores, order = methods.made(methods=["none"], strategies=["full"])
    assert scores["normalization"].tolist() == ["standardize", "none"]
    assert order["conclusion"].tolist() == ["no difference shown"]


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
        compared_figure(scores, tmp_path / name, "toy (label)", ["full", "scrb"], "normalization")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    first, second = seen[0].axes
    assert [axes.get_title() for axes in (first, second)] == ["U-Net", "ResU-Net"]
    assert [tick.get_text() for tick in first.get_xticklabels()] == ["none", "standardize"]
    marks = [line.get_ydata() for line in first.lines if line.get_marker() == "o" and len(line.get_xdata())]
    expected = scores[scores["backbone"] == "unet"]["miou"].astype(float).to_numpy().reshape(2, 2).T
    assert np.array_equal(marks, expected)
    compared_figure(
        scores.assign(low="", high=""), tmp_path / "c", "toy", ["full", "scrb"], "normalization"
    )  # one test scene
