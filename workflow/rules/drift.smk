# What training captures are like: 'predict' and 'stream' hold what they see against it. And which drifts are noticed.
rule segmentation_drift:
    input:
        split=f"{SEGMENTATION_RESULTS}/split.csv",
        sheet=SHEET,
        reflectance=MANIFEST,
        code=sources("boardbench.segmentation.drift.fit"),
    output:
        drift=f"{SEGMENTATION_RESULTS}/drift.json",
        trials=f"{SEGMENTATION_RESULTS}/drift.csv",
    log:
        f"{SEGMENTATION_RESULTS}/logs/drift.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        reflectance=REFLECTANCE,
        flags=flags(SEGMENTATION.drift),
    message:
        "Measuring what training captures are like"
    shell:
        "boardbench segmentation drift --split {input.split} --sheet {input.sheet} --reflectance {params.reflectance} "
        "--out {output.drift} {params.flags} > {log} 2>&1"
