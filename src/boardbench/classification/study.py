"""The record of the classification study."""

from boardbench.study import Study

STUDY = Study(
    name="classification",
    question="What do networks gain on small images, and what do they cost?",
    description="Small images into classes, as a control of what makes networks smaller: networks, pruned networks, "
    "and baselines without training.",
    score=("accuracy", "accuracy", True),
    baselines="classification_baselines.csv:method",
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
