"""The lock of a run that was killed is taken away; that of one that runs, or of another machine, is not."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from boardbench.process import is_gone, this_process
from boardbench.worklock import own_lock, release_dead_lock

SNAKEFILE = """
from boardbench.worklock import own_lock, release_dead_lock
release_dead_lock()
onstart:
    own_lock()
rule all:
    output: "made"
    shell: "{config[before]} touch {output}"
"""


@pytest.fixture
def locked(tmp_path):
    (tmp_path / "locks").mkdir()
    lock = tmp_path / "locks/0.output.lock"
    lock.touch()
    return lock


def test_names_of_processes():
    assert not is_gone(this_process())
    host, pid, created = this_process().rsplit(" ", 2)
    assert is_gone(f"{host} {pid} {float(created) - 100}")  # the number was given again
    assert is_gone(f"{host} {max(psutil.pids()) + 10_000_000} {created}")
    assert not is_gone(f"other{host} {pid} {float(created) - 100}")
    assert not is_gone("no process") and not is_gone("")


def test_the_lock_of_a_process_that_runs_stays(tmp_path, locked):
    own_lock(tmp_path)
    assert not release_dead_lock(tmp_path) and locked.exists()


def test_a_lock_without_a_name_stays(tmp_path, locked):
    assert not release_dead_lock(tmp_path) and locked.exists()


def test_a_dead_lock_is_taken_away_once(tmp_path, locked):
    host, pid, created = this_process().rsplit(" ", 2)
    (tmp_path / "boardbench.owner").write_text(f"{host} {pid} {float(created) - 100}")
    assert release_dead_lock(tmp_path) and not locked.exists()
    locked.touch()  # of the run that came next, before it has left its name
    assert not release_dead_lock(tmp_path) and locked.exists()


def snakemake(folder, before):
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--rerun-incomplete", "--config", f"before={before}"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_a_killed_run_goes_on_with_the_same_command(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    run = snakemake(tmp_path, "sleep 60;")
    owner = tmp_path / ".snakemake/boardbench.owner"
    while not owner.exists() and run.poll() is None:
        time.sleep(0.1)
    beside = snakemake(tmp_path, "true;")
    assert "cannot be locked" in beside.communicate(timeout=60)[0] and beside.returncode
    for process in psutil.Process(run.pid).children(recursive=True):
        process.kill()
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    assert any((tmp_path / ".snakemake/locks").iterdir())
    again = snakemake(tmp_path, "true;")
    told = again.communicate(timeout=60)[0]
    assert again.returncode == 0, told
    assert (tmp_path / "made").exists()
