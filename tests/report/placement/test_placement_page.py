"""What the page says of the placement study: decided by its tables alone."""

import json

import pandas as pd
import pytest

from boardbench.publish import publish
from boardbench.report.page import render
from boardbench.report.placement.figures import write_figures
from boardbench.report.placement.sentences import against_baselines, leak, settings, term
from boardbench.report.placement.tables import write_tables


@pytest.fixture
def page(boards):
    """Return a function that publishes the hand-made boards and gives the page's HTML."""
    boards.reports = boards.root / "reports"

    def make(**changes):
        write_tables(**boards.arguments | changes)
        asked = boards.members | {key: changes[key] for key in changes if key in boards.members}
        write_figures(**asked, tables=boards.root / "tables", out=boards.root / "figures")
        folders = {"tables": [boards.root / "tables"], "figures": [boards.root / "figures"]}
        publish(datasets=["toy-photos"], **folders, reports=boards.reports, out=boards.root / "published.json")
        return (boards.reports / "index.html").read_text()

    make.reports, make.boards = boards.reports, boards
    return make


def test_the_page_renders_with_placement_alone(page):
    html = page()
    assert 'id="study-placement"' in html and 'id="study-segmentation"' not in html
    assert "SIMULATED: rendered, not a result" in html and 'class="label"' in html
    for words in ("Where the chip is found", "Does the rectangle term help?", "Pass or fail", "Cost", "Beside paper 4"):
        assert f"<h4>{words}</h4>" in html
    assert html.count("<img") == 4 and "http" not in html and "<script" not in html


def test_tables_of_the_page_hold_the_numbers(page):
    html = page()
    found = html[html.index("Where the chip is found") : html.index("Does validation tell")]
    rows = [row.split("</tr>")[0] for row in found[found.index("<tbody>") :].split("<tr ")[1:]]
    assert len(rows) == 12 and 'class="baseline first"' in rows[6] and ">baseline<" in rows[6]
    # Test images of the network with the term: 0.2 and 0.21 px over seeds.
    assert "<td>0.205<small>± 0.007</small></td>" in rows[1]
    judged = html[html.index("<h4>Pass or fail") : html.index("<h4>Cost")]
    assert "0.3 mm off" in judged and "<td>3</td><td>1</td><td>0.0</td><td>50.0</td><td>0.750</td>" in judged
    assert "validation" not in judged[judged.index("<tbody>") :]
    costs = html[html.index("<h4>Cost") : html.index("<h4>Beside")]
    assert ">0.012<" in costs and ">2.50<" in costs and "template matching" in costs


def test_own_photos_are_labelled_so_and_times_may_be_missing(page):
    html = page(source="photos", latency=None)
    assert '<p class="label real">own photos</p>' in html and "Rendered boards" not in html
    assert "99th percentile" not in html and "placement_latency" not in html


def test_without_figures_there_are_none(page):
    page()
    (page.reports / "figures/toy-photos/placement_figures.json").unlink()
    render(page.reports)
    assert "<img" not in (page.reports / "index.html").read_text()


def test_broken_published_tables_name_file_and_field(page, says):
    page()
    about = page.reports / "tables/toy-photos/about.json"
    kept = about.read_text()
    about.write_text('{"study": "placement", "label": "x"}')
    says(lambda: render(page.reports), "about.json: field source", "Publish the dataset again")
    about.write_text(kept)
    (page.reports / "tables/toy-photos/placement_differences.csv").unlink()
    says(lambda: render(page.reports), "placement_differences.csv: no such file", "boardbench placement tables")


def read(boards):
    folder = boards.root / "tables"
    frames = (folder / f"{name}.csv" for name in ("placement", "placement_differences"))
    return [pd.read_csv(path, dtype=str, keep_default_na=False) for path in frames]


def test_networks_that_do_not_beat_a_floor_are_named(boards):
    write_tables(**boards.thrice)
    test, displaced = against_baselines(*read(boards))
    assert test == (
        "On images of photos that were not trained on (test), none of the 2 trained networks is shown to beat "
        "every baseline (mean corners, template matching) at the centre: MobileNetV2, random start, rectangle term "
        "(0.205 px) loses to template matching (0.100 px); MobileNetV2, random start, corners alone (0.255 px) loses "
        "to template matching (0.100 px)."
    )
    assert "is not told apart from mean corners (2.000 px), is not told apart from template" in displaced


