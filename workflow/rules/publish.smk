# What all studies made, beside every published number, as tables, figures and one page under results/report/; then held
# against the reference.
MADE = [
    folder
    for study, folder in {
        "segmentation": SEGMENTATION_RESULTS,
        "placement": PLACEMENT_RESULTS,
        "classification": CLASSIFICATION_RESULTS,
    }.items()
    if study in STUDIES
]


# What a study made, without the page (what DVC asks for).
for made in MADE:

    rule:
        name:
            made.split("/")[1]
        input:
            f"{made}/tables",
            f"{made}/figures",
            f"{made}/synced.json",


# Of data sets that this run did not make, the reference's tables stand beside the published numbers.
rule reproduction:
    input:
        published=sorted(str(path) for path in Path("reports/published").glob("*")),
        reference=sorted(str(path) for path in Path("reports/tables").glob("*/*.*")),
        tables=[f"{folder}/tables" for folder in MADE],
        code=sources("boardbench.reproduction.reproduction"),
    output:
        multiext("results/report/tables/reproduction", ".csv", ".json", ".md"),
    log:
        "results/reproduction.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        datasets=repeated("datasets", [Path(folder).name for folder in MADE]),
        tables=repeated("tables", [f"{folder}/tables" for folder in MADE]),
    message:
        "Putting every published number beside ours"
    shell:
        "boardbench reproduction --reports reports {params.datasets} {params.tables} --out results/report/tables "
        "> {log} 2>&1"


rule publish:
    input:
        reproduction=rules.reproduction.output,
        tables=[f"{folder}/tables" for folder in MADE],
        figures=[f"{folder}/figures" for folder in MADE],
        synced=[f"{folder}/synced.json" for folder in MADE],
        templates=sorted(
            str(path) for path in Path("src/boardbench/report/templates").glob("*")
        ),
        code=sources("boardbench.publish"),
    output:
        "results/published.json",
    log:
        "results/publish.log",
    localrule: True
    conda:
        "../envs/boardbench.yaml"
    params:
        datasets=repeated("datasets", [Path(folder).name for folder in MADE]),
        tables=repeated("tables", [f"{folder}/tables" for folder in MADE]),
        figures=repeated("figures", [f"{folder}/figures" for folder in MADE]),
    message:
        "Publishing tables, figures and the page under results/report/"
    shell:
        "boardbench publish {params.datasets} {params.tables} {params.figures} --reports results/report --out {output} "
        "> {log} 2>&1"


rule verify:
    input:
        published="results/published.json",
        reference=[
            str(path)
            for folder in MADE
            for path in sorted(Path("reports/tables", Path(folder).name).glob("*"))
        ],
        code=sources("boardbench.report.verify.verify"),
    output:
        verified="results/report/verify.json",
        metrics="results/metrics.json",
    log:
        "results/verify.log",
    localrule: True
    conda:
        "../envs/boardbench.yaml"
    message:
        "Holding the run against the reference"
    # Exit code 3 says that something is outside; the run is complete all the same.
    shell:
        "boardbench verify 2>&1 | tee {log} || [ $? -eq 3 ]"
