import errno
import io
import shutil
import stat
import tarfile
import tempfile
import warnings
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardbench.fetch import unpack as module
from boardbench.fetch.unpack import unpack

FILES = {"a/1.HDR": b"ENVI\n", "a/1": bytes(range(256)) * 20, "readme": b""}
MODES = {"zip": None, "tar": "w", "tar.gz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}


def pack(path: Path, entries, kind="zip") -> Path:
    """Write an archive of (name, bytes) pairs; a name that ends in / is a folder."""
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in entries:
                packed.writestr(name, content)
        return path
    with tarfile.open(path, MODES[kind]) as packed:
        for name, content in entries:
            info = tarfile.TarInfo(name.rstrip("/"))
            info.size = len(content)
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            packed.addfile(info, io.BytesIO(content))
    return path


def found(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", MODES)
def test_whole_archive(tmp_path, kind):
    archive = pack(tmp_path / "x", [("a/", b""), *FILES.items()], kind)
    assert unpack(archive, tmp_path / "new" / "out", 10**6) == 5125
    assert found(tmp_path / "new" / "out") == FILES
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]


def test_names_that_other_systems_write(tmp_path):
    entries = [("__MACOSX/a/._1", b"junk"), ("./b/./2", b"2"), ("c\\d\\3", b"3"), ("c\\", b"")]
    unpack(pack(tmp_path / "x.zip", entries), tmp_path / "out", 2)
    assert found(tmp_path / "out") == {"b/2": b"2", "c/d/3": b"3"}


def link(name, target, kind):
    """Return a function that writes an archive with a symbolic or hard link, a device or a pipe."""

    def write(path):
        with tarfile.open(path, "w") as packed:
            packed.addfile(tarfile.TarInfo("fine"))
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            packed.addfile(info)

    return write


def zip_link(path):
    with zipfile.ZipFile(path, "w") as packed:
        info = zipfile.ZipInfo("a/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr("fine", b"")
        packed.writestr(info, "/etc/passwd")


def encrypted(path):
    pack(path, [("fine", b""), ("a/secret", b"x")])
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.rindex(mark) + place] |= 1
    path.write_bytes(content)


def entries(*names, kind="zip"):
    def write(path):
        with warnings.catch_warnings():
            # zipfile warns of a name that is there twice.
            warnings.simplefilter("ignore")
            pack(path, [("fine", b""), *((name, b"x") for name in names)], kind)

    return write


HOSTILE = {
    "parent": (entries("a/../../evil"), "a/../../evil", "'..'"),
    "parent with backslashes": (entries("a\\..\\..\\evil"), "evil", "'..'"),
    "parent in a tar": (entries("../evil", kind="tar"), "../evil", "'..'"),
    "absolute": (entries("/tmp/evil"), "/tmp/evil", "absolute"),
    "absolute in a tar": (entries("/tmp/evil", kind="tar"), "/tmp/evil", "absolute"),
    "drive": (entries("C:/evil"), "C:/evil", "absolute"),
    "control characters": (entries("a\x1b[2Jb"), "a", "control characters"),
    "twice": (entries("a/b", "a/b"), "a/b", "there twice"),
    "twice by another spelling": (entries("a/b", "a//./b"), "a//./b", "there twice"),
    "file and folder": (entries("a", "a/b"), "'a'", "both a file and a folder"),
    "link in a zip": (zip_link, "a/link", "a link"),
    "link": (link("a", "../..", tarfile.SYMTYPE), "'a'", "a link"),
    "hard link": (link("a", "/etc/passwd", tarfile.LNKTYPE), "'a'", "a link"),
    "device": (link("a", "", tarfile.CHRTYPE), "'a'", "a device"),
    "pipe": (link("a", "", tarfile.FIFOTYPE), "'a'", "a device"),
    "a long name": (entries("a/" + "n" * 300), "a/nnn", "255 bytes"),
    "a long name in letters of two bytes": (entries("é" * 128, kind="tar"), "éé", "255 bytes"),
    "deep": (entries("a/" * 2000 + "b"), "a/a/a", "100 folders"),
    "encrypted": (encrypted, "a/secret", "encrypted"),
}


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127, "/".join("a" * 100)])
def test_the_longest_names_are_written(tmp_path, name):
    unpack(pack(tmp_path / "x.zip", [(name, b"1")]), tmp_path / "out", 2)
    assert found(tmp_path / "out") == {name: b"1"}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives_write_nothing(tmp_path, says, monkeypatch, case):
    write, *words = HOSTILE[case]
    write(tmp_path / "x.zip")
    monkeypatch.setattr(module, "_write", lambda *_: pytest.fail("an entry was written"))
    says(lambda: unpack(tmp_path / "x.zip", tmp_path / "out", 10**6), "x.zip", *words, "Do not trust")
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize("kind", MODES)
def test_more_than_allowed(tmp_path, says, kind):
    archive = pack(tmp_path / "x", [("a", bytes(10**6)), ("b", bytes(10**6))], kind)
    assert archive.stat().st_size < 10**5 or kind == "tar"
    says(lambda: unpack(archive, tmp_path / "out", 2 * 10**6 - 1), archive, "more than 2.0 MB", "max_gigabytes")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert unpack(archive, tmp_path / "out", 2 * 10**6) == 2 * 10**6


