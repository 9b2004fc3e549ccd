# Parameters (checked before any work), paths, and the helpers that rules share.
import shlex

import yaml
from snakemake.exceptions import WorkflowError

from boardbench.captures.sheet import generated_capture, read_sheet
from boardbench.classification.networks import file_of
from boardbench.errors import BoardbenchError
from boardbench.params.params import load_params
from boardbench.placement.photos import PhotoFiles, find_displaced, find_photos
from boardbench.segmentation import backbones, reduction
from boardbench.simulate.photos import displaced_names, photo_names
from boardbench.sources import sources


def checked(function, *arguments):
    """Call a check; show a user's mistake as one message."""
    try:
        return function(*arguments)
    except BoardbenchError as error:
        raise WorkflowError(str(error)) from None


PARAMS = checked(load_params, config)
STUDIES = PARAMS.studies
STUDY = PARAMS.segmentation
PLACEMENT = PARAMS.placement
CLASSIFICATION = PARAMS.classification
RAW = Path("data/raw") / STUDY.dataset
RESULTS = f"results/segmentation/{STUDY.dataset}"
REFLECTANCE = f"{RESULTS}/reflectance"
TRUTH = f"{RESULTS}/truth"
SHEET = f"{RAW}/captures.csv"
TRACKING = "results/mlflow.db"

for backbone in STUDY.backbones:
    checked(backbones.check, backbone)
for strategy in STUDY.strategies:
    checked(reduction.get, strategy)
for run in {run for pruning in STUDY.pruning for run in pruning.runs}:
    checked(backbones.check, run.rsplit("-", 1)[0])
    checked(reduction.get, run.rsplit("-", 1)[-1])
FITTED = [strategy for strategy in STUDY.strategies if reduction.is_fitted(strategy)]


def all_captures():
    """Return the captures of the data set, from its sheet or from what its source will make."""
    if STUDY.source == "simulate":
        from boardbench.simulate.captures import condition_names, scene_names

        scenes, conditions = scene_names(STUDY.simulate), condition_names(
            STUDY.simulate
        )
        return [
            generated_capture(RAW, scene, condition, "raw")
            for scene in scenes
            for condition in conditions
        ]
    if STUDY.source == "indian_pines":
        from boardbench.simulate.indian_pines import scene_names

        return [
            generated_capture(RAW, scene, "1", "reflectance") for scene in scene_names()
        ]
    if STUDY.source == "pcbvision":
        from boardbench.captures.pcbvision import scene_captures

        return scene_captures(STUDY.pcbvision)
    return read_sheet(Path(SHEET))


CAPTURES = {}
if "segmentation" in STUDIES:
    CAPTURES = {capture.name: capture for capture in checked(all_captures)}
BOARDLESS = [capture.name for capture in CAPTURES.values() if capture.board is None]
if STUDY.reflectance.board_mask and BOARDLESS:
    raise WorkflowError(
        f"segmentation.reflectance.board_mask is true, but captures {', '.join(BOARDLESS[:5])} have no board mask. "
        f"Fill the column board of {SHEET}, or set board_mask: false."
    )
RUNS = [
    f"{backbone}-{strategy}-seed{seed}"
    for backbone in STUDY.backbones
    for strategy in STUDY.strategies
    for seed in STUDY.seeds
]
FLOORS = [f"{floor}-none-seed0" for floor in STUDY.floors]


def leaves_its_captures(strategy):
    """Tell whether a run can be taken to a line: it cannot where it is fitted on every capture, needs board masks, or
    is resized by area.
    """
    fit = reduction.get(strategy).fitted_on
    by_cube = strategy in FITTED and "cube" in (
        fit,
        STUDY.reduction.fit if fit == "params" else "",
    )
    form = STUDY.reflectance
    return not (by_cube or form.board_mask or (form.size and form.resize == "area"))


