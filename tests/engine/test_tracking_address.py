"""Addresses of MLflow stores: what is refused, and that no password is ever shown."""

from pathlib import Path

import pytest

from boardbench.engine.address import StoreAddress, hand_to_jobs
from boardbench.params.params import load_params


@pytest.mark.parametrize("text", ["results/mlflow.db", Path("results/mlflow.db"), "sqlite:///results/mlflow.db"])
def test_a_file_may_be_named_in_each_way(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    address = StoreAddress(text)
    assert address.path == Path("results/mlflow.db") and str(address) == "results/mlflow.db"
    assert address.uri == f"sqlite:///{tmp_path}/results/mlflow.db"
    assert StoreAddress(address) == address
    assert StoreAddress(f"sqlite:///{tmp_path}/a.db").path == tmp_path / "a.db"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:hush@host/runs", "postgresql://me:***@host/runs"),
        ("postgresql+psycopg2://me:hu/sh@x@host/runs", "postgresql+psycopg2://me:***@host/runs"),
        ("postgresql://me@host/runs?password=hush&sslmode=require", "postgresql://me@host/runs?password=***&sslmode=require"),
        ("https://me:hush@host:5000/mlflow", "https://me:***@host:5000/mlflow"),
        ("http://hush@host:5000", "http://***@host:5000"),
        ("http://host:5000", "http://host:5000"),
    ],
)  # fmt: skip
def test_servers_are_shown_without_password(text, shown):
    address = StoreAddress(text)
    assert (str(address), f"{address}", repr(address)) == (shown, shown, f"StoreAddress({shown!r})")
    assert (address.uri, address.path) == (text, None)


def test_a_librarys_error_loses_the_password_however_it_is_written():
    address = StoreAddress("postgresql://me:hu%40sh@host/runs")
    told = "cannot connect to postgresql://me:hu%40sh@host/runs as me with hu@sh (hu%40sh)"
    assert address.masked(told) == "cannot connect to postgresql://me:***@host/runs as me with *** (***)"
    assert StoreAddress("a.db").masked("a.db: no such file") == "a.db: no such file"


@pytest.mark.parametrize("text", ["mysql://me:hush@host/runs", "postgres://me:hush@host/runs", "file:///mlruns"])
def test_other_kinds_are_refused_without_password(text, says):
    assert "hush" not in says(lambda: StoreAddress(text), "tracking", "postgresql://")


def test_an_address_that_became_a_path_is_refused_instead_of_making_a_folder(says):
    assert "hush" not in says(lambda: StoreAddress(Path("postgresql://me:hush@host/runs")), "tracking")


def test_a_variable_keeps_the_address_out_of_files_and_commands(monkeypatch, says):
    monkeypatch.setenv("MY_STORE", "postgresql://me:hush@host/runs")
    monkeypatch.setenv("BOARDBENCH_TRACKING", "")
    name = hand_to_jobs("$MY_STORE")
    assert (name, StoreAddress(name).uri) == ("$BOARDBENCH_TRACKING", "postgresql://me:hush@host/runs")
    assert StoreAddress("${MY_STORE}").uri == "postgresql://me:hush@host/runs"
    monkeypatch.delenv("MY_STORE")
    says(lambda: StoreAddress("$MY_STORE"), "$MY_STORE", "not set")
    monkeypatch.setenv("ITSELF", "$ITSELF")
    says(lambda: StoreAddress("$ITSELF"), "$ITSELF")


def test_params_refuse_a_store_of_no_known_kind_without_its_password(says):
    assert load_params({"tracking": "postgresql://me:hush@host/runs"}).tracking == "postgresql://me:hush@host/runs"
    assert "hush" not in says(lambda: load_params({"tracking": "mysql://me:hush@host/runs"}), "params.yaml", "tracking")
