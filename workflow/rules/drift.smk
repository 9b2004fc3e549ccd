# What training captures are like: 'predict' and 'stream' hold what they see against it. And which drifts are noticed.
rule drift:
    input:
        split=f"{RESULTS}/split.csv",
        sheet=SHEET,
        reflectance=reflectances(),
        code=sources("boardbench.segmentation.drift.fit"),
    output:
        drift=f"{RESULTS}/drift.json",
        trials=f"{RESULTS}/drift.csv",
    log:
        f"{RESULTS}/logs/drift.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        reflectance=folder("reflectance"),
        flags=flags(STUDY.drift),
    message:
        "Measuring what training captures are like"
    shell:
        "boardbench segmentation drift --split {input.split} --sheet {input.sheet} --reflectance {params.reflectance} "
        "--out {output.drift} {params.flags} > {log} 2>&1"
