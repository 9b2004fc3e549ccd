# The placement study's tables, and its figures.
rule placement_tables:
    input:
        runs=expand(f"{PLACED}/runs/{{run}}/metrics.json", run=PLACINGS + RIVALS),
        predictions=expand(
            f"{PLACED}/runs/{{run}}/predictions.csv", run=PLACINGS + RIVALS
        ),
        histories=expand(f"{PLACED}/runs/{{run}}/history.csv", run=PLACINGS),
        trainings=expand(f"{PLACED}/runs/{{run}}/training.json", run=PLACINGS),
        samples=f"{PLACED}/samples.csv",
        metadata=f"{PLACED}/samples.json",
        complexity=f"{PLACED}/complexity.csv",
        latency=f"{PLACED}/latency.csv",
        code=sources("boardbench.report.placement.tables"),
    output:
        directory(f"{PLACED}/tables"),
    log:
        f"{PLACED}/logs/tables.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        dataset=PLACEMENT.dataset,
        source=PLACEMENT.source,
        members=PLACED_MEMBERS,
        runs=folder("runs", up=2),
        settings=settings(PLACEMENT),
        flags=flags(PLACEMENT.tolerance),
    message:
        "Putting placement runs in tables"
    shell:
        "boardbench placement tables --dataset {params.dataset} --source {params.source} {params.members} "
        "--runs {params.runs} --samples {input.samples} --complexity {input.complexity} --latency {input.latency} "
        "{params.settings} --out {output} {params.flags} > {log} 2>&1"


rule placement_figures:
    input:
        histories=expand(f"{PLACED}/runs/{{run}}/history.csv", run=PLACINGS),
        predictions=expand(
            f"{PLACED}/runs/{{run}}/predictions.csv", run=PLACINGS + RIVALS
        ),
        rocs=expand(f"{PLACED}/runs/{{run}}/roc.csv", run=PLACINGS + RIVALS),
        samples=f"{PLACED}/samples.csv",
        metadata=f"{PLACED}/samples.json",
        tables=f"{PLACED}/tables",
        code=sources("boardbench.report.placement.figures"),
    output:
        directory(f"{PLACED}/figures"),
    log:
        f"{PLACED}/logs/figures.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        dataset=PLACEMENT.dataset,
        members=PLACED_MEMBERS,
        runs=folder("histories", up=2),
    message:
        "Drawing placement curves, errors and pictures"
    shell:
        "boardbench placement figures --dataset {params.dataset} {params.members} --runs {params.runs} "
        "--samples {input.samples} --tables {input.tables} --out {output} > {log} 2>&1"
