import csv
import json
import re
from pathlib import Path

import click
import pytest
import yaml

from boardbench.cli import _command
from boardbench.errors import BoardbenchError
from boardbench.reproduction import reproduction as module
from boardbench.reproduction.evidence import read_evidence
from boardbench.reproduction.ours import BOARDS, COMMANDS
from boardbench.reproduction.paper1.consistency import sentences
from boardbench.reproduction.paper1.scores import printed_rows
from boardbench.reproduction.reproduction import COLUMNS, reproduction, summary

REPORTS = Path(__file__).parents[2] / "reports"


def read(path):
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("counted")
def test_a_row_for_every_number_and_claim(reports, rows):
    found = rows()
    published = reports / "published"
    scores, costs = (read(published / f"segmentation_{name}.csv") for name in ("scores", "complexity"))
    logs = yaml.safe_load((published / "segmentation_confusion_logs.yaml").read_text())
    # Four classes and a mean a row; means and costs are printed again in the abstract; kappa is not printed.
    tables = len(scores) * (4 + 2) + len(costs) * 2 * 2
    claims = [row for row in read(published / "claims.csv") if row["paper"] == "1"]
    assert len(claims) >= 40
    assert sum(row["paper"] == "1" for row in found) == tables + len(logs) + len(claims)
    numbers = sum(
        bool(row[name])
        for path in published.glob("cifar10_*.csv")
        for row in read(path)
        for name in row
        if re.search("accuracy|precision|recall|f_score|params|gflops|inference|seconds", name)
    )
    others = [row for row in read(published / "claims.csv") if row["paper"] != "1"]
    assert len(found) == tables + len(logs) + len(claims) + numbers + len(others)
    assert all(tuple(row) == COLUMNS for row in found)
    assert {row["verdict"] for row in found} == {"matches", "explained", "contradicted", "not run"}
    assert all(row["why"] and row["study"] for row in found)
    assert all(row["command"] for row in found if row["recomputed"] or row["ours"])


def test_a_number_added_to_the_published_files_shows_up(reports, one, rows):
    before = len(rows())
    published = reports / "published"
    with (published / "segmentation_scores.csv").open("a") as file:
        file.write("linknet,full,f1,0.90,0.50,0.40,0.30,0.52,paper 1 tables 3 and 6\n")
    with (published / "claims.csv").open("a") as file:
        file.write("p1-new,1,4.1,A new claim,3 %,run: three seeds,,,too long on two cores\n")
    with (published / "cifar10_networks.csv").open("a") as file:
        file.write("lenet,SGD,0.5,,,,paper 5 table 1\n")
    found = rows()
    assert len(found) == before + 6 + 1 + 1
    assert one("table 3", "linknet full f1 ic")["verdict"] == "not run"
    assert one("4.1", "p1-new")["why"] == "Takes a run: three seeds."
    assert one("4.1", "p1-new")["reason"] == "too long on two cores"


@pytest.mark.usefixtures("counted")
def test_commands_are_ones_that_boardbench_understands(rows):
    for row in rows():
        words = row["command"].split()
        if words[:1] != ["boardbench"]:
            assert words[:1] in ([], ["snakemake"])
            continue
        verb = " ".join(words[1:3]) if words[1] == "segmentation" else words[1]
        with click.Context(_command(verb)) as context:
            _command(verb).parse_args(context, words[1 + len(verb.split()) :])


def test_what_arithmetic_settles_in_the_other_papers(one):
    row = one("table 4", "numpy_fc3 lr 0.01 f_score")
    # One class for all: precision 0.1, recall 1, F 0.2 / 1.1 for it, 0 for nine others.
    assert (row["published"], row["recomputed"], row["verdict"]) == ("0.0182", "0.0182", "matches")
    assert "one class for every image" in row["why"]
    assert one("tables I-II", "resnet18 params_millions")["verdict"] == "explained"
    assert one("table I", "se_resnet18 params_millions")["verdict"] == "contradicted"
    row = one("tables 2-3", "knn 1 cosine z-score accuracy")
    assert row["verdict"] == "not run" and "the most distant images vote" in row["why"]
    assert "Euclidean distance" in one("tables 1-3", "knn 1 pairwise z-score accuracy")["why"]
    assert "one row off" in one("table II", "mobilenet_v2 gflops")["why"]


