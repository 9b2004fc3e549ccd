import errno
import fcntl
import hashlib
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardbench.fetch import download as module
from boardbench.fetch.download import download, parse_checksum

CONTENT = np.random.default_rng(0).bytes(400_000)
MD5 = "md5:" + hashlib.md5(CONTENT).hexdigest()
SHA = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.0)


@pytest.fixture
def file(server, tmp_path):
    """Return address and target of a file of 400 kB."""
    server.files["/x.zip"] = CONTENT
    return f"{server.address}/x.zip", tmp_path / "new" / "x.zip"


def names(out):
    return sorted(path.name for path in out.parent.iterdir())


@pytest.mark.parametrize("checksum", [MD5, SHA, MD5.removeprefix("md5:").upper(), None])
def test_whole_file(file, server, checksum):
    address, out = file
    assert download(address, out, checksum) == out
    assert out.read_bytes() == CONTENT
    assert names(out) == ["x.zip"]
    assert server.requests == [("/x.zip", None)]
    # There already: checked, not asked for.
    assert download(address, out, checksum) == out
    assert len(server.requests) == 1


def test_cut_connection_goes_on_where_it_was_cut(file, server, capsys):
    address, out = file
    server.cuts = [200_000, 90_000]
    download(address, out, SHA, len(CONTENT))
    assert out.read_bytes() == CONTENT
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for _, asked in server.requests[1:]]
    assert server.requests[0] == ("/x.zip", None)
    # Bytes of a compressed answer could not be continued.
    assert server.encodings == {"identity"}
    # What had arrived in whole blocks was not asked for again.
    assert 130_000 < starts[0] <= 200_000 < starts[1] <= 290_000
    text = capsys.readouterr().out
    assert "trying again" in text
    assert "100 % of 400.0 kB" in text


def test_given_up_after_five_tries_and_resumed_by_the_next_call(file, server, says):
    address, out = file
    server.cuts = [200_000] + [0] * 5
    says(lambda: download(address, out, MD5), address, "failed 5 times in a row", "x.zip.part", "call again")
    assert len(server.requests) == 6 - 1
    assert names(out) == ["x.zip.part"]
    have = len((out.parent / "x.zip.part").read_bytes())
    assert have > 130_000
    server.clear()
    download(address, out, MD5)
    assert server.requests == [("/x.zip", f"bytes={have}-")]
    assert out.read_bytes() == CONTENT


def test_unreachable_server(tmp_path, says):
    says(lambda: download("http://127.0.0.1:9/x.zip", tmp_path / "x.zip", MD5), "127.0.0.1:9", "connection lost")


def test_server_without_range_starts_again(file, server, capsys):
    address, out = file
    server.ranges = False
    server.cuts = [200_000]
    download(address, out, MD5, len(CONTENT))
    assert out.read_bytes() == CONTENT
    assert server.requests[1][1] is not None
    assert "does not continue downloads; starting again" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("size", "extra", "requests"), [(None, b"", 1), (None, b"x", 2), (400_000, b"", 0), (400_000, b"x", 1)]
)
def test_part_as_long_as_the_file_or_longer(file, server, size, extra, requests):
    address, out = file
    out.parent.mkdir()
    out.with_name("x.zip.part").write_bytes(CONTENT + extra)
    download(address, out, MD5, size)
    assert out.read_bytes() == CONTENT
    # A part that is whole by the known size needs no request; without it, the server's 416 tells the size.
    assert len(server.requests) == requests


def test_server_that_continues_elsewhere_starts_again(file, server):
    address, out = file
    out.parent.mkdir()
    out.with_name("x.zip.part").write_bytes(CONTENT[:1000])
    server.headers = {"Content-Range": "bytes 500-399999/400000"}
    download(address, out, MD5)
    assert out.read_bytes() == CONTENT
    assert server.requests == [("/x.zip", "bytes=1000-"), ("/x.zip", None)]


def test_busy_server_is_asked_again(file, server):
    address, out = file
    server.statuses = [503, 429, 500]
    download(address, out, MD5)
    assert out.read_bytes() == CONTENT
    assert len(server.requests) == 4


