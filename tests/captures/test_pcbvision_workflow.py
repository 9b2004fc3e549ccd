"""The workflow on an unpacked PCB-Vision copy, up to what training reads: sheet, reflectance, true sizes, patches."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
OVERLAY = """\
segmentation:
  pcbvision: {folder: FOLDER, scenes: [1, 2, 5]}
  reflectance: {size: [48, 48], board_mask: true}
  split: {protocol: listed, train: [1], validation: [2], test: [5]}
  training: {patch: 32}
  evaluation: {truth: original}
"""


@pytest.mark.slow
def test_the_preset_reads_a_copy_anywhere_on_disk(copy, tmp_path):
    clone = tmp_path / "clone"
    for name in ("workflow", "profiles", "src", "reports"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("Snakefile", "params.yaml"):
        shutil.copy(ROOT / name, clone / name)
    (clone / "mine.yaml").write_text(OVERLAY.replace("FOLDER", str(copy)))
    command = ["snakemake", "--cores", "2", "--configfile", "workflow/presets/pcbvision.yaml", "mine.yaml", "--"]
    results = clone / "results/segmentation/pcbvision"
    answer = subprocess.run(
        [*command, "results/segmentation/pcbvision/augmentation.csv"],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(clone / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout
    assert pd.read_csv(results / "split.csv")["part"].tolist() == ["train", "validation", "test"]
    assert len(pd.read_csv(results / "augmentation.csv")) == 7 * 4  # 48 x 48 in patches of 32
    cube = np.load(results / "reflectance/1_1.npy")
    assert cube.shape == (214, 48, 48)
    assert not cube[..., :20].any() and cube[..., -20:].any()  # the board is the right half
    with Image.open(results / "truth/1_1.png") as truth:
        assert truth.size == (20, 17)  # samples, lines of board 1
