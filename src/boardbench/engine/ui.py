"""The verb ``ui``: MLflow's pages on the runs of a study."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable

from boardbench.engine.address import STORE, StoreAddress
from boardbench.engine.store import own_environment
from boardbench.engine.tracking import Store
from boardbench.errors import BoardbenchError
from boardbench.study import FIRST, STUDIES


def ui(
    *,
    tracking: StoreAddress = STORE,
    study: str | None = None,
    port: int = 5000,
    no_browser: bool = False,
) -> None:
    """Open the MLflow UI on the runs of a study, after closing runs whose process is gone.

    Args:
        tracking: MLflow store: an SQLite file, postgresql://USER@HOST/DATABASE, http://HOST:PORT (whose own pages are
            opened), or $NAME of a variable that holds one.
        study: whose runs are shown first; where none is given, the first that has runs.
        port: of the server, on this machine only.
        no_browser: print the address and open nothing.

    Raises:
        BoardbenchError: no store, or no run of the study in it.
    """
    tracking = StoreAddress(tracking)
    if tracking.path is not None and not tracking.path.is_file():
        raise BoardbenchError(
            f"{tracking}: no tracking store. Run 'snakemake --cores all' first, make it from runs on disk by "
            "'boardbench sync', or name another."
        )
    store = Store(tracking)
    store.close_gone()
    experiments = store.experiments()
    study = study or next((name for name in STUDIES if name in experiments), FIRST)
    if study not in experiments:
        raise BoardbenchError(
            f"--study {study}: {tracking} has no run of it. It has: {', '.join(experiments) or 'none'}."
        )
    served = tracking.scheme in ("http", "https")
    server = re.sub(r"//[^/]*@", "//", tracking.uri).rstrip("/") if served else f"http://127.0.0.1:{port}"
    # MLflow 3 shows an experiment as one of language models unless the address says otherwise.
    address = f"{server}/#/experiments/{experiments[study]}/runs?workflowType=machine_learning"
    if served:
        _tell(study, address, no_browser)
    else:
        _serve(tracking, port, lambda: _tell(study, address, no_browser))


def _tell(study: str, address: str, no_browser: bool) -> None:
    print(f"{study}: {address}", flush=True)
    if not no_browser:
        webbrowser.open(address)


def _serve(tracking: StoreAddress, port: int, ready: Callable[[], None]) -> None:
    """Run MLflow's server until it ends."""
    command = [sys.executable, "-m", "mlflow", "ui", "--host", "127.0.0.1", "--port", str(port)]
    with own_environment():
        # The address by the environment: a command line is seen by all. The job runner is eight processes, for language
        # models.
        environment = os.environ | {
            "MLFLOW_BACKEND_STORE_URI": tracking.uri,
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # or the server would outlive this process
    server = subprocess.Popen(command, env=environment)
    try:
        while server.poll() is None and not _answers(port):
            time.sleep(0.2)
        if server.poll() is None:
            ready()
        raise SystemExit(server.wait())
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    """Tell whether something on this machine takes connections at a port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