DEPLOYED = [run for run in RUNS if leaves_its_captures(run.rsplit("-", 2)[1])]
# <pruning>/<run> of every pruned run; and the folders, below runs/ or pruned/, of all that go to a line.
PRUNINGS = {pruning.name: pruning for pruning in STUDY.pruning}
PRUNED = [
    f"{name}/{run}"
    for name, pruning in PRUNINGS.items()
    for run in RUNS
    if not pruning.runs or run.rsplit("-seed", 1)[0] in pruning.runs
]
LINED = [f"runs/{run}" for run in DEPLOYED] + [
    f"pruned/{run}" for run in PRUNED if run.split("/")[1] in DEPLOYED
]

# A run as an ONNX file, and what its check found; one a precision.
EXPORTED = {
    "float32": ("model.onnx", "export.json"),
    "int8": ("model-int8.onnx", "export-int8.json"),
}


def exported(kind, runs):
    """Return the models (kind 0) or their checks (kind 1) of runs (runs/<run>), one a precision."""
    precisions = STUDY.deployment.precisions
    return [
        f"{RESULTS}/{run}/{EXPORTED[precision][kind]}"
        for run in runs
        for precision in precisions
    ]


# The placement study. PHOTOS and DISPLACED: name -> files of a photo and its outline.
PHOTOGRAPHED = Path("data/raw") / PLACEMENT.dataset
PLACED = f"results/placement/{PLACEMENT.dataset}"


def all_photos():
    """Return the photos of the data set, and those of displaced chips."""
    if PLACEMENT.source == "photos":
        return find_photos(PHOTOGRAPHED, PLACEMENT.outline), find_displaced(
            PHOTOGRAPHED
        )
    names = photo_names(PLACEMENT.simulate), displaced_names(PLACEMENT.simulate)
    folders = PHOTOGRAPHED, PHOTOGRAPHED / "displaced"
    return tuple(
        {
            name: PhotoFiles(folder / f"{name}.png", folder / f"{name}.json")
            for name in found
        }
        for folder, found in zip(folders, names)
    )


PHOTOS, DISPLACED = checked(all_photos) if "placement" in STUDIES else ({}, {})
PLACINGS = [
    f"{features}-{loss}-seed{seed}"
    for features in PLACEMENT.features
    for loss in PLACEMENT.losses
    for seed in PLACEMENT.seeds
]
RIVALS = [f"{floor}-none-seed0" for floor in PLACEMENT.floors]
SHOWN = [
    f"{features}-{PLACEMENT.losses[0]}-seed{PLACEMENT.seeds[0]}"
    for features in PLACEMENT.features
]

# The classification study. LEARNT: name of a run of a network in NumPy alone -> how it is trained.
CLASSIFIED = f"results/classification/{CLASSIFICATION.dataset}"
BASELINES = [
    f"{method}-{distance}-{normalization}"
    for method in CLASSIFICATION.baselines.methods
    for distance in CLASSIFICATION.baselines.distances
    for normalization in CLASSIFICATION.baselines.normalizations
]
LEARNT = {run.name: run for run in CLASSIFICATION.scratch.runs}
LEARNINGS = [
    f"{name}-seed{seed}" for name in LEARNT for seed in CLASSIFICATION.scratch.seeds
]
# TRAININGS: name -> how a network in PyTorch is trained; SLIMMINGS likewise for prunings.
TRAININGS = CLASSIFICATION.networks.trainings
TRAINED = [
    f"{name}-seed{seed}"
    for name, run in TRAININGS.items()
    for seed in run.seeds or CLASSIFICATION.networks.seeds
]
# One seed a network is timed: another has other weights and the same time.
TIMED = [
    f"{name}-seed{(run.seeds or CLASSIFICATION.networks.seeds)[0]}"
    for name, run in TRAININGS.items()
    if run.weights is None
]
SLIMMINGS = {pruning.name: pruning for pruning in CLASSIFICATION.pruning}
SLIMMED = [
    f"{name}/{run}"
    for name, pruning in SLIMMINGS.items()
    for run in TRAINED
    if not pruning.runs or run.rsplit("-seed", 1)[0] in pruning.runs
]


