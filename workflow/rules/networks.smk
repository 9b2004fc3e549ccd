# The classification study's networks in PyTorch: trained, pruned, counted and timed.
rule classification_train:
    input:
        samples=f"{CLASSIFIED}/samples.csv",
        metadata=f"{CLASSIFIED}/samples.json",
        start=parent,
        code=training_code,
    output:
        model=f"{CLASSIFIED}/runs/{{network}}-seed{{seed}}/model.pt",
        history=f"{CLASSIFIED}/runs/{{network}}-seed{{seed}}/history.csv",
        training=f"{CLASSIFIED}/runs/{{network}}-seed{{seed}}/training.json",
        metrics=f"{CLASSIFIED}/runs/{{network}}-seed{{seed}}/metrics.json",
        predictions=f"{CLASSIFIED}/runs/{{network}}-seed{{seed}}/predictions.csv",
        seconds=f"{CLASSIFIED}/runs/{{network}}-seed{{seed}}/seconds.json",
    log:
        f"{CLASSIFIED}/logs/train/{{network}}-seed{{seed}}.log",
    priority: 1
    conda:
        "../envs/boardbench.yaml"
    threads: lambda wildcards: TRAININGS[wildcards.network].threads
    resources:
        gpu=lambda wildcards: int(TRAININGS[wildcards.network].device != "cpu"),
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
        model=f"{CLASSIFIED}/runs/{{network}}-seed{{seed}}/model.pt",
        samples=f"{CLASSIFIED}/samples.csv",
        metadata=f"{CLASSIFIED}/samples.json",
        code=slimming_code,
    output:
        model=f"{CLASSIFIED}/pruned/{{slimming}}/{{network}}-seed{{seed}}/model.pt",
        history=f"{CLASSIFIED}/pruned/{{slimming}}/{{network}}-seed{{seed}}/history.csv",
        training=f"{CLASSIFIED}/pruned/{{slimming}}/{{network}}-seed{{seed}}/training.json",
        metrics=f"{CLASSIFIED}/pruned/{{slimming}}/{{network}}-seed{{seed}}/metrics.json",
        predictions=f"{CLASSIFIED}/pruned/{{slimming}}/{{network}}-seed{{seed}}/predictions.csv",
        seconds=f"{CLASSIFIED}/pruned/{{slimming}}/{{network}}-seed{{seed}}/seconds.json",
    log:
        f"{CLASSIFIED}/logs/prune/{{slimming}}/{{network}}-seed{{seed}}.log",
    priority: 1
    conda:
        "../envs/boardbench.yaml"
    threads: lambda wildcards: SLIMMINGS[wildcards.slimming].threads
    params:
        run=subpath(input.model, parent=True),
        out=subpath(output.model, parent=True),
        tracking=TRACKING,
        flags=slimming_flags,
    message:
        "Pruning {wildcards.network}, seed {wildcards.seed}: {wildcards.slimming}"
    shell:
        "boardbench classification prune --name {wildcards.slimming} --run {params.run} --samples {input.samples} "
        "--out {params.out} --tracking {params.tracking} {params.flags} > {log} 2>&1"


# What the trained networks store and compute, zeros counted apart.
rule classification_complexity:
    input:
        models=expand(
            f"{CLASSIFIED}/{{run}}/model.pt",
            run=[f"runs/{run}" for run in TRAINED]
            + [f"pruned/{run}" for run in SLIMMED],
        ),
        code=trained_code("boardbench.classification.complexity"),
    output:
        f"{CLASSIFIED}/complexity.csv",
    log:
        f"{CLASSIFIED}/logs/complexity.log",
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
            f"{CLASSIFIED}/{{run}}/model.pt",
            run=[f"runs/{run}" for run in TIMED]
            + [f"pruned/{run}" for run in SLIMMED],
        ),
        code=trained_code("boardbench.classification.latency"),
    output:
        f"{CLASSIFIED}/latency.csv",
    log:
        f"{CLASSIFIED}/logs/latency.log",
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
        f"{CLASSIFIED}/epochs.csv",
    log:
        f"{CLASSIFIED}/logs/epochs.log",
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
