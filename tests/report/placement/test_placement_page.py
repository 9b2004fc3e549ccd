"""What the page says of the placement study: decided by its tables alone."""

import pandas as pd
import pytest

from boardbench.artifacts import read as read_artifact
from boardbench.publish import publish
from boardbench.report.page import render
from boardbench.report.placement.artifacts import PlacementAbout
from boardbench.report.placement.figures import write_figures
from boardbench.report.placement.sentences import against_baselines, settings, term
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
        return (boards.reports / "data-toy-photos.html").read_text()

    make.reports, make.boards = boards.reports, boards
    return make


def test_the_page_renders_with_placement_alone(page):
    html = page()
    assert "<h1>toy-photos</h1>" in html and "segmentation" not in (page.reports / "index.html").read_text()
    assert "SIMULATED: rendered, not a result" in html and 'class="label"' in html
    for words in ("Where the chip is found", "Does the rectangle term help?", "Pass or fail", "Cost", "Beside paper 4"):
        assert f">{words}</h2>" in html
    assert html.count("<img") == 4 and 'src="http' not in html


def test_tables_of_the_page_hold_the_numbers(page):
    html = page()
    found = html[
        html.index(">Where the chip is found</h2>") : html.index(">Does validation tell how good the network is?</h2>")
    ]
    rows = [row.split("</tr>")[0] for row in found[found.index("<tbody>") : found.index("</tbody>")].split("<tr")[1:]]
    assert len(rows) == 12 and 'class="baseline first"' in rows[6] and ">baseline<" in rows[6]
    # Test images of the network with the term: 0.2 and 0.21 px over seeds.
    assert "<td>0.205<small>± 0.007</small></td>" in rows[1]
    judged = html[html.index(">Pass or fail</h2>") : html.index(">Cost</h2>")]
    assert "0.3 mm off" in judged and "<td>3</td><td>1</td><td>0.0</td><td>50.0</td><td>0.750</td>" in judged
    assert "validation" not in judged[judged.index("<tbody>") :]
    costs = html[html.index(">Cost</h2>") : html.index(">Beside paper 4</h2>")]
    assert ">0.012<" in costs and ">2.50<" in costs and "template matching" in costs


def test_own_photos_are_labelled_so_and_times_may_be_missing(page):
    html = page(source="photos", latency=None)
    assert '<p class="label real">own photos</p>' in html and "Rendered boards" not in html
    assert "99th percentile" not in html and "placement_latency" not in html


def test_broken_published_tables_name_file_and_field(page, says):
    page()
    about = page.reports / "tables/toy-photos/about.json"
    kept = about.read_text()
    about.write_text('{"study": "placement", "label": "x"}')
    says(
        lambda: render(page.reports),
        "about.json: field dataset is missing; field source is missing",
        "boardbench publish",
    )
    about.write_text(kept)
    (page.reports / "tables/toy-photos/placement_differences.csv").unlink()
    says(lambda: render(page.reports), "placement_differences.csv: no such file", "boardbench placement tables")


def read(boards):
    folder = boards.root / "tables"
    frames = (folder / f"{name}.csv" for name in ("placement", "placement_differences"))
    return [pd.read_csv(path, dtype=str, keep_default_na=False) for path in frames]


def test_what_is_concluded_of_networks_and_baselines(boards):
    write_tables(**boards.thrice)
    test, displaced = against_baselines(*read(boards))
    assert test == (
        "Networks against baselines, error at the centre, photos that were not trained on (test) (3 seeds): beats in 2 "
        "of 4, loses in 2 of 4 (network, random start, rectangle term against template matching; "
        "network, random start, corners alone against template matching)."
    )
    assert displaced.endswith("no difference shown in 4 of 4.")
    write_tables(**boards.arguments | {"seeds": [0]})
    assert against_baselines(*read(boards))[0].endswith("(1 seed): one seed: not tested in 4 of 4.")
    write_tables(**boards.arguments | {"baselines": []})
    assert against_baselines(*read(boards))[0].startswith("No baseline was run")
    write_tables(**boards.arguments | {"init": []})
    assert against_baselines(*read(boards))[0].startswith("No network was trained")


def row(shown, metric="centre_mae_px", part="test", seeds="3", question="rectangle term"):
    return {"question": question, "conclusion": shown, "metric": metric, "part": part, "seeds": seeds}


def test_whether_the_term_helps():
    rows = [row("helps"), row("helps", part="displaced"), row("no difference shown", "rotation_mae_deg")]
    assert term(pd.DataFrame(rows)) == (
        "With against without the term, each error and part (3 seeds): helps in 2 of 3, no difference shown in 1 of 3 "
        "(rotation on test)."
    )
    assert "not trained both with and without" in term(pd.DataFrame([row("beats", question="baseline")]))


def test_settings_beside_paper_4(boards):
    write_tables(**boards.arguments)
    about = read_artifact(boards.root / "tables/about.json", PlacementAbout, "placement tables")
    found = {row["what"]: (row["paper"], row["here"]) for row in settings(about, read(boards)[0])}
    assert found["photos for training"] == ("10", "2")
    assert found["images made of them, share that trains"] == ("2000, 85 %", "6, 50 %")
    assert found["further test images"] == ("300 of 2 photos", "3 of 1 photos")
    assert found["weights that it starts from"] == ("ImageNet", "none: a random start")
    given = about.training | {"settings": about.training["settings"] | {"weights": "w.pth"}}
    assert {"what": "weights that it starts from", "paper": "ImageNet", "here": "w.pth"} in settings(
        about.model_copy(update={"training": given}), read(boards)[0]
    )
    assert found["optimizer, batch"] == ("Adam, 32", "Adam, 32") and found["epochs"] == ("1000", "4")
    assert found["training settles after"][1] == "3 epochs"
    assert found["error of the centre"] == ("a curve, no number", "0.205 to 0.255 px on test photos")
