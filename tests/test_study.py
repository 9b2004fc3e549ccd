"""A study is one record, and what all studies share knows none by name."""

import re
from pathlib import Path

import pytest

import boardbench
from boardbench.params.params import Params
from boardbench.study import FIRST, STUDIES, find_study
from boardbench.study_flags import flags_of

ROOT = Path(boardbench.__file__).parent
SHARED = [
    *sorted(ROOT.glob("engine/*.py")),
    *sorted(ROOT.glob("report/*.py")),
    *sorted(ROOT.glob("report/verify/*.py")),
    *(
        ROOT / name
        for name in ("cli.py", "study_flags.py", "export.py", "prune.py", "publish.py", "sources.py", "signature.py")
    ),
]


@pytest.mark.parametrize("file", SHARED, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_all_studies_share_names_none(file):
    named = re.findall(rf"\b(?:{'|'.join(STUDIES)})\b", file.read_text())
    assert not named


@pytest.mark.parametrize("name", STUDIES)
def test_a_record_names_what_is_there(name):
    record = find_study(name, "test")
    assert record.name == name
    assert type(getattr(Params(), name)) is record.get("params")
    for step in ("export", "compared_runs", "compared_tables", "page", *(["prune"] if record.prune else [])):
        assert callable(record.get(step))


def test_an_unknown_study_is_named_with_its_file(says):
    says(lambda: find_study("welding", "runs/a/model.pt"), "runs/a/model.pt", "'welding'", FIRST)


def test_a_flag_that_the_study_does_not_take_is_refused(says):
    def step(*, run, samples=None):
        """Do it."""

    assert flags_of(
        find_study(FIRST, "test"), step, {"samples": 1, "split": None, "bands_read": False}, Path("run")
    ) == {"samples": 1}
    says(
        lambda: flags_of(find_study(FIRST, "test"), step, {"samples": 1, "bands_read": True}, Path("run")),
        FIRST,
        "--bands-read",
    )
