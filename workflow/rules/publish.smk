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
            f"{made}/headline.json",


HEADLINES = {Path(made).parts[1]: Path(made, "headline.json") for made in MADE}


# What the end of the run tells of each study, and what DVC shows.
for made in MADE:

    rule:
        name:
            f"{made.split('/')[1]}_headline"
        input:
            tables=f"{made}/tables",
            code=sources("boardbench.report.headline"),
        output:
            headline=f"{made}/headline.json",
            plots=directory(f"{made}/plots"),
        log:
            f"{made}/logs/headline.log",
        localrule: True
        conda:
            "../envs/boardbench.yaml"
        params:
            study=made.split("/")[1],
            runs=f"{made}/runs",
        message:
            "Writing the main scores of {params.study}"
        shell:
            "boardbench headline --study {params.study} --tables {input.tables} --runs {params.runs} "
            "--out {output.headline} --plots {output.plots} > {log} 2>&1"


# Of data sets that this run did not make, the reference's tables stand beside the published numbers.
rule reproduction:
    input:
        published=sorted(str(path) for path in (REPORTS / "published").glob("*")),
        reference=sorted(str(path) for path in (REPORTS / "tables").glob("*/*.*")),
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
        reports=lambda wildcards: word(str(REPORTS)),
    message:
        "Putting every published number beside ours"
    shell:
        "boardbench reproduction --reports {params.reports} {params.datasets} {params.tables} --out results/report/tables "
        "> {log} 2>&1"


rule publish:
    input:
        reproduction=rules.reproduction.output,
        tables=[f"{folder}/tables" for folder in MADE],
        figures=[f"{folder}/figures" for folder in MADE],
        synced=[f"{folder}/synced.json" for folder in MADE],
        templates=sorted(str(path) for path in TEMPLATES.glob("*")),
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
        headlines=HEADLINES.values(),
        reference=[
            str(path)
            for folder in MADE
            for path in sorted((REPORTS / "tables" / Path(folder).name).glob("*"))
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
    params:
        reports=lambda wildcards: word(str(REPORTS)),
    message:
        "Holding the run against the reference"
    # Exit code 3 says that something is outside; the run is complete all the same.
    shell:
        "boardbench verify --reference {params.reports} 2>&1 | tee {log} || [ $? -eq 3 ]"
