import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from boardbench.reproduction.evidence import read_evidence
from boardbench.reproduction.reproduction import LABELS, judge_claim, judge_number, reproduction_rows

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
PUBLISHED = Path(__file__).parents[2] / "reports" / "published"


@pytest.fixture
def reports(tmp_path):
    shutil.copytree(PUBLISHED, tmp_path / "published")
    return tmp_path


@pytest.fixture
def counted(reports):
    """Publish our count of paper 1's input, in its convention; return it as text."""
    path = reports / "tables/toy/segmentation_complexity.csv"
    path.parent.mkdir(parents=True)
    path.write_text(COUNTED)
    return COUNTED


@pytest.fixture
def rows(reports):
    """Return every row, by what lies in reports."""
    return lambda: reproduction_rows(read_evidence(reports))


@pytest.fixture
def one(rows):
    """Return the one row of a place and a cell."""

    def of(place, cell):
        (found,) = [row for row in rows() if row["place"] == place and row["cell"].partition(":")[0] == cell]
        return found

    return of


@pytest.fixture
def edit(reports):
    """Change a published file, or another one of the reports, once."""

    def change(name, old, new):
        path = reports / (name if "/" in name else f"published/{name}")
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


@pytest.fixture
def claim(reports):
    """Judge a sentence, with another value if one is given, by what lies in reports or by some evidence."""

    def judge(name, value=None, evidence=None):
        evidence = evidence or read_evidence(reports)
        found = evidence.claim(name)
        return judge_claim(evidence, replace(found, value=value or found.value))

    return judge


@pytest.fixture
def cell(reports):
    """Judge one number of a cifar10_*.csv, by the label of its row."""

    def judge(label, column, file):
        evidence = read_evidence(reports)
        (row,) = [
            row for row in evidence.tables[file] if " ".join(row[name] for name in LABELS if row.get(name)) == label
        ]
        return judge_number(evidence, file, row, column)

    return judge
