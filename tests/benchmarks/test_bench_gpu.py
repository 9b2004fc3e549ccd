import csv
import importlib
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import gpu
import training_step
from boardbench.classification import epoch
from gpu_cifar import NETWORKS, _summary, rows_of
from gpu_measure import FULL, Part, Watch
from gpu_table import COLUMNS, Clock, Job, LeftOut, Table, go_through

ROOT = Path(__file__).parents[2]
# What is imported by another name than it is installed by.
MODULES = {"scikit-image": "skimage", "scikit-learn": "sklearn", "ruamel-yaml": "ruamel"}
# Runs gpu.py as on a machine that has torch, with what it needs, NumPy, and gpu.NEEDS: the project's others are absent.
BARE = """
import runpy, sys
sys.modules |= dict.fromkeys({absent})
sys.path.insert(0, "benchmarks")
runpy.run_path("benchmarks/gpu.py", run_name="__main__")
"""


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def job(name, run, kind="kind"):
    return Job(kind, ((name, "what", "32"),), run)


def row(name, **more):
    return {"part": name, "what": "what", "precision": "32", "card": "a card", "n": 1, **more}


@pytest.mark.slow
def test_a_dry_run_measures_every_part_with_few_packages(tmp_path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = (
        {line.split(">")[0].split("=")[0] for line in project} - set(gpu.NEEDS.values()) - {"torch", "numpy", "jinja2"}
    )
    absent = {MODULES.get(name, name).replace("-", "_") for name in names}
    assert {"scipy", "mlflow", "sklearn", "pyarrow"} <= absent
    command = [sys.executable, "-c", BARE.format(absent=absent), "--dry", "--seeds", "1", "--out", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    rows = read(tmp_path / "gpu.csv")
    assert [cell["note"] for cell in rows if not cell["card"]] == [], run.stdout + run.stderr
    timed = [cell for cell in rows if " to " not in cell["what"]]
    kinds = [cell["part"] for cell in timed]
    assert kinds == ["training step"] * 4 + ["paper 2 table 7"] + ["CIFAR-10"] * 2 + ["epoch"] * 4
    for cell in timed:
        assert float(cell["seconds"]) > 0 and float(cell["samples_per_s"]) > 0 and int(cell["n"]) >= 1
        assert cell["torch"] and float(cell["memory_mib"]) > 0
        assert (cell["loader_share"] != "") == (cell["part"] in ("epoch", "CIFAR-10"))
    trainings = read(tmp_path / "gpu_cifar.csv")  # of 6 images of each of 10 classes, one each for validation
    assert [(run["train_images"], run["test_images"], run["pixels"]) for run in trainings] == [
        ("50", "60", "random")
    ] * 2
    assert [cell["epoch"] for cell in read(tmp_path / "gpu_history.csv")] == ["0", "1"] * 2


def test_without_a_gpu_it_says_how_to_try_the_code(tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match="--dry"):
        gpu.main(["--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_the_table_has_every_part_from_the_start_and_keeps_what_is_measured(tmp_path):
    path = tmp_path / "gpu.csv"
    seen = []

    def first():
        seen.extend(read(path))
        return [row("a", seconds=2.0)]

    def fails():
        raise RuntimeError("out of\nmemory")

    def left_out():
        raise LeftOut("no file")

    jobs = [job("a", first), job("b", fails), job("c", left_out), job("a", fails)]
    go_through(jobs, Table(path, jobs), Clock(1))
    assert [cell["part"] for cell in seen] == ["a", "b", "c"]
    assert all(cell["note"].startswith("not run") and cell["seconds"] == "" for cell in seen)
    rows = read(path)
    assert list(rows[0]) == list(COLUMNS)
    assert (rows[0]["seconds"], rows[0]["note"]) == ("2.0", "")  # the failed second seed took nothing away
    assert rows[1]["note"] == "not run: RuntimeError: out of memory"
    assert rows[2]["note"] == "not run: no file"


def test_a_part_begins_only_where_the_last_one_of_its_kind_would_fit(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("gpu_table.time.monotonic", lambda: now[0])

    def takes(name, seconds):
        def run():
            now[0] += seconds
            return [row(name)]

        return run

    jobs = [
        job("a", takes("a", 40)),
        job("b", takes("b", 1)),
        job("c", takes("c", 5), "other"),
        job("d", takes("d", 1)),
    ]
    table = Table(tmp_path / "gpu.csv", jobs)
    go_through(jobs, table, Clock(1))
    # b needs 40 s as a did, 20 are left; c is the first of its kind; d again 40 of 15
    assert [cell["card"] for cell in read(tmp_path / "gpu.csv")] == ["a card", "", "a card", ""]


def test_a_training_ends_where_no_time_is_left_for_another_epoch(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("gpu_measure.time.perf_counter", lambda: now[0])
    left = SimpleNamespace(left=lambda: 25 - now[0])
    watch = Watch(left, 3)
    watch.start()
    watch.waited, now[0] = 4.0, 10.0
    watch.log([{"epoch": 0}])  # 15 s left for 10
    now[0] = 18.0
    with pytest.raises(LeftOut):
        watch.log([{"epoch": 1}])  # 7 s left for 8
    assert watch.epochs == [
        {"epoch": 0, "took": 10.0, "at": 10.0, "loader": 0.4},
        {"epoch": 1, "took": 8.0, "at": 18.0, "loader": 0.0},
    ]
    now[0] = 30.0
    watch.log([{"epoch": 2}])  # the last one wanted: nothing is left to do


def test_the_time_to_a_goal_is_that_of_the_first_epoch_that_reaches_it():
    accuracies = (0.9, 0.94, 0.93, 0.945)
    epochs = [
        {"took": 2.0 + number, "at": 10.0 * (number + 1), "loader": 0.1 * number, "validation_accuracy": accuracy}
        for number, accuracy in enumerate(accuracies)
    ]
    assert _summary(epochs) == {
        "epochs": 4,
        "seconds": 40.0,
        "validation_accuracy": 0.945,
        "seconds_per_epoch": 4.0,  # of 3, 4, 5: the first is warm-up
        "loader_share": pytest.approx(0.15),
        "seconds_to_94": 20.0,
        "seconds_to_95": None,
    }
    assert _summary([]) == {}
    assert rows_of("resnet18") == ["resnet18, an epoch", "resnet18, to 94 %", "resnet18, to 95 %"]


@pytest.mark.slow
def test_what_is_missing_comes_from_the_wheels_behind_the_machines_own(tmp_path, monkeypatch):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    about = "needle-1.0.dist-info"
    with zipfile.ZipFile(wheels / "needle-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("needle.py", "POINT = 7\n")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: needle\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    monkeypatch.setattr(gpu, "NEEDS", {"csv": "not-asked-for", "needle": "needle"})
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit, match="needle: not installed"):
        gpu.use(None, tmp_path / "packages")
    gpu.use(wheels, tmp_path / "packages")
    assert sys.path[-1] == str(tmp_path / "packages")
    assert importlib.import_module("needle").POINT == 7
    assert gpu.missing() == {}


@pytest.mark.parametrize("flags", [["--cifar", "nowhere"], ["--minutes", "0"], ["--seeds", "0"], ["--epochs", "-1"]])
def test_flags_that_cannot_be_are_refused(flags, capsys):
    with pytest.raises(SystemExit):
        gpu.options_of(flags)
    assert flags[0] in capsys.readouterr().err


def test_the_full_sizes_are_those_of_the_preset_and_of_table_7():
    paper = Part.preset("paper.yaml").segmentation
    taken, split, conditions = paper.reflectance, paper.split, paper.simulate.conditions
    assert (FULL.lines, FULL.lines) == taken.size
    assert FULL.bands == paper.simulate.bands - taken.drop_first
    assert (FULL.train, FULL.validation) == (split.train * conditions, split.validation * conditions)
    assert FULL.table7 == epoch.PAPER
    assert not FULL.segmentation and "width" not in FULL.cifar  # the settings are the presets'
    assert set(NETWORKS) <= set(Part.preset("cifar-paper.yaml").classification.networks.trainings)


def test_wheels_that_could_not_be_brought_leave_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "PLATFORMS", ["none"])
    monkeypatch.setattr(gpu, "NEEDS", {"needle": "/nowhere/needle-1.0-py3-none-any.whl"})
    with pytest.raises(SystemExit):
        gpu.main(["--wheels", str(tmp_path / "wheels")])
    assert not (tmp_path / "wheels").exists()


def test_random_captures_may_be_links_to_a_few(tmp_path):
    training_step.make(tmp_path, 32, 4, train=4, validation=1, distinct=2)
    cubes = [np.load(tmp_path / f"s{number:02}_1.npy") for number in range(5)]
    assert (cubes[0] == cubes[2]).all() and (cubes[1] == cubes[3]).all() and (cubes[0] == cubes[4]).all()
    assert (cubes[0] != cubes[1]).any()
    assert len({path.stat().st_ino for path in tmp_path.glob("*.npy")}) == 2
    assert (tmp_path / "split.csv").read_text().count("train") == 4
