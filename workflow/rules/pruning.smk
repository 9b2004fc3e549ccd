# Trained runs with channels or weights taken out, and trained on; scored like any run.
rule segmentation_prune:
    input:
        model=f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        split=f"{SEGMENTATION_RESULTS}/split.csv",
        augmentation=f"{SEGMENTATION_RESULTS}/augmentation.csv",
        reflectance=MANIFEST,
        normalization=normalization_file,
        reduction=fitted_reduction,
        code=sources("boardbench.segmentation.pruning"),
        network=network_code,
    output:
        model=f"{SEGMENTATION_RESULTS}/pruned/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        history=f"{SEGMENTATION_RESULTS}/pruned/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}/history.csv",
        seconds=f"{SEGMENTATION_RESULTS}/pruned/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}/seconds.json",
        training=f"{SEGMENTATION_RESULTS}/pruned/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
    log:
        f"{SEGMENTATION_RESULTS}/logs/prune/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    priority: 1
    conda:
        "../envs/boardbench.yaml"
    threads: lambda wildcards: cores(SEGMENTATION_PRUNINGS[wildcards.pruning])
    resources:
        gpu=lambda wildcards: gpus(SEGMENTATION_PRUNINGS[wildcards.pruning]),
        mem_mb=lambda wildcards: training_mb(SEGMENTATION_PRUNINGS[wildcards.pruning]),
        runtime=TRAINING_MINUTES,
    params:
        run=subpath(input.model, parent=True),
        out=subpath(output.model, parent=True),
        reflectance=REFLECTANCE,
        inputs=input_flags,
        tracking=TRACKING,
        flags=pruning_flags,
    message:
        "Pruning {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}: {wildcards.pruning}"
    shell:
        "boardbench segmentation prune --name {wildcards.pruning} --run {params.run} --split {input.split} "
        "--augmentation {input.augmentation} --reflectance {params.reflectance} {params.inputs} "
        "--out {params.out} --tracking {params.tracking} {params.flags} > {log} 2>&1"


rule segmentation_pruned_evaluate:
    input:
        split=f"{SEGMENTATION_RESULTS}/split.csv",
        reflectance=MANIFEST,
        normalization=normalization_file,
        reduction=fitted_reduction,
        truth=truths(),
        model=f"{SEGMENTATION_RESULTS}/pruned/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        training=f"{SEGMENTATION_RESULTS}/pruned/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
        code=sources("boardbench.segmentation.evaluation"),
        network=network_code,
    output:
        metrics=f"{SEGMENTATION_RESULTS}/pruned/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}/metrics.json",
        confusion=f"{SEGMENTATION_RESULTS}/pruned/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}/confusion.csv",
        confusions=f"{SEGMENTATION_RESULTS}/pruned/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}/confusions.csv",
        predictions=directory(
            f"{SEGMENTATION_RESULTS}/pruned/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}/predictions"
        ),
    log:
        f"{SEGMENTATION_RESULTS}/logs/evaluate/{{pruning}}/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    conda:
        "../envs/boardbench.yaml"
    threads: SEGMENTATION.training.threads
    params:
        out=subpath(output.metrics, parent=True),
        reflectance=REFLECTANCE,
        inputs=input_flags,
        truth=f"--truth {TRUTH}" if truths() else "",
    message:
        "Scoring {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}: {wildcards.pruning}"
    shell:
        "boardbench segmentation evaluate --split {input.split} --reflectance {params.reflectance} "
        "{params.inputs} {params.truth} --out {params.out} --threads {threads} > {log} 2>&1"
