"""The record of the classification study."""

from boardbench.study import Study

STUDY = Study(
    name="classification",
    params="boardbench.params.classification:Classification",
    example="digits/runs/small-seed0",
    used_by="boardbench export",
    export="boardbench.classification.export:export",
    prune="boardbench.classification.pruning:prune_run",
    show="boardbench.classification.evaluation:show",
    compared_runs="boardbench.report.classification.comparable:runs",
    compared_tables="boardbench.report.classification.comparable:tables",
    page="boardbench.report.classification.page:classification_dataset",
)
