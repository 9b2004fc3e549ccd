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
            f"{PLACEMENT_RESULTS}/logs/photos.log",
        conda:
            "../envs/boardbench.yaml"
        params:
            out=PLACEMENT_RAW,
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
        f"{PLACEMENT_RESULTS}/split.csv",
    log:
        f"{PLACEMENT_RESULTS}/logs/split.log",
    localrule: True
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
rule placement_samples:
    input:
        split=f"{PLACEMENT_RESULTS}/split.csv",
        photos=[files.photo for files in (*PHOTOS.values(), *DISPLACED.values())],
        outlines=[files.outline for files in (*PHOTOS.values(), *DISPLACED.values())],
        code=sources("boardbench.placement.samples"),
    output:
        samples=f"{PLACEMENT_RESULTS}/samples.csv",
        metadata=f"{PLACEMENT_RESULTS}/samples.json",
        images=f"{PLACEMENT_RESULTS}/images.npy",
    log:
        f"{PLACEMENT_RESULTS}/logs/samples.log",
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


# The backbone's features from given weights (or a random start); what frozen ones make of the images is computed once.
rule placement_features:
    input:
        parent=placement_parent(),
        samples=f"{PLACEMENT_RESULTS}/samples.csv",
        metadata=f"{PLACEMENT_RESULTS}/samples.json",
        code=sources("boardbench.placement.features"),
    output:
        weights=f"{PLACEMENT_RESULTS}/weights.pt",
        metadata=f"{PLACEMENT_RESULTS}/weights.json",
    log:
        f"{PLACEMENT_RESULTS}/logs/features.log",
    conda:
        "../envs/boardbench.yaml"
    threads: PLACEMENT.training.threads
    params:
        frozen="--frozen" if "frozen" in PLACEMENT.init else "",
        flags=flags(PLACEMENT.training),
    message:
        "Taking the backbone's features"
    shell:
        "boardbench placement features --samples {input.samples} --out {output.weights} --threads {threads} "
        "{params.frozen} {params.flags} > {log} 2>&1"


rule placement_train:
    input:
        samples=f"{PLACEMENT_RESULTS}/samples.csv",
        metadata=f"{PLACEMENT_RESULTS}/samples.json",
        start=start,
        code=sources("boardbench.placement.training"),
    output:
        model=f"{PLACEMENT_RESULTS}/runs/{{init}}-{{loss}}-seed{{seed}}/model.pt",
        history=f"{PLACEMENT_RESULTS}/runs/{{init}}-{{loss}}-seed{{seed}}/history.csv",
        seconds=f"{PLACEMENT_RESULTS}/runs/{{init}}-{{loss}}-seed{{seed}}/seconds.json",
        training=f"{PLACEMENT_RESULTS}/runs/{{init}}-{{loss}}-seed{{seed}}/training.json",
    log:
        f"{PLACEMENT_RESULTS}/logs/train/{{init}}-{{loss}}-seed{{seed}}.log",
    priority: 1
    conda:
        "../envs/boardbench.yaml"
    threads: cores(PLACEMENT.training)
    resources:
        gpu=gpus(PLACEMENT.training),
        mem_mb=8000,
        runtime=TRAINING_MINUTES,
    params:
        out=subpath(output.model, parent=True),
        dataset=PLACEMENT.dataset,
        start=start_flag,
        tracking=TRACKING,
        flags=flags(PLACEMENT.training),
    message:
        "Training on placement, {wildcards.init} start, loss {wildcards.loss}, seed {wildcards.seed}"
    shell:
        "boardbench placement train --init {wildcards.init} --loss {wildcards.loss} --seed {wildcards.seed} "
        "--dataset {params.dataset} --samples {input.samples} {params.start} --out {params.out} "
        "--tracking {params.tracking} {params.flags} > {log} 2>&1"


rule placement_evaluate:
    input:
        samples=f"{PLACEMENT_RESULTS}/samples.csv",
        metadata=f"{PLACEMENT_RESULTS}/samples.json",
        model=f"{PLACEMENT_RESULTS}/runs/{{init}}-{{loss}}-seed{{seed}}/model.pt",
        training=f"{PLACEMENT_RESULTS}/runs/{{init}}-{{loss}}-seed{{seed}}/training.json",
        code=sources("boardbench.placement.evaluation", "boardbench.placement.model"),
    output:
        metrics=f"{PLACEMENT_RESULTS}/runs/{{init}}-{{loss}}-seed{{seed}}/metrics.json",
        predictions=f"{PLACEMENT_RESULTS}/runs/{{init}}-{{loss}}-seed{{seed}}/predictions.csv",
        roc=f"{PLACEMENT_RESULTS}/runs/{{init}}-{{loss}}-seed{{seed}}/roc.csv",
    log:
        f"{PLACEMENT_RESULTS}/logs/evaluate/{{init}}-{{loss}}-seed{{seed}}.log",
    conda:
        "../envs/boardbench.yaml"
    threads: PLACEMENT.training.threads
    params:
        out=subpath(output.metrics, parent=True),
        flags=flags(PLACEMENT.tolerance),
    message:
        "Scoring placement, {wildcards.init} start, loss {wildcards.loss}, seed {wildcards.seed}"
    shell:
        "boardbench placement evaluate --samples {input.samples} --out {params.out} --threads {threads} "
        "{params.flags} > {log} 2>&1"


