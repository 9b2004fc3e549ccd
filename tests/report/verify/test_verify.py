"""A hand-made run beside a hand-made reference: 40 trainings with a known spread, and faults that are planted."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from boardbench.errors import BoardbenchError
from boardbench.integrity import hash_of
from boardbench.params.classification import Classification
from boardbench.params.placement import Placement
from boardbench.params.segmentation import Segmentation
from boardbench.report.verify import verify as verb
from boardbench.report.verify.verify import verify

SD = 0.02
BACKBONES, STRATEGIES = ["unet", "attention_unet", "resunet"], ["full", "pca3", "scrb"]


def write(folder, name, rows):
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)


def scores(run, seed, **values):
    rows = [("toy", run, str(seed), metric, f"{value:.4f}") for metric, value in values.items()]
    return [dict(zip(("dataset", "run", "seed", "metric", "value"), row, strict=True)) for row in rows]


class Reports:
    """``results`` of one seed and U-Net alone, ``reports`` of five and three networks."""

    def __init__(self, root, monkeypatch):
        self.root, self.ours = root, root / "results/report/tables/toy"
        self.theirs = root / "reports/tables/toy"
        monkeypatch.chdir(root)
        # A page of these tables alone would lack the others; what is said on it is looked at in a test of its own.
        monkeypatch.setattr("boardbench.report.verify.verify.render", lambda reports: None)
        draws = np.random.default_rng(4)
        self.drawn = {(b, s): 0.7 + SD * draws.standard_normal(5) for b in BACKBONES for s in STRATEGIES}
        self.segmentation(self.ours, backbones=["unet"], seeds=[9])
        self.segmentation(self.theirs, backbones=BACKBONES, seeds=[0, 1, 2, 3, 4])
        (root / "results/published.json").write_text(json.dumps({"datasets": ["toy"]}))

    def segmentation(self, folder, backbones, seeds, **changed):
        given = {"dataset": "toy", "backbones": backbones, "seeds": seeds, "pruning": []}
        params = Segmentation.model_validate(given | changed)
        rows = scores("lda-none", 0, miou=0.4)
        for backbone in backbones:
            for strategy in params.strategies:
                values = self.drawn[backbone, strategy]
                for seed in seeds:
                    rows += scores(f"{backbone}-{strategy}", seed, miou=values[seed] if seed < 5 else values.mean())
        write(folder, "segmentation_runs", rows)
        write(folder, "segmentation_captures", [{"dataset": "toy", "scene": "b1", "condition": "1", "values": "7"}])
        write(folder, "segmentation_sensor", [{"dataset": "toy", "quantity": "dark", "real": "274"}])
        write(folder, "segmentation_reduction", [{"dataset": "toy", "strategy": "pca3", "explained": "95.6"}])
        counted = [{"dataset": "toy", "backbone": b, "strategy": s, "gmacs": "1"} for b, s in self.drawn]
        write(folder, "segmentation_complexity", [row for row in counted if row["backbone"] in backbones])
        self.about(folder, "segmentation", params.model_dump(mode="json"))

    def about(self, folder, study, settings):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "about.json").write_text(
            json.dumps({"study": study, "dataset": "toy", "source": "x", "label": "x", "settings": settings})
        )

    def change(self, table, row, column, value, folder=None):
        path = (folder or self.ours) / f"{table}.csv"
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        frame.loc[row, column] = value
        frame.to_csv(path, index=False)

    def answer(self, code=0):
        if code:
            with pytest.raises(SystemExit) as ended:
                verify()
            assert ended.value.code == code
        else:
            verify()
        return json.loads((self.root / "results/report/verify.json").read_text())


@pytest.fixture
def reports(tmp_path, monkeypatch):
    return Reports(tmp_path, monkeypatch)


def test_another_seed_repeats_the_reference(reports, capsys):
    answer = reports.answer()
    # Equal: capture, sensor, reduction, three counts, LDA. Within: three scores and the mean of their differences.
    expected = {"equal": 7, "within": 4, "outside": 0, "missing": 0, "no reference": 0}
    assert answer["counts"] == {"toy": expected} and answer["said"] == "repeated: 11 of 11 cells"
    assert capsys.readouterr().out.endswith("\nrepeated: 11 of 11 cells\n")
    (power,) = answer["power"]
    residuals = [values - values.mean() for values in np.round(list(reports.drawn.values()), 4)]
    assert power["degrees_of_freedom"] == 36
    assert power["sd"] == pytest.approx(np.sqrt(np.square(residuals).sum() / 36), abs=1e-4)
    metrics = json.loads((reports.root / "results/metrics.json").read_text())
    values = metrics["segmentation"]["unet-full"]["miou"]
    assert values["run"] == pytest.approx(values["reference"], abs=1e-4) and abs(values["difference"]) <= 1e-4


def test_a_report_that_is_not_what_was_published_is_not_judged(reports):
    table, published = reports.ours / "segmentation_runs.csv", reports.root / "results/published.json"
    name = "tables/toy/segmentation_runs.csv"
    hashes = {name: hash_of(table), "tables/toy/removed.csv": "0"}
    published.write_text(json.dumps({"datasets": ["toy"], "sha256": hashes}))
    assert reports.answer()["said"] == "repeated: 11 of 11 cells"
    table.write_bytes(table.read_bytes()[:-2] + b"9\n")
    with pytest.raises(BoardbenchError, match=f"{name}: damaged"):
        verify()


def test_limits_by_hand(reports):
    score = next(one for one in reports.answer()["scores"] if one["name"] == "unet-scrb")
    values = np.round(reports.drawn["unet", "scrb"], 4)
    sd = np.sqrt(sum(np.square(drawn - drawn.mean()).sum() for drawn in np.round(list(reports.drawn.values()), 4)) / 36)
    # Four scores at once: 1 - 0.05 / 8 of Student's t with 36 degrees of freedom is 2.628.
    assert score["high"] - values.mean() == pytest.approx(2.6281 * sd * np.sqrt(1.2), abs=1e-4)
    assert values.mean() - score["low"] == pytest.approx(2.6281 * sd * np.sqrt(1.2), abs=1e-4)


def test_the_same_seed_with_equal_bits_is_equal_wherever_it_lies(reports):
    reports.drawn["unet", "full"][0] = 0.9
    reports.segmentation(reports.ours, backbones=["unet"], seeds=[0])
    reports.segmentation(reports.theirs, backbones=BACKBONES, seeds=[0, 1, 2, 3, 4])
    assert reports.answer()["counts"]["toy"]["within"] == 0


@pytest.mark.parametrize(
    ("table", "row", "column", "word"),
    [
        ("segmentation_captures", 0, "values", "b1 1"),
        ("segmentation_complexity", 2, "gmacs", "unet scrb"),
        ("segmentation_reduction", 0, "explained", "pca3"),
        ("segmentation_runs", 0, "value", "lda-none"),
    ],
)
def test_a_changed_digit_of_what_is_exact_is_outside(reports, table, row, column, word):
    reports.change(table, row, column, "0.3")
    answer = reports.answer(3)
    (outside,) = answer["outside"]
    assert word in outside and "0.3, reference" in outside and f"({table}.csv)" in outside
    assert answer["said"] == "not repeated: 10 of 11 cells; 1 outside, 0 missing"


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_score_a_tenth_away_is_outside(reports, sign):
    value = reports.drawn["unet", "pca3"].mean() + sign * 0.1
    reports.change("segmentation_runs", 2, "value", f"{value:.4f}")
    answer = reports.answer(3)
    assert "toy, unet-pca3, seed 9, miou: outside" in answer["outside"][0] and "mean of 5 seeds" in answer["outside"][0]


def test_a_shift_of_all_networks_that_none_shows_alone_is_outside(reports):
    power = reports.answer()["power"][0]
    for row, strategy in enumerate(STRATEGIES, start=1):
        reports.change("segmentation_runs", row, "value", f"{reports.drawn['unet', strategy].mean() + 0.055:.4f}")
    (outside,) = reports.answer(3)["outside"]
    assert "mean of all networks" in outside
    assert power["found_from_all"] < power["found_from"]


def test_tables_that_are_missing_or_cut_off(reports):
    (reports.ours / "segmentation_complexity.csv").unlink()
    path = reports.ours / "segmentation_runs.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:3]))
    answer = reports.answer(3)
    assert answer["counts"]["toy"]["missing"] == 5
    assert [line.split(",")[1].split(":")[0].strip() for line in answer["missing"]][:3] == [
        "unet full",
        "unet pca3",
        "unet scrb",
    ]
    assert "seed 9, miou: missing" in answer["missing"][-1]


def test_a_page_that_lacks_the_missing_table_too_does_not_hide_it(reports, monkeypatch, capsys, says):
    def render(reports):
        raise BoardbenchError("x.csv: no such file")

    monkeypatch.setattr("boardbench.report.verify.verify.render", render)
    says(verify, "x.csv")
    (reports.ours / "segmentation_complexity.csv").unlink()
    assert reports.answer(3)["counts"]["toy"]["missing"] == 3
    assert "The page stays as it was: x.csv" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "word", "unknown"),
    [
        ({"training": {"epochs": 2}}, "training.epochs 2, reference 32", 3),
        ({"simulate": {"boards": 9}, "split": {"train": 5}}, "simulate.boards 9, reference 75", 7),
        ({"complexity": {"width": 4}}, "complexity.width 4, reference 64", 3),
        ({"classes": ["a", "b"], "training": {"class_weights": [1, 2]}}, "classes", 9),
    ],
)
def test_cells_of_other_settings_have_no_reference(reports, changed, word, unknown):
    reports.segmentation(reports.ours, backbones=["unet"], seeds=[9], **changed)
    reports.change("segmentation_runs", 1, "value", "0.1")
    answer = reports.answer(0 if unknown != 3 or "training" in changed else 3)
    assert answer["counts"]["toy"]["no reference"] == unknown
    assert any(word in said for said in answer["no_reference"])


def test_what_changes_bits_or_times_only_is_compared(reports):
    training = {"device": "auto", "threads": 4, "workers": 2}
    changed = {"training": training, "latency": {"repeats": 2}, "deployment": {"precisions": []}}
    reports.segmentation(reports.ours, backbones=["unet"], seeds=[9], **changed)
    assert reports.answer()["counts"]["toy"]["no reference"] == 0


def test_networks_and_data_sets_without_a_reference(reports):
    reports.segmentation(reports.theirs, backbones=["resunet"], seeds=[0, 1])
    answer = reports.answer()
    assert answer["counts"]["toy"] == {"equal": 4, "within": 0, "outside": 0, "missing": 0, "no reference": 6}
    shutil.rmtree(reports.theirs)
    answer = reports.answer()
    assert answer["said"] == "no reference" and "no data set toy" in answer["no_reference"][0]


def test_a_reference_of_one_seed_judges_no_training(reports):
    reports.segmentation(reports.theirs, backbones=BACKBONES, seeds=[0])
    answer = reports.answer()
    assert answer["counts"]["toy"]["no reference"] == 3 and "2 are needed" in answer["no_reference"][0]


def test_bad_input_names_file_and_remedy_and_writes_nothing(reports, says):
    said = says(verify_after(reports, lambda: reports.change("segmentation_runs", 1, "value", "x")), "unet-full", "'x'")
    assert "segmentation_runs.csv" in said
    path = reports.ours / "segmentation_captures.csv"
    path.write_text(path.read_text().replace("values", "kept"))
    says(verify, "segmentation_captures.csv", "kept", "versions")
    reports.segmentation(reports.ours, backbones=["unet"], seeds=[9])
    reports.about(reports.ours, "segmentation", {"old": 1})
    says(verify, "about.json", "old", "Run snakemake again")
    reports.about(reports.ours, "segmentation", {})
    says(verify, "about.json", "settings", "Run snakemake again")
    (reports.root / "results/published.json").unlink()
    says(verify, "published.json", "no such file")
    assert not (reports.root / "results/report/verify.json").exists()
    assert not (reports.root / "results/metrics.json").exists()


def verify_after(reports, change):
    change()
    return verify


def test_the_other_studies(reports, tmp_path):
    placement = Placement().model_dump(mode="json")
    classification = Classification().model_dump(mode="json")
    for folder, seeds in ((reports.ours.parent, [5]), (reports.theirs.parent, range(5))):
        rows = scores("mean-none", 0, test_centre_mae_px=3) + scores("template-none", 0, test_centre_mae_px=2)
        for seed in seeds:
            rows += scores("random-rectangle", seed, test_centre_mae_px=[0.2, 0.3, 0.4, 0.5, 0.6, 0.4][seed])
            rows += scores("random-corners", seed, test_centre_mae_px=[0.4, 0.6, 0.8, 1.0, 1.2, 1.9][seed])
        self_seeds = {"seeds": list(seeds)}
        write(folder / "photos", "placement_runs", rows)
        write(folder / "photos", "placement_complexity", [{"network": "ours", "gmacs": "1"}])
        reports.about(folder / "photos", "placement", placement | self_seeds)
        rows = []
        for name in ("fc3", "cnn", "small", "small-se", "half/small", "zeros/small"):
            for seed in seeds:
                rows += scores(name, seed, accuracy=[0.9, 0.91, 0.92, 0.93, 0.94, 0.925][seed])
        write(folder / "digits", "classification_runs", rows)
        keys = {"method": "knn", "k": "1", "distance": "l1", "normalization": "standardize", "accuracy": "0.98"}
        write(folder / "digits", "classification_baselines", [keys])
        write(folder / "digits", "classification_variants", [{"variant": "v", **keys}])
        given = {key: classification[key] | self_seeds for key in ("numpy_networks", "networks")}
        reports.about(folder / "digits", "classification", classification | given)
    (reports.root / "results/published.json").write_text(json.dumps({"datasets": ["toy", "photos", "digits"]}))
    answer = reports.answer()
    assert answer["counts"]["photos"] == {"equal": 3, "within": 3, "outside": 0, "missing": 0, "no reference": 0}
    assert answer["counts"]["digits"] == {"equal": 2, "within": 7, "outside": 0, "missing": 0, "no reference": 0}
    # Errors spread by factors: the reference's centre is their geometric mean.
    score = next(one for one in answer["scores"] if one["name"] == "random-rectangle")
    assert float(score["reference"]) == pytest.approx(np.exp(np.log([0.2, 0.3, 0.4, 0.5, 0.6]).mean()), abs=1e-4)
    assert score["low"] < 0.2 and score["high"] > 0.6
    reports.change("placement_runs", 3, "value", "19", folder=reports.ours.parent / "photos")
    assert "random-corners" in reports.answer(3)["outside"][0]


def test_json_is_what_verify_json_holds(reports, capsys):
    verify(json=True)
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((reports.root / "results/report/verify.json").read_text())
    assert told["said"] == "repeated: 11 of 11 cells"


def test_a_project_is_held_against_the_reference_that_boardbench_brings(reports, monkeypatch):
    (reports.root / "reports").rename(reports.root / "brought")
    assert reports.answer()["said"] == "no reference", "ours knows no toy"
    (reports.root / "elsewhere").mkdir()
    (reports.root / "brought").rename(reports.root / "elsewhere/reports")
    monkeypatch.setattr(verb, "home", lambda: reports.root / "elsewhere")
    assert reports.answer()["said"] == "repeated: 11 of 11 cells"
