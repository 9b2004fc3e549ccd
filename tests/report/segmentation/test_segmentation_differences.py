import time

import numpy as np
import pytest

from boardbench.errors import BoardbenchError
from boardbench.report.segmentation.differences import COLUMNS, differences, intervals
from boardbench.report.segmentation.resamples import limits, resampled
from boardbench.segmentation.scores import mean_scores, write_confusions

CLASSES = ["others", "ic"]
SEEDS = [0, 1, 2]


class Runs:
    """Writes confusions.csv files as the evaluate step does."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, name, captures, classes=CLASSES):
        path = self.folder / name / "confusions.csv"
        write_confusions(path, captures, classes)
        return path

    def thrice(self, name, captures):
        """Write three seeds that score the same: they add nothing to the limits, but a verdict takes three."""
        for seed in SEEDS:
            self.write(f"{name}-seed{seed}", captures)

    def differences(self, **changes):
        return differences(self.folder, **(ASKED | changes))


ASKED = {
    "backbones": ["unet"],
    "strategies": ["full", "pca3"],
    "seeds": [0],
    "classes": CLASSES,
    "resamples": 2000,
    "seed": 0,
}


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path)


def right(share, pixels=1000):
    """Return a confusion of two classes of as many pixels, that share of each right: IoU = share / (2 - share)."""
    hits = round(share * pixels)
    return np.array([[hits, pixels - hits], [pixels - hits, hits]])


def part(shares, conditions=1):
    return {f"b{n}_{c}": right(share) for n, share in enumerate(shares) for c in range(1, conditions + 1)}


def rows(frame, **where):
    for column, value in where.items():
        frame = frame[frame[column] == value]
    return frame.to_dict("records")


def test_a_clear_winner_is_shown_with_text_cells(runs):
    shares = np.linspace(0.6, 0.8, 10)
    runs.thrice("unet-full", part(shares + 0.1))
    runs.thrice("unet-pca3", part(shares))
    frame = runs.differences(seeds=SEEDS)
    assert frame.columns.tolist() == COLUMNS
    assert [(row["backbone"], row["metric"]) for row in frame.to_dict("records")] == [
        ("unet", "miou"),
        ("unet", "mf1"),
        ("all", "miou"),
        ("all", "mf1"),
    ]
    row = rows(frame, backbone="unet", metric="miou")[0]
    # All scenes count the same: shares of the sums are .8 and .7, IoU .8 / 1.2 and .7 / 1.3; F1 .8 and .7.
    assert row["difference"] == f"{0.8 / 1.2 - 0.7 / 1.3:.4f}" == "0.1282"
    assert 0 < float(row["low"]) < 0.1282 < float(row["high"])
    assert {key: row[key] for key in ("strategy", "against", "seeds", "scenes", "covers", "conclusion", "note")} == {
        "strategy": "full",
        "against": "pca3",
        "seeds": "3",
        "scenes": "10",
        "covers": "scenes and seeds",
        "conclusion": "higher",
        "note": "",
    }
    f1 = rows(frame, backbone="unet", metric="mf1")[0]
    # The difference of F1 is .1 in every scene, so also in every resample.
    assert (f1["difference"], f1["low"], f1["high"], f1["conclusion"]) == ("0.1000", "0.1000", "0.1000", "higher")
    other = rows(runs.differences(seeds=SEEDS, strategies=["pca3", "full"]), backbone="unet", metric="miou")[0]
    assert (other["difference"], other["conclusion"]) == ("-0.1282", "lower")
    assert float(other["low"]) == -float(row["high"])


@pytest.mark.parametrize(
    ("seeds", "conclusion"), [(1, "one seed: not tested"), (2, "two seeds: not tested"), (3, "higher")]
)
def test_however_large_a_difference_takes_three_seeds(runs, seeds, conclusion):
    for seed in range(seeds):
        runs.write(f"unet-full-seed{seed}", part(np.linspace(0.9, 0.99, 10)))
        runs.write(f"unet-pca3-seed{seed}", part(np.linspace(0.1, 0.19, 10)))
    frame = runs.differences(seeds=list(range(seeds)))
    assert set(frame["conclusion"]) == {conclusion}
    assert (frame["low"].astype(float) > 0.5).all()


def test_identical_runs_show_no_difference(runs):
    for name in ("unet-full", "unet-pca3"):
        runs.thrice(name, part(np.linspace(0.3, 0.9, 9)))
    for row in runs.differences(seeds=SEEDS).to_dict("records"):
        assert [row[key] for key in ("difference", "low", "high")] == ["0.0000"] * 3
        assert row["conclusion"] == "no difference shown"


def test_a_difference_too_small_to_print_is_not_shown_and_has_no_sign(runs):
    runs.thrice("unet-full", {f"b{n}_1": right(0.7, 10**6) - np.diag([1, 0]) for n in range(9)})
    runs.thrice("unet-pca3", {f"b{n}_1": right(0.7, 10**6) - [[0, 1], [0, 0]] for n in range(9)})
    for row in runs.differences(seeds=SEEDS).to_dict("records"):
        assert [row[key] for key in ("difference", "low", "high")] == ["0.0000"] * 3
        assert row["conclusion"] == "no difference shown"


def test_a_difference_that_scenes_disagree_on_is_not_shown(runs):
    wobble = np.tile([0.1, -0.1], 5)
    runs.thrice("unet-full", part(0.7 + wobble + 0.01))
    runs.thrice("unet-pca3", part(0.7 - wobble))
    row = runs.differences(seeds=SEEDS).to_dict("records")[0]
    assert float(row["difference"]) > 0 and row["conclusion"] == "no difference shown"
    assert float(row["low"]) < 0 < float(row["high"])


def test_pairing_cancels_what_is_hard_for_all(runs):
    shares = np.linspace(0.3, 0.9, 10)
    runs.thrice("unet-full", part(shares + 0.03))
    runs.thrice("unet-pca3", part(shares))
    assert rows(runs.differences(seeds=SEEDS), metric="mf1")[0]["conclusion"] == "higher"
    cells = intervals(runs.folder, **ASKED, baselines=[])
    low, high = cells["low"].astype(float), cells["high"].astype(float)
    assert low[0] < high[1]  # the cells' own intervals overlap


def test_all_conditions_of_a_scene_are_drawn_together(runs):
    shares = np.linspace(0.5, 0.9, 9)
    for strategy, plus in (("full", np.linspace(0, 0.1, 9)), ("pca3", 0)):
        runs.write(f"unet-{strategy}-seed0", part(shares + plus, conditions=1))
    once = runs.differences()
    for strategy, plus in (("full", np.linspace(0, 0.1, 9)), ("pca3", 0)):
        runs.write(f"unet-{strategy}-seed0", part(shares + plus, conditions=3))
    # The same captures three times are not more scenes: scores of sums are the same, and so are the intervals.
    assert runs.differences().equals(once)


def test_scene_names_may_hold_underscores(runs):
    shares = np.linspace(0.5, 0.9, 9)
    for strategy, plus in (("full", np.linspace(0, 0.1, 9)), ("pca3", 0)):
        captures = part(shares + plus, conditions=2)
        runs.write(f"unet-{strategy}-seed0", {f"lot_{name}": matrix for name, matrix in captures.items()})
    assert {row["scenes"] for row in runs.differences().to_dict("records")} == {"9"}


def test_order_of_the_files_has_no_influence_and_the_same_seed_gives_the_same_table(runs):
    rng = np.random.default_rng(0)
    captures = {name: part(rng.uniform(0.4, 0.9, 9), 2) for name in ("full", "pca3")}
    for name, content in captures.items():
        runs.write(f"unet-{name}-seed0", content)
    before = runs.differences()
    assert runs.differences().equals(before)
    assert not runs.differences(seed=1).equals(before)
    runs.write("unet-full-seed0", dict(reversed(captures["full"].items())))
    assert runs.differences().equals(before)


def test_all_averages_the_backbones_on_the_same_resamples(runs):
    wobble = np.linspace(-0.2, 0.2, 10)
    runs.write("unet-full-seed0", part(0.6 + wobble))
    runs.write("unet-pca3-seed0", part(np.full(10, 0.55)))
    runs.write("resunet-full-seed0", part(0.6 - wobble))
    runs.write("resunet-pca3-seed0", part(np.full(10, 0.55)))
    frame = runs.differences(backbones=["unet", "resunet"])
    assert frame["backbone"].tolist() == ["unet", "unet", "resunet", "resunet", "all", "all"]
    single, whole = rows(frame, backbone="unet", metric="mf1")[0], rows(frame, backbone="all", metric="mf1")[0]
    # F1 is linear here: what one backbone wins on a scene the other loses, so their average is .05 in every resample.
    assert float(single["low"]) < 0.05 < float(single["high"])
    assert (whole["difference"], whole["low"], whole["high"]) == ("0.0500", "0.0500", "0.0500")


def test_seeds_widen_the_interval_and_the_table_says_so(runs):
    shares = np.linspace(0.6, 0.8, 10)
    for seed, plus in enumerate((0.0, 0.05, 0.1)):
        runs.write(f"unet-full-seed{seed}", part(shares + plus))
        runs.write(f"unet-pca3-seed{seed}", part(shares))
    one = rows(runs.differences(seeds=[1]), backbone="unet", metric="mf1")[0]
    three = rows(runs.differences(seeds=[0, 1, 2]), backbone="unet", metric="mf1")[0]
    assert (one["low"], one["high"], one["covers"], one["seeds"]) == ("0.0500", "0.0500", "scenes", "1")
    assert (three["covers"], three["seeds"], three["difference"]) == ("scenes and seeds", "3", "0.0500")
    # No spread over scenes: Student's interval of 0, .05 and .1 is .05 -+ 4.303 x .05 / sqrt 3 = .1242 to within
    # what three seeds give in place of a normal distribution.
    assert float(three["low"]) < -0.05 and float(three["high"]) > 0.15
    assert three["conclusion"] == "no difference shown"


def test_interval_of_a_mean_is_students(runs):
    # F1 of scenes of the same size is a mean over the scenes; its Student interval is known.
    shares = np.random.default_rng(4).uniform(0.4, 0.8, 40)
    runs.write("unet-full-seed0", part(shares))
    runs.write("unet-pca3-seed0", part(np.full(40, 0.5)))
    row = rows(runs.differences(resamples=20_000), backbone="unet", metric="mf1")[0]
    half = 2.0227 * shares.std(ddof=1) / np.sqrt(40)  # Student's t, 39 degrees of freedom
    assert float(row["difference"]) == pytest.approx(shares.mean() - 0.5, abs=2e-4)
    assert float(row["low"]) == pytest.approx(shares.mean() - 0.5 - half, abs=2e-3)
    assert float(row["high"]) == pytest.approx(shares.mean() - 0.5 + half, abs=2e-3)


@pytest.mark.parametrize(("scenes", "note"), [(7, "rough: fewer than 8 test scenes"), (8, "")])
def test_few_scenes_carry_a_note(runs, scenes, note):
    for name in ("unet-full-seed0", "unet-pca3-seed0"):
        runs.write(name, part(np.linspace(0.3, 0.9, scenes)))
    assert set(runs.differences()["note"]) == {note}
    assert set(intervals(runs.folder, **ASKED, baselines=[])["note"]) == {note}


def test_one_scene_has_no_interval_and_shows_nothing(runs):
    runs.thrice("unet-full", part([0.9], 3))
    runs.thrice("unet-pca3", part([0.1], 3))
    row = runs.differences(seeds=SEEDS).to_dict("records")[0]
    assert (row["difference"], row["low"], row["high"]) == (f"{0.9 / 1.1 - 0.1 / 1.9:.4f}", "", "")
    assert (row["conclusion"], row["note"]) == ("no difference shown", "no interval: one test scene")


def test_class_absent_from_a_resample_is_left_out_of_its_mean():
    # Scene 0 has both classes, scene 1 only others; the resample of scene 1 twice averages one class.
    stack = np.array([[[[8, 0], [1, 1]], [[10, 0], [0, 0]]]])
    full, drawn = resampled(stack, np.array([[1, 1], [2, 0], [0, 2]]))
    np.testing.assert_allclose(full[:, 0], [(18 / 19 + 1 / 2) / 2, (36 / 37 + 2 / 3) / 2])
    np.testing.assert_allclose(drawn[0, 0], [full[0, 0], (8 / 9 + 1 / 2) / 2, 1])
    np.testing.assert_allclose(drawn[1, 0], [full[1, 0], (16 / 17 + 2 / 3) / 2, 1])


def test_scene_without_a_labelled_pixel_is_no_score_of_its_own(runs):
    for name, shares in (("unet-full-seed0", [0.9, 0.8]), ("unet-pca3-seed0", [0.5, 0.5])):
        runs.write(name, part(shares) | {"blank_1": np.zeros((2, 2), int)})
    row = runs.differences().to_dict("records")[0]
    assert row["scenes"] == "3" and -1 <= float(row["low"]) < float(row["difference"]) < float(row["high"]) <= 1


def test_intervals_of_cells_and_floors(runs):
    shares = np.linspace(0.5, 0.9, 9)
    for seed in (0, 1):
        runs.write(f"unet-full-seed{seed}", part(shares + 0.02 * seed))
    runs.write("majority-none-seed0", part(np.full(9, 0.5)))
    asked = ASKED | {"strategies": ["full"], "seeds": [0, 1]}
    frame = intervals(runs.folder, **asked, baselines=["majority"])
    assert frame.columns.tolist()[:5] == ["backbone", "strategy", "miou", "low", "high"]
    network, baseline = frame.to_dict("records")
    assert (network["backbone"], network["strategy"], network["covers"], network["seeds"]) == (
        "unet",
        "full",
        "scenes and seeds",
        "2",
    )
    assert network["miou"] == f"{(0.7 / 1.3 + 0.72 / 1.28) / 2:.4f}"
    assert 0 <= float(network["low"]) < float(network["miou"]) < float(network["high"]) <= 1
    assert baseline == {
        "backbone": "majority",
        "strategy": "none",
        "miou": "0.3333",
        "low": "0.3333",
        "high": "0.3333",
        "seeds": "1",
        "scenes": "9",
        "covers": "scenes",
        "note": "",
    }


def test_limits_stay_within_the_range_of_the_score(runs):
    runs.write("unet-full-seed0", part([1.0, 0.1]))
    runs.write("unet-pca3-seed0", part([0.1, 0.2]))
    row = runs.differences().to_dict("records")[0]
    assert (row["low"], row["high"]) == ("-1.0000", "1.0000")
    cell = intervals(runs.folder, **ASKED, baselines=[]).to_dict("records")[0]
    assert (cell["low"], cell["high"]) == ("0.0000", "1.0000")


def test_one_strategy_compares_with_nothing(runs):
    runs.write("unet-full-seed0", part([0.9, 0.8]))
    frame = runs.differences(strategies=["full"])
    assert len(frame) == 0 and frame.columns.tolist() == COLUMNS


@pytest.mark.parametrize(
    ("name", "captures", "classes", "words"),
    [
        ("unet-pca3-seed0", None, CLASSES, ["no confusion matrices", "segmentation evaluate"]),
        (
            "unet-pca3-seed0",
            part([0.5, 0.5]),
            ["others", "chip"],
            ["others, chip, expected others, ic", "another grid"],
        ),
        ("unet-pca3-seed0", part([0.5]), CLASSES, ["other captures", "'b1_1' only in", "unet-full-seed0"]),
        ("unet-pca3-seed0", part([0.5, 0.5], 2), CLASSES, ["'b0_2' only in", "segmentation evaluate"]),
        (
            "unet-pca3-seed0",
            part([0.5, 0.5]) | {"b1_1": right(0.5, 900)},
            CLASSES,
            ["capture 'b1_1'", "different masks", "unet-full-seed0", "segmentation evaluate"],
        ),
        ("majority-none-seed0", part([0.5]), CLASSES, ["other captures", "segmentation baseline"]),
    ],
)
def test_runs_that_cannot_be_compared_name_file_field_and_remedy(runs, name, captures, classes, words):
    for run in {"unet-full-seed0", "unet-pca3-seed0", "majority-none-seed0"} - {name}:
        runs.write(run, part([0.9, 0.8]))
    if captures:
        runs.write(name, captures, classes)
    with pytest.raises(BoardbenchError) as error:
        intervals(runs.folder, **ASKED, baselines=["majority"])
    for word in [f"{name}/confusions.csv", *words]:
        assert word in str(error.value)


# Class areas of paper 1's test boards, how many boards have the class, and recalls and false alarms near its logs.
AREAS, HAVE = np.array([0.917, 0.07, 0.0026, 0.0103]), np.array([1, 0.95, 0.85, 0.7])
RECALLS = np.array([[0.73, 0.86, 0.946], [0.60, 0.80, 0.82]])
ALARMS = np.array([[0.0165, 0.0029, 0.02], [0.0165, 0.0025, 0.03]])


def boards(rng, scenes, seeds=1, spread=0.0):
    """Draw confusions (strategies 2, seeds, scenes, 4, 4) of boards of 640 x 640 pixels.

    Logits of recall and false alarms vary from board to board, by 0.8 for both strategies alike and by 0.5 for each
    alone; and by ``spread`` from training to training. Areas vary by a factor of e^0.6 to e^0.8.
    """
    area = AREAS * np.exp(rng.normal(0, [0, 0.6, 0.8, 0.8], (scenes, 4))) * (rng.random((scenes, 4)) < HAVE) / HAVE
    area[:, 0] = 1 - np.minimum(area[:, 1:].sum(axis=1), 0.6)

    def rates(typical):
        logit = np.log(typical / (1 - typical))[:, None, None]
        logit = logit + rng.normal(0, 0.8, (scenes, 3)) + rng.normal(0, 0.5, (2, 1, scenes, 3))
        return 1 / (1 + np.exp(-logit - rng.normal(0, spread, (2, seeds, 1, 3))))

    recall, alarm = rates(RECALLS), np.minimum(rates(ALARMS), 0.3)
    confusion = np.zeros((2, seeds, scenes, 4, 4))
    parts = np.arange(1, 4)
    confusion[..., parts, parts] = area[:, 1:] * recall
    confusion[..., parts, 0] = area[:, 1:] * (1 - recall)
    confusion[..., 0, parts] = area[:, :1] * alarm
    confusion[..., 0, 0] = area[:, 0] * (1 - alarm.sum(axis=-1))
    return np.round(640 * 640 * confusion)


def coverage(scenes, trials, seeds=1, spread=0.0, resamples=1000):
    """Return how often the plain percentile interval and ours hold the true difference in mean IoU."""
    rng = np.random.default_rng(scenes)
    batches = [mean_scores(boards(rng, 500, 20 if spread else 1, spread).sum(axis=2))[0] for _ in range(200)]
    true = np.subtract(*np.mean(batches, axis=(0, 2)))
    held = np.zeros((trials, 2))
    for trial in range(trials):
        weights = rng.multinomial(scenes, np.full(scenes, 1 / scenes), resamples)
        shares = rng.multinomial(seeds, np.full(seeds, 1 / seeds), resamples).T / seeds
        one, other = (resampled(stack, weights) for stack in boards(rng, scenes, seeds, spread))
        full, drawn = one[0][0] - other[0][0], one[1][0] - other[1][0]
        plain = np.quantile((drawn * shares).sum(axis=0), [0.025, 0.975])
        for column, (low, high) in enumerate([plain, limits(full, drawn, shares, scenes)]):
            held[trial, column] = low <= true <= high
    return held.mean(axis=0)


@pytest.mark.parametrize(("scenes", "seeds", "spread", "trials"), [(4, 1, 0, 800), (10, 1, 0, 800), (10, 3, 0.6, 300)])
def test_coverage_is_near_95_percent_where_plain_percentiles_fall_short(scenes, seeds, spread, trials):
    plain, ours = coverage(scenes, trials, seeds, spread, resamples=500)
    assert plain < 0.93 and 0.92 < ours <= 0.99 and ours > plain + 0.02


def test_45_pairs_and_10_000_resamples_take_seconds(runs):
    rng = np.random.default_rng(0)
    backbones, strategies = ["a", "b", "c"], ["full", "pca3", "pca3_cube", "bands3", "linear3", "scrb"]
    classes = ["others", "ic", "capacitor", "connectors"]
    boards_of = np.array([[100_000, 500, 50, 50], [400, 8000, 9, 9], [30, 9, 300, 9], [90, 9, 9, 1000]])
    truth = {f"b{n}_1": rng.poisson(boards_of.sum(axis=1)) for n in range(30)}
    for backbone in backbones:
        for strategy in strategies:
            chances = boards_of / boards_of.sum(axis=1, keepdims=True)
            captures = {name: rng.multinomial(pixels, chances) for name, pixels in truth.items()}
            runs.write(f"{backbone}-{strategy}-seed0", captures, classes)
    start = time.process_time()
    frame = runs.differences(backbones=backbones, strategies=strategies, classes=classes, resamples=10_000)
    assert len(frame) == (45 + 15) * 2
    assert time.process_time() - start < 10  # about 1 s, told loosely


def test_imagenet_is_compared_with_the_random_start_of_the_same_network(runs):
    for strategy, gain in {"full": 0.2, "pca3": 0.1}.items():
        runs.thrice(f"lite0_unet@64-{strategy}", part([0.6, 0.6, 0.7]))
        runs.thrice(f"lite0_unet@imagenet-{strategy}", part([0.6 + gain, 0.6 + gain, 0.7 + gain]))
        runs.thrice(f"lite0_unet@32-{strategy}", part([0.5, 0.5, 0.5]))
    backbones = ["lite0_unet@64", "lite0_unet@imagenet", "lite0_unet@32"]
    found = runs.differences(backbones=backbones, seeds=SEEDS)
    started = found[found["against"].isin(backbones)]
    assert set(started["against"]) == {"lite0_unet@64"} and set(started["backbone"]) == {"lite0_unet@imagenet"}
    assert list(started["strategy"] + started["metric"]) == ["fullmiou", "fullmf1", "pca3miou", "pca3mf1"]
    # Shares 0.6, 0.6, 0.7 right are 1.9 of 3; IoU = share / (2 - share).
    before, after = (1.9 + 3 * gain for gain in (0.0, 0.2))
    expected = after / (6 - after) - before / (6 - before)
    assert float(started["difference"].iloc[0]) == pytest.approx(expected, abs=1e-4)
    assert (started["conclusion"] == "higher").all()
