# Which scenes train, validate and test; and the plan of training samples drawn from the training part.
rule segmentation_split:
    input:
        sheet=SHEET,
        lists=[SEGMENTATION.split.file] if SEGMENTATION.split.file else [],
        code=sources("boardbench.segmentation.split"),
    output:
        SPLIT_BY_SCENE,
    log:
        f"{SEGMENTATION_RESULTS}/logs/split.log",
    localrule: True
    conda:
        "../envs/boardbench.yaml"
    params:
        flags=flags(SEGMENTATION.split.by_scene),
    message:
        "Splitting by scene"
    shell:
        "boardbench segmentation split --sheet {input.sheet} --out {output} {params.flags} > {log} 2>&1"


rule segmentation_augmentation:
    input:
        split=split_file,
        reflectance=manifest_file,
        code=sources("boardbench.segmentation.augmentation"),
    output:
        f"{SEGMENTATION_RESULTS}/augmentation.csv",
    log:
        f"{SEGMENTATION_RESULTS}/logs/augmentation.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        reflectance=reflectance_folder,
        epochs=SEGMENTATION.training.epochs,
        patch=(
            f"--patch {SEGMENTATION.training.patch}"
            if SEGMENTATION.training.patch
            else ""
        ),
        flags=flags(SEGMENTATION.augmentation),
    message:
        "Planning the training samples"
    shell:
        "boardbench segmentation augmentation --split {input.split} --reflectance {params.reflectance} "
        "--epochs {params.epochs} {params.patch} --out {output} {params.flags} > {log} 2>&1"
