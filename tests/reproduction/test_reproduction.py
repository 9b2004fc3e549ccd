import csv
import json
import re
import shutil
from fractions import Fraction
from math import floor
from pathlib import Path

import click
import pytest
import yaml

from boardbench.cli import _command
from boardbench.errors import BoardbenchError
from boardbench.reproduction import reproduction as module
from boardbench.reproduction.evidence import read_evidence
from boardbench.reproduction.reproduction import COLUMNS, checks, reproduction, reproduction_rows, summary

PUBLISHED = Path(__file__).parents[2] / "reports" / "published"
COUNTED = """\
dataset,backbone,strategy,gmacs,gmacs_published_convention,params_millions,gmacs_published,params_millions_published
toy,unet,full,351.8546,392.1199,31.159,392.12,31.16
toy,unet,pca3,302.0734,342.3388,31.038,342.86,31.30
toy,unet,scrb,313.6651,353.9304,31.066,353.83,31.07
toy,attention_unet,full,466.7556,466.7556,35.000,466.67,35.0
toy,attention_unet,pca3,416.9744,416.9744,34.879,417.49,35.14
toy,attention_unet,scrb,428.5661,428.5661,34.907,428.57,34.91
toy,resunet,full,545.6314,606.0294,13.286,606.03,13.29
toy,resunet,pca3,446.0691,506.4671,13.043,506.99,13.30
toy,resunet,scrb,457.6608,518.0588,13.071,518.06,13.07
toy,linknet,full,1.0,1.0,1.0,,
"""
PER_CLASS = """\
dataset,backbone,strategy,seed,class,f1,iou
pcbvision,unet,full,0,ic,0.7000,0.5000
pcbvision,unet,full,1,ic,0.8000,0.6000
pcbvision,unet,pca3,0,ic,0.4000,0.2000
pcbvision,unet,pca3_cube,0,ic,0.3000,0.1000
"""
MEAN = """\
dataset,backbone,strategy,seeds,miou,miou_sd,mf1,mf1_sd
pcbvision,unet,full,2,0.5500,0.0707,0.6500,0.0100
pcbvision,unet,pca3,1,0.4000,,0.4100,
pcbvision,unet,pca3_cube,1,0.3000,,0.3100,
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def reports(tmp_path):
    shutil.copytree(PUBLISHED, tmp_path / "published")
    write(tmp_path / "tables/toy/segmentation_complexity.csv", COUNTED)
    return tmp_path


def boards(reports, source="pcbvision"):
    folder = reports / "tables/pcbvision"
    write(folder / "about.json", json.dumps({"source": source}))
    write(folder / "segmentation_per_class.csv", PER_CLASS)
    write(folder / "segmentation_mean.csv", MEAN)
    write(folder / "segmentation_reduction.csv", "strategy,explained_variance_percent\npca3,98.70\n")


def of(reports):
    return reproduction_rows(read_evidence(reports))


def one(rows, place, cell):
    (row,) = [row for row in rows if row["place"] == place and row["cell"].partition(":")[0] == cell]
    return row


def read(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_row_for_every_number_and_claim(reports):
    rows = of(reports)
    published = reports / "published"
    scores, costs = (read(published / f"segmentation_{name}.csv") for name in ("scores", "complexity"))
    logs = yaml.safe_load((published / "segmentation_confusion_logs.yaml").read_text())
    # Four classes and a mean a row; means and costs are printed again in the abstract; kappa is not printed.
    tables = len(scores) * (4 + 2) + len(costs) * 2 * 2
    claims = [row for row in read(published / "claims.csv") if row["paper"] == "1"]
    assert len(claims) >= 40
    assert sum(row["paper"] == "1" for row in rows) == tables + len(logs) + len(claims)
    numbers = sum(
        bool(row[name])
        for path in published.glob("cifar10_*.csv")
        for row in read(path)
        for name in row
        if re.search("accuracy|precision|recall|f_score|params|gflops|inference|seconds", name)
    )
    others = [row for row in read(published / "claims.csv") if row["paper"] != "1"]
    assert len(rows) == tables + len(logs) + len(claims) + numbers + len(others)
    assert all(tuple(row) == COLUMNS for row in rows)
    assert {row["verdict"] for row in rows} == {"matches", "explained", "contradicted", "not run"}
    assert all(row["why"] and row["study"] for row in rows)
    assert all(row["command"] for row in rows if row["recomputed"] or row["ours"])


def test_a_number_added_to_the_published_files_shows_up(reports):
    before = len(of(reports))
    published = reports / "published"
    with (published / "segmentation_scores.csv").open("a") as file:
        file.write("linknet,full,f1,0.90,0.50,0.40,0.30,0.52,paper 1 tables 3 and 6\n")
    with (published / "claims.csv").open("a") as file:
        file.write("p1-new,1,4.1,A new claim,3 %,run: three seeds\n")
    with (published / "cifar10_networks.csv").open("a") as file:
        file.write("lenet,SGD,0.5,,,,paper 5 table 1\n")
    rows = of(reports)
    assert len(rows) == before + 6 + 1 + 1
    assert one(rows, "table 3", "linknet full f1 ic")["verdict"] == "not run"
    assert one(rows, "4.1", "p1-new")["why"] == "Takes a run: three seeds."


@pytest.mark.parametrize(
    ("cell", "place", "exact"),
    [
        # From the logs: hits, then truth + prediction of the class.
        ("unet full iou ic", "table 4", Fraction(630697, 862603 + 816790 - 630697)),
        ("unet full f1 capacitor", "table 3", Fraction(2 * 27421, 31761 + 63624)),
        ("attention_unet pca3 f1 others", "table 3", Fraction(2 * 10914309, 11271087 + 11736562)),
        ("resunet full iou connectors", "table 4", Fraction(102235, 122549 + 274878 - 102235)),
    ],
)
def test_scores_by_hand(reports, cell, place, exact):
    row = one(of(reports), place, cell)
    assert row["recomputed"] == row["published"] == f"{floor(exact * 100) / 100:.2f}"
    assert f"{float(exact):.4f}" in row["why"]
    assert row["verdict"] == ("matches" if f"{float(exact):.2f}" == row["published"] else "explained")


def test_means_are_truncated_means_of_truncated_cells(reports):
    # U-Net full, F1: truncated 0.95 + 0.75 + 0.57 + 0.31 = 2.58, a quarter 0.645, truncated 0.64; exact 0.6483.
    for place in ("table 6", "abstract table 2"):
        row = one(of(reports), place, "unet full f1 mean")
        assert (row["published"], row["recomputed"], row["verdict"]) == ("0.64", "0.64", "explained")
        assert "0.6483" in row["why"] and "truncated mean of truncated cells" in row["why"]
    assert one(of(reports), "table 6", "attention_unet full iou mean")["verdict"] == "matches"


def test_exchanged_rows_are_explained_by_the_other_log(reports):
    rows = of(reports)
    row = one(rows, "table 4", "unet scrb iou connectors")
    # U-Net's own log: 99809 / (122549 + 156159 - 99809) = 0.5579; ResU-Net's: 99719 / (122549 + 302646 - 99719).
    assert (row["published"], row["recomputed"], row["verdict"]) == ("0.30", "0.30", "explained")
    assert "ResU-Net's (0.3064)" in row["why"] and "0.5579" in row["why"]
    assert "U-Net's (0.6178)" in one(rows, "table 6", "resunet scrb iou mean")["why"]


def test_rows_put_right_in_the_table_are_no_longer_exchanged(reports):
    path = reports / "published/segmentation_scores.csv"
    text = path.read_text()
    text = text.replace("\nunet,scrb,", "\nOTHER,scrb,").replace("\nresunet,scrb,", "\nunet,scrb,")
    path.write_text(text.replace("\nOTHER,scrb,", "\nresunet,scrb,"))
    row = one(of(reports), "table 4", "unet scrb iou connectors")
    assert row["verdict"] == "explained" and "rounds to 0.56" in row["why"]
    assert one(of(reports), "table 4", "unet scrb iou capacitor")["verdict"] == "matches"


def test_a_copied_row_and_a_wrong_cell_are_contradicted(reports):
    row = one(of(reports), "table 4", "unet pca3 iou ic")
    # 161674 / (862603 + 323681 - 161674)
    assert (row["published"], row["recomputed"], row["verdict"]) == ("0.27", "0.15", "contradicted")
    assert "0.1578" in row["why"] and "repeats the F1 row" in row["why"]
    assert one(of(reports), "table 6", "unet pca3 iou mean")["recomputed"] == "0.30"
    edit(
        reports / "published/segmentation_scores.csv",
        "attention_unet,full,iou,0.95,0.56",
        "attention_unet,full,iou,0.95,0.58",
    )
    rows = of(reports)
    assert one(rows, "table 4", "attention_unet full iou ic")["verdict"] == "contradicted"
    assert one(rows, "table 4", "attention_unet full iou others")["verdict"] == "matches"


def test_kappa_by_hand(reports):
    row = one(of(reports), "logs", "unet full kappa")
    hits = 10545106 + 630697 + 27421 + 115972
    truth = (11271087, 862603, 31761, 122549)
    prediction = (10783588, 816790, 63624, 623998)
    total = 12288000
    assert sum(truth) == sum(prediction) == total == 30 * 640 * 640
    chance = Fraction(sum(a * b for a, b in zip(truth, prediction, strict=True)), total**2)
    kappa = (Fraction(hits, total) - chance) / (1 - chance)
    assert row["published"] == "" and row["recomputed"] == f"{float(kappa):.4f}"


@pytest.mark.parametrize(
    ("cell", "ours", "verdict", "why"),
    [
        ("unet full gmacs", "392.1199", "matches", "last digit"),
        ("resunet full gmacs", "606.0294", "matches", "last digit"),
        ("attention_unet scrb gmacs", "428.5661", "matches", "last digit"),
        ("resunet scrb gmacs", "518.0588", "matches", "last digit"),
        ("unet pca3 gmacs", "342.3388", "explained", "-0.0047 G remain"),
        ("attention_unet pca3 gmacs", "416.9744", "explained", "-0.0103 G remain"),
        ("unet scrb gmacs", "353.9304", "contradicted", "Unexplained: the paper prints -0.1004"),
        ("attention_unet full gmacs", "466.7556", "contradicted", "Unexplained: the paper prints -0.0856"),
        ("unet pca3 params_millions", "31.038", "contradicted", "Unexplained: the paper prints +0.262"),
        ("attention_unet full params_millions", "35.000", "matches", "last digit"),
    ],
)
def test_costs_against_our_count(reports, cell, ours, verdict, why):
    for place in ("table 5", "abstract table 1"):
        row = one(of(reports), place, cell)
        assert (row["ours"], row["verdict"]) == (ours, verdict)
        assert why in row["why"]


def test_without_a_count_costs_are_not_run(reports):
    (reports / "tables/toy/segmentation_complexity.csv").unlink()
    row = one(of(reports), "table 5", "unet full gmacs")
    assert (row["ours"], row["verdict"]) == ("", "not run")


def test_commands_are_ones_that_boardbench_understands(reports):
    for row in of(reports):
        words = row["command"].split()
        if words[:1] != ["boardbench"]:
            assert words[:1] in ([], ["snakemake"])
            continue
        verb = " ".join(words[1:3]) if words[1] == "segmentation" else words[1]
        with click.Context(_command(verb)) as context:
            _command(verb).parse_args(context, words[1 + len(verb.split()) :])


def test_our_scores_come_from_the_boards_alone(reports):
    boards(reports, source="simulate")
    assert one(of(reports), "table 4", "unet full iou ic")["ours"] == ""
    boards(reports)
    rows = of(reports)
    row = one(rows, "table 4", "unet full iou ic")
    # Seeds 0.5 and 0.6: mean 0.55, standard deviation 0.1 / sqrt 2.
    assert (row["ours"], row["command"]) == ("0.5500 (n = 2, sd 0.0707)", module.RUN)
    assert one(rows, "table 6", "unet full f1 mean")["ours"] == "0.6500 (n = 2, sd 0.0100)"
    assert one(rows, "table 4", "unet scrb iou ic")["ours"] == ""
    assert one(rows, "2.2.2", "p1-pca-variance")["verdict"] == "matches"


def test_pca_cube_by_cube_stands_first(reports):
    boards(reports)
    assert one(of(reports), "table 4", "unet pca3 iou ic")["ours"] == "0.1000 (pca3_cube)"
    path = reports / "tables/pcbvision/segmentation_per_class.csv"
    path.write_text(path.read_text().replace("pcbvision,unet,pca3_cube,0,ic,0.3000,0.1000\n", ""))
    edit(reports / "tables/pcbvision/segmentation_mean.csv", "pcbvision,unet,pca3_cube,1,0.3000,,0.3100,\n", "")
    assert one(of(reports), "table 4", "unet pca3 iou ic")["ours"] == "0.2000"


def test_what_arithmetic_settles_in_the_other_papers(reports):
    rows = of(reports)
    row = one(rows, "table 4", "numpy_fc3 lr 0.01 f_score")
    # One class for all: precision 0.1, recall 1, F 0.2 / 1.1 for it, 0 for nine others.
    assert (row["published"], row["recomputed"], row["verdict"]) == ("0.0182", "0.0182", "explained")
    assert one(rows, "tables I-II", "resnet18 params_millions")["verdict"] == "explained"
    assert one(rows, "table I", "se_resnet18 params_millions")["verdict"] == "contradicted"
    row = one(rows, "tables 2-3", "knn 1 cosine z-score accuracy")
    assert row["verdict"] == "not run" and "largest distance" in row["why"]
    assert "equal to four digits" in one(rows, "tables 2-3", "knn 1 mse z-score accuracy")["why"]
    assert "one row off" in one(rows, "table II", "mobilenet_v2 gflops")["why"]


def test_files_are_whole_equal_and_left_alone_when_equal(reports):
    reproduction(reports=reports)
    paths = [reports / "tables" / f"reproduction.{suffix}" for suffix in ("csv", "md", "json")]
    before = [(path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in paths]
    assert read(paths[0]) == of(reports)
    reproduction(reports=reports)
    assert [(path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in paths] == before
    edit(reports / "published/claims.csv", "p1-gpu,1,", "p1-gpu,1,here; ")
    reproduction(reports=reports)
    assert "here; " in paths[0].read_text() and "here; " in paths[1].read_text()
    kept = paths[0].read_bytes()
    edit(reports / "published/claims.csv", "source: the maker's data sheet of the card", "unknown")
    with pytest.raises(BoardbenchError, match="p1-gpu"):
        reproduction(reports=reports)
    assert paths[0].read_bytes() == kept
    names = sorted(path.name for path in (reports / "tables").glob("*repro*"))
    assert names == ["reproduction.csv", "reproduction.json", "reproduction.md"]


def test_the_summary_says_whether_a_score_of_ours_stands_beside_a_published_one(reports, monkeypatch):
    def summarised():
        reproduction(reports=reports)
        return json.loads((reports / "tables/reproduction.json").read_text())

    assert summarised()["trained"] is False and summarised()["total"] == len(of(reports))
    rows = [row | {"ours": "0.5", "command": module.RUN} for row in of(reports)]
    monkeypatch.setattr(module, "reproduction_rows", lambda _: rows)
    assert summarised()["trained"] is True


def test_markdown_keeps_its_columns(reports):
    edit(reports / "published/claims.csv", "Epochs of training,", "Epochs | of training,")
    reproduction(reports=reports)
    lines = (reports / "tables/reproduction.md").read_text().splitlines()
    (line,) = [line for line in lines if "p1-epochs" in line]
    assert "Epochs \\| of training" in line
    assert len(re.split(r"(?<!\\)\|", line)) == len(COLUMNS) + 2


def test_summary_counts_and_lists_contradictions(reports):
    rows = of(reports)
    found = summary(rows)
    assert found["total"] == len(rows) == sum(found["counts"].values())
    assert [paper["paper"] for paper in found["papers"]] == ["1", "2", "3", "4", "5"]
    for verdict, count in found["counts"].items():
        assert count == sum(paper[verdict] for paper in found["papers"])
    cells = [row["cell"] for row in found["contradicted"]]
    assert cells.count("unet pca3 iou mean") == 1
    assert any(cell.startswith("p1-iou-over-pca") for cell in cells)
    assert all(row["verdict"] == "contradicted" for row in found["contradicted"])


def test_the_tables_alone_say_what_is_impossible(reports):
    sentences = checks(read_evidence(reports))
    assert sum("allows only" in sentence for sentence in sentences) == 4
    assert any("IoU row of unet pca3 repeats" in sentence for sentence in sentences)
    assert any("resunet full others" in sentence and "only if" in sentence for sentence in sentences)
    assert "Of 18 printed means, 12 are" in sentences[-1]


# sensor_fx10.csv holds no published number: the step that measures the simulated camera reads it.
@pytest.mark.parametrize("name", sorted({path.name for path in PUBLISHED.iterdir()} - {"sensor_fx10.csv"}))
def test_a_missing_published_file_is_named(reports, name):
    (reports / "published" / name).unlink()
    with pytest.raises(BoardbenchError, match=rf"{re.escape(name)}: no such file.*git checkout"):
        reproduction(reports=reports)
    assert not (reports / "tables/reproduction.csv").exists()


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("segmentation_scores.csv", "metric", "kind", "column metric is missing"),
        ("segmentation_scores.csv", "0.95,0.75,0.57", "0.95,x,0.57", "ic of unet, full is 'x', not in"),
        ("segmentation_scores.csv", "0.95,0.75,0.57", "0.95,1.75,0.57", "ic of unet, full is '1.75', not in"),
        ("segmentation_scores.csv", "0.95,0.75,0.57", "0.95,0.57", "line 2 has not 9 fields"),
        ("segmentation_scores.csv", "unet,full,iou", "unet,full,f1", "line 11: unet, full, f1 stands there twice"),
        ("segmentation_scores.csv", "paper 1 tables 3 and 6", "somewhere", "line 2: source 'somewhere' is no"),
        ("segmentation_complexity.csv", "392.12", "many", "gmacs_published of unet, full is 'many', not a number"),
        ("segmentation_confusion_logs.yaml", "11003934, ", "", "unet-pca3 is no <backbone>-<strategy> with 4 x 4"),
        ("segmentation_confusion_logs.yaml", "11003934", "-11003934", "unet-pca3 is no <backbone>-<strategy>"),
        ("segmentation_confusion_logs.yaml", "[11003934", "[[11003934", "not valid YAML"),
        ("pcbvision_scenes.yaml", "train: [", "training: [", "train is missing"),
        ("claims.csv", "48 GB", "", "value of claim 'p1-gpu' is empty"),
        ("claims.csv", "p1-scenes,", "p1-gpu,", "p1-gpu stands there twice"),
        ("cifar10_efficiency.csv", "93.2", "high", "accuracy_percent of resnet18, 11.7 is 'high', not a number"),
    ],
)
def test_damage_is_named_with_file_field_and_remedy(reports, name, old, new, words):
    edit(reports / "published" / name, old, new)
    with pytest.raises(BoardbenchError) as error:
        reproduction(reports=reports)
    message = str(error.value)
    assert name in message and words in message and "git checkout" in message


def test_two_counts_that_differ_are_named(reports):
    write(reports / "tables/zoo/segmentation_complexity.csv", COUNTED.replace("392.1199", "391.0"))
    with pytest.raises(BoardbenchError, match=r"zoo.*unet, full was counted as .*391\.0.*publish"):
        reproduction(reports=reports)


def test_a_count_that_is_no_number_is_named(reports):
    write(reports / "tables/toy/segmentation_complexity.csv", COUNTED.replace("392.1199", "many"))
    with pytest.raises(
        BoardbenchError, match=r"toy.segmentation_complexity\.csv: .*unet, full is not a number.*tables"
    ):
        reproduction(reports=reports)


def test_a_grid_that_counts_only_some_of_the_papers_cells_judges_no_sentence_by_them(reports):
    """One who runs U-Net alone has published its row only; the table is written all the same."""
    path = reports / "tables/toy/segmentation_complexity.csv"
    path.write_text("".join(COUNTED.splitlines(keepends=True)[:3]))
    reproduction(reports=reports)
    assert one(of(reports), "table 5", "unet pca3 gmacs")["verdict"] == "not run"
    assert one(of(reports), "2.2 table 1; 2.2.2", "p1-pca-components")["verdict"] == "not run"


def test_strategies_that_pick_bands_keep_no_variance(reports):
    boards(reports)
    with (reports / "tables/pcbvision/segmentation_reduction.csv").open("a") as file:
        file.write("bands3,\n")
    assert read_evidence(reports).variance == {"pca3": 98.7}
