# The segmentation study's tables beside the published numbers, and its figures.

# The simulated camera beside a real one; its curves lie beside it.
SENSOR = (
    [
        f"{SEGMENTATION_RESULTS}/sensor.csv",
        f"{SEGMENTATION_RESULTS}/sensor_transfer.csv",
    ]
    if SEGMENTATION.source == "simulate"
    else []
)


rule segmentation_tables:
    input:
        runs=expand(
            f"{SEGMENTATION_RESULTS}/runs/{{run}}/metrics.json",
            run=SEGMENTATION_RUNS + SEGMENTATION_BASELINES,
        ),
        confusions=expand(
            f"{SEGMENTATION_RESULTS}/runs/{{run}}/confusions.csv",
            run=SEGMENTATION_RUNS + SEGMENTATION_BASELINES,
        ),
        pruned=expand(
            f"{SEGMENTATION_RESULTS}/pruned/{{run}}/metrics.json",
            run=SEGMENTATION_PRUNED_RUNS,
        ),
        normalized=expand(
            f"{SEGMENTATION_RESULTS}/normalized/{{run}}/{{file}}",
            run=NORMALIZED_RUNS,
            file=["metrics.json", "confusions.csv"],
        ),
        audited=expand(
            f"{AUDITED}/{{run}}/{{file}}",
            run=AUDITED_RUNS,
            file=["metrics.json", "confusions.csv"],
        ),
        audits=expand(f"{AUDITED}/{{leak}}/audit.json", leak=SEGMENTATION.split.compare),
        complexity=f"{SEGMENTATION_RESULTS}/complexity.csv",
        latency=f"{SEGMENTATION_RESULTS}/latency.csv",
        pareto=[f"{SEGMENTATION_RESULTS}/pareto.csv"] if EXPORTED_RUNS else [],
        split=f"{SEGMENTATION_RESULTS}/split.csv",
        reflectance=MANIFEST,
        drift=[] if LEAKING else f"{SEGMENTATION_RESULTS}/drift.csv",
        sensor=SENSOR,
        reduction=expand(
            f"{SEGMENTATION_RESULTS}/reduction/{{strategy}}.npz", strategy=FITTED
        ),
        published=sorted(
            str(path) for path in (REPORTS / "published").glob("segmentation_*.csv")
        ),
        code=sources("boardbench.report.segmentation.verbs"),
    output:
        in_report(f"{SEGMENTATION_RESULTS}/tables", "csv"),
    log:
        f"{SEGMENTATION_RESULTS}/logs/tables.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        results=subpath(output[0], parent=True),
        settings=settings(SEGMENTATION),
        reports=lambda wildcards: word(str(REPORTS)),
    message:
        "Putting runs beside the published numbers"
    shell:
        "boardbench segmentation tables --results {params.results} {params.settings} --published {params.reports}/published "
        "--out {output} > {log} 2>&1"


rule segmentation_figures:
    input:
        histories=expand(
            f"{SEGMENTATION_RESULTS}/runs/{{run}}/history.csv", run=SEGMENTATION_RUNS
        ),
        predictions=expand(
            f"{SEGMENTATION_RESULTS}/runs/{{run}}/predictions", run=SEGMENTATION_RUNS
        ),
        tables=f"{SEGMENTATION_RESULTS}/tables",
        # Class spectra, and what the SCRBs weigh.
        split=f"{SEGMENTATION_RESULTS}/split.csv",
        reflectance=MANIFEST,
        blocks=[
            f"{SEGMENTATION_RESULTS}/runs/{run}/model.pt"
            for run in SEGMENTATION_RUNS
            if "-scrb-" in run
        ],
        code=sources("boardbench.report.segmentation.verbs"),
    output:
        in_report(f"{SEGMENTATION_RESULTS}/figures", "svg", "png"),
    log:
        f"{SEGMENTATION_RESULTS}/logs/figures.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        results=subpath(output[0], parent=True),
        settings=settings(SEGMENTATION),
    message:
        "Drawing curves, scores and predictions"
    shell:
        "boardbench segmentation figures --results {params.results} {params.settings} --tables {input.tables} "
        "--out {output} > {log} 2>&1"
