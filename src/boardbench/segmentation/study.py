"""The record of the segmentation study."""

from boardbench.study import Study

STUDY = Study(
    name="segmentation",
    question="Are three learned channels (SCRB) as good as 214 bands?",
    description="Components on hyperspectral captures of circuit boards: one run a backbone, input strategy and seed. "
    "Select runs and press Compare; test/miou and test/mf1 are the scores.",
    score=("miou", "mean IoU", True),
    averaged=True,
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
