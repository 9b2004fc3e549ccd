import hashlib
import json
import shutil
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest

from boardbench.engine.latency import hardware, instructions
from boardbench.errors import BoardbenchError
from boardbench.files import write_json
from boardbench.params.segmentation import Complexity
from boardbench.publish import publish
from boardbench.report.page import render
from boardbench.report.placement import figures as placement_figures
from boardbench.report.placement import tables as placement
from boardbench.report.segmentation.figures import write_figures
from boardbench.report.segmentation.tables import write_tables
from boardbench.reproduction.reproduction import reproduction

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Checker(HTMLParser):
    """Checks that every element is closed in order; keeps text and pictures."""

    def __init__(self):
        super().__init__()
        self.open, self.words, self.pictures = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.pictures.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def published(world):
    write_tables(**world.arguments, counted=Complexity())
    grid = {"dataset": "toy", "backbones": ["unet"], "strategies": ["pca3"], "seeds": [0, 1]}
    write_figures(
        **grid, runs=world.root / "runs", tables=world.root / "tables", pictures=1, out=world.root / "figures"
    )
    world.reports = world.root / "reports"

    def run(dataset="toy"):
        about = world.root / "tables/about.json"
        write_json(about, json.loads(about.read_text()) | {"dataset": dataset}, record=True)
        publish(
            tables=[world.root / "tables"],
            figures=[world.root / "figures"],
            reports=world.reports,
            out=world.root / "published.json",
            datasets=[dataset],
        )

    world.publish = run
    run()
    return world


def parse(reports, page="data-toy.html"):
    checker = Checker()
    checker.feed((reports / page).read_text())
    checker.close()
    assert checker.open == []
    return checker, " ".join(" ".join(checker.words).split())


def test_hashes_are_those_of_the_copies(published):
    content = json.loads((published.root / "published.json").read_text())
    assert content["datasets"] == ["toy"]
    copies = [path for path in published.reports.rglob("*") if path.is_file()]
    copies = [path for path in copies if path.suffix != ".html" and path.parent.name != "assets"]
    assert set(content["sha256"]) == {path.relative_to(published.reports).as_posix() for path in copies}
    for name, digest in content["sha256"].items():
        assert hashlib.sha256((published.reports / name).read_bytes()).hexdigest() == digest
    original = (published.root / "tables/segmentation_mean.csv").read_bytes()
    assert (published.reports / "tables/toy/segmentation_mean.csv").read_bytes() == original


def test_second_call_touches_nothing(published):
    before = {path: path.stat().st_mtime_ns for path in published.reports.rglob("*")}
    published.publish()
    assert {path: path.stat().st_mtime_ns for path in published.reports.rglob("*")} == before


def test_the_report_names_the_machine_it_was_made_on(published):
    machine = json.loads((published.reports / "tables/toy/machine.json").read_text())
    assert machine["hardware"] == hardware() and machine["torch"] == version("torch")
    assert machine["instructions"] == instructions()
    assert f"Made on {machine['hardware']}" in parse(published.reports)[1]
    path = published.reports / "tables/toy/machine.json"
    path.write_text(json.dumps(machine | {"hardware": "another machine"}))
    published.publish()
    assert json.loads(path.read_text()) == machine
    path.unlink()
    render(published.reports)
    assert "Made on" not in parse(published.reports)[1]


def test_a_report_is_made_the_reference_and_other_data_sets_of_it_stay(published, monkeypatch, says):
    monkeypatch.chdir(published.root)
    published.publish("other")
    shutil.copytree(Path(__file__).parents[2] / "reports" / "published", published.root / "git/published")
    monkeypatch.setattr("boardbench.publish.REFERENCE", published.root / "git")
    publish(reports=published.reports, datasets=["toy"], reference=True)
    folder = published.root / "git/tables/toy"
    assert {path.name for path in folder.iterdir()} == {
        path.name for path in (published.reports / "tables/toy").iterdir()
    }
    assert not (published.root / "git/tables/other").exists()
    assert "Every published number, checked" in parse(published.root / "git", "reproduction.html")[1]
    kept = (folder / "machine.json").read_bytes()
    publish(reports=published.reports, datasets=["other"], reference=True)
    html = (published.root / "git/index.html").read_text()
    assert (
        'href="data-toy.html"' in html
        and 'href="data-other.html"' in html
        and (folder / "machine.json").read_bytes() == kept
    )
    says(
        lambda: publish(reports=published.reports, datasets=["toys"], reference=True), "no report of toys", "snakemake"
    )
    says(lambda: publish(reports=published.root / "none", reference=True), "no report of any data set")


