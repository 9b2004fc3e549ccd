# What all studies made, as tables, figures and one page under reports/ (in git).
MADE = [
    folder
    for study, folder in {
        "segmentation": RESULTS,
        "placement": PLACED,
        "classification": CLASSIFIED,
    }.items()
    if study in STUDIES
]


rule publish:
    input:
        tables=[f"{folder}/tables" for folder in MADE],
        figures=[f"{folder}/figures" for folder in MADE],
        mirrored=[f"{folder}/mirrored.json" for folder in MADE],
        published=sorted(str(path) for path in Path("reports/published").glob("*.*")),
        templates=sorted(
            str(path) for path in Path("src/boardbench/report/templates").glob("*.j2")
        ),
        code=sources("boardbench.report.publish"),
    output:
        "results/published.json",
    log:
        "results/publish.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        datasets=repeated("datasets", [Path(folder).name for folder in MADE]),
        tables=repeated("tables", [f"{folder}/tables" for folder in MADE]),
        figures=repeated("figures", [f"{folder}/figures" for folder in MADE]),
    message:
        "Publishing tables, figures and the page under reports/"
    shell:
        "boardbench publish {params.datasets} {params.tables} {params.figures} --reports reports --out {output} "
        "> {log} 2>&1"
