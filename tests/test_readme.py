"""The README is short, and its numbers are those of the published tables."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

from sitegen.answer import answer_table, answered  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLES = ROOT / "reports/tables/simulated"


def test_it_is_read_in_five_minutes():
    assert len(README.splitlines()) <= 130
    assert len(README.split()) <= 1200


def test_its_answer_is_the_published_one():
    assert answer_table(TABLES) in README
    told = [line.removeprefix("- ") for line in README.splitlines() if line.startswith("- Mean IoU")]
    assert told == answered(TABLES)


def test_what_the_answer_is_over_is_the_references():
    about = json.loads((TABLES / "about.json").read_text())
    parts, settings = about["parts"], about["settings"]
    told = " ".join(README.split())
    conditions = parts["test"]["captures"] // parts["test"]["scenes"]
    assert f"{parts['train']['scenes']} boards train; {parts['test']['scenes']} boards under {conditions}" in told
    size, width = settings["complexity"]["size"], settings["complexity"]["width"]
    assert f"GMACs at full size ({size[0]} x {size[1]}, width {width})" in told
    assert len(settings["seeds"]) == 5 and "over five seeds" in told


def test_the_cells_that_it_shows_add_up():
    table = README.split("missing  no reference\n")[1].split("```")[0]
    rows = [[int(text) for text in re.findall(r" (\d+)\b", line)] for line in table.splitlines() if "    " in line]
    (repeated,) = re.findall(r"repeated: (\d+) of (\d+) cells", table)
    assert len(rows) == 3
    assert repeated == (str(sum(row[0] + row[1] for row in rows)), str(sum(map(sum, rows))))


def test_every_file_that_it_names_exists():
    for link, name in re.findall(r"\]\(([^)#:]+)\)|`((?:workflow|src|reports|benchmarks|docs)/[\w./-]*)`", README):
        assert (ROOT / (link or name)).exists(), link or name
