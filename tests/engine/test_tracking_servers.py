"""Stores that are servers: MLflow's own, and PostgreSQL; each is started by the test, on this machine only."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from boardbench.engine.tracking import Store

pytestmark = [pytest.mark.service, pytest.mark.slow]
FOLDERS = [str(folder) for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
INITDB = shutil.which("initdb", path=os.pathsep.join([os.environ.get("PATH", ""), *FOLDERS]))
WRITERS = 8


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def serving(command, port, **how):
    """Run a server until the block ends."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how) as server:
        try:
            for _ in range(600):
                assert server.poll() is None, f"{command[0]} ended"
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.1)
            yield
        finally:
            server.send_signal(signal.SIGINT)  # PostgreSQL would wait for its clients on another


def show(address, tmp_path):
    """Show a run twice, the second time in place of the first; return the entry."""
    file = tmp_path / "metrics.json"
    file.write_text("{}")
    store = Store(address)
    for best in (0.25, 0.5):
        run = store.start("segmentation", "a run", "what", {"seed": 0}, "segmentation train")
        run.log([{"epoch": epoch, "train_loss": 1.0 - epoch * best} for epoch in range(2)])
        run.results({"test_miou": best}, [file])
        run.finish()
    assert store.failure is None
    client = MlflowClient(tracking_uri=address)
    (entry,) = client.search_runs([client.get_experiment_by_name("segmentation").experiment_id])
    assert (entry.info.status, entry.data.metrics) == ("FINISHED", {"train/loss": 0.5, "test/miou": 0.5})
    assert store.find("segmentation", "what").run_id == entry.info.run_id
    return entry, client


def test_an_mlflow_server(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/served.db", "--artifacts-destination", f"{tmp_path}/kept"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    with serving(command, port, env=environment, cwd=tmp_path):
        entry, client = show(f"http://127.0.0.1:{port}", tmp_path)
        assert [file.path for file in client.list_artifacts(entry.info.run_id)] == ["metrics.json"]
    assert list((tmp_path / "kept").rglob("metrics.json"))


def test_a_server_that_is_away_costs_one_warning_and_seconds(capsys):
    start = time.monotonic()
    run = Store(f"http://me:hush@127.0.0.1:{free_port()}").start("segmentation", "a run", "what", {}, "train")
    run.log([{"epoch": 0, "train_loss": 1.0}])
    run.finish()
    assert time.monotonic() - start < 60
    told = capsys.readouterr().err
    assert told.count("warning: ") == 1 and "me:***@127.0.0.1" in told and "hush" not in told


@pytest.fixture
def postgresql(tmp_path):
    """Start a PostgreSQL server with a password; give its address."""
    pytest.importorskip("psycopg2", reason="needs psycopg2-binary, of the optional packages 'postgresql'")
    if not INITDB:
        pytest.skip("needs PostgreSQL's initdb, such as Debian's package postgresql")
    root = os.name == "posix" and os.geteuid() == 0
    how = {"cwd": "/", "user": "postgres"} if root else {"cwd": "/"}  # the server refuses to be root's
    with tempfile.TemporaryDirectory() as folder:  # not below tmp_path, which only this user may enter
        word, port = Path(folder) / "word", free_port()
        word.write_text("hu@sh\n")
        for path in (folder, word) if root else ():
            shutil.chown(path, "postgres")
        made = [INITDB, "-D", f"{folder}/data", "-U", "me", "-A", "scram-sha-256", f"--pwfile={word}"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **how)
        server = [Path(INITDB).resolve().with_name("postgres"), "-D", f"{folder}/data", "-p", str(port), "-k", folder]
        with serving([*server, "-c", "listen_addresses=127.0.0.1"], port, **how):
            time.sleep(1)
            yield f"postgresql://me:hu%40sh@127.0.0.1:{port}/postgres"


def test_postgresql(postgresql, tmp_path, capsys, monkeypatch):
    jobs = [
        subprocess.Popen([sys.executable, "-c", JOB, postgresql, str(number)], stderr=subprocess.PIPE, text=True)
        for number in range(WRITERS)
    ]  # all of them find an empty database
    assert [job.communicate()[1] for job in jobs] == [""] * WRITERS
    monkeypatch.chdir(tmp_path)
    _, client = show(postgresql, tmp_path)
    runs = client.search_runs([client.get_experiment_by_name("placement").experiment_id])
    assert sorted((run.info.run_name, run.info.status) for run in runs) == [
        (str(n), "FINISHED") for n in range(WRITERS)
    ]
    assert not list(tmp_path.rglob("metrics.json.*")) and not (tmp_path / "mlruns").exists()
    assert capsys.readouterr().err == ""

    Store(postgresql.replace("hu%40sh", "wr%40ng")).start("segmentation", "a run", "what", {}, "train")
    told = capsys.readouterr().err
    assert told.count("warning: ") == 1 and "me:***@127.0.0.1" in told and not {"wr@ng", "wr%40ng"} & set(told.split())


JOB = """
import sys
import tempfile
from boardbench.engine.tracking import Store
run = Store(sys.argv[1]).start("placement", sys.argv[2], sys.argv[2], {}, "placement train")
run.log([{"epoch": 0, "train_loss": 1.0}])
run.finish()
"""
