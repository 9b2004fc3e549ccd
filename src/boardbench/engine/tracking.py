"""MLflow is a view: files on disk are the truth, the store shows them.

A run is known by its fingerprint (a hash of what it is: data, parameters, backbone, strategy, seed). A run that is
started again replaces its former entry, so that a killed and repeated run leaves no duplicate; entries whose process
is gone are closed as KILLED. A store that cannot be used is said once and then left alone: nothing is stopped by it,
and ``boardbench sync`` shows later what is missing.
"""

import contextlib
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from boardbench.engine.address import StoreAddress
from boardbench.engine.commit import git_commit
from boardbench.engine.described import NOTE, inputs_of, of_experiment, of_run
from boardbench.engine.models import ModelFacts, register_model
from boardbench.engine.store import artifacts_of, explained, locked, open_client, own_environment
from boardbench.engine.system import Sample, Sampler
from boardbench.errors import BoardbenchError
from boardbench.integrity import checked
from boardbench.process import is_gone, this_process

FINGERPRINT = "boardbench.fingerprint"
PROCESS = "boardbench.process"
FLUSH = 5.0
"""Seconds between two writes of a run's rows: each is a transaction, for which all other runs wait."""


def fingerprint_of(**description: Any) -> str:
    """Return a short hash of what a run is; the same values give the same fingerprint."""
    return hashlib.sha256(json.dumps(description, sort_keys=True, default=str).encode()).hexdigest()[:16]


class Store:
    """An MLflow store: an SQLite file, a PostgreSQL database or an MLflow server.

    Attributes:
        address: where it is.
        path: the SQLite file; None: a server.
        failure: why it is no longer used; None: it is.
    """

    def __init__(self, tracking: Path | str | StoreAddress):
        """Name a store; it is opened, and made where it is a file that is not there, when it is first used.

        Raises:
            BoardbenchError: an address of no known kind.
        """
        self.address = StoreAddress(tracking)
        self.path, self.failure = self.address.path, None
        self._kept: Any = None

    @contextlib.contextmanager
    def _client(self) -> Iterator[Any]:
        """Give a client while holding the lock; it is opened once.

        Raises:
            BoardbenchError: the store cannot be used; no password is in the message.
        """
        try:
            self._kept = self._kept or open_client(self.address)
            with locked(self.address), own_environment():
                yield self._kept
        except Exception as error:  # whatever MLflow, SQLAlchemy, requests or the disk raise
            raise explained(self.address, error) from None

    def _shown(self, work: Callable[[Any], Any], instead: Any = None) -> Any:
        """Return what ``work`` does with a client, or ``instead`` where the store cannot be used."""
        if self.failure:
            return instead
        try:
            with self._client() as client:
                return work(client)
        except Exception as error:  # a view stops nothing
            self.failure = str(error)
            print(
                f"warning: MLflow shows no more of this. {error} Results on disk are complete; 'boardbench sync' "
                "shows them once the store can be used.",
                file=sys.stderr,
                flush=True,
            )
            return instead

    def _experiment(self, client: Any, name: str) -> str:
        known = client.get_experiment_by_name(name)
        if known:
            if NOTE not in known.tags:  # made by another version
                client.set_experiment_tag(known.experiment_id, NOTE, of_experiment(name))
            return known.experiment_id
        own = {"artifact_location": artifacts_of(self.path).as_uri()} if self.path is not None else {}
        return client.create_experiment(name, tags={NOTE: of_experiment(name)}, **own)

    def start(self, study: str, name: str, fingerprint: str, parameters: dict[str, Any], verb: str) -> "Run":
        """Open a run in the experiment ``study``, in place of any former run of the same ``fingerprint``.

        Args:
            study: name of the experiment.
            name: of the run.
            fingerprint: of the run.
            parameters: everything that the UI can compare runs by: data set, network, seed, settings.
            verb: that makes the run, without "boardbench".
        """
        tags = {"git_commit": git_commit(), "mlflow.source.name": f"boardbench {verb}"}
        tags |= {FINGERPRINT: fingerprint, PROCESS: this_process(), NOTE: of_run(study, parameters, verb)}

        def work(client: Any) -> str:
            from mlflow.entities import Param

            experiment = self._experiment(client, study)
            self._close_gone(client)
            for former in client.search_runs([experiment], f"tags.`{FINGERPRINT}` = '{fingerprint}'"):
                client.delete_run(former.info.run_id)
            run = client.create_run(experiment, run_name=name, tags=tags).info.run_id
            given = [Param(key, str(value)) for key, value in parameters.items()]
            for first in range(0, len(given), 100):  # the store's limit for one batch
                client.log_batch(run, params=given[first : first + 100])
            if data := inputs_of(parameters):
                client.log_inputs(run, data)
            return run

        return Run(self, self._shown(work, ""))

    def find(self, study: str, fingerprint: str) -> "Run | None":
        """Return the run with this fingerprint, or None."""

        def work(client: Any) -> Run | None:
            runs = client.search_runs([self._experiment(client, study)], f"tags.`{FINGERPRINT}` = '{fingerprint}'")
            return Run(self, runs[0].info.run_id, finished=runs[0].info.status == "FINISHED") if runs else None

        return self._shown(work)

    def register(self, study: str, name: str, model: Any, signature: Any, about: ModelFacts | None = None) -> int:
        """Log an ONNX model in the experiment ``study`` and give it the next version in the model registry.

        Raises:
            BoardbenchError: the store cannot be used.
        """
        with self._client() as client:
            experiment = self._experiment(client, study)
            if self.path is None and _is_local(where := client.get_experiment(experiment).artifact_location):
                raise BoardbenchError(
                    f"{self.address}: keeps files in {where}, a folder of some machine. Register a model in an MLflow "
                    "server (http://HOST:PORT) or an SQLite store, or leave it out: --unregistered."
                )
            return register_model(client, experiment, name, model, signature, about or ModelFacts())

    def _close_gone(self, client: Any) -> int:
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        running = client.search_runs(experiments, "attributes.status = 'RUNNING'")
        gone = [run for run in running if is_gone(run.data.tags.get(PROCESS, "- 0 0"))]
        for run in gone:
            client.set_terminated(run.info.run_id, status="KILLED")
        return len(gone)

    def experiments(self) -> dict[str, str]:
        """Return study -> number of its experiment, of those that have runs.

        Raises:
            BoardbenchError: the store cannot be used.
        """
        with self._client() as client:
            found = {experiment.name: experiment.experiment_id for experiment in client.search_experiments()}
            return {name: number for name, number in found.items() if client.search_runs([number], max_results=1)}

    def close_gone(self) -> int:
        """Close every run still RUNNING whose process is dead; return how many there were.

        Raises:
            BoardbenchError: the store cannot be used.
        """
        with self._client() as client:
            return self._close_gone(client)


