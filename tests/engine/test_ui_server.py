"""The server behind 'boardbench ui', without starting it."""

import subprocess

import pytest

from boardbench.engine import ui as module
from boardbench.engine.tracking import Store
from boardbench.engine.ui import ui


class Server:
    """A server that ended at once."""

    def __init__(self, command, env):
        self.command, self.environment = command, env

    def poll(self):
        return 0

    wait = terminate = poll


def test_it_listens_on_this_machine_only_whatever_the_environment_says(tmp_path, monkeypatch):
    store = Store(tmp_path / "mlflow.db")
    store.start("segmentation", "a run", "a", {}, "segmentation train").finish()
    started = []
    monkeypatch.setattr(
        subprocess, "Popen", lambda *given, **more: started.append(Server(*given, **more)) or started[0]
    )
    monkeypatch.setattr(module.signal, "signal", lambda *_: None)
    monkeypatch.setenv("MLFLOW_HOST", "0.0.0.0")
    with pytest.raises(SystemExit):
        ui(tracking=store.address, no_browser=True)
    (server,) = started
    assert server.command[server.command.index("--host") + 1] == "127.0.0.1"
    assert "MLFLOW_HOST" not in server.environment
    assert not any("mlflow.db" in word for word in server.command)  # an address may hold a password
