# The classification study: what learns, and what no learning is worth, on images that everybody knows.
rule classification_samples:
    input:
        files=archive_files(),
        code=sources("boardbench.classification.samples"),
    output:
        samples=f"{CLASSIFICATION_RESULTS}/samples.csv",
        metadata=f"{CLASSIFICATION_RESULTS}/samples.json",
        images=f"{CLASSIFICATION_RESULTS}/images.npy",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/samples.log",
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
rule classification_baseline:
    input:
        samples=f"{CLASSIFICATION_RESULTS}/samples.csv",
        metadata=f"{CLASSIFICATION_RESULTS}/samples.json",
        code=baseline_code,
    output:
        metrics=f"{CLASSIFICATION_RESULTS}/runs/{{method}}-{{distance}}-{{normalization}}/metrics.json",
        predictions=f"{CLASSIFICATION_RESULTS}/runs/{{method}}-{{distance}}-{{normalization}}/predictions.csv",
        seconds=f"{CLASSIFICATION_RESULTS}/runs/{{method}}-{{distance}}-{{normalization}}/seconds.json",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/baseline/{{method}}-{{distance}}-{{normalization}}.log",
    conda:
        "../envs/boardbench.yaml"
    threads: CLASSIFICATION.baselines.threads
    resources:
        mem_mb=8000,
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
rule classification_numpy_network:
    input:
        samples=f"{CLASSIFICATION_RESULTS}/samples.csv",
        metadata=f"{CLASSIFICATION_RESULTS}/samples.json",
        code=sources("boardbench.classification.numpy_networks.run"),
    output:
        model=f"{CLASSIFICATION_RESULTS}/runs/{{name}}-seed{{seed}}/model.npz",
        history=f"{CLASSIFICATION_RESULTS}/runs/{{name}}-seed{{seed}}/history.csv",
        training=f"{CLASSIFICATION_RESULTS}/runs/{{name}}-seed{{seed}}/training.json",
        metrics=f"{CLASSIFICATION_RESULTS}/runs/{{name}}-seed{{seed}}/metrics.json",
        predictions=f"{CLASSIFICATION_RESULTS}/runs/{{name}}-seed{{seed}}/predictions.csv",
        seconds=f"{CLASSIFICATION_RESULTS}/runs/{{name}}-seed{{seed}}/seconds.json",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/numpy_network/{{name}}-seed{{seed}}.log",
    priority: 1
    conda:
        "../envs/boardbench.yaml"
    threads: CLASSIFICATION.numpy_networks.threads
    resources:
        mem_mb=8000,
        runtime=TRAINING_MINUTES,
    params:
        out=subpath(output.model, parent=True),
        dataset=CLASSIFICATION.dataset,
        flags=numpy_network_flags,
    message:
        "Training {wildcards.name} in NumPy, seed {wildcards.seed}"
    shell:
        "boardbench classification numpy-network --name {wildcards.name} --seed {wildcards.seed} --samples {input.samples} "
        "--dataset {params.dataset} --out {params.out} --threads {threads} {params.flags} > {log} 2>&1"


rule classification_sync:
    input:
        metrics=classification_files("metrics.json"),
        code=sources("boardbench.classification.evaluation"),
    output:
        f"{CLASSIFICATION_RESULTS}/synced.json",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/sync.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        runs=repeated("runs", classification_files("")),
        tracking=TRACKING,
    message:
        "Showing the classification scores in MLflow"
    shell:
        "boardbench classification sync {params.runs} --tracking {params.tracking} --out {output} > {log} 2>&1"


rule classification_tables:
    input:
        metrics=classification_files("metrics.json"),
        predictions=classification_files("predictions.csv"),
        seconds=classification_files("seconds.json"),
        complexity=[f"{CLASSIFICATION_RESULTS}/complexity.csv"] if NETWORK_RUNS else [],
        latency=[f"{CLASSIFICATION_RESULTS}/latency.csv"] if NETWORK_RUNS else [],
        epochs=(
            [f"{CLASSIFICATION_RESULTS}/epochs.csv"]
            if CLASSIFICATION.bench.networks
            else []
        ),
        samples=f"{CLASSIFICATION_RESULTS}/samples.csv",
        metadata=f"{CLASSIFICATION_RESULTS}/samples.json",
        published=sorted(
            str(path) for path in (REPORTS / "published").glob("cifar10_*.csv")
        ),
        code=sources("boardbench.report.classification.verbs"),
    output:
        in_report(f"{CLASSIFICATION_RESULTS}/tables", "csv"),
    log:
        f"{CLASSIFICATION_RESULTS}/logs/tables.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        results=subpath(output[0], parent=True),
        settings=settings(CLASSIFICATION),
        reports=lambda wildcards: word(str(REPORTS)),
    message:
        "Putting classification runs beside the published numbers"
    shell:
        "boardbench classification tables --results {params.results} {params.settings} --published {params.reports}/published "
        "--out {output} > {log} 2>&1"


rule classification_figures:
    input:
        metrics=classification_files("metrics.json"),
        predictions=classification_files("predictions.csv"),
        histories=expand(
            f"{CLASSIFICATION_RESULTS}/runs/{{run}}/history.csv",
            run=NUMPY_RUNS + NETWORK_RUNS,
        ),
        tables=f"{CLASSIFICATION_RESULTS}/tables",
        samples=f"{CLASSIFICATION_RESULTS}/samples.csv",
        metadata=f"{CLASSIFICATION_RESULTS}/samples.json",
        code=sources("boardbench.report.classification.verbs"),
    output:
        in_report(f"{CLASSIFICATION_RESULTS}/figures", "svg", "png"),
    log:
        f"{CLASSIFICATION_RESULTS}/logs/figures.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        results=subpath(output[0], parent=True),
        settings=settings(CLASSIFICATION),
    message:
        "Drawing the images, loss curves and confusions"
    shell:
        "boardbench classification figures --results {params.results} {params.settings} --tables {input.tables} "
        "--out {output} > {log} 2>&1"
