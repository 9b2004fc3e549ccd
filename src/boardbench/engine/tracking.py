"""MLflow as a mirror: files on disk are the truth, the store shows them.

A run is known by its identity (a hash of what it is: data, parameters, backbone, strategy, seed). A run that is
started again replaces its former entry, so that a killed and repeated run leaves no duplicate; entries whose process
is gone are closed as KILLED. Every write holds a file lock, because SQLite and MLflow's first migration do not bear
several writers.
"""

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from boardbench.errors import BoardbenchError

# Before mlflow is imported: no telemetry, and no notes on standard output.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

IDENTITY = "boardbench.identity"
PROCESS = "boardbench.process"


def identity(**what: Any) -> str:
    """Return a short hash of what a run is; the same values give the same identity."""
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).hexdigest()[:16]


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

    def start(self, study: str, name: str, what: str, parameters: dict, tags: dict) -> "Run":
        """Open a run in the experiment ``study``, in place of any former run of the same identity ``what``."""
        from mlflow.entities import Param, RunTag

        with self._client() as client:
            experiment = self._experiment(client, study)
            self._close_gone(client)
            for former in client.search_runs([experiment], f"tags.`{IDENTITY}` = '{what}'"):
                client.delete_run(former.info.run_id)
            all_tags = {**tags, IDENTITY: what, PROCESS: _this_process()}
            run = client.create_run(experiment, run_name=name, tags=all_tags).info.run_id
            client.log_batch(
                run,
                params=[Param(key, str(value)) for key, value in parameters.items()],
                tags=[RunTag(key, str(value)) for key, value in tags.items()],
            )
        return Run(self, run)

    def find(self, study: str, what: str) -> "Run | None":
        """Return the run with this identity, or None."""
        with self._client() as client:
            runs = client.search_runs([self._experiment(client, study)], f"tags.`{IDENTITY}` = '{what}'")
        return Run(self, runs[0].info.run_id) if runs else None

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

    def close_gone(self) -> int:
        """Close every run still RUNNING whose process is dead; return how many there were."""
        with self._client() as client:
            return self._close_gone(client)


class Run:
    """One entry of the store."""

    def __init__(self, store: Store, run_id: str):
        self._store, self.run_id = store, run_id

    def log(self, rows: list[dict[str, float]]) -> None:
        """Log rows of history (each with its ``epoch``)."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [
            Metric(key, float(value), now, int(row["epoch"]))
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
            client.log_batch(self.run_id, metrics=[Metric(key, float(v), now, 0) for key, v in metrics.items()])
            for file in files:
                client.log_artifact(self.run_id, str(file))

    def finish(self, status: str = "FINISHED") -> None:
        """Close the run: FINISHED, FAILED or KILLED."""
        with self._store._client() as client:
            client.set_terminated(self.run_id, status=status)


def ui(*, tracking: Path = Path("results/mlflow.db"), port: int = 5000) -> None:
    """Open the MLflow UI on the store, after closing runs whose process is gone."""
    if not tracking.is_file():
        raise BoardbenchError(f"{tracking}: no tracking store. Run 'snakemake --cores all' first, or name another.")
    Store(tracking).close_gone()
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", f"sqlite:///{tracking}"]
    raise SystemExit(subprocess.run([*command, "--port", str(port)], check=False).returncode)