rule placement_baseline:
    input:
        samples=f"{PLACEMENT_RESULTS}/samples.csv",
        metadata=f"{PLACEMENT_RESULTS}/samples.json",
        code=sources("boardbench.placement.baselines"),
    output:
        metrics=f"{PLACEMENT_RESULTS}/runs/{{placement_baseline}}-none-seed0/metrics.json",
        predictions=f"{PLACEMENT_RESULTS}/runs/{{placement_baseline}}-none-seed0/predictions.csv",
        roc=f"{PLACEMENT_RESULTS}/runs/{{placement_baseline}}-none-seed0/roc.csv",
    log:
        f"{PLACEMENT_RESULTS}/logs/baseline/{{placement_baseline}}.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        out=subpath(output.metrics, parent=True),
        dataset=PLACEMENT.dataset,
        flags=flags(PLACEMENT.tolerance),
    message:
        "Fitting and scoring the baseline {wildcards.placement_baseline}"
    shell:
        "boardbench placement baseline --name {wildcards.placement_baseline} --samples {input.samples} --dataset {params.dataset} "
        "--out {params.out} {params.flags} > {log} 2>&1"


rule placement_sync:
    input:
        metrics=expand(
            f"{PLACEMENT_RESULTS}/runs/{{run}}/metrics.json",
            run=PLACEMENT_RUNS + PLACEMENT_BASELINES,
        ),
        code=sources("boardbench.placement.evaluation"),
    output:
        f"{PLACEMENT_RESULTS}/synced.json",
    log:
        f"{PLACEMENT_RESULTS}/logs/sync.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        runs=repeated(
            "runs",
            [
                f"{PLACEMENT_RESULTS}/runs/{run}"
                for run in PLACEMENT_RUNS + PLACEMENT_BASELINES
            ],
        ),
        tracking=TRACKING,
    message:
        "Showing the placement scores in MLflow"
    shell:
        "boardbench placement sync {params.runs} --tracking {params.tracking} --out {output} > {log} 2>&1"


rule placement_complexity:
    input:
        code=sources("boardbench.placement.complexity"),
    output:
        f"{PLACEMENT_RESULTS}/complexity.csv",
    log:
        f"{PLACEMENT_RESULTS}/logs/complexity.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        network=f"--backbone {PLACEMENT.training.backbone} --width {PLACEMENT.training.width}",
        size=repeated("size", PLACEMENT.synthesis.size),
    message:
        "Counting the placement network"
    shell:
        "boardbench placement complexity {params.network} {params.size} --out {output} > {log} 2>&1"


# One run of each init as ONNX files from photo to corners; the losses make networks of equal cost.
rule placement_export:
    input:
        model=f"{PLACEMENT_RESULTS}/runs/{{placement_run}}/model.pt",
        photos=[files.photo for files in PHOTOS.values()],
        code=sources("boardbench.placement.export"),
    output:
        models=placement_exports(0, ["{placement_run}"]),
        checks=placement_exports(1, ["{placement_run}"]),
    log:
        f"{PLACEMENT_RESULTS}/logs/export/{{placement_run}}.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        run=subpath(input.model, parent=True),
        photos=repeated("photos", [files.photo for files in PHOTOS.values()]),
        precisions=repeated("precisions", PLACEMENT.deployment.precisions),
    message:
        "Exporting {wildcards.placement_run} from photo to corners"
    shell:
        "boardbench placement export --run {params.run} {params.precisions} {params.photos} --unregistered > {log} 2>&1"


rule placement_latency:
    input:
        models=placement_exports(0, PLACEMENT_LATENCY_RUNS),
        samples=f"{PLACEMENT_RESULTS}/samples.csv",
        metadata=f"{PLACEMENT_RESULTS}/samples.json",
        code=sources("boardbench.placement.latency"),
    output:
        f"{PLACEMENT_RESULTS}/latency.csv",
    log:
        f"{PLACEMENT_RESULTS}/logs/latency.log",
    conda:
        "../envs/boardbench.yaml"
    threads: ALONE
    params:
        models=repeated("models", placement_exports(0, PLACEMENT_LATENCY_RUNS)),
        baselines=repeated("baselines", PLACEMENT.baselines),
        flags=flags(PLACEMENT.deployment),
    message:
        "Timing inspections on this machine"
    shell:
        "boardbench placement latency {params.models} {params.baselines} --samples {input.samples} --out {output} "
        "{params.flags} > {log} 2>&1"
