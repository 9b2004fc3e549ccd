"""boardbench: machine vision on circuit boards that anyone can reproduce, cost and deploy."""

import os
from pathlib import Path

# No library that is used here reports to anybody; it is said before any of them is imported. ONNX Runtime does for
# Linux, too, from 1.29 on (its Privacy.md). OpenVINO has no variable for it: engine/runtimes.py.
# Snakemake, torch, numba, scikit-learn and matplotlib have no telemetry.
for _name, _value in {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "ORT_DISABLE_TELEMETRY": "1",
    "DVC_NO_ANALYTICS": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}.items():
    os.environ.setdefault(_name, _value)

# MLflow asks for a home when it is imported; a user known by number only, as in a container, may have none.
try:
    Path.home()
except RuntimeError:
    os.environ["HOME"] = "/nonexistent"
