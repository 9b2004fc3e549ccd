# Splits that leak, made on purpose, and every network trained by each of them: what is the leak worth?
rule segmentation_audit:
    input:
        split=SPLIT_BY_SCENE,
        reflectance=CALIBRATED_MANIFEST,
        code=sources("boardbench.segmentation.audit"),
    output:
        split=f"{AUDITED}/{{leak}}/split.csv",
        manifest=f"{AUDITED}/{{leak}}/captures.sha256",
        counts=f"{AUDITED}/{{leak}}/audit.json",
        reflectance=directory(f"{AUDITED}/{{leak}}/reflectance"),
    log:
        f"{SEGMENTATION_RESULTS}/logs/audited/{{leak}}/split.log",
    priority: 4  # all else of this split waits for it
    conda:
        "../envs/boardbench.yaml"
    params:
        out=subpath(output.split, parent=True),
        reflectance=CALIBRATED,
        flags=lambda wildcards: flags(SEGMENTATION.split.audited(wildcards.leak)),
    message:
        "Splitting by {wildcards.leak}, which leaks"
    shell:
        "boardbench segmentation audit --split {input.split} --reflectance {params.reflectance} --out {params.out} "
        "{params.flags} > {log} 2>&1"


# The study's own split, where it is one of them.
if LEAKING:

    use rule segmentation_audit as segmentation_leaking_split with:
        output:
            split=SPLIT,
            manifest=MANIFEST,
            counts=f"{SEGMENTATION_RESULTS}/audit.json",
            reflectance=directory(REFLECTANCE),
        log:
            f"{SEGMENTATION_RESULTS}/logs/leaking_split.log",
        params:
            out=subpath(output.split, parent=True),
            reflectance=CALIBRATED,
            flags=flags(SEGMENTATION.split.audited(SEGMENTATION.split.protocol)),
        message:
            "Splitting in a way that leaks"


use rule segmentation_augmentation as segmentation_audited_augmentation with:
    output:
        f"{AUDITED}/{{leak}}/augmentation.csv",
    log:
        f"{SEGMENTATION_RESULTS}/logs/audited/{{leak}}/augmentation.log",


use rule segmentation_normalization as segmentation_audited_normalization with:
    output:
        f"{AUDITED}/{{leak}}/normalization.npz",
    log:
        f"{SEGMENTATION_RESULTS}/logs/audited/{{leak}}/normalization.log",


use rule segmentation_reduction as segmentation_audited_reduction with:
    output:
        f"{AUDITED}/{{leak}}/reduction/{{strategy}}.npz",
    log:
        f"{SEGMENTATION_RESULTS}/logs/audited/{{leak}}/reduction/{{strategy}}.log",
    message:
        "Fitting {wildcards.strategy}, split by {wildcards.leak}"


use rule segmentation_train as segmentation_audited_train with:
    output:
        model=f"{AUDITED}/{{leak}}/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        history=f"{AUDITED}/{{leak}}/{{backbone}}-{{strategy}}-seed{{seed}}/history.csv",
        seconds=f"{AUDITED}/{{leak}}/{{backbone}}-{{strategy}}-seed{{seed}}/seconds.json",
        training=f"{AUDITED}/{{leak}}/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
    log:
        f"{SEGMENTATION_RESULTS}/logs/audited/{{leak}}/train/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    message:
        "Training {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}, split by {wildcards.leak}"


use rule segmentation_evaluate as segmentation_audited_evaluate with:
    input:
        split=split_file,
        reflectance=manifest_file,
        normalization=normalization_file,
        reduction=fitted_reduction,
        truth=[],
        model=f"{AUDITED}/{{leak}}/{{backbone}}-{{strategy}}-seed{{seed}}/model.pt",
        training=f"{AUDITED}/{{leak}}/{{backbone}}-{{strategy}}-seed{{seed}}/training.json",
        code=sources("boardbench.segmentation.evaluation"),
        network=network_code,
    output:
        metrics=f"{AUDITED}/{{leak}}/{{backbone}}-{{strategy}}-seed{{seed}}/metrics.json",
        confusion=f"{AUDITED}/{{leak}}/{{backbone}}-{{strategy}}-seed{{seed}}/confusion.csv",
        confusions=f"{AUDITED}/{{leak}}/{{backbone}}-{{strategy}}-seed{{seed}}/confusions.csv",
        predictions=directory(
            f"{AUDITED}/{{leak}}/{{backbone}}-{{strategy}}-seed{{seed}}/predictions"
        ),
    log:
        f"{SEGMENTATION_RESULTS}/logs/audited/{{leak}}/evaluate/{{backbone}}-{{strategy}}-seed{{seed}}.log",
    message:
        "Scoring {wildcards.backbone} on {wildcards.strategy}, seed {wildcards.seed}, split by {wildcards.leak}"
