# Reductions that are fitted before training (principal components, picked bands); learned ones are part of the network.
rule segmentation_reduction:
    input:
        split=split_file,
        reflectance=manifest_file,
        normalization=normalization_file,
        code=lambda wildcards: sources(
            "boardbench.segmentation.reduction.fit",
            f"boardbench.segmentation.reduction.{wildcards.strategy}",
        ),
    output:
        f"{SEGMENTATION_RESULTS}/reduction/{{strategy}}.npz",
    log:
        f"{SEGMENTATION_RESULTS}/logs/reduction/{{strategy}}.log",
    priority: 2  # trainings wait for it
    conda:
        "../envs/boardbench.yaml"
    params:
        reflectance=reflectance_folder,
        normalization=lambda wildcards, input: (
            f"--normalization {input.normalization}" if input.normalization else ""
        ),
        flags=flags(SEGMENTATION.reduction),
    message:
        "Fitting {wildcards.strategy}"
    shell:
        "boardbench segmentation reduction --strategy {wildcards.strategy} --split {input.split} "
        "--reflectance {params.reflectance} {params.normalization} --out {output} {params.flags} > {log} 2>&1"


use rule segmentation_reduction as segmentation_compared_reduction with:
    output:
        f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/reduction/{{strategy}}.npz",
    log:
        f"{SEGMENTATION_RESULTS}/logs/normalized/{{normalization}}/reduction/{{strategy}}.log",
    message:
        "Fitting {wildcards.strategy}, normalization {wildcards.normalization}"
