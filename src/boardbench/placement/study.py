"""The record of the placement study."""

from boardbench.study import Study

STUDY = Study(
    name="placement",
    params="boardbench.params.placement:Placement",
    example="simulated-photos/runs/random-rectangle-seed0",
    used_by="boardbench inspect",
    export="boardbench.placement.export:export",
    show="boardbench.placement.evaluation:show",
    compared_runs="boardbench.report.placement.comparable:runs",
    compared_tables="boardbench.report.placement.comparable:tables",
    page="boardbench.report.placement.page:placement_dataset",
)
