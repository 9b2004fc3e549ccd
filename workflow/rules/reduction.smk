# Reductions that are fitted before training (principal components, picked bands); learned ones are part of the network.
rule reduction:
    input:
        split=f"{RESULTS}/split.csv",
        reflectance=reflectances(),
        normalization=normalization_file,
        code=lambda wildcards: sources(
            "boardbench.segmentation.reduction.fit",
            f"boardbench.segmentation.reduction.{wildcards.strategy}",
        ),
    output:
        f"{RESULTS}/reduction/{{strategy}}.npz",
    log:
        f"{RESULTS}/logs/reduction/{{strategy}}.log",
    priority: 2  # trainings wait for it
    conda:
        "../envs/boardbench.yaml"
    params:
        reflectance=folder("reflectance"),
        normalization=lambda wildcards, input: (
            f"--normalization {input.normalization}" if input.normalization else ""
        ),
        flags=flags(STUDY.reduction),
    message:
        "Fitting {wildcards.strategy}"
    shell:
        "boardbench segmentation reduction --strategy {wildcards.strategy} --split {input.split} "
        "--reflectance {params.reflectance} {params.normalization} --out {output} {params.flags} > {log} 2>&1"


use rule reduction as compared_reduction with:
    output:
        f"{RESULTS}/normalized/{{normalization}}/reduction/{{strategy}}.npz",
    log:
        f"{RESULTS}/logs/normalized/{{normalization}}/reduction/{{strategy}}.log",
    message:
        "Fitting {wildcards.strategy}, normalization {wildcards.normalization}"
