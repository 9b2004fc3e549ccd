# Training and scoring of each backbone x strategy x seed, and of the models without a network.
rule segmentation_train:
    input:
        split=split_file,
        augmentation=plan_file,
        reflectance=manifest_file,
        normalization=normalization_file,
        reduction=fitted_reduction,
        code=sources("boardbench.segmentation.training"),
        network=network_code,
    output:
        model=f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        history=f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/history.csv",
        seconds=f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/seconds.json",
        training=f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
    log:
        f"{SEGMENTATION_RESULTS}/logs/train/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    priority: 1  # the longest jobs first, so that short ones fill the end
    conda:
        "../envs/boardbench.yaml"
    threads: cores(SEGMENTATION.training)
    resources:
        gpu=gpus(SEGMENTATION.training),
        mem_mb=training_mb(SEGMENTATION.training),
        runtime=TRAINING_MINUTES,
    params:
        out=subpath(output.model, parent=True),
        dataset=SEGMENTATION.dataset,
        classes=repeated("classes", SEGMENTATION.classes),
        reflectance=reflectance_folder,
        inputs=input_flags,
        tracking=TRACKING,
        flags=flags(SEGMENTATION.training),
    message:
        "Training {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}"
    shell:
        "boardbench segmentation train --backbone {wildcards.backbone} --strategy {wildcards.strategy} "
        "--seed {wildcards.seed} --dataset {params.dataset} {params.classes} --split {input.split} "
        "--augmentation {input.augmentation} --reflectance {params.reflectance} {params.inputs} "
        "--out {params.out} --tracking {params.tracking} {params.flags} > {log} 2>&1"


use rule segmentation_train as segmentation_compared_train with:
    output:
        model=f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        history=f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/history.csv",
        seconds=f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/seconds.json",
        training=f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
    log:
        f"{SEGMENTATION_RESULTS}/logs/normalized/{{normalization}}/train/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    message:
        "Training {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}, normalization {wildcards.normalization}"


rule segmentation_evaluate:
    input:
        split=split_file,
        reflectance=manifest_file,
        normalization=normalization_file,
        reduction=fitted_reduction,
        truth=truths(),
        model=f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        training=f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
        code=sources("boardbench.segmentation.evaluation"),
        network=network_code,
    output:
        metrics=f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/metrics.json",
        confusion=f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/confusion.csv",
        confusions=f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/confusions.csv",
        predictions=directory(
            f"{SEGMENTATION_RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/predictions"
        ),
    log:
        f"{SEGMENTATION_RESULTS}/logs/evaluate/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    conda:
        "../envs/boardbench.yaml"
    threads: SEGMENTATION.training.threads
    params:
        out=subpath(output.metrics, parent=True),
        reflectance=reflectance_folder,
        inputs=input_flags,
        truth=f"--truth {TRUTH}" if truths() else "",
    message:
        "Scoring {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}"
    shell:
        "boardbench segmentation evaluate --split {input.split} --reflectance {params.reflectance} "
        "{params.inputs} {params.truth} --out {params.out} --threads {threads} > {log} 2>&1"


use rule segmentation_evaluate as segmentation_compared_evaluate with:
    input:
        split=split_file,
        reflectance=manifest_file,
        normalization=normalization_file,
        reduction=fitted_reduction,
        truth=truths(),
        model=f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        training=f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
        code=sources("boardbench.segmentation.evaluation"),
        network=network_code,
    output:
        metrics=f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/metrics.json",
        confusion=f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/confusion.csv",
        confusions=f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/confusions.csv",
        predictions=directory(
            f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/predictions"
        ),
    log:
        f"{SEGMENTATION_RESULTS}/logs/normalized/{{normalization}}/evaluate/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    message:
        "Scoring {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}, normalization {wildcards.normalization}"


rule segmentation_baseline:
    input:
        split=f"{SEGMENTATION_RESULTS}/split.csv",
        reflectance=MANIFEST,
        truth=truths(),
        code=sources("boardbench.segmentation.baselines"),
    output:
        metrics=f"{SEGMENTATION_RESULTS}/runs/{{baseline}}-none-seed0/metrics.json",
        confusion=f"{SEGMENTATION_RESULTS}/runs/{{baseline}}-none-seed0/confusion.csv",
        confusions=f"{SEGMENTATION_RESULTS}/runs/{{baseline}}-none-seed0/confusions.csv",
        predictions=directory(
            f"{SEGMENTATION_RESULTS}/runs/{{baseline}}-none-seed0/predictions"
        ),
    log:
        f"{SEGMENTATION_RESULTS}/logs/baseline/{{baseline}}.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        out=subpath(output.metrics, parent=True),
        dataset=SEGMENTATION.dataset,
        classes=repeated("classes", SEGMENTATION.classes),
        reflectance=REFLECTANCE,
        truth=f"--truth {TRUTH}" if truths() else "",
    message:
        "Fitting and scoring the baseline {wildcards.baseline}"
    shell:
        "boardbench segmentation baseline --name {wildcards.baseline} --split {input.split} "
        "--reflectance {params.reflectance} --dataset {params.dataset} {params.classes} "
        "{params.truth} --out {params.out} > {log} 2>&1"


SYNCED_RUNS = [f"runs/{run}" for run in SEGMENTATION_RUNS + SEGMENTATION_BASELINES] + [
    f"normalized/{run}" for run in NORMALIZED_RUNS
]
SYNCED_RUNS += [f"audited/{run}" for run in AUDITED_RUNS]


# MLflow shows what the run folders hold; one process for all, because MLflow takes seconds to start.
rule segmentation_sync:
    input:
        metrics=expand(f"{SEGMENTATION_RESULTS}/{{run}}/metrics.json", run=SYNCED_RUNS),
        predictions=expand(
            f"{SEGMENTATION_RESULTS}/{{run}}/predictions", run=SYNCED_RUNS
        ),
        code=sources("boardbench.segmentation.evaluation"),
    output:
        f"{SEGMENTATION_RESULTS}/synced.json",
    log:
        f"{SEGMENTATION_RESULTS}/logs/sync.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        runs=repeated("runs", [f"{SEGMENTATION_RESULTS}/{run}" for run in SYNCED_RUNS]),
        tracking=TRACKING,
    message:
        "Showing the scores in MLflow"
    shell:
        "boardbench segmentation sync {params.runs} --tracking {params.tracking} --out {output} > {log} 2>&1"
