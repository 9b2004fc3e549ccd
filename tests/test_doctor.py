import json
import os
import resource
import shutil
import subprocess
import sys
from collections import namedtuple
from types import SimpleNamespace

import pytest

from boardbench import doctor, limits
from boardbench.errors import ADDRESSES, BoardbenchError

Usage = namedtuple("Usage", "free")
GB = 10**9


def found(look):
    """Return the findings of one look, by name: (missing, has a remedy, what there is)."""
    return {one.name: (one.needed, bool(one.remedy), one.found) for one in look()}


@pytest.fixture
def memory(monkeypatch):
    """Set what the machine, its group of processes and 'ulimit -v' allow, in bytes, and the number of cores."""

    def give(machine=32 * GB, group=None, addresses=resource.RLIM_INFINITY, cores=2):
        monkeypatch.setattr(limits.psutil, "virtual_memory", lambda: SimpleNamespace(total=machine))
        monkeypatch.setattr(limits, "_group_limits", lambda: iter([] if group is None else [group]))
        monkeypatch.setattr(limits.resource, "getrlimit", lambda _: (addresses, addresses))
        monkeypatch.setattr(doctor, "cores", lambda: cores)
        return found(doctor._memory)["memory"]

    return give


def test_memory_is_the_least_of_what_is_allowed(memory):
    assert memory() == (False, False, "this machine has 32.0 GB")
    assert memory(group=2**63 - 4096) == memory()  # no limit
    assert memory(group=4 * GB) == (False, False, "this machine has 32.0 GB, its container allows 4.0 GB")
    assert memory(machine=1 * GB)[:2] == (True, True)
    assert memory(group=1_400_000_000)[:2] == (True, True)
    assert memory(addresses=ADDRESSES - 1)[:2] == (True, True)
    assert memory(addresses=ADDRESSES)[:2] == (False, False)


def test_many_cores_and_little_memory_are_told_the_number_of_jobs(memory):
    memory(machine=4 * GB, cores=16)
    (finding,) = doctor._memory()
    assert not finding.needed and "--cores 3" in finding.remedy  # 4 GB less Snakemake's half


def test_a_run_does_not_begin_without_memory(memory, says):
    memory(addresses=1_300_000_000)
    says(doctor.check_memory, "memory", "'ulimit -v' allows 1.3 GB", "ulimit -v unlimited", "boardbench doctor")
    memory()
    doctor.check_memory()


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/a/b\n", {"a/b/memory.max": "max", "a/memory.max": "5000", "memory.max": "9000"}, [5000, 9000]),
        ("4:memory:/x\n3:cpu:/\n", {"memory/x/memory.limit_in_bytes": "7000"}, [7000]),
        ("4:cpu,memory:/x\n", {"memory/memory.limit_in_bytes": "8000"}, [8000]),  # the group is not seen in a container
        ("", {}, []),
    ],
)
def test_limits_of_both_versions_of_cgroups(tmp_path, groups, files, expected):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(groups)
    for name, text in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert list(limits._group_limits(tmp_path)) == expected
    assert list(limits._group_limits(tmp_path / "none")) == []


def test_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2 * GB))
    assert found(doctor._disk)["disk"] == (True, True, "2.0 GB free for results/")
    (tmp_path / "results/report").mkdir(parents=True)
    (tmp_path / "results/report/verify.json").touch()  # the run is made already
    assert found(doctor._disk)["disk"][:2] == (False, False)


def test_folders_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    monkeypatch.setattr(doctor.tempfile, "gettempdir", lambda: str(tmp_path / "nowhere"))
    states = {name: state[:2] for name, state in found(doctor._folders).items()}
    assert states == {"here": (False, False), "TMPDIR": (True, True), "HOME": (False, True)}


def test_packages_are_held_against_constraints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ["numpy>=2.0", "not-there-at-all>=1", "torch==2.13.0", "pytest>=8; extra == 'dev'"]
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda _: asked[:1] + asked[2:])
    assert found(doctor._packages)["packages"][:2] == (False, False)
    (tmp_path / "constraints.txt").write_text("# pinned\nNumPy==0.1\ntorch==2.13.0\n")
    assert found(doctor._packages)["packages"][:2] == (False, True)
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda _: asked)
    assert found(doctor._packages)["packages"] == (True, True, "without not-there-at-all")


