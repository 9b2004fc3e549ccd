# The classification study's networks in PyTorch: trained, pruned, counted and timed.
rule classification_train:
    input:
        samples=f"{CLASSIFICATION_RESULTS}/samples.csv",
        metadata=f"{CLASSIFICATION_RESULTS}/samples.json",
        start=parent,
        code=training_code,
    output:
        model=f"{CLASSIFICATION_RESULTS}/runs/{{network}}-seed{{seed}}/model.pt",
        history=f"{CLASSIFICATION_RESULTS}/runs/{{network}}-seed{{seed}}/history.csv",
        training=f"{CLASSIFICATION_RESULTS}/runs/{{network}}-seed{{seed}}/training.json",
        seconds=f"{CLASSIFICATION_RESULTS}/runs/{{network}}-seed{{seed}}/seconds.json",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/train/{{network}}-seed{{seed}}.log",
    priority: 1
    conda:
        "../envs/boardbench.yaml"
    threads: lambda wildcards: cores(NETWORKS[wildcards.network])
    resources:
        gpu=lambda wildcards: gpus(NETWORKS[wildcards.network]),
        mem_mb=8000,
        runtime=TRAINING_MINUTES,
    params:
        out=subpath(output.model, parent=True),
        dataset=CLASSIFICATION.dataset,
        start=parent_flag,
        tracking=TRACKING,
        flags=training_flags,
    message:
        "Training {wildcards.network}, seed {wildcards.seed}"
    shell:
        "boardbench classification train --name {wildcards.network} --seed {wildcards.seed} --samples {input.samples} "
        "--dataset {params.dataset} {params.start} --out {params.out} --tracking {params.tracking} {params.flags} "
        "> {log} 2>&1"


# Channels or single weights taken out of a trained network, which is trained on.
rule classification_prune:
    input:
        model=f"{CLASSIFICATION_RESULTS}/runs/{{network}}-seed{{seed}}/model.pt",
        samples=f"{CLASSIFICATION_RESULTS}/samples.csv",
        metadata=f"{CLASSIFICATION_RESULTS}/samples.json",
        code=network_pruning_code,
    output:
        model=f"{CLASSIFICATION_RESULTS}/pruned/{{network_pruning}}/{{network}}-seed{{seed}}/model.pt",
        history=f"{CLASSIFICATION_RESULTS}/pruned/{{network_pruning}}/{{network}}-seed{{seed}}/history.csv",
        training=f"{CLASSIFICATION_RESULTS}/pruned/{{network_pruning}}/{{network}}-seed{{seed}}/training.json",
        seconds=f"{CLASSIFICATION_RESULTS}/pruned/{{network_pruning}}/{{network}}-seed{{seed}}/seconds.json",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/prune/{{network_pruning}}/{{network}}-seed{{seed}}.log",
    priority: 1
    conda:
        "../envs/boardbench.yaml"
    threads: lambda wildcards: cores(CLASSIFICATION_PRUNINGS[wildcards.network_pruning])
    resources:
        gpu=lambda wildcards: gpus(CLASSIFICATION_PRUNINGS[wildcards.network_pruning]),
        mem_mb=8000,
        runtime=TRAINING_MINUTES,
    params:
        run=subpath(input.model, parent=True),
        out=subpath(output.model, parent=True),
        tracking=TRACKING,
        flags=network_pruning_flags,
    message:
        "Pruning {wildcards.network}, seed {wildcards.seed}: {wildcards.network_pruning}"
    shell:
        "boardbench classification prune --name {wildcards.network_pruning} --run {params.run} --samples {input.samples} "
        "--out {params.out} --tracking {params.tracking} {params.flags} > {log} 2>&1"


rule classification_evaluate:
    input:
        samples=f"{CLASSIFICATION_RESULTS}/samples.csv",
        metadata=f"{CLASSIFICATION_RESULTS}/samples.json",
        model=f"{CLASSIFICATION_RESULTS}/runs/{{network}}-seed{{seed}}/model.pt",
        training=f"{CLASSIFICATION_RESULTS}/runs/{{network}}-seed{{seed}}/training.json",
        code=evaluation_code,
    output:
        metrics=f"{CLASSIFICATION_RESULTS}/runs/{{network}}-seed{{seed}}/metrics.json",
        predictions=f"{CLASSIFICATION_RESULTS}/runs/{{network}}-seed{{seed}}/predictions.csv",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/evaluate/{{network}}-seed{{seed}}.log",
    conda:
        "../envs/boardbench.yaml"
    threads: lambda wildcards: NETWORKS[wildcards.network].threads
    params:
        out=subpath(output.metrics, parent=True),
    message:
        "Scoring {wildcards.network}, seed {wildcards.seed}"
    shell:
        "boardbench classification evaluate --samples {input.samples} --out {params.out} --threads {threads} > {log} 2>&1"


