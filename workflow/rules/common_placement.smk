# The placement study's photos, runs and paths, and the helpers of its rules.
from boardbench.placement import grid as placement_grid
from boardbench.placement.photos import PhotoFiles, find_displaced, find_photos
from boardbench.simulate.photos import displaced_names, photo_names

# The placement study. PHOTOS and DISPLACED: name -> files of a photo and its outline.
PLACEMENT_RAW = Path("data/raw") / PLACEMENT.dataset
PLACEMENT_RESULTS = f"results/placement/{PLACEMENT.dataset}"


def all_photos():
    """Return the photos of the data set, and those of displaced chips."""
    if PLACEMENT.source == "photos":
        return find_photos(PLACEMENT_RAW, PLACEMENT.outline), find_displaced(
            PLACEMENT_RAW
        )
    names = photo_names(PLACEMENT.simulate), displaced_names(PLACEMENT.simulate)
    folders = PLACEMENT_RAW, PLACEMENT_RAW / "displaced"
    return tuple(
        {
            name: PhotoFiles(folder / f"{name}.png", folder / f"{name}.json")
            for name in found
        }
        for folder, found in zip(folders, names)
    )


PHOTOS, DISPLACED = checked(all_photos) if "placement" in STUDIES else ({}, {})
if "placement" in STUDIES:
    needed = PLACEMENT.split.test + 1 + (PLACEMENT.split.protocol == "photos")
    if len(PHOTOS) < needed:
        raise WorkflowError(
            f"placement.split: test: {PLACEMENT.split.test} and protocol '{PLACEMENT.split.protocol}' need {needed} "
            f"photos, but there are {len(PHOTOS)}. Lower placement.split.test, or add photos."
        )
PLACEMENT_RUNS = placement_grid.trained_runs(PLACEMENT)
PLACEMENT_BASELINES = placement_grid.baseline_runs(PLACEMENT)
PLACEMENT_LATENCY_RUNS = [
    f"{init}-{PLACEMENT.losses[0]}-seed{PLACEMENT.seeds[0]}" for init in PLACEMENT.init
]


wildcard_constraints:
    init="|".join(PLACEMENT.init),
    loss="|".join(PLACEMENT.losses),
    placement_baseline="|".join(PLACEMENT.baselines) or "none",
    placement_run="|".join(PLACEMENT_RUNS),


def placement_exports(kind, runs):
    """Return the exported models (kind 0) or their checks (kind 1) of placement runs, one a precision."""
    precisions = PLACEMENT.deployment.precisions
    return [
        f"{PLACEMENT_RESULTS}/runs/{run}/{EXPORTED[precision][kind]}"
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
    return [] if wildcards.init == "random" else [f"{PLACEMENT_RESULTS}/weights.pt"]


def start_flag(wildcards):
    """Write the weights as a flag."""
    return " ".join(f"--start {path}" for path in start(wildcards))
