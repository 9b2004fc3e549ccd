"""MLflow is a view: files on disk are the truth, the store shows them.

A run is known by its fingerprint (a hash of what it is: data, parameters, backbone, strategy, seed). A run that is
started again replaces its former entry, so that a killed and repeated run leaves no duplicate; entries whose process
is gone are closed as KILLED. Every write holds a file lock, because SQLite and MLflow's first migration do not bear
several writers.
"""

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from boardbench.errors import BoardbenchError
from boardbench.study import FIRST, STUDIES

# Before mlflow is imported: no telemetry, and no notes on standard output.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

FINGERPRINT = "boardbench.fingerprint"
PROCESS = "boardbench.process"


def fingerprint_of(**description: Any) -> str:
    """Return a short hash of what a run is; the same values give the same fingerprint."""
    return hashlib.sha256(json.dumps(description, sort_keys=True, default=str).encode()).hexdigest()[:16]


def git_commit() -> str:
    """Return the commit of the working directory, with '+' when tracked files were edited; '' outside git."""
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _this_process() -> str:
    import psutil

    return f"{socket.gethostname()} {os.getpid()} {psutil.Process().create_time():.2f}"


def _is_gone(process: str) -> bool:
    """Tell whether the process that wrote this tag is surely dead; one on another host is left alone."""
    import psutil

    host, pid, created = process.rsplit(" ", 2)
    if host != socket.gethostname():
        return False
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(created)) > 1
    except psutil.NoSuchProcess:
        return True


class Store:
    """An SQLite-backed MLflow store."""

    def __init__(self, path: Path):
        from filelock import FileLock

        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(f"{path}.lock")

    @contextlib.contextmanager
    def _client(self) -> Iterator[Any]:
        """Give a client while holding the lock; the first one migrates the database."""
        import logging

        logging.getLogger("alembic").setLevel(logging.WARNING)
        from mlflow import MlflowClient

        with self._lock:
            yield MlflowClient(tracking_uri=f"sqlite:///{self.path}")

    def _experiment(self, client: Any, name: str) -> str:
        known = client.get_experiment_by_name(name)
        if known:
            return known.experiment_id
        artifacts = (self.path.parent / "mlartifacts").resolve().as_uri()
        return client.create_experiment(name, artifact_location=artifacts)

    def start(self, study: str, name: str, fingerprint: str, parameters: dict[str, Any], verb: str) -> "Run":
        """Open a run in the experiment ``study``, in place of any former run of the same ``fingerprint``.

        Args:
            study: name of the experiment.
            name: of the run.
            fingerprint: of the run.
            parameters: everything that the UI can compare runs by: data set, network, seed, settings.
            verb: that makes the run, without "boardbench".
        """
        from mlflow.entities import Param

        with self._client() as client:
            experiment = self._experiment(client, study)
            self._close_gone(client)
            for former in client.search_runs([experiment], f"tags.`{FINGERPRINT}` = '{fingerprint}'"):
                client.delete_run(former.info.run_id)
            tags = {"git_commit": git_commit(), "mlflow.source.name": f"boardbench {verb}"}
            tags |= {FINGERPRINT: fingerprint, PROCESS: _this_process()}
            run = client.create_run(experiment, run_name=name, tags=tags).info.run_id
            client.log_batch(run, params=[Param(key, str(value)) for key, value in parameters.items()])
        return Run(self, run)

    def find(self, study: str, fingerprint: str) -> "Run | None":
        """Return the run with this fingerprint, or None."""
        with self._client() as client:
            runs = client.search_runs([self._experiment(client, study)], f"tags.`{FINGERPRINT}` = '{fingerprint}'")
        return Run(self, runs[0].info.run_id, finished=runs[0].info.status == "FINISHED") if runs else None

    def register(self, study: str, name: str, model: Any, signature: Any) -> int:
        """Log an ONNX model in the experiment ``study`` and give it the next version in the model registry."""
        import mlflow

        with self._client() as client:
            experiment = self._experiment(client, study)
            before = mlflow.get_tracking_uri()
            try:
                mlflow.set_tracking_uri(f"sqlite:///{self.path}")
                with mlflow.start_run(experiment_id=experiment, run_name=name):
                    info = mlflow.onnx.log_model(
                        model,
                        name="onnx",
                        signature=signature,
                        registered_model_name=name,
                        onnx_execution_providers=["CPUExecutionProvider"],
                    )
            finally:
                mlflow.set_tracking_uri(before)
        return int(info.registered_model_version)

    def _close_gone(self, client: Any) -> int:
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        running = client.search_runs(experiments, "attributes.status = 'RUNNING'")
        gone = [run for run in running if _is_gone(run.data.tags.get(PROCESS, "- 0 0"))]
        for run in gone:
            client.set_terminated(run.info.run_id, status="KILLED")
        return len(gone)

    def experiments(self) -> dict[str, str]:
        """Return study -> number of its experiment, of those that have runs."""
        with self._client() as client:
            found = {experiment.name: experiment.experiment_id for experiment in client.search_experiments()}
            return {name: number for name, number in found.items() if client.search_runs([number], max_results=1)}

    def close_gone(self) -> int:
        """Close every run still RUNNING whose process is dead; return how many there were."""
        with self._client() as client:
            return self._close_gone(client)


