PLACED_MEMBERS = " ".join(
    [
        repeated("features", PLACEMENT.features),
        repeated("losses", PLACEMENT.losses),
        repeated("seeds", PLACEMENT.seeds),
        repeated("floors", PLACEMENT.floors),
    ]
)


# The placement study: a chip's four corners on photos of its board, learnt from images made of a few photos.
if PLACEMENT.source == "simulate":

    rule photos:
        input:
            code=sources("boardbench.simulate.photos"),
        output:
            [file for files in PHOTOS.values() for file in (files.photo, files.outline)],
            [
                file
                for files in DISPLACED.values()
                for file in (files.photo, files.outline)
            ],
        log:
            f"{PLACED}/logs/photos.log",
        conda:
            "../envs/boardbench.yaml"
        params:
            out=PHOTOGRAPHED,
            flags=flags(PLACEMENT.simulate),
        message:
            "Rendering photos of boards"
        shell:
            "boardbench photos --out {params.out} {params.flags} > {log} 2>&1"


# Which photos train, and which are never seen before the test.
rule placement_split:
    input:
        photos=[files.photo for files in PHOTOS.values()],
        displaced=[files.photo for files in DISPLACED.values()],
        code=sources("boardbench.placement.split"),
    output:
        f"{PLACED}/split.csv",
    log:
        f"{PLACED}/logs/split.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        photos=repeated("photos", [files.photo for files in PHOTOS.values()]),
        displaced=repeated("displaced", [files.photo for files in DISPLACED.values()]),
        flags=flags(PLACEMENT.split),
    message:
        "Splitting by photo"
    shell:
        "boardbench placement split {params.photos} {params.displaced} --out {output} {params.flags} > {log} 2>&1"


# Images: the chip cut out of a photo, the hole filled, the chip put back shifted and turned; labels by construction.
rule samples:
    input:
        split=f"{PLACED}/split.csv",
        photos=[files.photo for files in (*PHOTOS.values(), *DISPLACED.values())],
        outlines=[files.outline for files in (*PHOTOS.values(), *DISPLACED.values())],
        code=sources("boardbench.placement.samples"),
    output:
        samples=f"{PLACED}/samples.csv",
        metadata=f"{PLACED}/samples.json",
        images=f"{PLACED}/images.npy",
    log:
        f"{PLACED}/logs/samples.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        files=photo_flags(),
        mm_per_pixel=PLACEMENT.mm_per_pixel,
        split=f"--protocol {PLACEMENT.split.protocol} --validation {PLACEMENT.split.validation}",
        flags=flags(PLACEMENT.synthesis),
    message:
        "Making images of displaced chips"
    shell:
        "boardbench placement samples --split {input.split} {params.files} --mm-per-pixel {params.mm_per_pixel} "
        "{params.split} --out {output.samples} {params.flags} > {log} 2>&1"


# MobileNetV2's features from given weights (or a random start); what frozen ones make of the images is computed once.
rule features:
    input:
        parent=placement_parent(),
        samples=f"{PLACED}/samples.csv",
        metadata=f"{PLACED}/samples.json",
        code=sources("boardbench.placement.features"),
    output:
        weights=f"{PLACED}/weights.pt",
        metadata=f"{PLACED}/weights.json",
    log:
        f"{PLACED}/logs/features.log",
    conda:
        "../envs/boardbench.yaml"
    threads: PLACEMENT.training.threads
    params:
        frozen="--frozen" if "frozen" in PLACEMENT.features else "",
        flags=flags(PLACEMENT.training),
    message:
        "Taking MobileNetV2's features"
    shell:
        "boardbench placement features --samples {input.samples} --out {output.weights} --threads {threads} "
        "{params.frozen} {params.flags} > {log} 2>&1"


rule placement_train:
    input:
        samples=f"{PLACED}/samples.csv",
        metadata=f"{PLACED}/samples.json",
        start=start,
        code=sources("boardbench.placement.training"),
    output:
        model=f"{PLACED}/runs/{{features}}-{{loss}}-seed{{seed}}/model.pt",
        history=f"{PLACED}/runs/{{features}}-{{loss}}-seed{{seed}}/history.csv",
        training=f"{PLACED}/runs/{{features}}-{{loss}}-seed{{seed}}/training.json",
    log:
        f"{PLACED}/logs/train/{{features}}-{{loss}}-seed{{seed}}.log",
    priority: 1
    conda:
        "../envs/boardbench.yaml"
    threads: PLACEMENT.training.threads
    resources:
        gpu=0 if PLACEMENT.training.device == "cpu" else 1,
    params:
        out=subpath(output.model, parent=True),
        dataset=PLACEMENT.dataset,
        start=start_flag,
        tracking=TRACKING,
        flags=flags(PLACEMENT.training),
    message:
        "Training on placement, {wildcards.features} features, loss {wildcards.loss}, seed {wildcards.seed}"
    shell:
        "boardbench placement train --features {wildcards.features} --loss {wildcards.loss} --seed {wildcards.seed} "
        "--dataset {params.dataset} --samples {input.samples} {params.start} --out {params.out} "
        "--tracking {params.tracking} {params.flags} > {log} 2>&1"