def test_the_page_says_first_whether_the_reference_was_repeated_until_it_is_published_anew(published):
    page, path = published.reports / "index.html", published.reports / "verify.json"
    answer = {"said": "repeated: 3 of 3 cells", "outside": [], "missing": [], "no_reference": []}
    path.write_text(json.dumps(answer))
    render(published.reports)
    html = page.read_text()
    said = '<div class="label verified real">This run beside the reference: repeated: 3 of 3'
    assert html.index(said) < html.index("<h2")
    many = [f"cell {number}" for number in range(12)]
    path.write_text(json.dumps(answer | {"said": "not repeated: 3 of 15 cells", "outside": many}))
    render(published.reports)
    html = page.read_text()
    assert '<div class="label verified">This run' in html and "<li>cell 9</li>" in html and "cell 10" not in html
    assert 'and 2 more: <a href="verify.json">' in html
    published.publish()
    assert not path.exists() and "This run beside the reference" not in page.read_text()


def test_stale_files_go_and_others_stay(published):
    folder = published.reports / "tables" / "toy"
    for name in ("segmentation_old.csv", "placement.csv"):
        (folder / name).write_text("x")
    (published.reports / "figures/toy/segmentation_prediction_old.png").write_text("x")
    (published.reports / "figures/toy/placement_scores.svg").write_text("x")
    published.publish()
    assert not (folder / "segmentation_old.csv").exists()
    assert not (published.reports / "figures/toy/segmentation_prediction_old.png").exists()
    assert (folder / "placement.csv").exists()
    assert (published.reports / "figures/toy/placement_scores.svg").exists()


def test_page_shows_label_numbers_and_existing_pictures(published):
    checker, text = parse(published.reports)
    assert "SIMULATED: physics, not a result" in text
    for number in ("0.450", "± 0.071", "0.37", "302.33", "342.86", "96.00", "98.7"):
        assert number in text, number
    assert "Mean IoU against the highest baseline (majority class, 0.230): two seeds: not tested in 1 of 1." in text
    assert len(checker.pictures) == 2
    for picture in checker.pictures:
        assert picture["alt"]
        assert (published.reports / picture["src"]).is_file()
    html = (published.reports / "data-toy.html").read_text()
    assert 'src="http' not in html and 'href="http' not in html.split("<body>")[0]
    assert str(published.root) not in html


def test_the_reproduction_is_read_and_shown(published):
    source, tables = Path(__file__).parents[2] / "reports", published.reports / "tables"
    published.publish()
    assert not list(tables.glob("reproduction.*")) and not (published.reports / "reproduction.html").exists()
    reproduction(reports=source, out=tables)
    rows = pd.read_csv(tables / "reproduction.csv", dtype=str, keep_default_na=False)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tables.glob("reproduction.*")}
    published.publish()
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    _, text = parse(published.reports, "reproduction.html")
    assert f"{(rows['uncounted'] == '').sum()} numbers and claims of five papers" in text
    assert all(reason in text for reason in set(rows["reason"]) - {""})
    assert "IoU of unet pca3 others is printed 0.95, but F1 0.95 allows only" in text
    hashed = json.loads((published.root / "published.json").read_text())["sha256"]
    assert {f"tables/{path.name}" for path in before} <= hashed.keys()
    summary = tables / "reproduction.json"
    for trained in (False, True):
        write_json(summary, json.loads(summary.read_text()) | {"trained": trained})
        render(published.reports)
        _, text = parse(published.reports, "reproduction.html")
        assert ("no score of a paper was repeated" in text) is not trained


def test_page_holds_every_published_dataset_with_the_default_first(published):
    published.publish("simulated")
    _, text = parse(published.reports, "index.html")
    html = (published.reports / "index.html").read_text()
    assert html.index('href="data-simulated.html"') < html.index('href="data-toy.html"')
    assert text.count("SIMULATED: physics, not a result") == 2


def test_dataset_names_are_escaped(published):
    about = published.reports / "tables/toy/about.json"
    write_json(about, json.loads(about.read_text()) | {"label": "<script>x</script>"})
    render(published.reports)
    for page in ("index.html", "data-toy.html"):
        assert "<script>x" not in (published.reports / page).read_text()


