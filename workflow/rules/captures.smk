# Raw captures. Embedded ones are made here; your own lie in data/raw/<dataset> with their sheet.
if SEGMENTATION.source == "simulate":

    rule simulate:
        input:
            code=sources("boardbench.simulate.captures"),
        output:
            [
                file
                for condition in range(1, SEGMENTATION.simulate.conditions + 1)
                for file in generated_capture(
                    SEGMENTATION_RAW, "{scene}", str(condition), "raw"
                ).files
            ],
        log:
            f"{SEGMENTATION_RESULTS}/logs/simulate/{{scene}}.log",
        conda:
            "../envs/boardbench.yaml"
        params:
            raw=SEGMENTATION_RAW,
            flags=flags(SEGMENTATION.simulate),
        message:
            "Simulating the captures of {wildcards.scene}"
        shell:
            "boardbench simulate --scene {wildcards.scene} --out {params.raw} {params.flags} > {log} 2>&1"

    rule segmentation_sensor:
        input:
            published=REPORTS / "published/sensor_fx10.csv",
            code=sources("boardbench.report.segmentation.camera"),
        output:
            table=f"{SEGMENTATION_RESULTS}/sensor.csv",
            curves=f"{SEGMENTATION_RESULTS}/sensor_transfer.csv",
        log:
            f"{SEGMENTATION_RESULTS}/logs/sensor.log",
        conda:
            "../envs/boardbench.yaml"
        params:
            seed=SEGMENTATION.simulate.seed,
            bands=SEGMENTATION.simulate.bands,
            reports=lambda wildcards: word(str(REPORTS)),
        message:
            "Putting the simulated camera beside a real one"
        shell:
            "boardbench segmentation sensor --seed {params.seed} --bands {params.bands} "
            "--published {params.reports}/published --out {output.table} > {log} 2>&1"


if SEGMENTATION.source == "indian_pines":

    rule indian_pines:
        input:
            code=sources("boardbench.simulate.indian_pines"),
        output:
            [file for capture in CAPTURES.values() for file in capture.files],
        log:
            f"{SEGMENTATION_RESULTS}/logs/indian_pines.log",
        conda:
            "../envs/boardbench.yaml"
        params:
            raw=SEGMENTATION_RAW,
        message:
            "Cutting Indian Pines into scenes"
        shell:
            "boardbench indian-pines --out {params.raw} > {log} 2>&1"


if SEGMENTATION.source == "pcbvision":

    rule pcbvision:
        input:
            captures=[file for capture in CAPTURES.values() for file in capture.files],
            code=sources("boardbench.captures.pcbvision"),
        output:
            SHEET,
        log:
            f"{SEGMENTATION_RESULTS}/logs/pcbvision.log",
        localrule: True
        conda:
            "../envs/boardbench.yaml"
        params:
            flags=flags(SEGMENTATION.pcbvision),
        message:
            "Writing the capture sheet of PCB-Vision"
        shell:
            "boardbench pcbvision --out {output} {params.flags} > {log} 2>&1"


if SEGMENTATION.source in ("simulate", "indian_pines"):

    rule sheet:
        input:
            captures=[file for capture in CAPTURES.values() for file in capture.files],
            code=sources("boardbench.captures.sheet"),
        output:
            SHEET,
        log:
            f"{SEGMENTATION_RESULTS}/logs/sheet.log",
        localrule: True
        conda:
            "../envs/boardbench.yaml"
        params:
            raw=SEGMENTATION_RAW,
        message:
            "Writing the capture sheet"
        shell:
            "boardbench sheet --root {params.raw} --out {output} > {log} 2>&1"
