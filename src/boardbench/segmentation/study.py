"""The record of the segmentation study."""

from boardbench.study import Study

STUDY = Study(
    name="segmentation",
    params="boardbench.params.segmentation:Segmentation",
    example="simulated/runs/unet-scrb-seed0",
    used_by="boardbench predict",
    export="boardbench.segmentation.export:export",
    prune="boardbench.segmentation.pruning:prune_run",
    show="boardbench.segmentation.evaluation:show",
    compared_runs="boardbench.report.segmentation.comparable:runs",
    compared_tables="boardbench.report.segmentation.comparable:tables",
    page="boardbench.report.segmentation.page:segmentation_dataset",
)
