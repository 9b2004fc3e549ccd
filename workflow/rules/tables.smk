# The segmentation study's tables beside the published numbers, and its figures.
SEGMENTATION_GRID = " ".join(
    [
        repeated("backbones", SEGMENTATION.backbones),
        repeated("strategies", SEGMENTATION.strategies),
        repeated("seeds", SEGMENTATION.seeds),
    ]
)

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
        complexity=f"{SEGMENTATION_RESULTS}/complexity.csv",
        latency=f"{SEGMENTATION_RESULTS}/latency.csv",
        pareto=[f"{SEGMENTATION_RESULTS}/pareto.csv"] if DEPLOYED else [],
        split=f"{SEGMENTATION_RESULTS}/split.csv",
        headers=reflectances(["json"]),
        drift=f"{SEGMENTATION_RESULTS}/drift.csv",
        sensor=SENSOR,
        reduction=expand(
            f"{SEGMENTATION_RESULTS}/reduction/{{strategy}}.npz", strategy=FITTED
        ),
        published=sorted(
            str(path) for path in Path("reports/published").glob("segmentation_*.csv")
        ),
        code=sources("boardbench.report.segmentation.tables"),
    output:
        directory(f"{SEGMENTATION_RESULTS}/tables"),
    log:
        f"{SEGMENTATION_RESULTS}/logs/tables.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        dataset=SEGMENTATION.dataset,
        source=SEGMENTATION.source,
        classes=repeated("classes", SEGMENTATION.classes),
        members=SEGMENTATION_GRID,
        baselines=repeated("baselines", SEGMENTATION.baselines),
        runs=folder("runs", up=2),
        pruned=(
            f"--pruned-runs {SEGMENTATION_RESULTS}/pruned {repeated('pruned', SEGMENTATION_PRUNED_RUNS)}"
            if SEGMENTATION_PRUNED_RUNS
            else ""
        ),
        normalized=(
            f"--normalization {METHOD} --normalized-runs {SEGMENTATION_RESULTS}/normalized "
            f"{repeated('normalizations', SEGMENTATION.normalization.compare)}"
            if NORMALIZED_RUNS
            else ""
        ),
        reflectance=folder("headers"),
        reduction=(
            f"--reduction {SEGMENTATION_RESULTS}/reduction --fit {SEGMENTATION.reduction.fit}"
            if FITTED
            else ""
        ),
        settings=settings(SEGMENTATION),
        resampling=f"--resamples {SEGMENTATION.evaluation.resamples} --resample-seed {SEGMENTATION.evaluation.seed}",
        counted=flags(SEGMENTATION.complexity),
        sensor=f"--sensor {SENSOR[0]}" if SENSOR else "",
        pareto=(
            f"--pareto {SEGMENTATION_RESULTS}/pareto.csv --budget-ms {SEGMENTATION.deployment.budget_ms}"
            if DEPLOYED
            else ""
        ),
    message:
        "Putting runs beside the published numbers"
    shell:
        "boardbench segmentation tables --dataset {params.dataset} --source {params.source} {params.classes} "
        "{params.members} {params.baselines} --runs {params.runs} {params.pruned} {params.normalized} --complexity {input.complexity} "
        "--latency {input.latency} {params.pareto} {params.sensor} --drift {input.drift} {params.resampling} {params.counted} {params.settings} --split {input.split} --reflectance {params.reflectance} {params.reduction} "
        "--published reports/published --out {output} > {log} 2>&1"


rule segmentation_figures:
    input:
        histories=expand(
            f"{SEGMENTATION_RESULTS}/runs/{{run}}/history.csv", run=SEGMENTATION_RUNS
        ),
        predictions=expand(
            f"{SEGMENTATION_RESULTS}/runs/{{run}}/predictions", run=SEGMENTATION_RUNS
        ),
        tables=f"{SEGMENTATION_RESULTS}/tables",
        code=sources("boardbench.report.segmentation.figures"),
    output:
        directory(f"{SEGMENTATION_RESULTS}/figures"),
    log:
        f"{SEGMENTATION_RESULTS}/logs/figures.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        dataset=SEGMENTATION.dataset,
        members=SEGMENTATION_GRID,
        runs=folder("histories", up=2),
    message:
        "Drawing curves, scores and predictions"
    shell:
        "boardbench segmentation figures --dataset {params.dataset} {params.members} --runs {params.runs} "
        "--tables {input.tables} --out {output} > {log} 2>&1"
