# The scale of the bands, measured once on the training part (or on each cube): between reflectance and reduction.
rule normalization:
    input:
        split=f"{RESULTS}/split.csv",
        reflectance=reflectances(),
        code=sources("boardbench.segmentation.normalization.fit"),
    output:
        f"{RESULTS}/normalization.npz",
    log:
        f"{RESULTS}/logs/normalization.log",
    priority: 3  # reductions and trainings wait for it
    conda:
        "../envs/boardbench.yaml"
    params:
        reflectance=folder("reflectance"),
        flags=flags(STUDY.normalization, leave_out={"compare"}),
    message:
        "Measuring the scale of the bands"
    shell:
        "boardbench segmentation normalization --split {input.split} --reflectance {params.reflectance} "
        "--out {output} {params.flags} > {log} 2>&1"


# The other methods of normalization.compare, each with reductions and runs of its own below normalized/<method>/.
use rule normalization as compared_normalization with:
    output:
        f"{RESULTS}/normalized/{{normalization}}/normalization.npz",
    log:
        f"{RESULTS}/logs/normalized/{{normalization}}/normalization.log",
    params:
        reflectance=folder("reflectance"),
        flags=lambda wildcards: flags(
            STUDY.normalization.model_copy(update={"method": wildcards.normalization}),
            leave_out={"compare"},
        ),
    message:
        "Measuring the scale of the bands: {wildcards.normalization}"
