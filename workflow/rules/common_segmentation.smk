# The segmentation study's captures, runs and paths, and the helpers of its rules.
import os

from boardbench.captures.sheet import generated_capture, read_sheet
from boardbench.segmentation import backbones, reduction
from boardbench.segmentation import grid as segmentation_grid
from boardbench.segmentation.scenes import assign

SEGMENTATION_RAW = Path("data/raw") / SEGMENTATION.dataset
SEGMENTATION_RESULTS = f"results/segmentation/{SEGMENTATION.dataset}"
# Captures as they are calibrated, and as they are learnt from: other ones only where segmentation.split itself leaks.
LEAKING = SEGMENTATION.split.leaking
REFLECTANCE = f"{SEGMENTATION_RESULTS}/reflectance"
CALIBRATED = f"{SEGMENTATION_RESULTS}/calibrated" if LEAKING else REFLECTANCE
TRUTH = f"{SEGMENTATION_RESULTS}/truth"
# What a step that reads all captures has as its input, instead of their files: Snakemake looks at every input of every
# job, and 10,000 captures have 20,000 (docs/scale.md).
MANIFEST = f"{SEGMENTATION_RESULTS}/captures.sha256"
CALIBRATED_MANIFEST = (
    f"{SEGMENTATION_RESULTS}/calibrated.sha256" if LEAKING else MANIFEST
)
SPLIT = f"{SEGMENTATION_RESULTS}/split.csv"
SPLIT_BY_SCENE = f"{SEGMENTATION_RESULTS}/by_scene.csv" if LEAKING else SPLIT
# Splits that leak, side by side with it: a folder each, with captures, split and runs.
AUDITED = f"{SEGMENTATION_RESULTS}/audited"
SHEET = f"{SEGMENTATION_RAW}/captures.csv"

for backbone in SEGMENTATION.backbones:
    checked(backbones.check, backbone)
for strategy in SEGMENTATION.strategies:
    checked(reduction.get, strategy)
for run in {run for pruning in SEGMENTATION.pruning for run in pruning.runs}:
    checked(backbones.check, run.rsplit("-", 1)[0])
    checked(reduction.get, run.rsplit("-", 1)[-1])


def all_captures():
    """Return the captures of the data set, from its sheet or from what its source will make."""
    if SEGMENTATION.source == "simulate":
        from boardbench.simulate.captures import condition_names, scene_names

        scenes, conditions = scene_names(SEGMENTATION.simulate), condition_names(
            SEGMENTATION.simulate
        )
        return [
            generated_capture(SEGMENTATION_RAW, scene, condition, "raw")
            for scene in scenes
            for condition in conditions
        ]
    if SEGMENTATION.source == "indian_pines":
        from boardbench.simulate.indian_pines import scene_names

        return [
            generated_capture(SEGMENTATION_RAW, scene, "1", "reflectance")
            for scene in scene_names()
        ]
    if SEGMENTATION.source == "pcbvision":
        from boardbench.captures.pcbvision import scene_captures

        return scene_captures(SEGMENTATION.pcbvision)
    # A job on a node of a cluster need not look for the files of all captures again.
    here = workflow.is_main_process and not SEGMENTATION.storage
    return read_sheet(Path(SHEET), files=here)


CAPTURES = {}
if "segmentation" in STUDIES:
    CAPTURES = {capture.name: capture for capture in checked(all_captures)}
    # Before an hour of calibration, not after it.
    checked(
        assign,
        {capture.scene for capture in CAPTURES.values()},
        Path(SHEET),
        SEGMENTATION.split,
    )
BOARDLESS = [capture.name for capture in CAPTURES.values() if capture.board is None]
if SEGMENTATION.reflectance.board_mask and BOARDLESS:
    raise WorkflowError(
        f"segmentation.reflectance.board_mask is true, but captures {', '.join(BOARDLESS[:5])} have no board mask. "
        f"Fill the column board of {SHEET}, or set board_mask: false."
    )
SEGMENTATION_RUNS = segmentation_grid.trained_runs(SEGMENTATION)
SEGMENTATION_BASELINES = segmentation_grid.baseline_runs(SEGMENTATION)
NORMALIZED_RUNS = segmentation_grid.normalized_runs(SEGMENTATION)
AUDITED_RUNS = segmentation_grid.audited_runs(SEGMENTATION)
SEGMENTATION_PRUNINGS = {pruning.name: pruning for pruning in SEGMENTATION.pruning}
SEGMENTATION_PRUNED_RUNS = segmentation_grid.pruned_runs(SEGMENTATION)
EXPORTED_RUNS = segmentation_grid.exported_runs(SEGMENTATION)
FITTED = segmentation_grid.fitted_strategies(SEGMENTATION)
METHOD = SEGMENTATION.normalization.method

# A run as an ONNX file, and what its check found; one a precision.
EXPORTED = {
    "float32": ("model.onnx", "export.json"),
    "int8": ("model-int8.onnx", "export-int8.json"),
}


