"""What decides that something was lost, or silently wrong; the breaking itself is done by 'make trust'."""

import random
import sqlite3
from collections import Counter

import pytest

from flips import flip, kinds, wrong_with
from scratch import Row, Scratch, entries_of


@pytest.fixture
def scratch(tmp_path):
    made = Scratch(tmp_path)
    for name in ("a.csv", "runs/seconds.json", "logs/a.log", "mlflow.db"):
        path = made.kept / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (made.kept / "results/mlflow.db").unlink()
    made.restore()
    return made


def test_differences_are_missing_left_over_and_other_files_but_no_measured_ones(scratch):
    assert scratch.differences() == ""
    (scratch.folder / "results/runs/seconds.json").write_text("other")
    (scratch.folder / "results/logs/more.log").write_text("more")
    assert scratch.differences() == ""
    (scratch.folder / "results/a.csv").write_text("b.csv")
    (scratch.folder / "results/.a-1.csv").write_text("half")
    assert scratch.differences() == "left over: results/.a-1.csv; other bytes: results/a.csv"
    scratch.without(["results/a.csv"])
    assert scratch.differences() == "missing: results/a.csv"
    scratch.restore()
    assert scratch.differences() == ""


def test_entries_are_counted_by_name_and_status(scratch):
    def store(root, *runs):
        path = root / "results/mlflow.db"
        path.unlink(missing_ok=True)
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE runs (name, status, lifecycle_stage)")
            database.executemany("INSERT INTO runs VALUES (?, ?, ?)", runs)
        return path

    one, gone = ("a", "FINISHED", "active"), ("a", "FINISHED", "deleted")
    assert entries_of(store(scratch.kept, one, gone)) == Counter({("a", "FINISHED"): 1})
    store(scratch.folder, one, gone, gone)
    assert scratch.entries() == ""
    for runs in ((one, one), (one, ("a", "RUNNING", "active")), (gone,)):
        store(scratch.folder, *runs)
        assert scratch.entries().startswith("MLflow: ")


def test_a_try_is_survived_lost_or_silently_wrong():
    row = Row("kind")
    row.count("")
    row.count("exit code 1")
    row.count("other bytes: a", silent=True)
    assert (row.tries, row.survived, row.lost, row.silently_wrong) == (3, 1, 1, 1)
    assert row.message == "other bytes: a"


def test_a_flip_changes_one_bit(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(8))
    flip(path, random.Random(0))
    assert int.from_bytes(path.read_bytes(), "big").bit_count() == 1


@pytest.mark.parametrize(
    ("code", "printed", "said"),
    [
        (1, "error: results/a.csv: damaged", ""),
        (3, "results/a.csv: damaged, or edited", ""),
        (0, "results/a.csv", "not noticed"),
        (1, "error: b.csv: damaged", "refused without"),
        (1, "Traceback\nValueError: results/a.csv", "exit code 1"),
        (-11, "results/a.csv", "exit code -11"),
    ],
)
def test_damage_is_told_when_the_file_is_named_in_one_message(tmp_path, code, printed, said):
    answer = wrong_with(code, printed, tmp_path / "a.csv")
    assert answer.startswith(said) and bool(answer) == bool(said)


def test_every_kind_has_files_and_a_target_below_the_results():
    for files, target in kinds().values():
        assert files.startswith("results/") and target.startswith("results/")
