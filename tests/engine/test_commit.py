"""The commit that is recorded is the project's own, or none."""

import shutil
import subprocess

import pytest

from boardbench.engine import commit
from boardbench.engine.commit import git_commit

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="needs git")


def repository(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Snakefile").write_text("\n")
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", folder, *words], check=True)
    return subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture(autouse=True)
def no_clone(monkeypatch, tmp_path):
    """The package lies in no repository, as when it is installed."""
    monkeypatch.setattr(commit, "_PACKAGE", tmp_path / "site-packages")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_the_commit_of_the_working_directorys_project(tmp_path, monkeypatch):
    first = repository(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    assert git_commit() == first
    (tmp_path / "project/Snakefile").write_text("edited\n")
    assert git_commit() == f"{first}+"


def test_the_project_that_holds_the_package_counts_wherever_it_is_run(tmp_path, monkeypatch):
    first = repository(tmp_path / "clone")
    monkeypatch.setattr(commit, "_PACKAGE", tmp_path / "clone")
    monkeypatch.chdir(tmp_path)
    assert git_commit() == first


def test_a_copy_inside_another_repository_has_no_commit(tmp_path, monkeypatch):
    repository(tmp_path / "another")
    inside = tmp_path / "another/boardbench"
    inside.mkdir()
    (inside / "Snakefile").write_text("\n")
    monkeypatch.setattr(commit, "_PACKAGE", inside)
    monkeypatch.chdir(inside)
    assert git_commit() == ""


def test_a_repository_that_a_hook_names_is_not_taken(tmp_path, monkeypatch):
    repository(tmp_path / "another")
    first = repository(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another/.git"))
    assert git_commit() == first


def test_no_git_on_the_machine_is_no_error(tmp_path, monkeypatch):
    repository(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit() == ""
