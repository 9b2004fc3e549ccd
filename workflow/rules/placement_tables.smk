# The placement study's tables, and its figures.
rule placement_tables:
    input:
        runs=expand(
            f"{PLACEMENT_RESULTS}/runs/{{run}}/metrics.json",
            run=PLACEMENT_RUNS + PLACEMENT_BASELINES,
        ),
        predictions=expand(
            f"{PLACEMENT_RESULTS}/runs/{{run}}/predictions.csv",
            run=PLACEMENT_RUNS + PLACEMENT_BASELINES,
        ),
        histories=expand(
            f"{PLACEMENT_RESULTS}/runs/{{run}}/history.csv", run=PLACEMENT_RUNS
        ),
        trainings=expand(
            f"{PLACEMENT_RESULTS}/runs/{{run}}/training.json", run=PLACEMENT_RUNS
        ),
        samples=f"{PLACEMENT_RESULTS}/samples.csv",
        metadata=f"{PLACEMENT_RESULTS}/samples.json",
        complexity=f"{PLACEMENT_RESULTS}/complexity.csv",
        latency=f"{PLACEMENT_RESULTS}/latency.csv",
        code=sources("boardbench.report.placement.verbs"),
    output:
        in_report(f"{PLACEMENT_RESULTS}/tables", "csv"),
    log:
        f"{PLACEMENT_RESULTS}/logs/tables.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        results=subpath(output[0], parent=True),
        settings=settings(PLACEMENT),
    message:
        "Putting placement runs in tables"
    shell:
        "boardbench placement tables --results {params.results} {params.settings} --out {output} > {log} 2>&1"


rule placement_figures:
    input:
        histories=expand(
            f"{PLACEMENT_RESULTS}/runs/{{run}}/history.csv", run=PLACEMENT_RUNS
        ),
        predictions=expand(
            f"{PLACEMENT_RESULTS}/runs/{{run}}/predictions.csv",
            run=PLACEMENT_RUNS + PLACEMENT_BASELINES,
        ),
        rocs=expand(
            f"{PLACEMENT_RESULTS}/runs/{{run}}/roc.csv",
            run=PLACEMENT_RUNS + PLACEMENT_BASELINES,
        ),
        samples=f"{PLACEMENT_RESULTS}/samples.csv",
        metadata=f"{PLACEMENT_RESULTS}/samples.json",
        tables=f"{PLACEMENT_RESULTS}/tables",
        code=sources("boardbench.report.placement.verbs"),
    output:
        in_report(f"{PLACEMENT_RESULTS}/figures", "svg", "png"),
    log:
        f"{PLACEMENT_RESULTS}/logs/figures.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        results=subpath(output[0], parent=True),
        settings=settings(PLACEMENT),
    message:
        "Drawing placement curves, errors and pictures"
    shell:
        "boardbench placement figures --results {params.results} {params.settings} --tables {input.tables} "
        "--out {output} > {log} 2>&1"