def exported(kind, runs):
    """Return the models (kind 0) or their checks (kind 1) of runs (runs/<run>), one a precision."""
    precisions = SEGMENTATION.deployment.precisions
    return [
        f"{SEGMENTATION_RESULTS}/{run}/{EXPORTED[precision][kind]}"
        for run in runs
        for precision in precisions
    ]


wildcard_constraints:
    scene="[^/_]+",
    capture="[^/]+",
    backbone="|".join(SEGMENTATION.backbones),
    strategy="|".join(SEGMENTATION.strategies),
    seed=r"\d+",
    baseline="|".join(SEGMENTATION.baselines) or "none",
    run="|".join(SEGMENTATION_RUNS),
    pruning="|".join(SEGMENTATION_PRUNINGS) or "none",
    normalization="none|minmax|standardize",
    leak="captures|patches|pixels",
    exportable="|".join(EXPORTED_RUNS) or "none",


def capture_files(wildcards):
    """Return the files of a capture: here, or where they are stored, to be fetched for the job that reads them."""
    files = CAPTURES[wildcards.capture].files
    if not SEGMENTATION.storage:
        return files
    names = [os.path.relpath(file, SEGMENTATION_RAW) for file in files]
    return list(map(storage, [f"{SEGMENTATION.storage}/{name}" for name in names]))


def capture_flags(wildcards, input):
    """Write the files of a capture as flags."""
    capture = CAPTURES[wildcards.capture]
    here = dict(zip(capture.files, input))
    files = {
        "cube": capture.cube,
        "white": capture.white,
        "dark": capture.dark,
        "white-dark": capture.white_dark,
        "mask": capture.mask,
        "board": capture.board if SEGMENTATION.reflectance.board_mask else None,
    }
    return " ".join(
        f"--{key} {shlex.quote(str(here[path]))}" for key, path in files.items() if path
    )


def training_mb(loop):
    """Return the MB that a training step may take, at most: 150 bytes a pixel and channel of the first level (Attention
    U-Net takes 135), and two float32 cubes of the batch for each process and for each that loads data for it.
    """
    lines, samples = SEGMENTATION.reflectance.size or SEGMENTATION.complexity.size
    pixels = (SEGMENTATION.training.patch or 0) ** 2 or lines * samples
    held = 8 * SEGMENTATION.complexity.bands * (1 + loop.workers) * loop.devices
    computed = 0 if loop.device == "cuda" else 150 * SEGMENTATION.training.width
    return 2000 * loop.devices + loop.batch_size * pixels * (held + computed) // 10**6


def truths():
    """Return the masks at the captures' own sizes, where scores are counted at them."""
    original = SEGMENTATION.evaluation.truth == "original"
    return [f"{TRUTH}/{name}.png" for name in CAPTURES] if original else []


def split_folder(wildcards):
    """Return where split, plan and captures of a run lie."""
    leak = wildcards.get("leak")
    return f"{AUDITED}/{leak}" if leak else SEGMENTATION_RESULTS


def split_file(wildcards):
    """Return the split of a run."""
    return f"{split_folder(wildcards)}/split.csv"


def plan_file(wildcards):
    """Return the plan of a run's training samples."""
    return f"{split_folder(wildcards)}/augmentation.csv"


def manifest_file(wildcards):
    """Return the list of the captures that a run's split is of."""
    return f"{split_folder(wildcards)}/captures.sha256"


def reflectance_folder(wildcards):
    """Return the captures that a run's split is of."""
    return f"{split_folder(wildcards)}/reflectance"


def normalized_folder(wildcards):
    """Return where normalization and reductions of a run lie."""
    method = wildcards.get("normalization")
    return (
        f"{SEGMENTATION_RESULTS}/normalized/{method}"
        if method
        else split_folder(wildcards)
    )


def normalization_file(wildcards):
    """Return what a run's bands are normalized by, if anything."""
    method = wildcards.get("normalization", METHOD)
    return (
        []
        if method == "none"
        else [f"{normalized_folder(wildcards)}/normalization.npz"]
    )


def fitted_reduction(wildcards):
    """Return the fitted reduction that a strategy needs, if any."""
    fitted = wildcards.strategy in FITTED
    file = f"{normalized_folder(wildcards)}/reduction/{wildcards.strategy}.npz"
    return [file] if fitted else []


def input_flags(wildcards):
    """Write normalization and fitted reduction as flags."""
    files = {
        "normalization": normalization_file(wildcards),
        "reduction": fitted_reduction(wildcards),
    }
    return " ".join(
        f"--{flag} {path}" for flag, paths in files.items() for path in paths
    )


def network_sources(names, strategies):
    """Return the source files of backbones (``unet@4`` is U-Net's) and strategies."""
    return sources(
        *(
            f"boardbench.segmentation.backbones.{backbones.parse(name)[0]}"
            for name in names
        ),
        *(f"boardbench.segmentation.reduction.{name}" for name in strategies),
    )


def network_code(wildcards):
    """Return the source files of a run's backbone and strategy."""
    return network_sources([wildcards.backbone], [wildcards.strategy])


def pruning_flags(wildcards):
    """Write how a segmentation run is pruned as flags."""
    return flags(SEGMENTATION_PRUNINGS[wildcards.pruning], leave_out={"name", "runs"})
