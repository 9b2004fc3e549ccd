"""Files that appear whole or not at all."""

import errno
import subprocess
import sys
from types import SimpleNamespace

import pytest

from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write, write_csv

KILLED = """
import os, signal, sys
from pathlib import Path
from boardbench.files import atomic_write
with atomic_write(Path(sys.argv[1])) as beside:
    beside.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_table_quotes_what_it_must_and_leaves_none_empty(tmp_path):
    write_csv(tmp_path / "a.csv", ("name", "n"), [["one, two", 3], [None, 0.5]])
    assert (tmp_path / "a.csv").read_bytes() == b'name,n\n"one, two",3\n,0.5\n'


def test_a_row_of_another_length_leaves_the_former_table(tmp_path):
    (tmp_path / "a.csv").write_text("before")
    with pytest.raises(ValueError):
        write_csv(tmp_path / "a.csv", ("name", "n"), [["one"]])
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"] and (tmp_path / "a.csv").read_text() == "before"


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path):
    path = tmp_path / "a.csv"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    (half,) = tmp_path.iterdir()
    assert half.name.startswith(".a~") and half.suffix == ".csv"
    with atomic_write(path) as first:
        first.write_text("first")
        assert sorted(tmp_path.iterdir()) == [first]
        with atomic_write(path) as second:
            second.write_text("second")
    assert [found.name for found in tmp_path.iterdir()] == ["a.csv"] and path.read_text() == "first"


@pytest.mark.parametrize(
    ("raised", "free", "told"),
    [
        (OSError(errno.ENOSPC, "No space left"), 0, OSError),  # as write() says it, without a name
        (RuntimeError("unexpected pos 128 vs 0"), 0, OSError),  # as torch does
        (RuntimeError("unexpected pos 128 vs 0"), 2**30, RuntimeError),
        (BoardbenchError("a broken input"), 0, BoardbenchError),
    ],
)
def test_a_full_disk_is_told_with_the_name_of_the_file(tmp_path, monkeypatch, raised, free, told):
    monkeypatch.setattr("boardbench.files.shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(told) as error, atomic_write(tmp_path / "a.pt"):
        raise raised
    assert told is not OSError or (error.value.errno, error.value.filename) == (errno.ENOSPC, str(tmp_path / "a.pt"))
    assert not list(tmp_path.iterdir())
