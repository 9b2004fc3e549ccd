# Reductions that are fitted before training (PCA); learned ones (scrb) are part of the network.
rule reduction:
    input:
        split=f"{RESULTS}/split.csv",
        reflectance=reflectances(),
        code=lambda wildcards: sources(
            "boardbench.segmentation.reduction.fit",
            f"boardbench.segmentation.reduction.{wildcards.strategy}",
        ),
    output:
        f"{RESULTS}/reduction/{{strategy}}.npz",
    log:
        f"{RESULTS}/logs/reduction/{{strategy}}.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        reflectance=folder("reflectance"),
        flags=flags(STUDY.reduction),
    message:
        "Fitting {wildcards.strategy} on the training part"
    shell:
        "boardbench segmentation reduction --strategy {wildcards.strategy} --split {input.split} "
        "--reflectance {params.reflectance} --out {output} {params.flags} > {log} 2>&1"
