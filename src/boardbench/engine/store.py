"""Opening an MLflow store: only what its address says counts, nothing is waited for without end, errors name the store.

An SQLite file is written by one process at a time, under a file lock, because neither SQLite nor MLflow's migrations
bear several. A new one is migrated in memory and appears whole. Its artefacts lie beside it, in mlartifacts/, wherever
the project is moved or copied to.
"""

import contextlib
import importlib
import logging
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from boardbench.engine.address import StoreAddress
from boardbench.errors import BoardbenchError

WAIT = 60.0
"""Seconds that a process waits for the others before it goes on without the store."""
BUSY = 20.0
"""Seconds that SQLite waits for another program, as MLflow has it."""
# What the environment may say of a store: who asks, and how. Where, and into which run or experiment, params say.
_ALLOWED = (
    *("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_AUTH"),
    *("MLFLOW_TRACKING_INSECURE_TLS", "MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_TRACKING_CLIENT_CERT_PATH"),
    *("MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_DISABLE_TELEMETRY"),
)
_ALLOWED_PREFIXES = ("MLFLOW_HTTP_REQUEST_", "MLFLOW_S3_")
# MLflow's own would wait four minutes for a server that is away.
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}


class DamagedStoreError(BoardbenchError):
    """An SQLite file that is no database, or no longer."""


