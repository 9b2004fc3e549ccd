"""The page as a whole: sections that are there only where their tables are, benchmarks, and the reference's page."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Complexity
from boardbench.publish import publish
from boardbench.report.page import BENCHMARKS, render
from boardbench.report.segmentation.figures import write_figures
from boardbench.report.segmentation.pareto import pareto_table
from boardbench.report.segmentation.tables import write_tables

REFERENCE = Path(__file__).parents[2] / "reports"
PARETO = (
    "backbone,strategy,seed,width,precision,bands_read,bytes,same_class,miou,mf1,gmacs,lines,samples,threads,n,p50_ms,"
    "p99_ms,encoder_p50_ms,lines_per_s,hardware\n"
    "unet@4,scrb12,0,4,float32,12,306685,1.000000,0.512345,0.6,0.6819,128,1024,2,15,70.650,91.5,35.9,1811.8,a machine\n"
    "unet,full,0,8,int8,214,553556,0.995551,0.612345,0.7,3.5637,128,1024,2,15,142.611,200.1,66.5,897.5,a machine\n"
    "unet,scrb,0,8,int8,214,553556,0.995551,,,5.2,128,1024,2,15,342.611,400.1,66.5,373.6,a machine\n"
)


@pytest.fixture
def page(world):
    """Return a function that publishes the hand-made results, with a Pareto table or without, and gives the page."""
    reports = world.root / "reports"

    def make(budget: float | None = None) -> str:
        write_tables(**world.arguments, counted=Complexity())
        if budget:
            frame = pareto_table("toy", world.write("pareto.csv", PARETO), budget)
            frame.to_csv(world.root / "tables/segmentation_pareto.csv", index=False)
        grid = {"dataset": "toy", "backbones": ["unet"], "strategies": ["pca3"], "seeds": [0, 1], "pictures": 1}
        write_figures(**grid, runs=world.root / "runs", tables=world.root / "tables", out=world.root / "figures")
        published = {"tables": [world.root / "tables"], "figures": [world.root / "figures"], "datasets": ["toy"]}
        publish(**published, reports=reports, out=world.root / "published.json")
        return (reports / "data-toy.html").read_text()

    make.reports = reports
    return make


def test_the_line_section_is_there_only_with_its_table_and_marks_its_rows(page):
    html = page()
    assert "On the line" not in html and "segmentation_pareto" not in html and "Benchmarks" not in html
    html = page(195)
    section = html[html.index(">On the line</h2>") : html.index(">Training</h2>")]
    assert "U-Net with all bands in int8, mean IoU 0.612, 142.6 ms" in section and "one seed: not tested" in section
    assert html.count('src="figures/toy/segmentation_pareto.svg"') == 1
    assert (page.reports / "figures/toy/segmentation_pareto.svg").is_file()
    rows = section[section.index("<tbody>") :].split("<tr")[1:]
    assert [row[: row.index(">")] for row in rows] == ["", ' class="best"', ' class="over"']
    assert ">U-Net<" in rows[0] and ">4<" in rows[0] and ">SCRB, 12 bands<" in rows[0] and ">unbeaten<" in rows[0]
    for cell in ("0.612", "142.6", "200.1", "898", "best in budget", "66.5", "3.56", "214", "0.55", "99.56"):
        assert f">{cell}<" in rows[1], cell
    assert ">over budget<" in rows[2] and ">\N{EN DASH}<" in rows[2]
    assert 'href="tables/toy/segmentation_pareto.csv"' in html
    html = page(50)
    assert "no model with a score" in html and "best in budget" not in html and "unbeaten, over budget" in html


def benchmarks(reports: Path, *rows: dict) -> str:
    common = {"name": "reflectance", "rival": "straightforward", "unit": "s", "n": 7, "hardware": "a machine"}
    path = reports / "tables/benchmarks.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame([common | row for row in rows], columns=list(BENCHMARKS)).to_csv(path, index=False)
    render(reports)
    return (reports / "benchmarks.html").read_text()


def test_benchmarks_say_met_or_missed_and_how_far_the_limit_is(tmp_path):
    measured = {"ours_median": 0.372, "rival_median": 1.714, "ratio": 4.61, "target": 3, "limit": 0.048}
    html = benchmarks(
        tmp_path,
        measured,
        measured | {"target": 5, "limit": None},
        {"unit": "lines/s", "ours_median": 1500, "rival_median": 327, "ratio": 4.587, "limit": 3000},
        {"hardware": "not run: no GPU", "n": 0, "target": 3},
    )
    rows = html[html.index('<h1 id="benchmarks">') :].split("<tr")[2:]
    for cell in ("0.372", "1.71", "4.61", "3.00", "met", "0.0480", "7.75"):
        assert f">{cell}</td>" in rows[0], cell
    assert rows[1].startswith(' class="missed">') and ">missed<" in rows[1]
    assert ">stated<" in rows[2] and ">1500<" in rows[2] and ">2.00</td><td>7<" in rows[2]
    assert ">not run<" in rows[3] and "not run: no GPU" in rows[3]
    assert 'href="benchmarks.html"' in (tmp_path / "index.html").read_text()


def reliability(reports: Path, columns: str, *rows: str) -> str:
    path = reports / "tables/reliability.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([columns, *rows]) + "\n")
    render(reports)
    return (reports / "benchmarks.html").read_text()


def test_reliability_marks_what_was_lost_or_silently_wrong(tmp_path):
    columns = "kind,tries,survived,lost,silently_wrong,seconds,message"
    html = reliability(tmp_path, columns, "kill,9,9,0,0,60,", "full disk,9,8,1,0,60,why", "flip,9,8,0,1,60,")
    rows = html[html.index('<h1 id="reliability">') :].split("<tr")[2:]
    assert [row.startswith(' class="missed"') for row in rows] == [False, True, True]
    assert ">why<" in rows[1]
    with pytest.raises(BoardbenchError, match=r"reliability\.csv"):
        reliability(tmp_path, "kind,tries", "kill,9")


@pytest.mark.parametrize("text", ["name,rival\nx,y\n", ",".join(BENCHMARKS) + "\na,b,s,quick,,,,,1,c\n"])
def test_a_broken_benchmark_table_names_file_and_remedy(tmp_path, text, says):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/benchmarks.csv").write_text(text)
    says(lambda: render(tmp_path), "benchmarks.csv: a column is missing or a cell is not a number", "make bench")
    assert not (tmp_path / "index.html").exists()


def test_a_chart_stands_in_its_section_only_where_it_is_listed(page):
    page(195)
    listed = page.reports / "figures/toy/segmentation_figures.json"
    entries = [entry for entry in json.loads(listed.read_text()) if "pareto" not in entry["file"]]
    listed.write_text(json.dumps(entries))
    render(page.reports)
    html = (page.reports / "data-toy.html").read_text()
    assert "On the line" in html and "segmentation_pareto.svg" not in html
    listed.unlink()
    render(page.reports)
    assert "<img" not in (page.reports / "data-toy.html").read_text()


def test_the_reference_page_is_what_its_tables_give(tmp_path):
    """If not, write it again: boardbench publish --reference --reports reports."""
    for part in ("tables", "figures"):
        (tmp_path / part).symlink_to(REFERENCE / part)
    render(tmp_path)
    made, there = (
        {path.relative_to(folder): path.read_text() for kind in ("*.html", "assets/*") for path in folder.glob(kind)}
        for folder in (tmp_path, REFERENCE)
    )
    assert len(made) > 10 and made == there
    linked = {name for text in made.values() for name in re.findall(r'"(assets/[^"]+)"', text)}
    assert linked == {path.as_posix() for path in made if path.parent.name == "assets"}