def test_empty_reports_give_a_page_that_says_so(tmp_path):
    render(tmp_path)
    _, text = parse(tmp_path, "index.html")
    assert "Nothing is published yet" in text


def test_nothing_to_publish_names_folder_and_verb(published, says):
    arguments = {"reports": published.reports, "out": published.root / "published.json", "datasets": ["toy"]}
    empty, made, drawn = (published.root / name for name in ("empty", "tables", "figures"))
    empty.mkdir()
    says(
        lambda: publish(tables=[empty], figures=[drawn], **arguments),
        "about.json: no such file",
        "boardbench STUDY tables",
        "segmentation, placement, classification",
    )
    says(
        lambda: publish(tables=[made], figures=[empty], **arguments),
        "empty/segmentation_figures.json",
        "nothing to publish",
        "boardbench segmentation figures",
    )


def test_lists_that_do_not_belong_together_are_refused(published, boards, says):
    placement.write_tables(**boards.arguments)
    made, drawn = published.root / "tables", published.root / "figures"
    pairs = {"reports": published.reports, "out": published.root / "published.json"}

    def run(datasets, tables, figures):
        return lambda: publish(datasets=datasets, tables=tables, figures=figures, **pairs)

    before = (published.reports / "index.html").read_bytes()
    says(run(["toy"], [made, made], [drawn]), "--datasets 1, --tables 2, --figures 1", "same order")
    says(run([], [], []), "--datasets 0", "once a study")
    says(run(["toy", "toy"], [made] * 2, [drawn] * 2), "--datasets toy: given twice", "params.yaml")
    says(run(["other"], [made], [drawn]), "about.json: dataset is 'toy', but --datasets has 'other'", "same order")
    placed = boards.root / "tables"
    says(run(["toy-photos"], [placed], [drawn]), "placement_figures.json: no such file", "boardbench placement figures")
    about = made / "about.json"
    write_json(about, json.loads(about.read_text()) | {"study": "cooking"}, record=True)
    says(run(["toy"], [made], [drawn]), "about.json: study is 'cooking'", "segmentation, placement")
    assert (published.reports / "index.html").read_bytes() == before


def test_two_studies_go_into_one_page(published, boards):
    placement.write_tables(**boards.arguments)
    out = boards.root / "figures"
    placement_figures.write_figures(**boards.members, tables=boards.root / "tables", out=out)
    arguments = {
        "datasets": ["toy", "toy-photos"],
        "tables": [published.root / "tables", boards.root / "tables"],
        "figures": [published.root / "figures", out],
        "reports": published.reports,
        "out": published.root / "published.json",
    }
    publish(**arguments)
    checker, text = parse(published.reports, "data-toy-photos.html")
    html = (published.reports / "index.html").read_text()
    assert html.index('href="data-toy.html"') < html.index('href="data-toy-photos.html"')
    assert "SIMULATED: rendered, not a result" in text
    content = json.loads(arguments["out"].read_text())
    assert content["datasets"] == ["toy", "toy-photos"]
    assert {"tables/toy/about.json", "tables/toy-photos/placement.csv"} <= content["sha256"].keys()
    assert "figures/toy-photos/placement_found.png" in content["sha256"]
    for picture in checker.pictures:
        assert (published.reports / picture["src"]).is_file()
    # The other study's files of the same page are not stale; old ones of its own are.
    stale = published.reports / "figures/toy-photos/placement_old.svg"
    stale.write_text("x")
    publish(**arguments)
    assert not stale.exists() and (published.reports / "figures/toy-photos/placement_roc.svg").is_file()


def test_broken_published_table_names_file_and_field(published):
    (published.reports / "tables/toy/about.json").write_text("{}")
    with pytest.raises(BoardbenchError, match=r"about.json: field dataset is missing.* field label is missing"):
        render(published.reports)


def test_own_data_stand_first_and_a_page_without_its_data_goes(published):
    published.publish("zzz-own")
    about = published.reports / "tables/zzz-own/about.json"
    write_json(about, json.loads(about.read_text()) | {"source": "captures"})
    render(published.reports)
    html = (published.reports / "index.html").read_text()
    assert (
        html.index('id="answer"') < html.index('href="data-zzz-own.html">zzz-own</a> <span') < html.index("Other data")
    )
    assert 'href="data-toy.html"' in html[html.index("Other data") :]
    shutil.rmtree(published.reports / "tables/toy")
    render(published.reports)
    assert not (published.reports / "data-toy.html").exists() and (published.reports / "data-zzz-own.html").exists()
