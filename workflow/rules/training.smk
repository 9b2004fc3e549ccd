# Training and scoring of each backbone x strategy x seed, and of the rivals without a network.
rule train:
    input:
        split=f"{RESULTS}/split.csv",
        augmentation=f"{RESULTS}/augmentation.csv",
        reflectance=reflectances(),
        normalization=normalization_file,
        reduction=fitted_reduction,
        code=sources("boardbench.segmentation.training"),
        network=network_code,
    output:
        model=f"{RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        history=f"{RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/history.csv",
        training=f"{RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
    log:
        f"{RESULTS}/logs/train/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    priority: 1  # the longest jobs first, so that short ones fill the end
    conda:
        "../envs/boardbench.yaml"
    threads: STUDY.training.threads
    resources:
        gpu=0 if STUDY.training.device == "cpu" else 1,
    params:
        out=subpath(output.model, parent=True),
        dataset=STUDY.dataset,
        classes=repeated("classes", STUDY.classes),
        reflectance=folder("reflectance"),
        inputs=input_flags,
        tracking=TRACKING,
        flags=flags(STUDY.training),
    message:
        "Training {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}"
    shell:
        "boardbench segmentation train --backbone {wildcards.backbone} --strategy {wildcards.strategy} "
        "--seed {wildcards.seed} --dataset {params.dataset} {params.classes} --split {input.split} "
        "--augmentation {input.augmentation} --reflectance {params.reflectance} {params.inputs} "
        "--out {params.out} --tracking {params.tracking} {params.flags} > {log} 2>&1"


use rule train as compared_train with:
    output:
        model=f"{RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        history=f"{RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/history.csv",
        training=f"{RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
    log:
        f"{RESULTS}/logs/normalized/{{normalization}}/train/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    message:
        "Training {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}, normalization {wildcards.normalization}"


rule evaluate:
    input:
        split=f"{RESULTS}/split.csv",
        reflectance=reflectances(),
        normalization=normalization_file,
        reduction=fitted_reduction,
        truth=truths(),
        model=f"{RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        training=f"{RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
        code=sources("boardbench.segmentation.evaluation"),
        network=network_code,
    output:
        metrics=f"{RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/metrics.json",
        confusion=f"{RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/confusion.csv",
        confusions=f"{RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/confusions.csv",
        predictions=directory(
            f"{RESULTS}/runs/{{backbone}}-{{strategy}}-seed{{seed}}/predictions"
        ),
    log:
        f"{RESULTS}/logs/evaluate/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    conda:
        "../envs/boardbench.yaml"
    threads: STUDY.training.threads
    params:
        out=subpath(output.metrics, parent=True),
        reflectance=folder("reflectance"),
        inputs=input_flags,
        truth=f"--truth {TRUTH}" if truths() else "",
    message:
        "Scoring {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}"
    shell:
        "boardbench segmentation evaluate --split {input.split} --reflectance {params.reflectance} "
        "{params.inputs} {params.truth} --out {params.out} --threads {threads} > {log} 2>&1"


use rule evaluate as compared_evaluate with:
    input:
        split=f"{RESULTS}/split.csv",
        reflectance=reflectances(),
        normalization=normalization_file,
        reduction=fitted_reduction,
        truth=truths(),
        model=f"{RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        training=f"{RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
        code=sources("boardbench.segmentation.evaluation"),
        network=network_code,
    output:
        metrics=f"{RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/metrics.json",
        confusion=f"{RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/confusion.csv",
        confusions=f"{RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/confusions.csv",
        predictions=directory(
            f"{RESULTS}/normalized/{{normalization}}/{{backbone}}-{{strategy}}-seed{{seed}}/predictions"
        ),
    log:
        f"{RESULTS}/logs/normalized/{{normalization}}/evaluate/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    message:
        "Scoring {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}, normalization {wildcards.normalization}"


rule floor:
    input:
        split=f"{RESULTS}/split.csv",
        reflectance=reflectances(),
        truth=truths(),
        code=sources("boardbench.segmentation.floors"),
    output:
        metrics=f"{RESULTS}/runs/{{floor}}-none-seed0/metrics.json",
        confusion=f"{RESULTS}/runs/{{floor}}-none-seed0/confusion.csv",
        confusions=f"{RESULTS}/runs/{{floor}}-none-seed0/confusions.csv",
        predictions=directory(f"{RESULTS}/runs/{{floor}}-none-seed0/predictions"),
    log:
        f"{RESULTS}/logs/floor/{{floor}}.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        out=subpath(output.metrics, parent=True),
        dataset=STUDY.dataset,
        classes=repeated("classes", STUDY.classes),
        reflectance=folder("reflectance"),
        truth=f"--truth {TRUTH}" if truths() else "",
    message:
        "Fitting and scoring the floor {wildcards.floor}"
    shell:
        "boardbench segmentation floor --name {wildcards.floor} --split {input.split} "
        "--reflectance {params.reflectance} --dataset {params.dataset} {params.classes} "
        "{params.truth} --out {params.out} > {log} 2>&1"


SHOWN_RUNS = [f"runs/{run}" for run in RUNS + FLOORS] + [
    f"normalized/{run}" for run in NORMALIZED
]


# MLflow shows what the run folders hold; one process for all, because MLflow takes seconds to start.
rule mirror:
    input:
        metrics=expand(f"{RESULTS}/{{run}}/metrics.json", run=SHOWN_RUNS),
        predictions=expand(f"{RESULTS}/{{run}}/predictions", run=SHOWN_RUNS),
        code=sources("boardbench.segmentation.evaluation"),
    output:
        f"{RESULTS}/mirrored.json",
    log:
        f"{RESULTS}/logs/mirror.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        runs=repeated("runs", [f"{RESULTS}/{run}" for run in SHOWN_RUNS]),
        tracking=TRACKING,
    message:
        "Showing the scores in MLflow"
    shell:
        "boardbench segmentation mirror {params.runs} --tracking {params.tracking} --out {output} > {log} 2>&1"