wildcard_constraints:
    scene="[^/_]+",
    capture="[^/]+",
    backbone="|".join(STUDY.backbones),
    strategy="|".join(STUDY.strategies),
    seed=r"\d+",
    floor="|".join(STUDY.floors) or "none",
    run="|".join(RUNS),
    features="|".join(PLACEMENT.features),
    loss="|".join(PLACEMENT.losses),
    rival="|".join(PLACEMENT.floors) or "none",
    placing="|".join(PLACINGS),
    method="|".join(CLASSIFICATION.baselines.methods) or "none",
    distance="|".join(CLASSIFICATION.baselines.distances) or "none",
    normalization="|".join(CLASSIFICATION.baselines.normalizations),
    name="|".join(LEARNT) or "none",
    network="|".join(TRAININGS) or "none",
    pruning="|".join(PRUNINGS) or "none",
    slimming="|".join(SLIMMINGS) or "none",
    lined="|".join(LINED) or "none",


def quoted(value):
    """Write a value as one shell word of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6).strip()
    return shlex.quote(text.removesuffix("\n...").strip())


def flags(section, leave_out=None):
    """Write a block of params as command-line flags of the same words."""
    values = section.model_dump(mode="json", exclude=leave_out)
    return " ".join(
        f"--{key.replace('_', '-')} {quoted(value)}" for key, value in values.items()
    )


def repeated(flag, values):
    """Write a list as a repeated flag."""
    return " ".join(f"--{flag} {shlex.quote(str(value))}" for value in values)


def reflectances(kinds=("json", "png")):
    """Return the reports and masks of every calibrated capture. The report holds the hash of the cube, so cubes need
    not be inputs: Snakemake would hash gigabytes for every output of every run.
    """
    return [f"{REFLECTANCE}/{name}.{kind}" for name in CAPTURES for kind in kinds]


def folder(name, up=1):
    """Return a params function: the folder ``up`` levels above the first file of a named input."""
    return lambda wildcards, input: str(Path(input[name][0]).parents[up - 1])


def capture_flags(wildcards):
    """Write the files of a capture as flags."""
    capture = CAPTURES[wildcards.capture]
    files = {
        "cube": capture.cube,
        "white": capture.white,
        "dark": capture.dark,
        "mask": capture.mask,
        "board": capture.board if STUDY.reflectance.board_mask else None,
    }
    return " ".join(
        f"--{key} {shlex.quote(str(path))}" for key, path in files.items() if path
    )


def truths():
    """Return the masks at the captures' own sizes, where scores are counted at them."""
    original = STUDY.evaluation.truth == "original"
    return [f"{TRUTH}/{name}.png" for name in CAPTURES] if original else []


def fitted_reduction(wildcards):
    """Return the fitted reduction that a strategy needs, if any."""
    fitted = wildcards.strategy in FITTED
    return [f"{RESULTS}/reduction/{wildcards.strategy}.npz"] if fitted else []


def reduction_flag(wildcards):
    """Write the fitted reduction as a flag."""
    return " ".join(f"--reduction {path}" for path in fitted_reduction(wildcards))


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


def placed_files(kind, runs):
    """Return the exported models (kind 0) or their checks (kind 1) of placement runs, one a precision."""
    precisions = PLACEMENT.deployment.precisions
    return [
        f"{PLACED}/runs/{run}/{EXPORTED[precision][kind]}"
        for run in runs
        for precision in precisions
    ]


def photo_flags():
    """Write the photos and their outlines as flags."""
    photos, displaced = PHOTOS.values(), DISPLACED.values()
    return " ".join(
        [
            repeated("photos", [files.photo for files in photos]),
            repeated("outlines", [files.outline for files in photos]),
            repeated("displaced", [files.photo for files in displaced]),
            repeated("displaced-outlines", [files.outline for files in displaced]),
        ]
    )


