# On the line: every run as ONNX files from raw counts to classes, and what they take side by side on this machine.
if LINED:

    rule export:
        input:
            model=f"{RESULTS}/{{lined}}/model.pt",
            split=f"{RESULTS}/split.csv",
            sheet=SHEET,
            drift=f"{RESULTS}/drift.json",
            headers=reflectances(["json"]),
            code=sources("boardbench.segmentation.export"),
            network=network_sources(STUDY.backbones, STUDY.strategies),
        output:
            models=exported(0, ["{lined}"]),
            checks=exported(1, ["{lined}"]),
        log:
            f"{RESULTS}/logs/export/{{lined}}.log",
        conda:
            "../envs/boardbench.yaml"
        params:
            run=subpath(input.model, parent=True),
            precisions=repeated("precisions", STUDY.deployment.precisions),
        message:
            "Exporting {wildcards.lined} from raw counts to classes"
        shell:
            "boardbench segmentation export --run {params.run} {params.precisions} --sheet {input.sheet} --split {input.split} "
            "--drift {input.drift} --unregistered --threads {threads} > {log} 2>&1"

    rule pareto:
        input:
            models=exported(0, LINED),
            checks=exported(1, LINED),
            code=sources("boardbench.segmentation.pareto"),
        output:
            f"{RESULTS}/pareto.csv",
        log:
            f"{RESULTS}/logs/pareto.log",
        conda:
            "../envs/boardbench.yaml"
        threads: ALONE
        params:
            models=repeated("models", exported(0, LINED)),
            flags=flags(STUDY.deployment),
        message:
            "Timing the exported models on this machine"
        shell:
            "boardbench segmentation pareto {params.models} --out {output} {params.flags} > {log} 2>&1"
