# Which scenes train, validate and test; and the plan of training samples drawn from the training part.
rule split:
    input:
        sheet=SHEET,
        lists=[STUDY.split.file] if STUDY.split.file else [],
        code=sources("boardbench.segmentation.split"),
    output:
        f"{RESULTS}/split.csv",
    log:
        f"{RESULTS}/logs/split.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        flags=flags(STUDY.split),
    message:
        "Splitting by scene"
    shell:
        "boardbench segmentation split --sheet {input.sheet} --out {output} {params.flags} > {log} 2>&1"


rule augmentation:
    input:
        split=f"{RESULTS}/split.csv",
        headers=reflectances(["json"]),
        code=sources("boardbench.segmentation.augmentation"),
    output:
        f"{RESULTS}/augmentation.csv",
    log:
        f"{RESULTS}/logs/augmentation.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        reflectance=folder("headers"),
        epochs=STUDY.training.epochs,
        patch=f"--patch {STUDY.training.patch}" if STUDY.training.patch else "",
        flags=flags(STUDY.augmentation),
    message:
        "Planning the training samples"
    shell:
        "boardbench segmentation augmentation --split {input.split} --reflectance {params.reflectance} "
        "--epochs {params.epochs} {params.patch} --out {output} {params.flags} > {log} 2>&1"
