"""Files that are what was written: records, damage, edits, and the check of a whole folder."""

import hashlib
import os
import subprocess

import pytest

from boardbench import integrity
from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write, write_text
from boardbench.integrity import checked, is_damaged, record_of, recorded, remove
from boardbench.report.verify.verify import verify


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch):
    monkeypatch.setattr(integrity, "_checked", set())


def flip(path, at=0):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_a_record_is_what_sha256sum_reads(tmp_path):
    write_text(tmp_path / "a b.csv", "x\n", record=True)
    record = record_of(tmp_path / "a b.csv")
    assert record.read_text() == f"{hashlib.sha256(b'x' + os.linesep.encode()).hexdigest()}  a b.csv\n"
    assert (
        subprocess.run(["sha256sum", "-c", record.name], cwd=tmp_path, capture_output=True, check=False).returncode == 0
    )


def test_a_flipped_bit_is_noticed_wherever_it_is(tmp_path):
    path = tmp_path / "a"
    for bit in range(24):
        with atomic_write(path, record=True) as beside:
            beside.write_bytes(b"abc")
        assert checked(path) == path
        content = int.from_bytes(b"abc", "big") ^ 1 << bit
        path.write_bytes(content.to_bytes(3, "big"))
        os.utime(path, ns=(0, bit))  # an edit changes the time; a broken disk is found by the next process
        with pytest.raises(BoardbenchError, match=f"{path}: damaged"):
            checked(path)


def test_a_file_without_a_record_is_taken_as_it_is(tmp_path):
    write_text(tmp_path / "a", "x")
    assert not record_of(tmp_path / "a").exists()
    flip(tmp_path / "a")
    assert checked(tmp_path / "a") == tmp_path / "a"
    assert checked(tmp_path / "missing") == tmp_path / "missing"


def test_a_file_that_is_written_anew_without_a_record_has_none(tmp_path):
    write_text(tmp_path / "a", "x", record=True)
    write_text(tmp_path / "a", "y")
    assert not is_damaged(tmp_path / "a") and not record_of(tmp_path / "a").exists()


def test_a_kill_between_file_and_record_leaves_no_false_alarm(tmp_path, monkeypatch):
    write_text(tmp_path / "a", "x", record=True)

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("boardbench.files.record_of", lambda path: Broken(record_of(path)))
        write_text(tmp_path / "a", "y", record=True)
    assert (tmp_path / "a").read_text() == "y" and checked(tmp_path / "a")


class Broken:
    """A record that cannot be written."""

    def __init__(self, path):
        self.unlink = path.unlink

    def write_text(self, *_, **__):
        raise KeyboardInterrupt


def test_a_file_is_hashed_once_a_process(tmp_path, monkeypatch):
    write_text(tmp_path / "a", "x", record=True)
    hashed = []
    monkeypatch.setattr(integrity, "hash_of", lambda path: hashed.append(path) or hashlib.sha256(b"x").hexdigest())
    for _ in range(3):
        checked(tmp_path / "a")
    assert hashed == [tmp_path / "a"]


def test_verify_checks_all_files(tmp_path, capsys):
    for name in ("a/one.csv", "a/two.csv", "b/three.csv"):
        write_text(tmp_path / name, name, record=True)
    (tmp_path / "a/two.csv").unlink()  # Snakemake makes it again
    verify(results=tmp_path, files=True)
    assert "2 of 2 files" in capsys.readouterr().out
    flip(tmp_path / "b/three.csv")
    with pytest.raises(SystemExit) as code:
        verify(results=tmp_path, files=True)
    assert code.value.code == 3 and f"rm {tmp_path / 'b/three.csv'} &&" in capsys.readouterr().out
    remove(tmp_path / "b/three.csv")
    assert [path.name for path in recorded(tmp_path)] == ["one.csv", "two.csv"]
    with pytest.raises(BoardbenchError, match="no file with a record"):
        verify(results=tmp_path / "b", files=True)
