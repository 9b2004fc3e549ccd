"""Data on object storage, against a local S3 server: Snakemake fetches captures from it, DVC keeps data there."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("moto", "flask_cors", "boto3", "dvc_s3", "snakemake_storage_plugin_s3")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(
        bool(MISSING),
        reason=f"needs {', '.join(MISSING)}: pip install 'boardbench[s3]' 'moto[server]'",
    ),
]
SIZE = ("--boards", "1", "--conditions", "1", "--lines", "16", "--samples", "16", "--bands", "224")
PARAMS = """
studies: [segmentation]
segmentation: {dataset: mine, source: captures, storage: "s3://boards/belt 1", reflectance: {size: null}}
"""


@pytest.fixture
def server():
    """Yield the address of an S3 server with an empty bucket, ``boards``, and a client of it."""
    import boto3

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        try:
            for _ in range(300):
                with socket.socket() as probe:
                    if daemon.poll() is None and probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
            client = boto3.client("s3", endpoint_url=address, **keys)
            client.create_bucket(Bucket="boards")
            yield address, client
        finally:
            daemon.terminate()


@pytest.fixture
def clone(tmp_path):
    """Return a clone of this working tree."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    for name in ("src", "workflow"):
        shutil.copytree(ROOT / name, clone / name, dirs_exist_ok=True)
    for name in ("Snakefile", "params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, clone / name)
    return clone


def call(clone, *command, address="", rc=0):
    environment = os.environ | {
        "PYTHONPATH": f"{clone / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": address,
        "SNAKEMAKE_STORAGE_S3_ACCESS_KEY": "a",
        "SNAKEMAKE_STORAGE_S3_SECRET_KEY": "b",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == rc, done.stdout + done.stderr
    return done.stdout + done.stderr


def captured(clone):
    """Simulate one capture in data/raw/mine with its sheet; return its files, without the sheet."""
    folder = clone / "data/raw/mine"
    call(clone, "boardbench", "simulate", "--scene", "board01", "--out", "data/raw/mine", *SIZE)
    call(clone, "boardbench", "sheet", "--root", "data/raw/mine", "--out", f"{folder}/captures.csv")
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "captures.csv"]


def test_captures_are_fetched_for_the_job_that_calibrates_them(clone, server):
    address, client = server
    (clone / "mine.yaml").write_text(PARAMS)
    files = captured(clone)
    target = "results/segmentation/mine/reflectance/board01_1.npy"
    snakemake = [sys.executable, "-m", "snakemake", target, "--cores", "2", "--configfile", "mine.yaml"]
    local = clone / "local.npy"
    (clone / "here.yaml").write_text(PARAMS.replace('storage: "s3://boards/belt 1", ', ""))
    call(clone, *snakemake[:-1], "here.yaml", address=address)
    shutil.move(clone / target, local)
    for path in files:
        client.upload_file(str(path), "boards", f"belt 1/{path.relative_to(clone / 'data/raw/mine').as_posix()}")
        path.unlink()
    call(clone, *snakemake, address=address)
    assert (clone / target).read_bytes() == local.read_bytes()
    assert not any(path.is_file() for path in (clone / ".snakemake/storage").rglob("*"))  # nothing stays
    assert "Nothing to be done" in call(clone, *snakemake, address=address)
    client.delete_object(Bucket="boards", Key="belt 1/board01_1/mask.png")
    (clone / target).unlink()
    assert "mask.png" in call(clone, *snakemake, address=address, rc=1)


def test_dvc_keeps_the_data_of_a_team(clone, server):
    address, client = server
    (clone / "params.yaml").write_text(
        (ROOT / "params.yaml").read_text().replace("dataset: simulated ", "dataset: mine ", 1)
    )
    files = {path: path.read_bytes() for path in captured(clone)}
    dvc = [sys.executable, "-m", "dvc"]
    call(clone, *dvc, "remote", "add", "--default", "team", "s3://boards/dvc")
    call(clone, *dvc, "remote", "modify", "team", "endpointurl", address)
    call(clone, *dvc, "commit", "--force", "data")
    call(clone, *dvc, "push", "data")
    assert client.list_objects_v2(Bucket="boards", Prefix="dvc/")["KeyCount"] > len(files)
    shutil.rmtree(clone / "data/raw/mine")
    shutil.rmtree(clone / ".dvc/cache")
    call(clone, *dvc, "pull", "data")
    assert {path: path.read_bytes() for path in files} == files
    assert json.loads(call(clone, *dvc, "data", "status", "--json", "--granular"))["committed"] is not None
