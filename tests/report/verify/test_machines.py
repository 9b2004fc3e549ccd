"""Spread over machines beside spread over seeds: by hand, from a hand-made reference and two runs."""

import json

import pandas as pd
import pytest

from boardbench.params.placement import Placement
from boardbench.params.segmentation import Segmentation
from boardbench.report.verify.machines import machines

FIVE = {"unet-full": [0.70, 0.72, 0.74, 0.76, 0.78], "unet-scrb": [0.80, 0.81, 0.82, 0.83, 0.84]}


@pytest.fixture
def write(tmp_path):
    """Write the tables of a run, or of the reference."""

    def made(folder, scores, params, study="segmentation", metric="miou"):
        tables = tmp_path / folder / "tables/toy"
        tables.mkdir(parents=True)
        rows = [
            {"dataset": "toy", "run": run, "seed": seed, "metric": metric, "value": f"{value:.4f}"}
            for run, values in scores.items()
            for seed, value in enumerate(values)
        ]
        pd.DataFrame(rows).to_csv(tables / f"{study}_runs.csv", index=False)
        about = {
            "study": study,
            "dataset": "toy",
            "source": "x",
            "label": "x",
            "settings": params.model_dump(mode="json"),
        }
        (tables / "about.json").write_text(json.dumps(about))
        (tmp_path / folder).parent.joinpath("published.json").write_text(json.dumps({"datasets": ["toy"]}))
        return (tmp_path / folder).parent

    return made


def params(**changes):
    given = {"dataset": "toy", "backbones": ["unet"], "strategies": ["full", "scrb"], "pruning": []}
    return Segmentation.model_validate(given | changes)


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")


def test_both_spreads_by_hand(write, tmp_path):
    write("reference/reports", FIVE, params(seeds=[0, 1, 2, 3, 4]))
    first = write("first/report", {"unet-full": [0.73], "unet-scrb": [0.80]}, params())
    second = write("second/report", {"unet-full": [0.70], "unet-scrb": [0.83]}, params())
    machines(
        runs=[first, second],
        names=["one, small", "other"],
        reference=tmp_path / "reference/reports",
        out=tmp_path / "machines.csv",
    )
    (row,) = read(tmp_path / "machines.csv")
    # over seeds: variances 0.001 and 0.00025, four degrees each; over machines: 0.70 0.73 0.70 and 0.80 0.80 0.83
    assert (row["sd_seeds"], row["freedom_seeds"]) == ("0.0250", "8")
    assert (row["machines"], row["equal"], row["freedom_machines"]) == ("3", "2 of 4", "4")
    assert (row["sd_machines"], row["ratio"], row["scale"]) == ("0.0173", "0.69", "")
    singles = read(tmp_path / "machines_runs.csv")
    assert [(one["run"], one["machine"], one["value"]) for one in singles if one["run"] == "unet-full"] == [
        ("unet-full", "reference", "0.7000"),
        ("unet-full", "one, small", "0.7300"),
        ("unet-full", "other", "0.7000"),
    ]
    assert {one["mean_seeds"] for one in singles} == {"0.7400", "0.8200"}


def test_a_machine_from_before_stays_beside_a_new_one_where_the_reference_is_the_same(write, tmp_path):
    write("reference/reports", FIVE, params(seeds=[0, 1, 2, 3, 4]))
    first = write("first/report", {"unet-full": [0.73], "unet-scrb": [0.80]}, params())
    second = write("second/report", {"unet-full": [0.70], "unet-scrb": [0.83]}, params())
    given = {"out": tmp_path / "machines.csv", "reference": tmp_path / "reference/reports"}
    machines(runs=[first, second], names=["one", "other"], **given)
    together = [(tmp_path / name).read_text() for name in ("machines.csv", "machines_runs.csv")]
    (tmp_path / "machines.csv").unlink()
    (tmp_path / "machines_runs.csv").unlink()
    machines(runs=[second], names=["other"], **given)
    machines(runs=[first], names=["one"], **given)
    assert sorted((tmp_path / "machines_runs.csv").read_text().splitlines()) == sorted(together[1].splitlines())
    assert (tmp_path / "machines.csv").read_text() == together[0]
    machines(runs=[second], names=["one"], **given)  # named again: replaced
    (row,) = read(tmp_path / "machines.csv")
    assert (row["machines"], row["equal"]) == ("3", "2 of 4")
    # The reference is trained again, and one of its scores is another: what stood beside the old one goes.
    again = write("again/reports", FIVE | {"unet-full": [0.71, *FIVE["unet-full"][1:]]}, params(seeds=[0, 1, 2, 3, 4]))
    machines(runs=[first], names=["new"], out=given["out"], reference=again / "reports")
    machines_of = {run: [] for run in FIVE}
    for one in read(tmp_path / "machines_runs.csv"):
        machines_of[one["run"]].append(one["machine"])
    assert machines_of == {
        "unet-full": ["reference", "new"],
        "unet-scrb": ["reference", "new", "one", "other"],
    }


def test_errors_in_pixels_spread_by_their_logarithm(write, tmp_path):
    given = {"dataset": "toy", "losses": ["corners"]}
    metric = "test_centre_mae_px"
    reference = Placement.model_validate(given | {"seeds": [0, 1]})
    write("reference/reports", {"random-corners": [0.5, 1.0]}, reference, "placement", metric)
    run = write("run/report", {"random-corners": [1.0]}, Placement.model_validate(given), "placement", metric)
    machines(runs=[run], names=["a"], reference=tmp_path / "reference/reports", out=tmp_path / "machines.csv")
    (row,) = read(tmp_path / "machines.csv")
    # both pairs are a factor of two apart: ln 2 / sqrt 2
    assert (row["scale"], row["sd_seeds"], row["sd_machines"], row["ratio"]) == ("log", "0.4901", "0.4901", "1.00")


def test_runs_that_cannot_be_compared_are_refused(write, tmp_path, says):
    write("reference/reports", FIVE, params(seeds=[0, 1, 2, 3, 4]))
    other = write("other/report", {"unet-full": [0.73]}, params(training={"epochs": 3, "patience": 3}))
    given = {"reference": tmp_path / "reference/reports", "out": tmp_path / "machines.csv"}
    says(lambda: machines(runs=[other], names=["a"], **given), "settings")
    says(lambda: machines(runs=[other, other], names=["a"], **given), "--names")
    says(lambda: machines(runs=[other, other], names=["a", "a"], **given), "--names")
    assert not (tmp_path / "machines.csv").exists()
