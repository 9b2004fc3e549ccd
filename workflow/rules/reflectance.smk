# Counts to reflectance: white and dark references, integration times, band trimming, working size.
def capture_flags(wildcards):
    """Write the files of a capture as flags."""
    capture = CAPTURES[wildcards.capture]
    files = {"cube": capture.cube, "white": capture.white, "dark": capture.dark, "mask": capture.mask}
    return " ".join(f"--{key} {shlex.quote(str(path))}" for key, path in files.items() if path)


rule reflectance:
    input:
        capture=lambda wildcards: CAPTURES[wildcards.capture].files,
        code=sources("boardbench.captures.reflectance"),
    output:
        cube=f"{REFLECTANCE}/{{capture}}.npy",
        header=f"{REFLECTANCE}/{{capture}}.json",
        mask=f"{REFLECTANCE}/{{capture}}.png",
    log:
        f"{RESULTS}/logs/reflectance/{{capture}}.log",
    params:
        capture=capture_flags,
        classes=len(STUDY.classes),
        flags=flags(STUDY.reflectance),
    message:
        "Calibrating {wildcards.capture}"
    shell:
        "boardbench reflectance {params.capture} --classes {params.classes} --out {output.cube} "
        "{params.flags} > {log} 2>&1"
