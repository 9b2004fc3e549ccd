# The scale of the bands, measured once on the training part (or on each cube): between reflectance and reduction.
rule segmentation_normalization:
    input:
        split=split_file,
        reflectance=manifest_file,
        code=sources("boardbench.segmentation.normalization.fit"),
    output:
        f"{SEGMENTATION_RESULTS}/normalization.npz",
    log:
        f"{SEGMENTATION_RESULTS}/logs/normalization.log",
    priority: 3  # reductions and trainings wait for it
    conda:
        "../envs/boardbench.yaml"
    params:
        reflectance=reflectance_folder,
        flags=flags(SEGMENTATION.normalization, leave_out={"compare"}),
    message:
        "Measuring the scale of the bands"
    shell:
        "boardbench segmentation normalization --split {input.split} --reflectance {params.reflectance} "
        "--out {output} {params.flags} > {log} 2>&1"


# The other methods of normalization.compare, each with reductions and runs of its own below normalized/<method>/.
use rule segmentation_normalization as segmentation_compared_normalization with:
    output:
        f"{SEGMENTATION_RESULTS}/normalized/{{normalization}}/normalization.npz",
    log:
        f"{SEGMENTATION_RESULTS}/logs/normalized/{{normalization}}/normalization.log",
    params:
        reflectance=reflectance_folder,
        flags=lambda wildcards: flags(
            SEGMENTATION.normalization.model_copy(
                update={"method": wildcards.normalization}
            ),
            leave_out={"compare"},
        ),
    message:
        "Measuring the scale of the bands: {wildcards.normalization}"
