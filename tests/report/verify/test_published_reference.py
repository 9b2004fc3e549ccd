"""The published reference against itself: each seed left out is a faithful repetition of the others."""

import sys
from pathlib import Path

import pytest

from boardbench.artifacts import read
from boardbench.report.artifacts import About
from boardbench.report.runs import read_csv
from boardbench.report.verify.cells import OUTSIDE, WITHIN, Cell
from boardbench.report.verify.judge import Judged, scaled
from boardbench.report.verify.prediction import pooled
from boardbench.study import find_study

TABLES = Path(__file__).parents[3] / "reports/tables"
DATASETS = {"segmentation": "simulated", "placement": "simulated-photos", "classification": "digits"}


def trained(name):
    """Return (run, metric) -> seed -> value of a study's trained networks."""
    folder, of = TABLES / DATASETS[name], find_study(name, "test")
    params = of.get("params").model_validate(read(folder / "about.json", About, "publish").settings)
    wanted = {run for run, scored in of.get("compared_runs")(params).items() if scored.trained}
    found = {}
    for row in read_csv(folder / f"{name}_runs.csv", "publish", ("run",)).to_dict("records"):
        if row["run"] in wanted:
            found.setdefault((row["run"], row["metric"]), {})[int(row["seed"])] = row["value"]
    assert {run for run, _ in found} == wanted
    return found


def left_out(seed):
    """Return the scores of a seed that lie outside what the other seeds predict, all studies together."""
    judged = []
    for name in DATASETS:
        values = trained(name)
        for metric in dict.fromkeys(metric for _, metric in values):
            mine = {run: of for (run, key), of in values.items() if key == metric}
            known = {
                run: [scaled(metric, value) for other, value in of.items() if other != seed] for run, of in mine.items()
            }
            cells = [Cell(name, "runs", run, WITHIN, seed, metric, of[seed]) for run, of in mine.items()]
            judged.append(Judged(metric, cells, known, pooled(list(known.values()))))
    number = sum(len(one.cells) + 1 for one in judged)
    return [str(cell) for one in judged for cell in one.judge(number) if cell.state == OUTSIDE]


def test_a_seed_left_out_is_repeated_but_for_one_score_in_hundreds():
    found = [left_out(seed) for seed in range(5)]
    # Five families at 95 % each: more than one that fails has a probability of 0.02.
    assert sum(bool(outside) for outside in found) <= 1, found


@pytest.mark.parametrize(
    ("name", "metric"), [("segmentation", "miou"), ("placement", "test_centre_mae_px"), ("classification", "accuracy")]
)
def test_the_reference_has_the_degrees_of_freedom_that_its_intervals_need(name, metric):
    scores = [of for (_, key), of in trained(name).items() if key == metric]
    spread = pooled([[scaled(metric, value) for value in of.values()] for of in scores])
    assert spread.freedom >= 30


def test_the_power_that_the_documentation_states():
    sys.path.insert(0, str(TABLES.parents[1] / "docs"))
    from sitegen.blocks import Blocks

    scores = [of for (_, metric), of in trained("segmentation").items() if metric == "miou"]
    spread = pooled([[float(value) for value in of.values()] for of in scores])
    # The default run: three U-Nets and a pruned one by two metrics, two networks on two parts, six on digits; 5 means.
    judged = 4 * 2 + 2 * 2 + 6 + 5
    alone, together = spread.error(5), spread.error(5, networks=4)
    told = Blocks(TABLES.parent).power()
    assert f"With the {judged} scores of a default run judged at once" in told
    assert f"found nine times in ten from {spread.found_from(alone, judged):.3f} on" in told
    assert f"one of all U-Nets from {spread.found_from(together, judged):.3f} on" in told
    assert f"standard deviation of {spread.sd:.3f}" in told
