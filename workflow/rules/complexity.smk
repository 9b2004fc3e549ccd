# What each network costs at full size: counted on the meta device, nothing is computed.
rule complexity:
    input:
        code=sources(
            "boardbench.segmentation.complexity",
            *(f"boardbench.segmentation.backbones.{name}" for name in STUDY.backbones),
            *(
                f"boardbench.segmentation.reduction.{name}"
                for name in STUDY.strategies
            ),
        ),
    output:
        f"{RESULTS}/complexity.csv",
    log:
        f"{RESULTS}/logs/complexity.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        backbones=repeated("backbones", STUDY.backbones),
        strategies=repeated("strategies", STUDY.strategies),
        classes=len(STUDY.classes),
        flags=flags(STUDY.complexity),
    message:
        "Counting operations and parameters"
    shell:
        "boardbench segmentation complexity {params.backbones} {params.strategies} "
        "--classes {params.classes} --out {output} {params.flags} > {log} 2>&1"
