# The classification study's runs and paths, and the helpers of its rules.
from boardbench.classification import grid as classification_grid
from boardbench.classification.networks import file_of

# The classification study. LEARNT: name of a run of a network in NumPy alone -> how it is trained.
CLASSIFICATION_RESULTS = f"results/classification/{CLASSIFICATION.dataset}"
CLASSIFICATION_BASELINES = classification_grid.baseline_runs(CLASSIFICATION)
NUMPY_NETWORKS = {run.name: run for run in CLASSIFICATION.numpy_networks.runs}
NUMPY_RUNS = classification_grid.numpy_runs(CLASSIFICATION)
# NETWORKS: name -> how a network in PyTorch is trained; CLASSIFICATION_PRUNINGS likewise for prunings.
NETWORKS = CLASSIFICATION.networks.trainings
NETWORK_RUNS = classification_grid.network_runs(CLASSIFICATION)
# One seed a network is timed: another has other weights and the same time.
CLASSIFICATION_LATENCY_RUNS = [
    f"{name}-seed{(run.seeds or CLASSIFICATION.networks.seeds)[0]}"
    for name, run in NETWORKS.items()
    if run.weights is None
]
CLASSIFICATION_PRUNINGS = {pruning.name: pruning for pruning in CLASSIFICATION.pruning}
CLASSIFICATION_PRUNED_RUNS = classification_grid.pruned_runs(CLASSIFICATION)


# A wildcard's constraint holds in all rules: that of normalization is in common_segmentation.smk.
wildcard_constraints:
    method="|".join(CLASSIFICATION.baselines.methods) or "none",
    distance="|".join(CLASSIFICATION.baselines.distances) or "none",
    name="|".join(NUMPY_NETWORKS) or "none",
    network="|".join(NETWORKS) or "none",
    network_pruning="|".join(CLASSIFICATION_PRUNINGS) or "none",


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


def classification_files(file):
    """Return a file of every run of the classification study; '': its folder."""
    return [
        f"{CLASSIFICATION_RESULTS}/{run}/{file}".rstrip("/")
        for run in (
            *(
                f"runs/{run}"
                for run in CLASSIFICATION_BASELINES + NUMPY_RUNS + NETWORK_RUNS
            ),
            *(f"pruned/{run}" for run in CLASSIFICATION_PRUNED_RUNS),
        )
    ]


def training_code(wildcards):
    """Return the source files of a network in PyTorch and its training."""
    file = file_of(NETWORKS[wildcards.network].network)
    return sources("boardbench.classification.training", f"boardbench.networks.{file}")


def evaluation_code(wildcards):
    """Return the source files of a network in PyTorch and its scoring."""
    file = file_of(NETWORKS[wildcards.network].network)
    return sources(
        "boardbench.classification.evaluation", f"boardbench.networks.{file}"
    )


def network_pruning_code(wildcards):
    """Return the source files of a network in PyTorch and its pruning."""
    file = file_of(NETWORKS[wildcards.network].network)
    return sources("boardbench.classification.pruning", f"boardbench.networks.{file}")


def trained_code(step):
    """Return the source files of a step and of all networks in PyTorch."""
    files = {file_of(run.network) for run in NETWORKS.values()}
    return sources(step, *(f"boardbench.networks.{file}" for file in sorted(files)))


def parent(wildcards):
    """Return the run, or the file, that a network starts from, if it is on this disk."""
    weights = NETWORKS[wildcards.network].weights
    if weights in NETWORKS:
        return [
            f"{CLASSIFICATION_RESULTS}/runs/{weights}-seed{wildcards.seed}/model.pt"
        ]
    if weights is None or not Path(weights).exists():
        return []
    return [f"{weights}/model.pt" if Path(weights).is_dir() else weights]


def parent_flag(wildcards):
    """Write the run that a network starts from as a flag."""
    named = NETWORKS[wildcards.network].weights in NETWORKS
    return f"--start {parent(wildcards)[0]}" if named else ""


def training_flags(wildcards):
    """Write how a network in PyTorch is trained as flags."""
    return flags(NETWORKS[wildcards.network], leave_out={"name", "seeds", "grid"})


def network_pruning_flags(wildcards):
    """Write how a network in PyTorch is pruned as flags."""
    return flags(
        CLASSIFICATION_PRUNINGS[wildcards.network_pruning], leave_out={"name", "runs"}
    )


def numpy_network_flags(wildcards):
    """Write how a network in NumPy is trained as flags."""
    return flags(NUMPY_NETWORKS[wildcards.name], leave_out={"name"})
