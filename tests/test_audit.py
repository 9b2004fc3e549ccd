"""`make audit` never takes "nothing could be checked" for "nothing was found"."""

import importlib.util
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("audit", Path(__file__).parents[1] / ".ci/audit.py")
audit = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(audit)

GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (1)"}


@pytest.mark.parametrize(
    ("packages", "code", "word"),
    [
        ([GOOD], 0, "1 of 1 packages checked, 0 weaknesses"),
        ([GOOD, BAD], 1, "b 2: CVE-1, mended in 3"),
        ([BAD, UNKNOWN], 1, "not checked: c"),
        ([GOOD, UNKNOWN], 2, "not checked: c"),
        ([UNKNOWN, UNKNOWN], 2, "NOTHING was checked"),
    ],
)
def test_the_verdict_follows_what_was_checked(packages, code, word):
    found, words = audit.verdict(packages)
    assert found == code
    assert word in "\n".join(words)