def test_missing_file_is_not_asked_for_again(server, tmp_path, says):
    says(lambda: download(f"{server.address}/no.zip", tmp_path / "x.zip", MD5), "no.zip", "404", "correct the address")
    assert len(server.requests) == 1
    says(lambda: download("nothing://x/y", tmp_path / "x.zip", MD5), "nothing://x/y", "Correct the address")


def test_wrong_checksum_is_put_aside(file, server, says):
    address, out = file
    wrong = "md5:" + "0" * 32
    message = says(lambda: download(address, out, wrong), address, wrong, MD5, "x.zip.wrong", "call again")
    assert "sha256" not in message
    assert names(out) == ["x.zip.wrong"]
    assert out.with_name("x.zip.wrong").read_bytes() == CONTENT
    # A file that went bad on the disk is put aside too.
    out.write_bytes(b"rotten")
    says(lambda: download(address, out, MD5), MD5, "x.zip.wrong")
    assert names(out) == ["x.zip.wrong"]
    download(address, out, MD5)
    assert out.read_bytes() == CONTENT


def test_another_size_than_the_record_says(file, server, says):
    address, out = file
    says(lambda: download(address, out, MD5, 5), address, "offers 400000 bytes", "has 5", "browser")
    assert not out.exists()
    assert len(server.requests) == 1
    # Without a length in the answer, the size is seen at the end.
    server.headers = {"Content-Length": "x"}
    says(lambda: download(address, out, MD5, 400_001), "400000 bytes arrived, 400001 were expected", "x.zip.wrong")


@pytest.mark.parametrize("text", ["md5:12", "sha256:" + "0" * 32, "sha1:" + "0" * 40, "", "z" * 32])
def test_checksums_that_are_none(text, says):
    says(lambda: parse_checksum(text, "params: checksum"), "params: checksum", repr(text), "sha256:<64")


def test_local_file_stays_where_it_is(tmp_path, says):
    local = tmp_path / "a b.zip"
    local.write_bytes(CONTENT)
    for address in (str(local), local.as_uri()):
        assert download(address, tmp_path / "out.zip", MD5) == local
    says(lambda: download(str(local), tmp_path / "out.zip", "md5:" + "0" * 32), "a b.zip", MD5, "get the file again")
    says(lambda: download(str(tmp_path / "no.zip"), tmp_path / "out.zip", MD5), "no.zip", "no such file")
    assert [path.name for path in tmp_path.iterdir()] == ["a b.zip"]


def test_too_little_space(file, server, monkeypatch, says):
    address, out = file
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=399_999))
    says(lambda: download(address, out, MD5), out.parent, "400.0 kB", "another disk")
    # A part that is there is not needed again.
    out.with_name("x.zip.part").write_bytes(CONTENT[:1])
    download(address, out, MD5)
    assert out.read_bytes() == CONTENT


def test_disk_that_becomes_full_keeps_the_part(file, monkeypatch, says):
    address, out = file
    plain = module._append

    def full(response, file, total):
        monkeypatch.setattr(module, "_append", plain)
        file.write(CONTENT[:1000])
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(module, "_append", full)
    says(lambda: download(address, out, MD5), "x.zip.part", "disk is full", "call again")
    assert out.with_name("x.zip.part").read_bytes() == CONTENT[:1000]
    download(address, out, MD5)
    assert out.read_bytes() == CONTENT


def test_two_downloads_of_one_file(file, says):
    address, out = file
    out.parent.mkdir()
    with out.with_name("x.zip.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        says(lambda: download(address, out, MD5), "x.zip.part", "another process")


def test_bar_where_a_person_watches(file, monkeypatch, capsys):
    address, out = file
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    download(address, out, MD5)
    assert "x.zip" in (text := capsys.readouterr().err)
    assert "400k" in text


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 400_000), max_size=4), ranges=st.booleans(), start=st.integers(0, 400_000))
def test_any_cuts_give_the_right_bytes(file, server, cuts, ranges, start):
    address, out = file
    server.clear()
    server.cuts, server.ranges = list(cuts), ranges
    out.unlink(missing_ok=True)
    out.parent.mkdir(exist_ok=True)
    out.with_name("x.zip.part").write_bytes(CONTENT[:start])
    download(address, out, SHA, len(CONTENT))
    assert out.read_bytes() == CONTENT
    assert names(out) == ["x.zip"]
