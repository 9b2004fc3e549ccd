"""Tables of the placement study, from hand-made runs; every number by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from boardbench.report.placement.images import image_errors
from boardbench.report.placement.tables import convergence_epoch, write_tables
from boardbench.report.uncertainty import image_interval, interval


def table(boards, name="placement"):
    return pd.read_csv(boards.root / f"tables/{name}.csv", dtype=str, keep_default_na=False)


def one(frame, **wanted):
    for key, value in wanted.items():
        frame = frame[frame[key] == value]
    assert len(frame) == 1, wanted
    return frame.iloc[0]


def test_one_row_a_network_and_part_floors_last(boards):
    write_tables(**boards.arguments)
    frame = table(boards)
    assert list(frame["part"]) == ["validation", "test", "displaced"] * 4
    names = list(dict.fromkeys(zip(frame["init"], frame["loss"], strict=True)))
    assert names == [("random", "rectangle"), ("random", "corners"), ("mean", "none"), ("template", "none")]
    row = one(frame, loss="rectangle", part="displaced")
    # Centres lie 1 and 3 px to the right: the mean over x and y is 0.5 and 1.5; 0.4 mm a pixel.
    expected = {"dataset": "toy-photos", "seeds": "2", "samples": "3", "bad": "1", "centre_mae_px": "1.0000"}
    expected |= {"centre_mae_px_sd": "0.7071", "centre_mae_mm": "0.4000", "centre_worst_mm": "1.2240"}
    expected |= {"corner_mae_px": "1.0200", "rotation_mae_deg": "0.3820", "rotation_worst_deg": "0.3820"}
    expected |= {"false_accept_rate": "0.0000", "false_reject_rate": "0.5000", "auc": "0.7500"}
    assert {key: row[key] for key in expected} == expected
    assert row["centre_mae_published"] == ""
    assert one(frame, init="mean", part="test")["centre_mae_px_sd"] == ""
    assert (boards.root / "tables/placement.md").read_text().startswith("| dataset")


def test_corners_one_by_one(boards):
    write_tables(**boards.arguments)
    row = one(table(boards, "placement_corners"), loss="corners", part="test")
    # 0.25 and 0.26 px; the first and fourth corner 0.04 more.
    assert [row[f"c{at}_mae_px"] for at in (1, 2, 3, 4)] == ["0.2950", "0.2550", "0.2550", "0.2950"]


def test_limits_of_a_mean_are_students():
    # t(0.975, 1) = 12.7062, t(0.975, 2) = 4.3027.
    low, high = interval([1.0, 3.0])
    assert (round(low, 3), round(high, 3)) == (-10.706, 14.706)
    low, high = interval([1.0, 2.0, 3.0])
    assert (round(low, 4), round(high, 4)) == (-0.4841, 4.4841)
    assert all(end != end for end in interval([1.0]))


def test_does_the_term_help(boards):
    write_tables(**boards.thrice)
    frame = table(boards, "placement_differences")
    frame = frame[(frame["question"] == "rectangle term") & (frame["metric"] == "centre_mae_px")]
    row = one(frame, part="test")
    # All seeds err 0.05 px less: no spread, so shown; but three seeds are called rough.
    assert (row["difference"], row["low"], row["high"], row["conclusion"]) == ("-0.0500", "-0.0500", "-0.0500", "helps")
    assert (row["against"], row["seeds"], row["note"]) == ("corners", "3", "rough: 3 seeds")
    # Displaced: 0, -0.25 and -0.125 px, mean -0.125; Student's t of 2 degrees of freedom is 4.3027.
    row = one(frame, part="displaced")
    assert (row["difference"], row["conclusion"]) == ("-0.1250", "no difference shown")
    assert float(row["low"]) == pytest.approx(-0.125 - 4.3027 * 0.125 / 3**0.5, abs=1e-3)


def test_however_clear_a_difference_takes_three_seeds(boards):
    write_tables(**boards.arguments)
    frame = table(boards, "placement_differences")
    assert set(frame["conclusion"]) == {"two seeds: not tested"}
    row = one(frame[frame["question"] == "rectangle term"], part="test", metric="centre_mae_px")
    assert (row["difference"], row["low"], row["high"]) == ("-0.0500", "-0.0500", "-0.0500")


def test_networks_against_baselines_and_the_leak(boards):
    write_tables(**boards.thrice)
    frame = table(boards, "placement_differences")
    of = {"loss": "rectangle", "metric": "centre_mae_px"}
    baselines = frame[frame["question"] == "baseline"]
    assert set(baselines["part"]) == {"test", "displaced"}
    assert one(baselines, **of, against="mean", part="test")["conclusion"] == "beats"
    # 0.20, 0.21 and 0.205 px against 0.10: 0.105 above. Over images (-0.03, 0, 0.03) the variance of the mean is
    # 0.0003, over seeds 0.0000083; 2.111 degrees of freedom, t = 4.093: 4.093 x sqrt(0.0003083) = 0.0719.
    row = one(baselines, **of, against="template", part="test")
    assert (row["difference"], row["low"], row["high"], row["conclusion"]) == ("0.1050", "0.0331", "0.1769", "loses")
    assert row["note"] == "3 images of 1 photo, not independent"
    assert one(baselines, **of, against="template", part="displaced")["conclusion"] == "no difference shown"
    row = one(frame[frame["question"] == "leak"], **of)
    assert (row["part"], row["against"], row["difference"]) == ("test", "validation", "0.1500")
    assert row["conclusion"] == "higher"


def test_one_seed_has_limits_over_images_alone(boards):
    write_tables(**boards.arguments | {"seeds": [0]})
    frame = table(boards, "placement_differences")
    baselines = frame[frame["question"] == "baseline"]
    # 0.20 against 0.10 px, images (-0.03, 0, 0.03) around it: 4.3027 x sqrt(0.0009 / 3) = 0.0745.
    row = one(baselines, loss="rectangle", metric="centre_mae_px", against="template", part="test")
    assert (row["difference"], row["low"], row["high"], row["conclusion"]) == (
        "0.1000",
        "0.0255",
        "0.1745",
        "one seed: not tested",
    )
    assert row["note"] == "one seed: limits over images only; 3 images of 1 photo, not independent"
    others = frame[frame["question"] != "baseline"]
    assert set(others["conclusion"]) == {"one seed: not tested"} and set(others["low"]) == {""}
    assert set(others["note"]) == {"one seed: no interval"}
    assert set(table(boards)["centre_mae_px_sd"]) == {""}


def test_images_are_paired_whatever_the_order_of_their_rows(boards):
    path = boards.root / "runs/random-rectangle-seed0/predictions.csv"
    head, *rows = path.read_text().splitlines()
    write_tables(**boards.arguments)
    before = (boards.root / "tables/placement_differences.csv").read_bytes()
    path.write_text("\n".join([head, *rows[::-1]]) + "\n")
    write_tables(**boards.arguments)
    assert (boards.root / "tables/placement_differences.csv").read_bytes() == before


def test_limits_over_images_and_seeds_by_hand():
    # One seed: 1, 2, 3 as of interval(). A single image has none; equal differences have no width.
    low, high = image_interval(np.array([[1.0, 2.0, 3.0]]))
    assert (round(low, 4), round(high, 4)) == (-0.4841, 4.4841)
    assert all(end != end for end in image_interval(np.array([[1.0], [2.0]])))
    assert image_interval(np.full((2, 3), 0.5)) == (0.5, 0.5)
    # Seeds of mean 1 and 3 and no spread over images: Student's t of 1 degree of freedom.
    low, high = image_interval(np.array([[1.0, 1.0], [3.0, 3.0]]))
    assert (round(low, 3), round(high, 3)) == (-10.706, 14.706)


def test_errors_of_images_by_hand():
    truth = np.array([[[0, 0], [10, 0], [0, 10], [10, 10]]], float)
    found = image_errors(truth, truth + np.array([0.5, -0.3]), [0.1, 0.1])
    assert {key: values.round(6).tolist() for key, values in found.items()} == {
        "centre_mae_px": [0.4],
        "corner_mae_px": [0.4],
        "rotation_mae_deg": [0.0],
    }
    # A quarter turn to the left about the centre: every corner takes its neighbour's place, 10 px off along one axis.
    turned = truth[:, [2, 0, 3, 1]]
    found = image_errors(truth, turned, [0.1, 0.1])
    assert (found["centre_mae_px"][0], found["corner_mae_px"][0]) == (0, 5) and abs(found["rotation_mae_deg"][0]) == 90


def test_predictions_that_do_not_fit_are_refused(boards, says):
    path = boards.root / "runs/random-corners-seed1/predictions.csv"
    kept = path.read_text()
    last = kept.splitlines()[-1]
    for text, words in (
        (kept.replace(last + "\n", ""), "sample 11 of part displaced is only in"),
        (kept + last + "\n", "an image stands twice"),
        (kept.replace(last, last.replace("11,", "12,", 1)), "sample 11 of part displaced"),
        (kept.replace(last, "11,displaced,p,9,9,9,9,9,9,9,nan"), "line 10: c4y is 'nan'"),
        (kept.replace(last, "11,displaced,p,9,9,19,9,9,17,19,17"), "centre_mae_px of part displaced comes to"),
    ):
        path.write_text(text)
        says(
            lambda: write_tables(**boards.arguments),
            "random-corners-seed1/predictions.csv",
            words,
            "placement evaluate",
        )
    path.unlink()
    says(lambda: write_tables(**boards.arguments), "predictions.csv: no such file", "boardbench placement evaluate")
    assert not (boards.root / "tables").exists()


def test_a_rate_without_boards_of_its_kind_is_empty(boards):
    boards.run("mean", "none", 0, (3.0, 3.5, 4.0), bad=0, false_accept_rate=None, auc=None)
    write_tables(**boards.arguments)
    row = one(table(boards), init="mean", part="test")
    assert (row["bad"], row["false_accept_rate"], row["auc"], row["false_reject_rate"]) == ("0", "", "", "0.5000")
    nested = json.loads((boards.root / "tables/placement_metrics.json").read_text())
    assert "auc" not in nested["mean"]["none"]["test"]
    assert nested["random"]["rectangle"]["displaced"]["centre_mae_px"] == 1.0


def test_costs_and_times_stand_apart(boards):
    write_tables(**boards.arguments)
    counted = table(boards, "placement_complexity")
    assert list(counted) == ["dataset", "network", "width", "lines", "samples", "gmacs", "params_millions"]
    assert one(counted, network="ours")["params_millions"] == "0.4512"
    times = table(boards, "placement_latency")
    assert list(times)[:4] == ["dataset", "init", "loss", "precision"]
    row = one(times, init="random")
    assert (row["loss"], row["p99_ms"], row["limit_ms"]) == ("rectangle", "3.125", "0.750")
    assert one(times, init="template")["loss"] == "none" and one(times, init="template")["limit_ms"] == ""
    write_tables(**boards.arguments | {"latency": None, "out": boards.root / "again"})
    assert not (boards.root / "again/placement_latency.csv").exists()


def test_about_says_what_the_data_are(boards):
    write_tables(**boards.arguments)
    about = json.loads((boards.root / "tables/about.json").read_text())
    assert about["study"] == "placement" and about["label"] == "SIMULATED: rendered, not a result"
    assert about["parts"]["train"] == {"photos": 2, "images": 3} and about["parts"]["displaced"]["images"] == 3
    assert about["protocol"] == "images" and about["tolerance"] == {"offset_mm": 0.3, "rotation_deg": 2.0}
    assert about["training"]["epochs"] == 4 and about["training"]["settings"]["batch_size"] == 32
    boards.photos |= {"validation": ["p4"]}
    boards.samples()
    write_tables(**boards.arguments | {"source": "photos"})
    about = json.loads((boards.root / "tables/about.json").read_text())
    assert (about["protocol"], about["label"]) == ("photos", "own photos")


@pytest.mark.parametrize(
    ("losses", "epoch"),
    [
        ([9, 5, 3, 1, 1, 1], 4),
        ([1, 1, 1], 1),
        ([9, 8, 7], 3),
        ([5, *[1] * 58, 9, *[1] * 40], 3),  # a single peak does not count: median of the last 5 epochs
    ],
)
def test_where_training_settles(losses, epoch):
    assert convergence_epoch(pd.DataFrame({"epoch": range(1, len(losses) + 1), "validation_loss": losses})) == epoch


def test_same_runs_same_bytes(boards):
    write_tables(**boards.arguments)
    before = {path.name: path.read_bytes() for path in (boards.root / "tables").iterdir()}
    write_tables(**boards.arguments)
    assert {path.name: path.read_bytes() for path in (boards.root / "tables").iterdir()} == before


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_foreign_or_broken_run_names_file_field_and_verb(boards, says):
    path = boards.root / "runs/random-corners-seed1/metrics.json"
    kept = path.read_text()
    for changes, words in (
        ({"dataset": "other"}, "dataset is 'other', expected 'toy-photos'"),
        ({"tolerance": {"offset_mm": 9.0, "rotation_deg": 2.0}}, "tolerance is"),
        ({"parts": {"test": json.loads(kept)["parts"]["test"]}}, "field parts.validation is missing"),
        ({"parts": {"validation": {}, "test": {}}}, "field parts.validation.samples is missing"),
    ):
        edit(path, **changes)
        says(lambda: write_tables(**boards.arguments), "random-corners-seed1/metrics.json", words, "placement evaluate")
        path.write_text(kept)
    boards.run("random", "corners", 1, (0.1, 0.2))
    says(lambda: write_tables(**boards.arguments), "random-corners-seed1", "other images than random-rectangle-seed0")
    path.unlink()
    says(lambda: write_tables(**boards.arguments), "metrics.json: no such file", "boardbench placement evaluate")
    assert not (boards.root / "tables").exists()


def test_other_bad_input_names_file_field_and_verb(boards, says):
    boards.write("complexity.csv", boards.COMPLEXITY.replace("0.0123", "many"))
    says(lambda: write_tables(**boards.arguments), "complexity.csv, line 2: gmacs", "boardbench placement complexity")
    boards.write("complexity.csv", boards.COMPLEXITY.replace("ours", "theirs"))
    says(lambda: write_tables(**boards.arguments), "complexity.csv: no row for network ours", "boardbench placement")
    boards.write("complexity.csv", boards.COMPLEXITY)
    boards.write("latency.csv", "model\n")
    says(lambda: write_tables(**boards.arguments), "latency.csv: column precision", "boardbench placement latency")
    boards.write("latency.csv", boards.LATENCY)
    boards.write("samples.json", "{}")
    says(lambda: write_tables(**boards.arguments), "samples.json: field size", "boardbench placement samples")
    boards.samples()
    boards.write("runs/random-corners-seed0/history.csv", "epoch,train_loss,validation_loss,validation_centre\n")
    says(lambda: write_tables(**boards.arguments), "history.csv: no epoch", "train again")