def placement_parent():
    """Return the model of the classification run that MobileNetV2's features start from, if it is one."""
    weights = Path(PLACEMENT.training.weights or "")
    if weights.parts[:2] != ("results", "classification"):
        return []
    return [str(weights if weights.suffix else weights.joinpath("model.pt"))]


def start(wildcards):
    """Return the weights that a placement run starts from, if any."""
    return [] if wildcards.features == "scratch" else [f"{PLACED}/weights.pt"]


def start_flag(wildcards):
    """Write the weights as a flag."""
    return " ".join(f"--start {path}" for path in start(wildcards))


def archive_files():
    """Return the files of the classification images that are on this disk already."""
    path = CLASSIFICATION.archive.path
    if path is None or CLASSIFICATION.source == "digits":
        return []
    if not path.exists():
        raise WorkflowError(
            f"classification.archive.path: {path} does not exist. Give the archive or the folder with its files, or "
            "null to have it downloaded."
        )
    return (
        sorted(str(file) for file in path.iterdir() if file.is_file())
        if path.is_dir()
        else [str(path)]
    )


def baseline_code(wildcards):
    """Return the source files of a baseline and its distance."""
    return sources(
        "boardbench.classification.baselines",
        f"boardbench.classification.distances.{wildcards.distance}",
    )


def classified(file):
    """Return a file of every run of the classification study; '': its folder."""
    return [
        f"{CLASSIFIED}/{run}/{file}".rstrip("/")
        for run in (
            *(f"runs/{run}" for run in BASELINES + LEARNINGS + TRAINED),
            *(f"pruned/{run}" for run in SLIMMED),
        )
    ]


def training_code(wildcards):
    """Return the source files of a network in PyTorch and its training."""
    file = file_of(TRAININGS[wildcards.network].network)
    return sources("boardbench.classification.training", f"boardbench.networks.{file}")


def slimming_code(wildcards):
    """Return the source files of a network in PyTorch and its pruning."""
    file = file_of(TRAININGS[wildcards.network].network)
    return sources("boardbench.classification.pruning", f"boardbench.networks.{file}")


def trained_code(step):
    """Return the source files of a step and of all networks in PyTorch."""
    files = {file_of(run.network) for run in TRAININGS.values()}
    return sources(step, *(f"boardbench.networks.{file}" for file in sorted(files)))


def parent(wildcards):
    """Return the run, or the file, that a network starts from, if it is on this disk."""
    weights = TRAININGS[wildcards.network].weights
    if weights in TRAININGS:
        return [f"{CLASSIFIED}/runs/{weights}-seed{wildcards.seed}/model.pt"]
    if weights is None or not Path(weights).exists():
        return []
    return [f"{weights}/model.pt" if Path(weights).is_dir() else weights]


def parent_flag(wildcards):
    """Write the run that a network starts from as a flag."""
    named = TRAININGS[wildcards.network].weights in TRAININGS
    return f"--start {parent(wildcards)[0]}" if named else ""


def training_flags(wildcards):
    """Write how a network in PyTorch is trained as flags."""
    return flags(TRAININGS[wildcards.network], leave_out={"name", "seeds", "grid"})


def slimming_flags(wildcards):
    """Write how a network in PyTorch is pruned as flags."""
    return flags(SLIMMINGS[wildcards.slimming], leave_out={"name", "runs"})


def pruning_flags(wildcards):
    """Write how a segmentation run is pruned as flags."""
    return flags(PRUNINGS[wildcards.pruning], leave_out={"name", "runs"})


def run_flags(wildcards):
    """Write how a network in NumPy is trained as flags."""
    return flags(LEARNT[wildcards.name], leave_out={"name"})