rule placement_evaluate:
    input:
        samples=f"{PLACED}/samples.csv",
        metadata=f"{PLACED}/samples.json",
        model=f"{PLACED}/runs/{{features}}-{{loss}}-seed{{seed}}/model.pt",
        training=f"{PLACED}/runs/{{features}}-{{loss}}-seed{{seed}}/training.json",
        code=sources("boardbench.placement.evaluation", "boardbench.placement.model"),
    output:
        metrics=f"{PLACED}/runs/{{features}}-{{loss}}-seed{{seed}}/metrics.json",
        predictions=f"{PLACED}/runs/{{features}}-{{loss}}-seed{{seed}}/predictions.csv",
        roc=f"{PLACED}/runs/{{features}}-{{loss}}-seed{{seed}}/roc.csv",
    log:
        f"{PLACED}/logs/evaluate/{{features}}-{{loss}}-seed{{seed}}.log",
    conda:
        "../envs/boardbench.yaml"
    threads: PLACEMENT.training.threads
    params:
        out=subpath(output.metrics, parent=True),
        flags=flags(PLACEMENT.tolerance),
    message:
        "Scoring placement, {wildcards.features} features, loss {wildcards.loss}, seed {wildcards.seed}"
    shell:
        "boardbench placement evaluate --samples {input.samples} --out {params.out} --threads {threads} "
        "{params.flags} > {log} 2>&1"


rule placement_floor:
    input:
        samples=f"{PLACED}/samples.csv",
        metadata=f"{PLACED}/samples.json",
        code=sources("boardbench.placement.floors"),
    output:
        metrics=f"{PLACED}/runs/{{rival}}-none-seed0/metrics.json",
        predictions=f"{PLACED}/runs/{{rival}}-none-seed0/predictions.csv",
        roc=f"{PLACED}/runs/{{rival}}-none-seed0/roc.csv",
    log:
        f"{PLACED}/logs/floor/{{rival}}.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        out=subpath(output.metrics, parent=True),
        dataset=PLACEMENT.dataset,
        flags=flags(PLACEMENT.tolerance),
    message:
        "Fitting and scoring the floor {wildcards.rival}"
    shell:
        "boardbench placement floor --name {wildcards.rival} --samples {input.samples} --dataset {params.dataset} "
        "--out {params.out} {params.flags} > {log} 2>&1"


rule placement_mirror:
    input:
        metrics=expand(f"{PLACED}/runs/{{run}}/metrics.json", run=PLACINGS + RIVALS),
        code=sources("boardbench.placement.evaluation"),
    output:
        f"{PLACED}/mirrored.json",
    log:
        f"{PLACED}/logs/mirror.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        runs=repeated("runs", [f"{PLACED}/runs/{run}" for run in PLACINGS + RIVALS]),
        tracking=TRACKING,
    message:
        "Showing the placement scores in MLflow"
    shell:
        "boardbench placement mirror {params.runs} --tracking {params.tracking} --out {output} > {log} 2>&1"


rule placement_complexity:
    input:
        code=sources("boardbench.placement.complexity"),
    output:
        f"{PLACED}/complexity.csv",
    log:
        f"{PLACED}/logs/complexity.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        width=PLACEMENT.training.width,
        size=repeated("size", PLACEMENT.synthesis.size),
    message:
        "Counting the placement network"
    shell:
        "boardbench placement complexity --width {params.width} {params.size} --out {output} > {log} 2>&1"


# One run of each kind of features as ONNX files from photo to corners; the losses make networks of equal cost.
rule placement_export:
    input:
        model=f"{PLACED}/runs/{{placing}}/model.pt",
        photos=[files.photo for files in PHOTOS.values()],
        code=sources("boardbench.placement.export"),
    output:
        models=placed_files(0, ["{placing}"]),
        checks=placed_files(1, ["{placing}"]),
    log:
        f"{PLACED}/logs/export/{{placing}}.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        run=subpath(input.model, parent=True),
        photos=repeated("photos", [files.photo for files in PHOTOS.values()]),
        precisions=repeated("precisions", PLACEMENT.deployment.precisions),
    message:
        "Exporting {wildcards.placing} from photo to corners"
    shell:
        "boardbench placement export --run {params.run} {params.precisions} {params.photos} --unregistered > {log} 2>&1"


rule placement_latency:
    input:
        models=placed_files(0, SHOWN),
        samples=f"{PLACED}/samples.csv",
        metadata=f"{PLACED}/samples.json",
        code=sources("boardbench.placement.latency"),
    output:
        f"{PLACED}/latency.csv",
    log:
        f"{PLACED}/logs/latency.log",
    conda:
        "../envs/boardbench.yaml"
    threads: ALONE
    params:
        models=repeated("models", placed_files(0, SHOWN)),
        floors=repeated("floors", PLACEMENT.floors),
        flags=flags(PLACEMENT.deployment),
    message:
        "Timing inspections on this machine"
    shell:
        "boardbench placement latency {params.models} {params.floors} --samples {input.samples} --out {output} "
        "{params.flags} > {log} 2>&1"
