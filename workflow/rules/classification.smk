CLASSIFIED_MEMBERS = " ".join(
    [
        repeated("baselines", BASELINES),
        repeated("names", LEARNT),
        repeated("seeds", CLASSIFICATION.scratch.seeds),
        repeated("networks", TRAINED),
    ]
)


# The classification study: what learns, and what no learning is worth, on images that everybody knows.
rule images:
    input:
        files=archive_files(),
        code=sources("boardbench.classification.samples"),
    output:
        samples=f"{CLASSIFIED}/samples.csv",
        metadata=f"{CLASSIFIED}/samples.json",
        images=f"{CLASSIFIED}/images.npy",
    log:
        f"{CLASSIFIED}/logs/samples.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        source=CLASSIFICATION.source,
        raw=Path("data/raw") / CLASSIFICATION.dataset,
        flags=flags(CLASSIFICATION.archive),
    message:
        "Reading the images of {params.source}"
    shell:
        "boardbench classification samples --source {params.source} --raw {params.raw} --out {output.samples} "
        "{params.flags} > {log} 2>&1"


# The nearest images, or the nearest mean image, by each distance: what a network has to beat.
rule baseline:
    input:
        samples=f"{CLASSIFIED}/samples.csv",
        metadata=f"{CLASSIFIED}/samples.json",
        code=baseline_code,
    output:
        metrics=f"{CLASSIFIED}/runs/{{method}}-{{distance}}-{{normalization}}/metrics.json",
        predictions=f"{CLASSIFIED}/runs/{{method}}-{{distance}}-{{normalization}}/predictions.csv",
        seconds=f"{CLASSIFIED}/runs/{{method}}-{{distance}}-{{normalization}}/seconds.json",
    log:
        f"{CLASSIFIED}/logs/baseline/{{method}}-{{distance}}-{{normalization}}.log",
    conda:
        "../envs/boardbench.yaml"
    threads: CLASSIFICATION.baselines.threads
    params:
        out=subpath(output.metrics, parent=True),
        dataset=CLASSIFICATION.dataset,
        flags=flags(CLASSIFICATION.baselines),
    message:
        "Classifying by {wildcards.method}, distance {wildcards.distance}, {wildcards.normalization}"
    shell:
        "boardbench classification baseline --method {wildcards.method} --distance {wildcards.distance} "
        "--normalization {wildcards.normalization} --samples {input.samples} --dataset {params.dataset} "
        "--out {params.out} {params.flags} > {log} 2>&1"


# Networks in NumPy alone.
rule scratch:
    input:
        samples=f"{CLASSIFIED}/samples.csv",
        metadata=f"{CLASSIFIED}/samples.json",
        code=sources("boardbench.classification.scratch.run"),
    output:
        model=f"{CLASSIFIED}/runs/{{name}}-seed{{seed}}/model.npz",
        history=f"{CLASSIFIED}/runs/{{name}}-seed{{seed}}/history.csv",
        training=f"{CLASSIFIED}/runs/{{name}}-seed{{seed}}/training.json",
        metrics=f"{CLASSIFIED}/runs/{{name}}-seed{{seed}}/metrics.json",
        predictions=f"{CLASSIFIED}/runs/{{name}}-seed{{seed}}/predictions.csv",
        seconds=f"{CLASSIFIED}/runs/{{name}}-seed{{seed}}/seconds.json",
    log:
        f"{CLASSIFIED}/logs/scratch/{{name}}-seed{{seed}}.log",
    priority: 1
    conda:
        "../envs/boardbench.yaml"
    threads: CLASSIFICATION.scratch.threads
    params:
        out=subpath(output.model, parent=True),
        dataset=CLASSIFICATION.dataset,
        flags=run_flags,
    message:
        "Training {wildcards.name} in NumPy, seed {wildcards.seed}"
    shell:
        "boardbench classification scratch --name {wildcards.name} --seed {wildcards.seed} --samples {input.samples} "
        "--dataset {params.dataset} --out {params.out} --threads {threads} {params.flags} > {log} 2>&1"


rule classification_mirror:
    input:
        metrics=classified("metrics.json"),
        code=sources("boardbench.classification.evaluation"),
    output:
        f"{CLASSIFIED}/mirrored.json",
    log:
        f"{CLASSIFIED}/logs/mirror.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        runs=repeated("runs", classified("")),
        tracking=TRACKING,
    message:
        "Showing the classification scores in MLflow"
    shell:
        "boardbench classification mirror {params.runs} --tracking {params.tracking} --out {output} > {log} 2>&1"


rule classification_tables:
    input:
        metrics=classified("metrics.json"),
        predictions=classified("predictions.csv"),
        seconds=classified("seconds.json"),
        complexity=[f"{CLASSIFIED}/complexity.csv"] if TRAINED else [],
        latency=[f"{CLASSIFIED}/latency.csv"] if TRAINED else [],
        epochs=[f"{CLASSIFIED}/epochs.csv"] if CLASSIFICATION.bench.networks else [],
        samples=f"{CLASSIFIED}/samples.csv",
        metadata=f"{CLASSIFIED}/samples.json",
        published=sorted(
            str(path) for path in Path("reports/published").glob("cifar10_*.csv")
        ),
        code=sources("boardbench.report.classification.tables"),
    output:
        directory(f"{CLASSIFIED}/tables"),
    log:
        f"{CLASSIFIED}/logs/tables.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        dataset=CLASSIFICATION.dataset,
        source=CLASSIFICATION.source,
        members=CLASSIFIED_MEMBERS,
        pruned=repeated("pruned", SLIMMED),
        runs=f"--runs {CLASSIFIED}/runs --pruned-runs {CLASSIFIED}/pruned",
        costs=lambda wildcards, input: " ".join(
            f"--{key} {input[key]}"
            for key in ("complexity", "latency", "epochs")
            if input[key]
        ),
        settings=settings(CLASSIFICATION),
    message:
        "Putting classification runs beside the published numbers"
    shell:
        "boardbench classification tables --dataset {params.dataset} --source {params.source} {params.members} "
        "{params.pruned} {params.runs} {params.costs} --samples {input.samples} --published reports/published {params.settings} --out {output} > {log} 2>&1"


rule classification_figures:
    input:
        metrics=classified("metrics.json"),
        predictions=classified("predictions.csv"),
        histories=expand(
            f"{CLASSIFIED}/runs/{{run}}/history.csv", run=LEARNINGS + TRAINED
        ),
        tables=f"{CLASSIFIED}/tables",
        samples=f"{CLASSIFIED}/samples.csv",
        metadata=f"{CLASSIFIED}/samples.json",
        code=sources("boardbench.report.classification.figures"),
    output:
        directory(f"{CLASSIFIED}/figures"),
    log:
        f"{CLASSIFIED}/logs/figures.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        dataset=CLASSIFICATION.dataset,
        members=CLASSIFIED_MEMBERS,
        runs=folder("metrics", up=2),
        flags=flags(CLASSIFICATION.exploration),
    message:
        "Drawing the images, loss curves and confusions"
    shell:
        "boardbench classification figures --dataset {params.dataset} {params.members} --runs {params.runs} "
        "--tables {input.tables} --samples {input.samples} --out {output} {params.flags} > {log} 2>&1"