def test_one_of_two_that_falls_short_is_named_alone(boards):
    boards.run("template", "none", 0, (0.3, 0.58, 0.5))
    write_tables(**boards.thrice)
    test, _ = against_baselines(*read(boards))
    assert "1 of 2 trained networks are not shown" in test and "rectangle term" not in test
    assert test.endswith("corners alone (0.255 px) is not told apart from template matching (0.290 px).")


def test_networks_that_beat_all_floors_are_said_to(boards):
    write_tables(**boards.thrice | {"baselines": ["mean"]})
    test, _ = against_baselines(*read(boards))
    assert test.endswith("every trained network (2) beats every baseline (mean corners) at the centre.")


def test_without_rivals_networks_or_seeds_nothing_is_claimed(boards):
    write_tables(**boards.arguments | {"baselines": []})
    assert against_baselines(*read(boards))[0].startswith("No baseline was run")
    write_tables(**boards.arguments | {"init": []})
    assert against_baselines(*read(boards))[0].startswith("No network was trained")
    write_tables(**boards.arguments | {"seeds": [0]})
    assert against_baselines(*read(boards))[0] == (
        "On images of photos that were not trained on (test), error at the centre: MobileNetV2, random start, "
        "rectangle term 0.200 px, MobileNetV2, random start, corners alone 0.250 px, mean corners 1.750 px, template "
        "matching 0.100 px (one seed: not tested)."
    )


def test_the_leak_is_said_in_numbers(boards):
    write_tables(**boards.thrice)
    first, _ = leak(*read(boards))
    assert first == (
        "MobileNetV2, random start, rectangle term: centre 0.055 px on validation images, 0.205 px on test images; "
        "difference +0.150 px (95 % interval +0.150 to +0.150 over 3 seeds): validation flatters it."
    )
    write_tables(**boards.arguments | {"seeds": [1]})
    assert leak(*read(boards))[0].endswith("(one seed, so no interval): one seed: not tested.")


def row(shown, metric="centre_mae_px", part="test", seeds="3", question="rectangle term"):
    return {"question": question, "init": "random", "conclusion": shown, "metric": metric, "part": part, "seeds": seeds}


def test_whether_the_term_helps():
    nothing = "no difference shown"
    said, rows = term(pd.DataFrame([row("helps"), row("harms", part="displaced"), row(nothing, "rotation_mae_deg")]))
    assert said.startswith(
        "Of 3 comparisons (error by part, 3 seeds), it helps in 1 (centre on test); it harms in 1 (centre on "
        "displaced); in 1 no difference is shown."
    )
    assert [found["what"] for found in rows] == ["centre, px", "centre, px", "rotation, °"]
    assert term(pd.DataFrame([row(nothing)]))[0].startswith("Not shown: in none of 1 comparisons")
    for shown in ("one seed: not tested", "two seeds: not tested"):
        assert term(pd.DataFrame([row(shown)]))[0].startswith("Not tested: fewer than three seeds")
    said, rows = term(pd.DataFrame([row("beats", question="baseline")]))
    assert "not trained both with and without" in said and rows == []


def test_settings_beside_paper_4(boards):
    write_tables(**boards.arguments)
    about = json.loads((boards.root / "tables/about.json").read_text())
    found = {what: (paper, ours) for what, paper, ours in settings(about, read(boards)[0])}
    assert found["photos for training"] == ("10", "2")
    assert found["images made of them, share that trains"] == ("2000, 85 %", "6, 50 %")
    assert found["further test images"] == ("300 of 2 photos", "3 of 1 photos")
    assert found["weights that MobileNetV2 starts from"] == ("ImageNet", "none: a random start")
    given = about["training"] | {"settings": about["training"]["settings"] | {"weights": "w.pth"}}
    assert ("weights that MobileNetV2 starts from", "ImageNet", "w.pth") in settings(
        about | {"training": given}, read(boards)[0]
    )
    assert found["optimizer, batch"] == ("Adam, 32", "Adam, 32") and found["epochs"] == ("1000", "4")
    assert found["training settles after"][1] == "3 epochs"
    assert found["error of the centre"] == ("a curve, no number", "0.205 to 0.255 px on test photos")
