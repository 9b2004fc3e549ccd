# From raw line-scan captures to trained, costed, comparable networks. Read from top to bottom, it is the way the data
# go; every rule calls one verb of the command line, and every verb runs by hand too (boardbench --help).
# Without a params.yaml here the defaults hold, which are the same.
if Path("params.yaml").is_file():

    configfile: "params.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/common_segmentation.smk"
include: "workflow/rules/common_placement.smk"
include: "workflow/rules/common_classification.smk"


if "segmentation" in STUDIES:

    include: "workflow/rules/captures.smk"
    include: "workflow/rules/reflectance.smk"
    include: "workflow/rules/split.smk"
    include: "workflow/rules/normalization.smk"
    include: "workflow/rules/reduction.smk"
    include: "workflow/rules/drift.smk"
    include: "workflow/rules/training.smk"
    include: "workflow/rules/audit.smk"
    include: "workflow/rules/pruning.smk"
    include: "workflow/rules/complexity.smk"
    include: "workflow/rules/deployment.smk"
    include: "workflow/rules/tables.smk"


if "placement" in STUDIES:

    include: "workflow/rules/placement.smk"
    include: "workflow/rules/placement_tables.smk"


if "classification" in STUDIES:

    include: "workflow/rules/networks.smk"
    include: "workflow/rules/classification.smk"


include: "workflow/rules/publish.smk"


# Snakemake 9 looks for jobs to start once more a second for every job that finished, half a core in the end
# (benchmarks/NOTES.md). That is for clusters that limit submissions; here jobs start when others finish.
onstart:
    own_lock()
    if workflow.local_exec:
        checked(check_memory)
        workflow.scheduler.job_rate_limiter = None


# The answer, where it was asked for: DVC asks for one study at a time.
onsuccess:
    if any(job.rule.name == "verify" for job in workflow.dag.jobs):
        from boardbench.report.headline import answer

        logger.info(answer(HEADLINES, Path("results/report")))


# Everything: tables, figures and the page under results/report/, held against the reference.
rule all:
    default_target: True
    input:
        "results/report/verify.json",


# The raw captures and their sheet, and the photos, only (what DVC keeps).
if "segmentation" in STUDIES:

    rule captures:
        input:
            SHEET,
            []
            if SEGMENTATION.storage
            else [file for capture in CAPTURES.values() for file in capture.files],


if "placement" in STUDIES:

    rule photographs:
        input:
            [
                file
                for files in (*PHOTOS.values(), *DISPLACED.values())
                for file in (files.photo, files.outline)
            ],
