"""A project outside a clone: what the wheel carries, what 'boardbench new' makes and 'boardbench run' runs."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from boardbench import project
from boardbench.demo.demo import MODEL, SCENE
from boardbench.labels.new import new
from boardbench.params.params import load_params

ROOT = Path(__file__).parents[1]


def test_the_wheel_carries_what_the_workflow_reads():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    carried = wheel["force-include"]
    assert {f"boardbench/_project/{name}" for name in carried} == set(carried.values())
    read = ["Snakefile", "params.yaml", "constraints.txt", "workflow/rules/common.smk", "workflow/presets/tiny.yaml"]
    read += ["profiles/default/config.yaml", "reports/published/claims.csv", "reports/tables/digits/about.json"]
    for name in read:
        assert (ROOT / name).is_file()
        assert any(name == one or name.startswith(f"{one}/") for one in carried), name


def test_files_are_the_clones_or_those_of_the_wheel(monkeypatch, tmp_path):
    assert project.home() == ROOT
    monkeypatch.setattr(project, "_PACKAGE", tmp_path)
    (tmp_path / "_project").mkdir()
    assert project.home() == tmp_path / "_project"


def test_a_project_has_every_knob_and_no_path_of_a_clone(tmp_path, says, capsys):
    folder = tmp_path / "mine"
    new(folder=folder)
    text = (folder / "params.yaml").read_text()
    assert load_params(yaml.safe_load(text)) == load_params(yaml.safe_load((ROOT / "params.yaml").read_text()))
    assert text.startswith("# yaml-language-server: $schema=params.schema.json\n") and "snakemake --cores" not in text
    assert (folder / "params.schema.json").is_file() and "results/" in (folder / ".gitignore").read_text()
    assert f"boardbench run {folder}" in capsys.readouterr().out
    says(lambda: new(folder=folder), folder / "params.yaml", "there already")
    (tmp_path / "file").touch()
    says(lambda: new(folder=tmp_path / "file"), "a file")
    says(lambda: new(folder=tmp_path / "data/raw/mine"), "--classes")
    says(lambda: new(folder=tmp_path / "other", pattern="x"), "--pattern", "--classes")


@pytest.mark.slow
def test_the_workflow_is_planned_in_a_project(tmp_path):
    new(folder=tmp_path / "mine")
    command = [sys.executable, "-m", "boardbench.cli", "run", "mine", "--preset", "tiny", "--dry-run"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "segmentation_train" in answer.stdout and "verify" in answer.stdout


def test_a_run_is_snakemake_in_the_folder_with_overlays_in_order(tmp_path, monkeypatch, says):
    started = []

    class Process:
        def __init__(self, command, env):
            started.append((command, env["PATH"].split(":")[0]))

        def wait(self):
            return 0 if len(started) == 1 else -15

    monkeypatch.setattr(project.subprocess, "Popen", Process)
    monkeypatch.chdir(tmp_path)
    says(lambda: project.run(folder=tmp_path), "params.yaml", "boardbench new")
    (tmp_path / "params.yaml").touch()
    (tmp_path / "own.yaml").touch()
    project.run(configfile=[Path("own.yaml")], preset=["tiny"], cores="3", quiet=True)
    (command, first), preset = started[0], ROOT / "workflow/presets/tiny.yaml"
    assert first == str(Path(sys.executable).parent)
    assert command[3:7] == ["--snakefile", str(ROOT / "Snakefile"), "--directory", "."]
    assert command[7:] == ["--cores", "3", "--quiet", "all", "--configfile", str(preset), str(tmp_path / "own.yaml")]
    with pytest.raises(SystemExit) as ended:
        project.run(dry_run=True)
    assert ended.value.code == 143 and started[1][0][7:] == ["--cores", "all", "--dry-run"]
    says(lambda: project.run(preset=["tyni"]), "tyni", "tiny")
    says(lambda: project.run(configfile=[Path("no.yaml")]), "no.yaml")


@pytest.mark.slow
def test_a_demo_is_a_picture_and_a_score(tmp_path, capsys):
    from boardbench.demo.demo import demo

    demo(out=tmp_path / "demo", no_browser=True)
    told = capsys.readouterr().out
    assert str(tmp_path / "demo/demo.png") in told and "mean IoU on this board (simulated): 0." in told
    assert (tmp_path / f"demo/predictions/{SCENE}_1/components.csv").is_file()
    assert MODEL.stat().st_size < 1_000_000


def test_what_only_unix_has_is_imported_where_it_may_fail():
    """Windows has no fcntl, resource, pwd, grp or termios."""
    for path in (ROOT / "src").rglob("*.py"):
        tree = ast.parse(path.read_text())
        guarded = {node for attempt in ast.walk(tree) if isinstance(attempt, ast.Try) for node in ast.walk(attempt)}
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            unix = {"fcntl", "resource", "pwd", "grp", "termios"} & set(names)
            assert not unix or node in guarded, f"{path}: {unix}"


def test_memory_is_told_where_the_system_tells_it(monkeypatch):
    from types import SimpleNamespace

    from boardbench import limits

    assert all(peak > 1 for peak in limits.peaks()[:1])
    monkeypatch.setattr(limits, "resource", None)
    process = SimpleNamespace(memory_info=lambda: SimpleNamespace(peak_wset=3_000_000))
    monkeypatch.setattr(limits.psutil, "Process", lambda: process)
    assert (limits.addresses(), limits.peaks()) == (None, (3.0, None))
