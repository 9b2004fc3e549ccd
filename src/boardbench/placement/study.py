"""The record of the placement study."""

from boardbench.study import Study

STUDY = Study(
    name="placement",
    question="Does a network find a chip that is put down wrong?",
    description="Where a chip sits on photos of boards: one run a start, loss and seed. test/... are made images, "
    "displaced/... boards with the chip put down wrong.",
    score=("test_centre_mae_px", "centre error, px", False),
    params="boardbench.params.placement:Placement",
    example="simulated-photos/runs/random-rectangle-seed0",
    used_by="boardbench inspect",
    export="boardbench.placement.export:export",
    show="boardbench.placement.evaluation:show",
    compared_runs="boardbench.report.placement.comparable:runs",
    compared_tables="boardbench.report.placement.comparable:tables",
    page="boardbench.report.placement.page:placement_dataset",
)
