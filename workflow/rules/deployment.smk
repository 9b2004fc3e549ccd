# On the line: every run as ONNX files from raw counts to classes, and what they take side by side on this machine.
ONNX = {"float32": "model", "int8": "model-int8"}
EXPORTS = [
    f"{RESULTS}/runs/{run}/{ONNX[precision]}.onnx"
    for run in DEPLOYED
    for precision in STUDY.deployment.precisions
]

CHECKS = [
    path.replace("/model", "/export").replace(".onnx", ".json") for path in EXPORTS
]


rule export:
    input:
        model=f"{RESULTS}/runs/{{run}}/model.pt",
        split=f"{RESULTS}/split.csv",
        sheet=SHEET,
        headers=reflectances(["json"]),
        code=sources("boardbench.segmentation.export"),
        network=network_sources(STUDY.backbones, STUDY.strategies),
    output:
        models=[
            f"{RESULTS}/runs/{{run}}/{ONNX[precision]}.onnx"
            for precision in STUDY.deployment.precisions
        ],
        checks=[
            f"{RESULTS}/runs/{{run}}/{ONNX[precision].replace('model', 'export')}.json"
            for precision in STUDY.deployment.precisions
        ],
    log:
        f"{RESULTS}/logs/export/{{run}}.log",
    conda:
        "../envs/boardbench.yaml"
    params:
        run=subpath(input.model, parent=True),
        precisions=repeated("precisions", STUDY.deployment.precisions),
    message:
        "Exporting {wildcards.run} from raw counts to classes"
    shell:
        "boardbench export --run {params.run} {params.precisions} --sheet {input.sheet} --split {input.split} "
        "--unregistered --threads {threads} > {log} 2>&1"


rule pareto:
    input:
        models=EXPORTS,
        checks=CHECKS,
        code=sources("boardbench.segmentation.pareto"),
    output:
        f"{RESULTS}/pareto.csv",
    log:
        f"{RESULTS}/logs/pareto.log",
    conda:
        "../envs/boardbench.yaml"
    threads: workflow.cores
    params:
        models=repeated("models", EXPORTS),
        flags=flags(STUDY.deployment),
    message:
        "Timing the exported models on this machine"
    shell:
        "boardbench segmentation pareto {params.models} --out {output} {params.flags} > {log} 2>&1"
