# Counts to reflectance: white and dark references, integration times, band trimming, working size.
rule reflectance:
    input:
        capture_files,
    output:
        cube=f"{CALIBRATED}/{{capture}}.npy",
        header=f"{CALIBRATED}/{{capture}}.json",
        mask=f"{CALIBRATED}/{{capture}}.png",
        truth=f"{TRUTH}/{{capture}}.png",
    log:
        f"{SEGMENTATION_RESULTS}/logs/reflectance/{{capture}}.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        capture=capture_flags,
        # As a value: as inputs of every capture its files made up half of the plan.
        code=hash_of_sources("boardbench.captures.reflectance"),
        classes=len(SEGMENTATION.classes),
        flags=flags(SEGMENTATION.reflectance),
    message:
        "Calibrating {wildcards.capture}"
    shell:
        "boardbench reflectance {params.capture} --classes {params.classes} --out {output.cube} --truth {output.truth} "
        "{params.flags} > {log} 2>&1"


rule segmentation_manifest:
    input:
        lambda wildcards: [
            f"{CALIBRATED}/{name}.{kind}"
            for name in CAPTURES
            for kind in ("json", "png")
        ],
        sheet=SHEET,
        code=sources("boardbench.segmentation.manifest"),
    output:
        CALIBRATED_MANIFEST,
    log:
        f"{SEGMENTATION_RESULTS}/logs/manifest.log",
    localrule: True
    conda:
        "../envs/boardbench.yaml"
    params:
        reflectance=lambda wildcards, input: Path(input[0]).parent,
    message:
        "Listing the calibrated captures"
    shell:
        "boardbench segmentation manifest --sheet {input.sheet} --reflectance {params.reflectance} --out {output} > {log} 2>&1"
