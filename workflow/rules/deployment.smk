# On the line: every run as ONNX files from raw counts to classes, and what they take side by side on this machine.
if EXPORTED_RUNS:

    rule segmentation_export:
        input:
            model=f"{SEGMENTATION_RESULTS}/{{exportable}}/model.pt",
            split=f"{SEGMENTATION_RESULTS}/split.csv",
            sheet=SHEET,
            drift=f"{SEGMENTATION_RESULTS}/drift.json",
            reflectance=MANIFEST,
            code=sources("boardbench.segmentation.export"),
            network=network_sources(SEGMENTATION.backbones, SEGMENTATION.strategies),
        output:
            models=exported(0, ["{exportable}"]),
            checks=exported(1, ["{exportable}"]),
        log:
            f"{SEGMENTATION_RESULTS}/logs/export/{{exportable}}.log",
        conda:
            "../envs/boardbench.yaml"
        params:
            run=subpath(input.model, parent=True),
            precisions=repeated("precisions", SEGMENTATION.deployment.precisions),
            runtimes=repeated("runtimes", SEGMENTATION.deployment.runtimes),
        message:
            "Exporting {wildcards.exportable} from raw counts to classes"
        shell:
            "boardbench segmentation export --run {params.run} {params.precisions} {params.runtimes} --sheet {input.sheet} "
            "--split {input.split} --drift {input.drift} --unregistered --threads {threads} > {log} 2>&1"

    rule segmentation_pareto:
        input:
            models=exported(0, EXPORTED_RUNS),
            checks=exported(1, EXPORTED_RUNS),
            code=sources("boardbench.segmentation.pareto"),
        output:
            f"{SEGMENTATION_RESULTS}/pareto.csv",
        log:
            f"{SEGMENTATION_RESULTS}/logs/pareto.log",
        conda:
            "../envs/boardbench.yaml"
        threads: ALONE
        params:
            models=repeated("models", exported(0, EXPORTED_RUNS)),
            flags=flags(SEGMENTATION.deployment),
        message:
            "Timing the exported models on this machine"
        shell:
            "boardbench segmentation pareto {params.models} --out {output} {params.flags} > {log} 2>&1"
