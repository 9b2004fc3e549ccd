# What each network costs at full size: counted on the meta device, nothing is computed.
rule complexity:
    input:
        code=sources("boardbench.segmentation.complexity"),
        networks=network_sources(STUDY.backbones, STUDY.strategies),
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


# What the same networks take on this machine: timed alone, one capture at a time.
rule latency:
    input:
        code=sources("boardbench.segmentation.latency"),
        networks=network_sources(STUDY.backbones, STUDY.strategies),
    output:
        f"{RESULTS}/latency.csv",
    log:
        f"{RESULTS}/logs/latency.log",
    conda:
        "../envs/boardbench.yaml"
    threads: ALONE
    params:
        backbones=repeated("backbones", STUDY.backbones),
        strategies=repeated("strategies", STUDY.strategies),
        classes=len(STUDY.classes),
        network=f"--width {STUDY.complexity.width} --bands {STUDY.complexity.bands}",
        flags=flags(STUDY.latency),
    message:
        "Timing the networks on this machine"
    shell:
        "boardbench segmentation latency {params.backbones} {params.strategies} "
        "--classes {params.classes} {params.network} --out {output} {params.flags} > {log} 2>&1"
