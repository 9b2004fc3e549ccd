# Parameters (checked before any work), and the helpers that rules of all studies share.
import re
import shlex

import yaml
from snakemake.exceptions import WorkflowError

from boardbench.doctor import check_memory
from boardbench.engine.address import hand_to_jobs
from boardbench.errors import BoardbenchError
from boardbench.params.params import load_params
from boardbench.sources import PACKAGE, hash_of_sources, sources
from boardbench.worklock import own_lock, release_dead_lock


def checked(function, *arguments):
    """Call a check; show a user's mistake as one message."""
    try:
        return function(*arguments)
    except BoardbenchError as error:
        raise WorkflowError(str(error)) from None


def near(path):
    """Return a path as seen from the run's folder where it lies below it, whole where it does not."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


# The published numbers and the reference lie beside the Snakefile, wherever the run's folder is.
REPORTS = near(Path(workflow.basedir)) / "reports"
TEMPLATES = near(PACKAGE) / "report/templates"
release_dead_lock()
PARAMS = checked(load_params, config)
STUDIES = PARAMS.studies
SEGMENTATION = PARAMS.segmentation
PLACEMENT = PARAMS.placement
CLASSIFICATION = PARAMS.classification
# A variable's name, not the address: so another store reruns no training.
TRACKING = shlex.quote(hand_to_jobs(PARAMS.tracking))
# Threads of a step that times something and wants the machine to itself; two where no number of cores is given, as
# with --summary (`workflow.cores` stops there), and on a cluster, where a job's Snakemake is told all cores of its node,
# but was given those that were asked for when it was submitted.
ALONE = (workflow.local_exec and workflow.resource_settings.cores) or 2


# Minutes a training may take on a cluster: a day. One that is stopped goes on from its last epoch.
TRAINING_MINUTES = 24 * 60


def gpus(loop):
    """Return how many GPUs a training asks for on a machine."""
    return loop.devices if loop.device != "cpu" else 0


def cores(loop):
    """Return how many cores a training asks for on a machine."""
    return loop.threads * loop.devices


def word(text):
    """Write a text as one shell word, in which Snakemake sees no wildcard: '{x}' is a name, too."""
    return re.sub(r"\{(?=\s*\w+\s*[,}])", "{''", shlex.quote(text))


def quoted(value):
    """Write a value as one shell word of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6).strip()
    return word(text.removesuffix("\n...").strip())


def flags(section, leave_out=None):
    """Write a block of params as command-line flags of the same words."""
    values = section.model_dump(mode="json", exclude=leave_out)
    return " ".join(
        f"--{key.replace('_', '-')} {quoted(value)}" for key, value in values.items()
    )


def repeated(flag, values):
    """Write a list as a repeated flag."""
    return " ".join(f"--{flag} {word(str(value))}" for value in values)


def settings(study):
    """Write a study's params as one flag: what a reference must share to be comparable."""
    return f"--settings {quoted(study.model_dump(mode='json'))}"


def folder(name, up=1):
    """Return a params function: the folder ``up`` levels above the first file of a named input."""
    return lambda wildcards, input: str(Path(input[name][0]).parents[up - 1])
