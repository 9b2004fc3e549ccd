"""One training in two processes: the losses of one process, its refusals, and a kill that loses nothing."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
import torch

from boardbench.classification.model import load
from boardbench.classification.training import train
from boardbench.params.networks import Training

SETTINGS = {
    "network": "resnet18",
    "width": 0.05,
    "epochs": 3,
    "batch_size": 16,
    "learning_rate": 0.05,
    "crop": 1,
    "flip": False,
    "validation": 0.25,
    "freeze_batch_norm": 0.34,
}
# Sums in another order, through three epochs of training at a high rate.
TOLERANCE = 2e-4
PYTHON = """
import sys
from pathlib import Path
from boardbench.classification.training import train
from boardbench.params.networks import Training
if __name__ == "__main__":
    train(name="small", seed=0, samples=Path(sys.argv[1]), dataset="bars", out=Path(sys.argv[2]),
          params=Training.model_validate_json(sys.argv[3]))
"""


@pytest.fixture(autouse=True)
def _settings_of_the_process():
    yield
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(False)


def start(samples, out, **changed):
    params = Training.model_validate(SETTINGS | changed)
    train(name="small", seed=0, samples=samples, dataset="bars", out=out, params=params)
    return out


def test_two_processes_learn_what_one_does(samples, tmp_path):
    # 45 training images: batches of 15, which two processes share unevenly.
    one, two = (start(samples, tmp_path / str(devices), devices=devices) for devices in (1, 2))
    curves = [pd.read_csv(run / "history.csv") for run in (one, two)]
    assert len(curves[0]) == SETTINGS["epochs"] and curves[0]["train_loss"].diff().abs().min() > 100 * TOLERANCE
    pd.testing.assert_frame_equal(*curves, rtol=0, atol=TOLERANCE)
    weights = [load(run).network.state_dict() for run in (one, two)]
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=0, atol=1e-2, msg=name)
    assert sorted(path.name for path in two.iterdir()) == sorted(path.name for path in one.iterdir())


def test_a_refusal_in_several_processes_is_one_error(samples, tmp_path, says):
    says(lambda: start(samples, tmp_path / "x", devices=2, classes=["bar0", "bar9"]), "runs, small, classes", "bar9")
    says(lambda: start(samples, tmp_path / "x", devices=2, nodes=2), "training.nodes: 2", "torchrun", "--nnodes 2")
    assert not (tmp_path / "x").exists()


def test_torchruns_numbers_are_held_against_the_settings(samples, tmp_path, says, monkeypatch):
    for name, value in {"WORLD_SIZE": "4", "RANK": "0", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    says(lambda: start(samples, tmp_path / "x", devices=2), "2 processes", "started 4", "--nproc-per-node 2")


@pytest.mark.service
def test_a_killed_run_of_two_processes_goes_on_to_the_same_bytes(samples, tmp_path):
    script = tmp_path / "start.py"
    script.write_text(PYTHON)
    params = Training.model_validate(SETTINGS | {"devices": 2, "epochs": 12}).model_dump_json()

    def command(name):
        return [sys.executable, str(script), str(samples), str(tmp_path / name), params]

    subprocess.run(command("whole"), check=True, capture_output=True)
    with subprocess.Popen(command("killed"), start_new_session=True, stdout=subprocess.DEVNULL) as run:
        while run.poll() is None and not list(tmp_path.glob("killed/checkpoints/*/last.ckpt")):
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGKILL)
    assert not (tmp_path / "killed/model.pt").exists()
    again = subprocess.run(command("killed"), check=True, capture_output=True, text=True)
    assert "resuming from epoch" in again.stdout
    for name in ("model.pt", "history.csv", "training.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


@pytest.mark.service
def test_two_machines_of_one_process_each(samples, tmp_path):
    script = tmp_path / "start.py"
    script.write_text(PYTHON)
    params = Training.model_validate(SETTINGS | {"nodes": 2}).model_dump_json()
    agents = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "torch.distributed.run", "--nnodes=2", f"--node-rank={node}"),
                *("--master-addr=127.0.0.1", "--master-port=29555", "--nproc-per-node=1"),
                *(str(script), str(samples), str(tmp_path / "two"), params),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for node in range(2)
    ]
    printed = [agent.communicate(timeout=300)[0] for agent in agents]
    assert [agent.returncode for agent in agents] == [0, 0], printed
    one = start(samples, tmp_path / "one")
    curves = [pd.read_csv(run / "history.csv") for run in (one, tmp_path / "two")]
    pd.testing.assert_frame_equal(*curves, rtol=0, atol=TOLERANCE)