@contextlib.contextmanager
def own_environment() -> Iterator[None]:
    """Hide what MLFLOW_... says in the environment, but for credentials: another project's store, run or experiment."""
    before = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_")}
    for name in before:
        if name not in _ALLOWED and not name.startswith(_ALLOWED_PREFIXES):
            del os.environ[name]
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    # Retries and tracebacks of what is said here in one line.
    loggers = [logging.getLogger(name) for name in ("alembic", "mlflow.store.db.utils", "urllib3")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for name in [name for name in os.environ if name.startswith("MLFLOW_") and name not in before]:
            del os.environ[name]
        os.environ.update(before)


@contextlib.contextmanager
def locked(address: StoreAddress, migrating: bool = False) -> Iterator[None]:
    """Hold the lock of an SQLite file, or this machine's for database servers that may be ``migrating``.

    Raises:
        BoardbenchError: another process did not let go of it.
    """
    from filelock import FileLock, Timeout

    if address.path is not None:
        address.path.parent.mkdir(parents=True, exist_ok=True)
        lock = Path(f"{address.path}.lock")
    elif migrating:
        lock = Path(tempfile.gettempdir()) / f"boardbench-store-{os.getuid() if hasattr(os, 'getuid') else 0}.lock"
    else:
        yield
        return
    try:
        with FileLock(lock, timeout=WAIT, poll_interval=0.02):
            yield
    except Timeout:
        raise BoardbenchError(
            f"{address}: {lock} was held by another process for {WAIT:.0f} s. End that process, or wait for it."
        ) from None


def open_client(address: StoreAddress) -> Any:
    """Return an MLflow client of a store that is there and whole.

    Raises:
        DamagedStoreError: an SQLite file that cannot be read.
        BoardbenchError: a store that is locked, away, or of another version of MLflow.
    """
    try:
        with own_environment():
            # For seconds, and so before the lock is held: eight trainings would do it in turn.
            importlib.import_module("mlflow.entities")
            if address.scheme not in ("http", "https"):
                importlib.import_module("mlflow.store.tracking.sqlalchemy_store")
                importlib.import_module("mlflow.store.model_registry.sqlalchemy_store")
            if address.scheme == "postgresql":
                _reach(address)
                with locked(address, migrating=True):
                    return _client(address)
            if address.path is not None:
                with locked(address):
                    _prepare(address)
            return _client(address)
    except Exception as error:  # whatever MLflow, SQLAlchemy, requests or the disk raise
        raise explained(address, error) from None


def _client(address: StoreAddress) -> Any:
    from mlflow import MlflowClient

    # Every address is given: MLflow would take the others from the environment.
    client = MlflowClient(tracking_uri=address.uri, registry_uri=address.uri)
    client.search_experiments(max_results=1)
    return client


def explained(address: StoreAddress, error: Exception) -> BoardbenchError:
    """Return an error that says what is wrong with a store and what to do, without a password."""
    if isinstance(error, BoardbenchError):
        return error
    text = address.masked(f"{error}").strip()
    first = text.splitlines()[0] if text else type(error).__name__
    if "malformed" in text or "not a database" in text:
        return DamagedStoreError(f"{address}: damaged ({first}). 'boardbench sync' rebuilds it from the runs on disk.")
    if "is locked" in text:
        return BoardbenchError(f"{address}: locked by another program ({first}). Close what has it open.")
    if "out-of-date database schema" in text or "Can't locate revision" in text:
        return BoardbenchError(
            f"{address}: written by another version of MLflow ({first}). 'mlflow db upgrade' brings an older one up "
            "to date; or move it aside, and 'boardbench sync' makes a new one from the runs on disk."
        )
    return BoardbenchError(f"{address}: not usable ({first}). Check the address, the rights and that it is there.")


def _prepare(address: StoreAddress) -> None:
    """Check an SQLite file, make it where there is none, and have its artefacts beside it."""
    path = address.path
    if path.is_dir():
        raise BoardbenchError(f"{path}: a folder. Name an SQLite file for tracking, such as {path / 'mlflow.db'}.")
    tables = _tables(address) if path.is_file() else []
    if not tables:
        _create(path)
    elif "experiments" in tables:
        _move_artifacts(address)


def _tables(address: StoreAddress) -> list[str]:
    try:
        with contextlib.closing(sqlite3.connect(address.path, timeout=BUSY)) as database:
            return [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    except sqlite3.Error as error:
        raise explained(address, error) from None


def is_whole(address: StoreAddress) -> bool:
    """Tell whether an SQLite file can be read to its last page."""
    with contextlib.closing(sqlite3.connect(address.path, timeout=BUSY)) as database:
        try:
            return database.execute("PRAGMA quick_check").fetchone() == ("ok",)
        except sqlite3.OperationalError as error:
            raise explained(address, error) from None
        except sqlite3.DatabaseError:
            return False


def _create(path: Path) -> None:
    """Have MLflow migrate a database in memory and put it in its place, whole and without 50 waits for the disk."""
    from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

    name = f"file:boardbench-{os.getpid()}?mode=memory&cache=shared"
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with contextlib.closing(sqlite3.connect(name, uri=True)) as memory:
            engine = create_sqlalchemy_engine(f"sqlite:///{name}&uri=true")
            _initialize_tables(engine)
            engine.dispose()
            with contextlib.closing(sqlite3.connect(beside)) as file:
                memory.backup(file)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def artifacts_of(path: Path) -> Path:
    """Return the folder of an SQLite store's artefacts."""
    return (path.parent / "mlartifacts").resolve()


def _move_artifacts(address: StoreAddress) -> None:
    """Have the store say where its artefacts are now. MLflow keeps absolute paths: a copy's lead to its original."""
    now = artifacts_of(address.path).as_uri()
    columns = [("runs", "artifact_uri"), ("logged_models", "artifact_location"), ("experiments", "artifact_location")]
    columns += [("model_versions", "source"), ("model_versions", "storage_location")]
    try:
        with contextlib.closing(sqlite3.connect(address.path, timeout=BUSY)) as database, database:
            known = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            former = database.execute(
                "SELECT DISTINCT artifact_location FROM experiments "
                "WHERE artifact_location LIKE 'file:///%/mlartifacts' AND artifact_location != ?",
                (now,),
            ).fetchall()
            for (before,) in former:
                for table, column in columns:
                    if table in known:
                        database.execute(
                            f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                            f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                            (now, len(before) + 1, before, len(before) + 1, before + "/"),
                        )
    except sqlite3.Error as error:
        raise explained(address, error) from None


def _reach(address: StoreAddress) -> None:
    """Connect to a database server once: MLflow would try ten times, for 100 s."""
    import sqlalchemy

    try:
        engine = sqlalchemy.create_engine(address.uri, connect_args={"connect_timeout": 10})
        engine.connect().close()
        engine.dispose()
    except ModuleNotFoundError as error:
        raise BoardbenchError(
            f"{address}: {error.name} is not installed. Install what PostgreSQL needs: pip install psycopg2-binary"
        ) from None
    except Exception as error:
        raise explained(address, error) from None
