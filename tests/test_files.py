"""Files that appear whole or not at all."""

import subprocess
import sys

import pytest

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
