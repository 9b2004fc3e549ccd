"""``snakemake --profile profiles/slurm`` on a cluster of one node: nothing given by hand, files as a local run's."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRESET = "workflow/presets/tiny.yaml"
# A calibration, and a training that wants a GPU (the node has one for the asking; torch finds none and takes a core).
OVERLAY = """
studies: [segmentation, classification]
classification:
  pruning: []
  networks:
    runs:
      - {name: small, network: resnet18, width: 0.125, crop: 1, flip: false, epochs: 1, threads: 2, device: auto}
"""
REFLECTANCE = "results/segmentation/tiny/reflectance/board01_1"
RUN = "results/classification/tiny-digits/runs/small-seed0"
MADE = [f"{REFLECTANCE}.npy", f"{REFLECTANCE}.json", f"{REFLECTANCE}.png", f"{RUN}/history.csv"]
# For speed alone: the profile asks every 10 s at first.
OFTEN = ["--slurm-init-seconds-before-status-checks", "2"]

pytestmark = [pytest.mark.service, pytest.mark.slow]


@pytest.fixture
def clone(tmp_path):
    for name in ("Snakefile", "params.yaml", "workflow", "profiles", "src", "reports/published"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, tmp_path / name)
    (tmp_path / "overlay.yaml").write_text(OVERLAY)
    return tmp_path


def snakemake(folder: Path, environment: dict[str, str], *words: str) -> dict[str, bytes]:
    """Run Snakemake and return the files it made."""
    paths = [str(folder / "src"), *(path for path in sys.path if path.endswith("site-packages") or "_site" in path)]
    answer = subprocess.run(
        ["snakemake", *words, "--configfile", PRESET, "overlay.yaml", "--", *MADE],
        cwd=folder, env=environment | {"PYTHONPATH": ":".join(paths)}, timeout=600,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout[-5000:]
    return {name: (folder / name).read_bytes() for name in MADE}


@pytest.mark.parametrize("cluster", ["squeue", "sacct"], indirect=True)
def test_the_profile_needs_nothing_by_hand_and_makes_the_files_of_a_local_run(cluster, clone):
    pytest.importorskip("snakemake_executor_plugin_slurm", reason="pip install 'boardbench[slurm]'")
    made = snakemake(clone, cluster.environment, "--profile", "profiles/slurm", *OFTEN)
    asked = {re.search(r"--comment rule_([a-z_]+?)_wildcards|$", line)[1] or "": line for line in cluster.asked}
    shutil.rmtree(clone / "results")
    shutil.rmtree(clone / "data")
    assert snakemake(clone, cluster.environment, "--cores", "2") == made
    for rule, words in {
        "simulate": ["--mem 4000", "-t 120", "--cpus-per-task=1"],
        "reflectance": ["--mem 4000", "-t 120", "--cpus-per-task=1"],
        "classification_train": ["--mem 8000", "-t 1440", "--gpus=1", "--cpus-per-task=2"],
    }.items():
        assert [word for word in words if word not in asked[rule]] == [], asked[rule]