def _is_local(uri: str) -> bool:
    """Tell whether files lie in a folder of the machine that made the experiment, and not with a server."""
    return "://" not in uri.replace("file://", "") and not uri.startswith("mlflow-artifacts:")


def metric_name(key: str) -> str:
    """Return a column of a history, or a score, as the UI groups it: train_loss is train/loss."""
    part, _, name = key.partition("_")
    return f"{part}/{name}" if name and part in ("train", "validation", "test", "displaced") else key


class Run:
    """One entry of the store; one that could not be made takes everything and shows nothing."""

    def __init__(self, store: Store, run_id: str, finished: bool = False):
        self._store, self.run_id, self.finished = store, run_id, finished
        self._waiting: list[Any] = []
        self._written = time.monotonic()
        self._sampler = Sampler()

    @property
    def samples(self) -> list[Sample]:
        """What the run took of its machine so far."""
        return self._sampler.samples

    def log(self, rows: list[dict[str, float]]) -> None:
        """Log rows of history (each with its ``epoch``); written a few seconds later, with those that follow."""
        for row in rows:
            self._take({key: value for key, value in row.items() if key != "epoch"}, int(row["epoch"]))
        self.system(self._sampler.sample())
        if time.monotonic() - self._written >= FLUSH:
            self._show(lambda client: None)

    def system(self, samples: list[Sample]) -> None:
        """Log samples of the machine; written with the rows of history, so that no other run waits for them."""
        for one in samples:
            values = {key: value for key, value in one.items() if key.startswith("system/")}
            self._take(values, int(one["step"]), int(one["timestamp"]))

    def results(self, metrics: dict[str, float], files: list[Path]) -> None:
        """Log final scores and copies of files.

        Raises:
            BoardbenchError: a file is damaged.
        """
        self._take(metrics, 0)
        whole = [checked(file) for file in files]
        self._show(lambda client: self._copy(client, whole))

    def finish(self, status: str = "FINISHED") -> None:
        """Close the run: FINISHED, FAILED or KILLED. One that was found finished ended then, and stays so."""
        if not self.finished:
            self._show(lambda client: client.set_terminated(self.run_id, status=status))

    def _take(self, metrics: dict[str, float], step: int, timestamp: int | None = None) -> None:
        now = timestamp or int(time.time() * 1000)
        self._waiting += [(metric_name(key), float(value), now, step) for key, value in metrics.items()]

    def _show(self, work: Callable[[Any], Any]) -> None:
        """Write what waits, then do ``work``."""

        def all_of_it(client: Any) -> None:
            from mlflow.entities import Metric

            while self._waiting:
                client.log_batch(self.run_id, metrics=[Metric(*one) for one in self._waiting[:1000]])
                del self._waiting[:1000]
            work(client)

        self._store._shown(all_of_it)
        self._written = time.monotonic()

    def _copy(self, client: Any, files: list[Path]) -> None:
        """Copy the files that there are to where the store keeps them, and to no other project's folder."""
        files = [file for file in files if file.is_file()]
        if self._store.path is not None:
            folder = artifacts_of(self._store.path) / self.run_id / "artifacts"
            folder.mkdir(parents=True, exist_ok=True)
            for file in files:
                shutil.copyfile(file, folder / file.name)
        elif not _is_local(client.get_run(self.run_id).info.artifact_uri):  # another project's folder, or machine
            for file in files:
                client.log_artifact(self.run_id, str(file))
