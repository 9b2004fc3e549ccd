"""A Slurm cluster of one node, this machine, for one test: every daemon, socket and port is its own.

Debian: ``apt-get install slurm-wlm munge``, and ``slurmdbd mariadb-server`` for accounting. Nothing under /etc is
read or written, and no daemon that runs already is touched.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

NEEDED = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "sinfo"]
ACCOUNTING = ["slurmdbd", "mariadbd", "mariadb-install-db", "sacct", "sacctmgr"]
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
MEMORY = 8000


def missing(programs: list[str]) -> list[str]:
    return [name for name in programs if shutil.which(name, path=PATH) is None]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Cluster:
    """Daemons in a folder; ``environment`` is what a user's shell has."""

    folder: Path
    daemons: list[subprocess.Popen] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """The arguments of every sbatch."""
        return (self.folder / "asked").read_text().splitlines()

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": f"{self.folder}:{PATH}"}

    def start(self, *command: str) -> None:
        with (self.folder / f"{command[0]}.out").open("w") as out:
            self.daemons.append(
                subprocess.Popen(command, env=self.environment, stdout=out, stderr=subprocess.STDOUT, cwd=self.folder)
            )

    def ask(self, *command: str) -> str:
        answer = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=60)
        return answer.stdout if answer.returncode == 0 else ""

    def wait(self, what: str, ready) -> None:
        """Wait up to half a minute; skip, with the daemons' last words, where this machine cannot have it."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if ready():
                return
            if any(daemon.poll() is not None for daemon in self.daemons):
                break
            time.sleep(0.2)
        words = [line for log in sorted(self.folder.glob("*.out")) for line in log.read_text().splitlines()[-3:]]
        pytest.skip(f"Slurm cannot be had here: {what}: " + " | ".join(words))

    def stop(self) -> None:
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def write_config(folder: Path, accounting: bool) -> None:
    """Write slurm.conf, gres.conf and, for accounting, slurmdbd.conf."""
    user = pwd.getpwuid(os.getuid()).pw_name
    host, munge = socket.gethostname().split(".")[0], folder / "munge.socket"
    shared = {"AuthType": "auth/munge", "AuthInfo": f"socket={munge}", "SlurmUser": user}
    slurm = shared | {
        "ClusterName": "test",
        "SlurmctldHost": f"{host}(127.0.0.1)",
        "SlurmctldPort": free_port(),
        "SlurmdPort": free_port(),
        "SlurmdUser": user,
        "StateSaveLocation": folder / "state",
        "SlurmdSpoolDir": folder / "spool",
        "SlurmctldPidFile": folder / "slurmctld.pid",
        "SlurmdPidFile": folder / "slurmd.pid",
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "SwitchType": "switch/none",
        "MpiDefault": "none",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "SchedulerParameters": "sched_interval=1,bf_interval=1,sched_min_interval=100000",
        "GresTypes": "gpu",
        "ReturnToService": 2,
    }
    if accounting:
        dbd, sql = free_port(), free_port()
        slurm |= {
            "AccountingStorageType": "accounting_storage/slurmdbd",
            "AccountingStorageHost": "127.0.0.1",
            "AccountingStoragePort": dbd,
            "AccountingStoragePass": munge,
            # As busy clusters have it: squeue forgets a job at once, so that only sacct can tell how it ended.
            "MinJobAge": 2,
        }
        database = shared | {
            "DbdHost": host,
            "DbdAddr": "127.0.0.1",
            "DbdPort": dbd,
            "PidFile": folder / "slurmdbd.pid",
            "StorageType": "accounting_storage/mysql",
            "StorageHost": "127.0.0.1",
            "StoragePort": sql,
            "StorageUser": "slurm",
            "StoragePass": "slurm",
        }
        write(folder / "slurmdbd.conf", database).chmod(0o600)
    cpus = os.cpu_count() or 1
    node = f"NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={MEMORY} Gres=gpu:1 State=UNKNOWN\n"
    with write(folder / "slurm.conf", slurm).open("a") as file:
        file.write(f"{node}PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP\n")
    # A device that every machine has: jobs ask for it, and none opens it.
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")


def write(path: Path, settings: dict) -> Path:
    path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return path


def wrap(folder: Path) -> None:
    """Put a script before sbatch that keeps what was asked for, and one before srun.

    Snakemake's jobs take SLURM_CONF out of srun's environment; elsewhere that file lies in /etc/slurm.
    """
    lines = {"sbatch": f'echo "$@" >> {folder}/asked', "srun": f"export SLURM_CONF={folder}/slurm.conf"}
    for name, line in lines.items():
        (folder / name).write_text(f'#!/bin/sh\n{line}\nexec {shutil.which(name, path=PATH)} "$@"\n')
        (folder / name).chmod(0o755)


def start_accounting(cluster: Cluster) -> None:
    """Start a database and slurmdbd before the controller asks for them."""
    folder, data = cluster.folder, cluster.folder / "sql"
    port = next(line for line in (folder / "slurmdbd.conf").read_text().splitlines() if line.startswith("StoragePort"))
    user = pwd.getpwuid(os.getuid()).pw_name
    cluster.ask(
        "mariadb-install-db", "--no-defaults", f"--datadir={data}", f"--user={user}", "--skip-test-db",
        "--auth-root-authentication-method=normal",
    )  # fmt: skip
    access = folder / "access.sql"
    access.write_text(
        "create user 'slurm'@'127.0.0.1' identified by 'slurm';\ngrant all on slurm_acct_db.* to 'slurm'@'127.0.0.1';\n"
    )
    cluster.start(
        "mariadbd", "--no-defaults", f"--datadir={data}", f"--user={user}", f"--socket={folder}/sql.socket",
        "--bind-address=127.0.0.1", f"--port={port.split('=')[1]}", f"--init-file={access}", "--skip-name-resolve",
    )  # fmt: skip
    cluster.wait("the database", (folder / "sql.socket").exists)
    cluster.start("slurmdbd", "-D")
    cluster.wait("slurmdbd", lambda: cluster.ask("sacctmgr", "--immediate", "add", "cluster", "test"))


@contextmanager
def started(accounting: bool) -> Iterator[Cluster]:
    """Start a cluster; its folder has a short name, because sockets' paths must be short."""
    with tempfile.TemporaryDirectory(prefix="slurm") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in ("state", "spool"):
            (folder / part).mkdir()
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o600)
        write_config(folder, accounting)
        wrap(folder)
        cluster = Cluster(folder)
        try:
            cluster.start(
                "munged", "--foreground", "--force", f"--key-file={folder}/munge.key",
                f"--socket={folder}/munge.socket", f"--pid-file={folder}/munge.pid",
                f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed",
            )  # fmt: skip
            cluster.wait("munged", (folder / "munge.socket").exists)
            if accounting:
                start_accounting(cluster)
            cluster.start("slurmctld", "-D")
            cluster.wait("slurmctld", lambda: cluster.ask("sinfo", "-h"))
            cluster.start("slurmd", "-D")
            cluster.wait("slurmd", lambda: "idle" in cluster.ask("sinfo", "-h", "-o", "%T"))
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture
def cluster(request) -> Iterator[Cluster]:
    """Yield a cluster, with accounting where the test's parameter says so."""
    accounting = request.param == "sacct"
    if gone := missing(NEEDED + (ACCOUNTING if accounting else [])):
        pytest.skip(f"Slurm cannot be had here: no {', '.join(gone)}")
    with started(accounting) as ready:
        yield ready
