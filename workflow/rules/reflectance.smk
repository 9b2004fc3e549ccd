# Counts to reflectance: white and dark references, integration times, band trimming, working size.
rule reflectance:
    input:
        capture=lambda wildcards: CAPTURES[wildcards.capture].files,
        code=sources("boardbench.captures.reflectance"),
    output:
        cube=f"{REFLECTANCE}/{{capture}}.npy",
        header=f"{REFLECTANCE}/{{capture}}.json",
        mask=f"{REFLECTANCE}/{{capture}}.png",
        truth=f"{TRUTH}/{{capture}}.png",
    log:
        f"{SEGMENTATION_RESULTS}/logs/reflectance/{{capture}}.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        capture=capture_flags,
        classes=len(SEGMENTATION.classes),
        flags=flags(SEGMENTATION.reflectance),
    message:
        "Calibrating {wildcards.capture}"
    shell:
        "boardbench reflectance {params.capture} --classes {params.classes} --out {output.cube} --truth {output.truth} "
        "{params.flags} > {log} 2>&1"