use rule classification_evaluate as classification_pruned_evaluate with:
    input:
        samples=f"{CLASSIFICATION_RESULTS}/samples.csv",
        metadata=f"{CLASSIFICATION_RESULTS}/samples.json",
        model=f"{CLASSIFICATION_RESULTS}/pruned/{{network_pruning}}/{{network}}-seed{{seed}}/model.pt",
        training=f"{CLASSIFICATION_RESULTS}/pruned/{{network_pruning}}/{{network}}-seed{{seed}}/training.json",
        code=evaluation_code,
    output:
        metrics=f"{CLASSIFICATION_RESULTS}/pruned/{{network_pruning}}/{{network}}-seed{{seed}}/metrics.json",
        predictions=f"{CLASSIFICATION_RESULTS}/pruned/{{network_pruning}}/{{network}}-seed{{seed}}/predictions.csv",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/evaluate/{{network_pruning}}/{{network}}-seed{{seed}}.log",
    threads: lambda wildcards: CLASSIFICATION_PRUNINGS[wildcards.network_pruning].threads
    message:
        "Scoring {wildcards.network}, seed {wildcards.seed}: {wildcards.network_pruning}"


# What the trained networks store and compute, zeros counted apart.
rule classification_complexity:
    input:
        models=expand(
            f"{CLASSIFICATION_RESULTS}/{{run}}/model.pt",
            run=[f"runs/{run}" for run in NETWORK_RUNS]
            + [f"pruned/{run}" for run in CLASSIFICATION_PRUNED_RUNS],
        ),
        code=trained_code("boardbench.classification.complexity"),
    output:
        f"{CLASSIFICATION_RESULTS}/complexity.csv",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/complexity.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        runs=lambda wildcards, input: repeated(
            "runs", [Path(model).parent for model in input.models]
        ),
    message:
        "Counting parameters and operations of trained networks"
    shell:
        "boardbench classification complexity {params.runs} --out {output} > {log} 2>&1"


# What they take on this machine, one batch at a time, in turns.
rule classification_latency:
    input:
        models=expand(
            f"{CLASSIFICATION_RESULTS}/{{run}}/model.pt",
            run=[f"runs/{run}" for run in CLASSIFICATION_LATENCY_RUNS]
            + [f"pruned/{run}" for run in CLASSIFICATION_PRUNED_RUNS],
        ),
        code=trained_code("boardbench.classification.latency"),
    output:
        f"{CLASSIFICATION_RESULTS}/latency.csv",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/latency.log",
    conda:
        "../envs/boardbench.yaml"
    threads: ALONE
    params:
        runs=lambda wildcards, input: repeated(
            "runs", [Path(model).parent for model in input.models]
        ),
        flags=flags(CLASSIFICATION.latency),
    message:
        "Timing trained networks on this machine"
    shell:
        "boardbench classification latency {params.runs} --out {output} {params.flags} > {log} 2>&1"


# What an epoch of training takes, on the processor and, where there is one, on a GPU.
rule bench_epoch:
    input:
        code=sources(
            "boardbench.classification.epoch",
            *(
                f"boardbench.networks.{file_of(name)}"
                for name in CLASSIFICATION.bench.networks
            ),
        ),
    output:
        f"{CLASSIFICATION_RESULTS}/epochs.csv",
    log:
        f"{CLASSIFICATION_RESULTS}/logs/epochs.log",
    conda:
        "../envs/boardbench.yaml"
    threads: ALONE
    params:
        networks=repeated("networks", CLASSIFICATION.bench.networks),
        flags=flags(CLASSIFICATION.bench, leave_out={"networks"}),
    message:
        "Timing an epoch of training on this machine"
    shell:
        "boardbench bench epoch {params.networks} --out {output} {params.flags} > {log} 2>&1"