@pytest.mark.parametrize(("version", "missing"), [((3, 10, 1), True), ((3, 11, 0), False), ((3, 13, 0), True)])
def test_python(monkeypatch, version, missing):
    monkeypatch.setattr(doctor.importlib.metadata, "metadata", lambda _: {"Requires-Python": "<3.13,>=3.11"})
    monkeypatch.setattr(doctor.sys, "version_info", version)
    assert found(doctor._python)["Python"][:2] == (missing, missing)


@pytest.mark.parametrize(
    ("params", "state", "word"),
    [
        ("", "ok", "not there yet"),
        ("tracking: store.db\n", "note", "boardbench sync"),
        ("tracking: http://127.0.0.1:9\n", "note", "boardbench sync"),
        ("tracking: ftp://x\n", "note", "tracking"),
    ],
)
def test_the_store_of_mlflow(tmp_path, monkeypatch, params, state, word):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "store.db").write_bytes(b"no database" * 100)
    if params:
        (tmp_path / "params.yaml").write_text(params)
    (finding,) = doctor._store()
    assert finding.state == state and word in f"{finding.found} {finding.remedy}"


@pytest.mark.parametrize(("told", "state"), [("AVX2", "ok"), ("", "ok"), ("MKL_CBWR=SSE4_2", "note")])
def test_a_processor_without_wide_vectors_is_noted(monkeypatch, told, state):
    monkeypatch.setattr(doctor, "instructions", lambda: told)
    monkeypatch.setattr(doctor.platform, "machine", lambda: "x86_64")
    assert next(one for one in doctor._cores() if one.name == "processor").state == state


def test_json_says_the_same(monkeypatch, capsys):
    lines = [doctor.Finding("a", "1"), doctor.Finding("b", "2", "do"), doctor.Finding("c", "3", "do", True)]
    monkeypatch.setattr(doctor, "LOOKS", (lambda: iter(lines),))
    with pytest.raises(SystemExit) as ended:
        doctor.doctor(json=True)
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["ready"]) == (1, False)
    assert [one["state"] for one in told["findings"]] == ["ok", "note", "missing"]


def boardbench(*words, limit_kb=None, **environment):
    command = [sys.executable, "-m", "boardbench.cli", *words]
    if limit_kb:
        command = ["sh", "-c", f'ulimit -v {limit_kb} && exec "$@"', "sh", *command]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


def test_one_screen_and_an_exit_code():
    answer = boardbench("doctor", LC_ALL="C.UTF-8")
    assert answer.stdout.count("\n") < 25 and "Traceback" not in answer.stderr
    assert answer.returncode == int("MISSING" in answer.stdout)
    answer = boardbench("doctor", limit_kb=1_300_000)
    assert answer.returncode == 1 and "MISSING memory" in answer.stdout and "1.3 GB" in answer.stdout
    answer = boardbench("doctor", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert answer.returncode == 1 and "MISSING text" in answer.stdout


def test_torch_is_not_imported():
    code = "import sys, boardbench.doctor; sys.exit('torch' in sys.modules or 'mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_too_little_memory_is_one_message(tmp_path):
    (tmp_path / "captures.csv").write_text("scene\n" * 10)
    answer = boardbench("check", str(tmp_path / "captures.csv"), limit_kb=2_000_000)
    assert answer.stderr.startswith("warning: 'ulimit -v' allows 2.0 GB") and "Traceback" not in answer.stderr
    code = "from boardbench import cli; cli.program = lambda: lambda **_: bytearray(10**13); cli.main()"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert answer.returncode == 1 and answer.stderr.startswith("error: out of memory") and "doctor" in answer.stderr


def test_what_the_system_refuses_is_one_message(tmp_path):
    for name, words in {"n" * 300: "shorter", "a/../" * 2000: "shorter", "x\x1b[2Jy": "x\\x1b[2Jy"}.items():
        answer = boardbench("check", f"{tmp_path}/{name}")
        assert answer.returncode == 1 and answer.stderr.startswith("error: ") and words in answer.stderr
    answer = boardbench("check", "é", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert answer.returncode == 1 and "Traceback" not in answer.stderr


def test_an_error_of_ours_is_left_as_it_is(monkeypatch):
    from boardbench.errors import refused_by_machine

    for error in (RuntimeError("a bug"), OSError("no number"), ImportError("no module")):
        assert refused_by_machine(error) is None
    assert isinstance(BoardbenchError("x"), Exception)