def test_files_are_whole_equal_and_left_alone_when_equal(reports, rows, edit):
    reproduction(reports=reports)
    paths = [reports / "tables" / f"reproduction.{suffix}" for suffix in ("csv", "md", "json")]
    before = [(path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in paths]
    assert read(paths[0]) == rows()
    reproduction(reports=reports)
    assert [(path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in paths] == before
    edit("claims.csv", "p1-gpu,1,", "p1-gpu,1,here; ")
    reproduction(reports=reports)
    assert "here; " in paths[0].read_text() and "here; " in paths[1].read_text()
    kept = paths[0].read_bytes()
    edit("claims.csv", "source: the maker's data sheet of the card", "unknown")
    with pytest.raises(BoardbenchError, match="p1-gpu"):
        reproduction(reports=reports)
    assert paths[0].read_bytes() == kept
    names = sorted(path.name for path in (reports / "tables").glob("*repro*"))
    assert names == ["reproduction.csv", "reproduction.json", "reproduction.md"]


def test_the_summary_says_whether_a_score_of_ours_stands_beside_a_published_one(reports, monkeypatch, rows):
    def summarised():
        reproduction(reports=reports)
        return json.loads((reports / "tables/reproduction.json").read_text())

    assert summarised()["trained"] is False
    assert summarised()["total"] == sum(not row["uncounted"] for row in rows())
    scored = [row | {"ours": "0.5", "command": COMMANDS[BOARDS]} for row in rows()]
    monkeypatch.setattr(module, "reproduction_rows", lambda _: scored)
    assert summarised()["trained"] is True


def test_markdown_keeps_its_columns(reports, edit):
    edit("claims.csv", "Epochs of training,", "Epochs | of training,")
    reproduction(reports=reports)
    lines = (reports / "tables/reproduction.md").read_text().splitlines()
    (line,) = [line for line in lines if "p1-epochs" in line]
    assert "Epochs \\| of training" in line
    assert len(re.split(r"(?<!\\)\|", line)) == len(COLUMNS) + 2


def test_summary_counts_and_lists_contradictions(rows):
    every = rows()
    found = summary(every)
    # Costs and means of nine networks stand twice, in a table and in the abstract; no kappa is printed.
    assert found["uncounted"] == {"repeat": 9 * 2 + 9 * 2, "not printed": 9}
    assert found["total"] == len(every) - 45 == sum(found["counts"].values())
    counted = [row for row in every if not row["uncounted"]]
    assert [paper["paper"] for paper in found["papers"]] == ["1", "2", "3", "4", "5"]
    for verdict, count in found["counts"].items():
        assert count == sum(paper[verdict] for paper in found["papers"])
    for reason in found["reasons"]:
        for paper in "12345":
            expected = [row for row in counted if (row["paper"], row["reason"]) == (paper, reason["reason"])]
            assert reason[f"paper {paper}"] == len(expected)
    named = sum(number for row in found["reasons"] for name, number in row.items() if name != "reason")
    assert named == found["counts"]["not run"] and len(found["reasons"]) > 3
    cells = [row["cell"] for row in found["contradicted"]]
    assert cells.count("unet pca3 iou mean") == 1
    assert any(cell.startswith("p1-iou-doubled") for cell in cells)


def test_the_tables_alone_say_what_is_impossible(reports):
    found = sentences(printed_rows(read_evidence(reports)))
    assert sum("allows only" in sentence for sentence in found) == 4
    assert any("IoU row of unet pca3 repeats" in sentence for sentence in found)
    assert any("resunet full others" in sentence and "only if" in sentence for sentence in found)
    assert "Of 18 printed means, 12 are" in found[-1]


def test_a_sentence_whose_text_says_it_all_needs_no_function(reports, claim):
    path = reports / "published/claims.csv"
    with path.open("a") as file:
        file.write("p1-lines,1,2.1,Lines of a cube,600,as published,{lines},Of {boards} boards.,\n")
        file.write("p3-word,3,2.1,A word,Adam,as published,SGD,Its code.,\n")
        file.write("p3-open,3,2.1,A setting,0.5,as published,,Nothing shows it.,no record published\n")
    found = claim("p1-lines")
    assert (found.verdict, found.recomputed, found.why) == ("contradicted", "640", "Of 53 boards.")
    assert claim("p1-lines", "640 lines").verdict == "matches"
    assert claim("p3-word").verdict == "contradicted" and claim("p3-word", "SGD").verdict == "matches"
    assert (claim("p3-open").verdict, claim("p3-open").why) == ("not run", "Nothing shows it.")


def test_a_text_that_names_what_is_not_found_is_damaged(edit, claim):
    for old, new in (
        ("{table} %", "{table.mode} %"),
        ("{lines} x", "{lines x"),
        ("{lines x {samples}", "{lines} x {columns}"),
    ):
        edit("claims.csv", old, new)
    with pytest.raises(BoardbenchError, match=r"claims\.csv: .*claim p1-ops-saved .*git checkout"):
        claim("p1-ops-saved")
    with pytest.raises(BoardbenchError, match=r"claims\.csv: .*claim p1-cube-size .*'columns'.*git checkout"):
        claim("p1-cube-size")


def test_the_reference_is_what_the_published_files_and_its_tables_give(tmp_path):
    reproduction(reports=REPORTS, out=tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (REPORTS / "tables" / path.name).read_bytes(), (
            f"boardbench publish --reference: {path}"
        )
    assert len(list(tmp_path.iterdir())) == 3


def test_a_runs_tables_stand_in_place_of_the_published_ones(reports, counted, one, says):
    run = reports / "run"
    run.mkdir()
    (run / "segmentation_complexity.csv").write_text(counted.replace("392.1199", "391.0"))
    reproduction(reports=reports, datasets=["other"], tables=[run], out=reports / "results")
    rows = read(reports / "results/reproduction.csv")
    # Other counts than those of a published data set of another name stand, too.
    assert [row["ours"] for row in rows if row["cell"] == "unet full gmacs"] == ["391.0000"] * 2
    assert one("table 5", "unet full gmacs")["ours"] == "392.1199"
    assert not (reports / "tables/reproduction.csv").exists()
    says(lambda: reproduction(reports=reports, datasets=["other"], tables=[]), "--datasets 1, --tables 0")


def test_no_row_comes_or_goes(rows, networks):
    before = rows()
    networks.publish()
    after = rows()
    names = ("place", "cell", "published")
    assert [[row[name] for name in names] for row in after] == [[row[name] for name in names] for row in before]
    assert all(tuple(row) == COLUMNS and row["why"] for row in after)
