# The segmentation study's tables beside the published numbers, and its figures.
MEMBERS = " ".join(
    [
        repeated("backbones", STUDY.backbones),
        repeated("strategies", STUDY.strategies),
        repeated("seeds", STUDY.seeds),
    ]
)

# The simulated camera beside a real one; its curves lie beside it.
SENSOR = (
    [f"{RESULTS}/sensor.csv", f"{RESULTS}/sensor_transfer.csv"]
    if STUDY.source == "simulate"
    else []
)


rule tables:
    input:
        runs=expand(f"{RESULTS}/runs/{{run}}/metrics.json", run=RUNS + FLOORS),
        confusions=expand(f"{RESULTS}/runs/{{run}}/confusions.csv", run=RUNS + FLOORS),
        pruned=expand(f"{RESULTS}/pruned/{{run}}/metrics.json", run=PRUNED),
        normalized=expand(
            f"{RESULTS}/normalized/{{run}}/{{file}}",
            run=NORMALIZED,
            file=["metrics.json", "confusions.csv"],
        ),
        complexity=f"{RESULTS}/complexity.csv",
        latency=f"{RESULTS}/latency.csv",
        pareto=[f"{RESULTS}/pareto.csv"] if DEPLOYED else [],
        split=f"{RESULTS}/split.csv",
        headers=reflectances(["json"]),
        drift=f"{RESULTS}/drift.csv",
        sensor=SENSOR,
        reduction=expand(f"{RESULTS}/reduction/{{strategy}}.npz", strategy=FITTED),
        published=sorted(
            str(path) for path in Path("reports/published").glob("segmentation_*.csv")
        ),
        code=sources("boardbench.report.segmentation.tables"),
    output:
        directory(f"{RESULTS}/tables"),
    log:
        f"{RESULTS}/logs/tables.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        dataset=STUDY.dataset,
        source=STUDY.source,
        classes=repeated("classes", STUDY.classes),
        members=MEMBERS,
        floors=repeated("floors", STUDY.floors),
        runs=folder("runs", up=2),
        pruned=(
            f"--pruned-runs {RESULTS}/pruned {repeated('pruned', PRUNED)}"
            if PRUNED
            else ""
        ),
        normalized=(
            f"--normalization {METHOD} --normalized-runs {RESULTS}/normalized "
            f"{repeated('normalizations', STUDY.normalization.compare)}"
            if NORMALIZED
            else ""
        ),
        reflectance=folder("headers"),
        reduction=(
            f"--reduction {RESULTS}/reduction --fit {STUDY.reduction.fit}"
            if FITTED
            else ""
        ),
        settings=settings(STUDY),
        resampling=f"--resamples {STUDY.evaluation.resamples} --resample-seed {STUDY.evaluation.seed}",
        counted=flags(STUDY.complexity),
        sensor=f"--sensor {SENSOR[0]}" if SENSOR else "",
        pareto=(
            f"--pareto {RESULTS}/pareto.csv --budget-ms {STUDY.deployment.budget_ms}"
            if DEPLOYED
            else ""
        ),
    message:
        "Putting runs beside the published numbers"
    shell:
        "boardbench segmentation tables --dataset {params.dataset} --source {params.source} {params.classes} "
        "{params.members} {params.floors} --runs {params.runs} {params.pruned} {params.normalized} --complexity {input.complexity} "
        "--latency {input.latency} {params.pareto} {params.sensor} --drift {input.drift} {params.resampling} {params.counted} {params.settings} --split {input.split} --reflectance {params.reflectance} {params.reduction} "
        "--published reports/published --out {output} > {log} 2>&1"


rule figures:
    input:
        histories=expand(f"{RESULTS}/runs/{{run}}/history.csv", run=RUNS),
        predictions=expand(f"{RESULTS}/runs/{{run}}/predictions", run=RUNS),
        tables=f"{RESULTS}/tables",
        code=sources("boardbench.report.segmentation.figures"),
    output:
        directory(f"{RESULTS}/figures"),
    log:
        f"{RESULTS}/logs/figures.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        dataset=STUDY.dataset,
        members=MEMBERS,
        runs=folder("histories", up=2),
    message:
        "Drawing curves, scores and predictions"
    shell:
        "boardbench segmentation figures --dataset {params.dataset} {params.members} --runs {params.runs} "
        "--tables {input.tables} --out {output} > {log} 2>&1"
