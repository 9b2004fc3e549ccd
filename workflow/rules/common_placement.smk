# The placement study's photos, runs and paths, and the helpers of its rules.
from boardbench.placement.photos import PhotoFiles, find_displaced, find_photos
from boardbench.simulate.photos import displaced_names, photo_names

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


wildcard_constraints:
    features="|".join(PLACEMENT.features),
    loss="|".join(PLACEMENT.losses),
    rival="|".join(PLACEMENT.floors) or "none",
    placing="|".join(PLACINGS),


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