@pytest.mark.parametrize("lie", [10, 2 * 10**6])
def test_zip_that_lies_about_its_size(tmp_path, says, lie):
    archive = pack(tmp_path / "x.zip", [("bomb", bytes(10**6))])
    content = archive.read_bytes()
    assert content.count((10**6).to_bytes(4, "little")) == 2
    archive.write_bytes(content.replace((10**6).to_bytes(4, "little"), lie.to_bytes(4, "little")))
    says(lambda: unpack(archive, tmp_path / "out", lie), "x.zip", "broken or was cut short")
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_bytes_are_counted_while_they_come(tmp_path, says, monkeypatch):
    # Whatever a library returns: not one byte more than was declared is written.
    archive = pack(tmp_path / "x.zip", [("bomb", bytes(10))])
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: io.BytesIO(bytes(10**6)))
    says(lambda: unpack(archive, tmp_path / "out", 1000), "x.zip", "'bomb'", "longer than it declares")
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize("kind", MODES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_archive_cut_short(tmp_path, says, kind, share):
    contents = [bytes(range(256)) * 100, b"b" * 25600, b"c"]
    archive = pack(tmp_path / "x", zip("abc", contents, strict=True), kind)
    whole = archive.read_bytes()
    # A plain tar may lack a part of the padding behind its end mark.
    length = 53760 if kind == "tar" else len(whole)
    archive.write_bytes(whole[: int(length * share)])
    says(lambda: unpack(archive, tmp_path / "out", 10**6), archive, "broken or was cut short", "download it again")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_tar_cut_between_two_entries(tmp_path, says):
    archive = pack(tmp_path / "x.tar", [("a", bytes(512)), ("b", bytes(512))], "tar")
    archive.write_bytes(archive.read_bytes()[:1024])
    says(lambda: unpack(archive, tmp_path / "out", 10**6), "x.tar", "the end mark is missing")


def test_no_archive_at_all(tmp_path, says):
    (tmp_path / "x.zip").write_text("<html>Please log in</html>" * 100)
    says(lambda: unpack(tmp_path / "x.zip", tmp_path / "out", 1), "x.zip", "broken")


def test_rare_compression_is_refused_with_a_way_out(tmp_path, says):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("a", b"x")
    says(lambda: unpack(tmp_path / "x.zip", tmp_path / "out", 1), "x.zip", "'lzma'", "by hand")


def test_folder_that_holds_something(tmp_path, says):
    archive = pack(tmp_path / "x.zip", FILES.items())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    says(lambda: unpack(archive, tmp_path / "out", 10**6), tmp_path / "out", "something is there")
    assert found(tmp_path / "out") == {"mine": b"mine"}


def test_killed_run_leaves_nothing_in_place_and_is_cleaned_up(tmp_path, monkeypatch):
    archive = pack(tmp_path / "x.zip", FILES.items())
    plain = module._write

    def killed(archive, member, path, progress):
        plain(archive, member, path, progress)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "_write", killed)
        # As if the process had no time to tidy up.
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            unpack(archive, tmp_path / "out", 10**6)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.unpacking", "x.zip"]
    (tmp_path / ".out.unpacking" / "stale").write_text("of another archive")
    unpack(archive, tmp_path / "out", 10**6)
    assert found(tmp_path / "out") == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "x.zip"]


def test_too_little_space(tmp_path, monkeypatch, says):
    archive = pack(tmp_path / "x.zip", FILES.items())
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5124))
        says(lambda: unpack(archive, tmp_path / "out", 10**6), "x.zip", "5.1 kB", "another disk")

    def full(*_):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(module, "_write", full)
    says(lambda: unpack(archive, tmp_path / "out", 10**6), "x.zip", "disk became full", "call again")
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.tuples(NAMES, NAMES).map("/".join), st.binary(max_size=300)), st.sampled_from(list(MODES)))
def test_what_goes_in_comes_out(files, kind):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        unpack(pack(folder / "x", files.items(), kind), folder / "out", 10**6)
        assert found(folder / "out") == files