def metric_name(key: str) -> str:
    """Return a column of a history, or a score, as the UI groups it: train_loss is train/loss."""
    part, _, name = key.partition("_")
    return f"{part}/{name}" if name and part in ("train", "validation", "test", "displaced") else key


class Run:
    """One entry of the store."""

    def __init__(self, store: Store, run_id: str, finished: bool = False):
        self._store, self.run_id, self._finished = store, run_id, finished

    def log(self, rows: list[dict[str, float]]) -> None:
        """Log rows of history (each with its ``epoch``)."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [
            Metric(metric_name(key), float(value), now, int(row["epoch"]))
            for row in rows
            for key, value in row.items()
            if key != "epoch"
        ]
        with self._store._client() as client:
            for start in range(0, len(metrics), 1000):  # the store's limit for one batch
                client.log_batch(self.run_id, metrics=metrics[start : start + 1000])

    def results(self, metrics: dict[str, float], files: list[Path]) -> None:
        """Log final scores and copies of files."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        with self._store._client() as client:
            named = [Metric(metric_name(key), float(value), now, 0) for key, value in metrics.items()]
            client.log_batch(self.run_id, metrics=named)
            for file in files:
                client.log_artifact(self.run_id, str(file))

    def finish(self, status: str = "FINISHED") -> None:
        """Close the run: FINISHED, FAILED or KILLED. One that was found finished ended then, and stays so."""
        if self._finished:
            return
        with self._store._client() as client:
            client.set_terminated(self.run_id, status=status)


def ui(
    *,
    tracking: Path = Path("results/mlflow.db"),
    study: str | None = None,
    port: int = 5000,
    no_browser: bool = False,
) -> None:
    """Open the MLflow UI on the runs of a study, after closing runs whose process is gone.

    Args:
        tracking: MLflow store.
        study: whose runs are shown first; where none is given, the first that has runs.
        port: of the server, on this machine only.
        no_browser: print the address and open nothing.

    Raises:
        BoardbenchError: no store, or no run of the study in it.
    """
    if not tracking.is_file():
        raise BoardbenchError(f"{tracking}: no tracking store. Run 'snakemake --cores all' first, or name another.")
    store = Store(tracking)
    store.close_gone()
    experiments = store.experiments()
    study = study or next((name for name in STUDIES if name in experiments), FIRST)
    if study not in experiments:
        raise BoardbenchError(
            f"--study {study}: {tracking} has no run of it. It has: {', '.join(experiments) or 'none'}."
        )
    # MLflow 3 shows an experiment as one of language models unless the address says otherwise.
    address = f"http://127.0.0.1:{port}/#/experiments/{experiments[study]}/runs?workflowType=machine_learning"
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "ui",
        "--backend-store-uri",
        f"sqlite:///{tracking}",
        "--port",
        str(port),
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # or the server would outlive this process
    # Its job runner is for language models, and eight processes.
    server = subprocess.Popen(command, env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"})
    try:
        while server.poll() is None and not _answers(port):
            time.sleep(0.2)
        if server.poll() is None:
            print(f"{study}: {address}", flush=True)
            if not no_browser:
                webbrowser.open(address)
        raise SystemExit(server.wait())
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    """Tell whether something on this machine takes connections at a port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
