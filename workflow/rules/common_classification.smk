# The classification study's runs and paths, and the helpers of its rules.
from boardbench.classification.networks import file_of

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


# A wildcard's constraint holds in all rules: that of normalization is in common_segmentation.smk.
wildcard_constraints:
    method="|".join(CLASSIFICATION.baselines.methods) or "none",
    distance="|".join(CLASSIFICATION.baselines.distances) or "none",
    name="|".join(LEARNT) or "none",
    network="|".join(TRAININGS) or "none",
    slimming="|".join(SLIMMINGS) or "none",


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


def run_flags(wildcards):
    """Write how a network in NumPy is trained as flags."""
    return flags(LEARNT[wildcards.name], leave_out={"name"})
