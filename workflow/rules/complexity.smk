# What each network costs at full size: counted on the meta device, nothing is computed.
rule segmentation_complexity:
    input:
        code=sources("boardbench.segmentation.complexity"),
        networks=network_sources(SEGMENTATION.backbones, SEGMENTATION.strategies),
    output:
        f"{SEGMENTATION_RESULTS}/complexity.csv",
    log:
        f"{SEGMENTATION_RESULTS}/logs/complexity.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        backbones=repeated("backbones", SEGMENTATION.backbones),
        strategies=repeated("strategies", SEGMENTATION.strategies),
        classes=len(SEGMENTATION.classes),
        flags=flags(SEGMENTATION.complexity),
    message:
        "Counting operations and parameters"
    shell:
        "boardbench segmentation complexity {params.backbones} {params.strategies} "
        "--classes {params.classes} --out {output} {params.flags} > {log} 2>&1"


# What the same networks take on this machine: timed alone, one capture at a time.
rule segmentation_latency:
    input:
        code=sources("boardbench.segmentation.latency"),
        networks=network_sources(SEGMENTATION.backbones, SEGMENTATION.strategies),
    output:
        f"{SEGMENTATION_RESULTS}/latency.csv",
    log:
        f"{SEGMENTATION_RESULTS}/logs/latency.log",
    conda:
        "../envs/boardbench.yaml"
    threads: ALONE
    params:
        backbones=repeated("backbones", SEGMENTATION.backbones),
        strategies=repeated("strategies", SEGMENTATION.strategies),
        classes=len(SEGMENTATION.classes),
        network=f"--width {SEGMENTATION.complexity.width} --bands {SEGMENTATION.complexity.bands}",
        flags=flags(SEGMENTATION.latency),
    message:
        "Timing the networks on this machine"
    shell:
        "boardbench segmentation latency {params.backbones} {params.strategies} "
        "--classes {params.classes} {params.network} --out {output} {params.flags} > {log} 2>&1"
