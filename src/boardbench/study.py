"""A study, as the steps that all studies share see it: names and addresses, so that nothing of it is imported early.

A new study is a package with a ``study.py`` that holds its record, an entry in STUDIES, a section of params.yaml, and
rules in workflow/rules/.
"""

import importlib
from dataclasses import dataclass
from typing import Any

from boardbench.errors import BoardbenchError, nearest


@dataclass(frozen=True)
class Study:
    """One study. Addresses are ``module:name``; :meth:`get` imports what they name.

    Attributes:
        name: of the study: its section of params.yaml, its verbs and rules, its folder below results/, and ``study`` in
            every file of its runs.
        question: that it answers, in one sentence.
        description: of its runs in MLflow.
        score: column of tables/<name>_runs.csv that a headline shows, its name for people, whether more is better.
        params: class of its section of params.yaml.
        example: a run of the default params, below results/<name>/.
        used_by: command that takes its runs to new data.
        export: function that writes a run as ONNX files; it finds what it is not given.
        prune: function that makes a run smaller, and finds what it is not given; '' where no run is pruned.
        averaged: whether a headline's score is the mean over the first words of the runs' names, as over backbones.
        baselines: table and its column of names, where the baselines are no runs: 'TABLE:COLUMN'.
        show: function that shows run folders in an MLflow store.
        compared_runs: function of its params: run -> what its scores hang on, for 'boardbench verify'.
        compared_tables: function of its params: table -> what its cells hang on, likewise.
        page: function that gathers what the page shows of one data set, from its folder of published tables.
    """

    name: str
    question: str
    description: str
    score: tuple[str, str, bool]
    params: str
    example: str
    used_by: str
    export: str
    show: str
    compared_runs: str
    compared_tables: str
    page: str
    prune: str = ""
    averaged: bool = False
    baselines: str = ""

    def get(self, what: str) -> Any:
        """Return what an attribute's address names."""
        return _named(getattr(self, what))


STUDIES = {
    "segmentation": "boardbench.segmentation.study:STUDY",
    "placement": "boardbench.placement.study:STUDY",
    "classification": "boardbench.classification.study:STUDY",
}
FIRST = next(iter(STUDIES))
"""The study of files that do not say theirs: the only one when they were written."""


def _named(address: str) -> Any:
    module, name = address.split(":")
    return getattr(importlib.import_module(module), name)


def find_study(name: str, where: str) -> Study:
    """Return a study.

    Args:
        name: of the study.
        where: what names it, for the error.

    Raises:
        BoardbenchError: no study of that name.
    """
    if name not in STUDIES:
        raise BoardbenchError(
            f"{where}: study is {name!r}, which this version does not know. {nearest(str(name), list(STUDIES))} "
            "Update boardbench, or make it again."
        )
    return _named(STUDIES[name])
