import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from boardbench.captures.pcbvision import pcbvision, scene_captures
from boardbench.captures.reflectance import reflectance
from boardbench.captures.sheet import read_sheet
from boardbench.fetch import download
from boardbench.fetch.pcbvision import fetch
from boardbench.params.segmentation import Pcbvision, Reflectance


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.0)


def zipped(folder: Path, top: str = "") -> bytes:
    """Return the zip of a folder's files below a folder ``top``."""
    path = folder.with_suffix(".packing")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*")):
            packed.write(file, f"{top}{file.relative_to(folder)}")
    content = path.read_bytes()
    path.unlink()
    return content


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Record:
    """A Zenodo record on the test server."""

    def __init__(self, server, tmp_path):
        self.server, self.folder = server, tmp_path / "data" / "pcbvision"
        self.entries = []

    def add(self, name, content, checksum=None, **fields):
        path = f"/api/records/7/files/{name}/content"
        self.server.files[path] = content
        checksum = checksum or "md5:" + hashlib.md5(content).hexdigest()
        entry = {"key": name, "size": len(content), "checksum": checksum}
        self.entries.append(entry | {"links": {"self": self.server.address + path}} | fields)
        self.publish({"files": self.entries})

    def publish(self, answer):
        self.server.files["/api/records/7"] = json.dumps(answer).encode()

    def params(self, **values):
        record = f"{self.server.address}/api/records/7"
        return Pcbvision(**{"folder": self.folder, "record": record, "scenes": [1, 2, 5]} | values)

    @property
    def asked(self):
        return [path.split("/")[-2] if path.endswith("content") else path for path, _ in self.server.requests]


@pytest.fixture
def record(server, tmp_path):
    """Return an empty record."""
    return Record(server, tmp_path)


@pytest.fixture
def published(record, copy):
    """Return a record with one archive of three boards below a top folder, and a PDF."""
    record.add("readme.pdf", b"PDF")
    record.add("PCBVision.zip", zipped(copy, "PCBVision/"))
    return record


def test_from_the_record_to_reflectance(published, copy, tmp_path):
    fetch(params=published.params())
    sheet = tmp_path / "data" / "raw" / "pcbvision" / "captures.csv"
    pcbvision(out=sheet, params=published.params())
    for capture, (number, size) in zip(read_sheet(sheet), {1: (17, 20), 2: (16, 16), 5: (24, 18)}.items(), strict=True):
        out, truth = tmp_path / "out" / f"{capture.name}.npy", tmp_path / "truth" / f"{capture.name}.png"
        reflectance(
            cube=capture.cube,
            mask=capture.mask,
            board=capture.board,
            truth=truth,
            out=out,
            classes=4,
            params=Reflectance(size=None, board_mask=True),
        )
        stored = np.fromfile(copy / f"HSI/pcb{number}/pcb{number}", np.float32).reshape(*size, 224)
        expected = stored.clip(0, 1).transpose(2, 0, 1)[10:].copy()
        expected[:, :, : size[1] // 2] = 0
        np.testing.assert_allclose(np.load(out), expected, atol=6e-4)
        with Image.open(truth) as mask:
            labels = np.fromfile(copy / f"HSI/General_masks/{number}", np.uint8).reshape(size)
            np.testing.assert_array_equal(np.asarray(mask), labels)
        metadata = json.loads(out.with_suffix(".json").read_text())
        assert metadata["outside_board"] == size[0] * (size[1] // 2)
        assert metadata["original"] == {"lines": size[0], "samples": size[1], "bands": 224}


def test_what_lies_there_afterwards(published, copy, capsys):
    fetch(params=published.params())
    files = tree(published.folder)
    source = json.loads(files.pop("source.json"))
    assert files == tree(copy)
    (archive,) = source["archives"]
    content = published.server.files["/api/records/7/files/PCBVision.zip/content"]
    assert archive == {
        "name": "PCBVision.zip",
        "address": f"{published.server.address}/api/records/7/files/PCBVision.zip/content",
        "checksum": "md5:" + hashlib.md5(content).hexdigest(),
        "size": len(content),
    }
    assert source["licence"] == "CC BY-NC-SA 4.0"
    assert "Arbash" in source["citation"]
    assert "Rodare record 2704" in source["citation"]
    # The archive is gone; the PDF was not asked for, and said to be left out.
    assert [path.name for path in published.folder.parent.iterdir()] == ["pcbvision"]
    assert published.asked == ["/api/records/7", "PCBVision.zip"]
    assert "left out: readme.pdf" in capsys.readouterr().out


def test_second_call_does_nothing(published, capsys):
    fetch(params=published.params())
    before = tree(published.folder)
    published.server.clear()
    capsys.readouterr()
    fetch(params=published.params())
    assert published.server.requests == []
    text = capsys.readouterr().out
    assert "all 3 boards are there; nothing to download" in text
    assert "CC BY" not in text
    assert tree(published.folder) == before


def test_licence_is_shown_before_the_first_request(published, monkeypatch, capsys):
    shown = []

    class Refused(Exception):
        pass

    def get(*_, **__):
        shown.append(capsys.readouterr().out)
        raise Refused

    monkeypatch.setattr(download.requests, "get", get)
    with pytest.raises(Refused):
        fetch(params=published.params())
    assert "CC BY-NC-SA 4.0" in shown[0]
    assert "Arbash" in shown[0]


def test_cut_connection_is_resumed_by_the_next_call(published, copy, says):
    published.server.cuts = [None, 150_000] + [0] * 5
    says(lambda: fetch(params=published.params()), "PCBVision.zip", "5 times in a row", "call again")
    assert not published.folder.exists()
    (part,) = published.folder.parent.glob("pcbvision.download/*.part")
    have = part.stat().st_size
    assert have > 64_000
    # What is being downloaded is not for git.
    assert (part.parent / ".gitignore").read_text() == "*\n"
    published.server.clear()
    fetch(params=published.params())
    assert published.server.requests[1] == ("/api/records/7/files/PCBVision.zip/content", f"bytes={have}-")
    assert tree(published.folder).keys() - {"source.json"} == tree(copy).keys()


def test_wrong_checksum(record, copy, says):
    content = zipped(copy)
    record.add("PCBVision.zip", content, checksum="md5:" + "0" * 32)
    right = hashlib.md5(content).hexdigest()
    says(lambda: fetch(params=record.params()), "PCBVision.zip", f"md5:{right}", "md5:" + "0" * 32, ".wrong")
    assert not record.folder.exists()
    assert (record.folder.parent / "pcbvision.download/PCBVision.zip.wrong").read_bytes() == content
    # The right one, given by hand, is used; and the record's size is still looked at.
    fetch(params=record.params(checksum=right))
    assert json.loads((record.folder / "source.json").read_text())["archives"][0]["checksum"] == f"md5:{right}"


def test_archive_cut_short_by_its_makers(record, copy, says):
    record.add("PCBVision.zip", zipped(copy)[:-30])
    says(lambda: fetch(params=record.params()), "PCBVision.zip", "broken or was cut short", "download it again")
    assert not record.folder.exists()
    assert sorted(path.name for path in (record.folder.parent / "pcbvision.download").iterdir()) == [
        ".gitignore",
        "PCBVision.zip",
        "record.json",
    ]


def test_hostile_archive(record, copy, tmp_path, says):
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as packed:
        packed.add(copy, "PCBVision")
        info = tarfile.TarInfo("PCBVision/HSI/out")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc"
        packed.addfile(info)
    record.add("x.tgz", (tmp_path / "x.tgz").read_bytes())
    says(lambda: fetch(params=record.params()), "x.tgz", "'PCBVision/HSI/out'", "a link", "Do not trust")
    assert not record.folder.exists()


def test_more_than_allowed(published, copy, says):
    says(lambda: fetch(params=published.params(max_gigabytes=1e-4)), "more than 100.0 kB", "max_gigabytes")
    assert not published.folder.exists()
    # The limit is for all archives together.
    published.add("again.zip", published.server.files["/api/records/7/files/PCBVision.zip/content"])
    total = sum(len(content) for content in tree(copy).values())
    says(lambda: fetch(params=published.params(max_gigabytes=1.5 * total / 1e9)), "again.zip", "max_gigabytes")
    # The downloads were not in vain.
    published.server.clear()
    fetch(params=published.params())
    assert published.asked == ["/api/records/7"]


def test_archive_without_some_files(record, copy, says):
    shutil.rmtree(copy / "HSI/pcb2")
    (copy / "HSI/Monoseg_masks/mono5").unlink()
    record.add("PCBVision.zip", zipped(copy))
    says(
        lambda: fetch(params=record.params()),
        "PCBVision.zip: right by checksum",
        "2 of 3 boards",
        "board 2: HSI/pcb2/pcb2.hdr",
        "board 5: HSI/Monoseg_masks/mono5 (data file)",
        "segmentation.pcbvision.scenes",
    )
    assert not record.folder.exists()
    fetch(params=record.params(scenes=[1]))
    assert len(scene_captures(record.params(scenes=[1]))) == 1


def test_missing_photographs_are_a_warning(record, copy, capsys):
    shutil.rmtree(copy / "RGB/Monoseg")
    record.add("PCBVision.zip", zipped(copy))
    fetch(params=record.params())
    text = capsys.readouterr().err
    assert "warning" in text
    assert "board 5: RGB/Monoseg/5.png" in text


def test_folder_that_holds_something_else(published, says):
    published.folder.mkdir(parents=True)
    (published.folder / "mine").write_text("mine")
    words = (published.folder, "not empty", "3 of 3 boards", "Move it away", "board 1: HSI/pcb1/pcb1.hdr")
    says(lambda: fetch(params=published.params()), *words)
    assert published.server.requests == []
    (published.folder / "mine").unlink()
    fetch(params=published.params())
    assert (published.folder / "HSI").is_dir()


def test_copy_unpacked_by_hand_is_left_as_it_is(record, copy):
    fetch(params=record.params(folder=copy))
    assert record.server.requests == []
    assert not (copy / "source.json").exists()


def test_record_of_several_archives(record, copy):
    (copy / "HSI/notes.txt").write_text("about HSI")
    record.add("HSI.zip", zipped(copy / "HSI"))
    record.add("RGB.zip", zipped(copy / "RGB", "PCBVision/RGB/"))
    record.add("code.zip", zipped(copy / "RGB/General", "deep/"))
    fetch(params=record.params())
    files = tree(record.folder)
    assert {name: content for name, content in files.items() if name.startswith(("HSI", "RGB"))} == tree(copy)
    assert "other/code/deep/1.png" in files
    assert [entry["name"] for entry in json.loads(files["source.json"])["archives"]] == [
        "HSI.zip",
        "RGB.zip",
        "code.zip",
    ]


def test_archives_that_disagree(record, copy, says):
    record.add("PCBVision.zip", zipped(copy))
    record.add("again.zip", zipped(copy))
    fetch(params=record.params())
    (copy / "RGB/1.jpg").write_bytes(b"other")
    record.add("third.zip", zipped(copy))
    shutil.rmtree(record.folder)
    says(lambda: fetch(params=record.params()), "different files RGB/1.jpg", "segmentation.pcbvision.archive")
    assert not record.folder.exists()


@pytest.mark.parametrize("form", ["rodare", "rdm"])
def test_other_forms_of_a_record(record, copy, form):
    content = zipped(copy)
    record.server.files["/bucket/x"] = content
    address = f"{record.server.address}/bucket/x"
    bare = hashlib.md5(content).hexdigest()
    if form == "rodare":
        entry = {"key": "a/PCB.ZIP", "filesize": len(content), "checksum": bare, "links": {"download": address}}
        record.publish({"files": [entry]})
    else:
        links = {"self": "http://no.invalid/", "content": address}
        entry = {"key": "PCB.zip", "size": len(content), "checksum": f"md5:{bare}", "links": links}
        record.publish({"files": {"entries": {"PCB.zip": entry}}})
    fetch(params=record.params())
    assert json.loads((record.folder / "source.json").read_text())["archives"][0]["checksum"] == f"md5:{bare}"


@pytest.mark.parametrize(
    "answer",
    [b"<html>", b"{}", b'{"files": [{"key": "x.zip"}]}', b'{"files": 3}', b'{"files": [{"links": {}}]}', b"\xff"],
)
def test_answers_that_are_no_record(record, says, answer):
    record.server.files["/api/records/7"] = answer
    says(lambda: fetch(params=record.params()), "/api/records/7", "not the JSON", "segmentation.pcbvision.record")


def test_record_without_archive(record, says):
    record.add("readme.pdf", b"PDF")
    says(lambda: fetch(params=record.params()), "no zip or tar archive", "readme.pdf", "segmentation.pcbvision.archive")


def test_archive_by_its_address(published, copy, says):
    address = f"{published.server.address}/mirror/PCBVision.zip?download=1"
    published.server.files["/mirror/PCBVision.zip?download=1"] = content = zipped(copy, "PCBVision/")
    # Its checksum by hand: the record is not asked.
    fetch(params=published.params(archive=address, checksum="sha256:" + hashlib.sha256(content).hexdigest()))
    assert [path for path, _ in published.server.requests] == ["/mirror/PCBVision.zip?download=1"]
    shutil.rmtree(published.folder)
    # Its checksum by the record's file of that name.
    fetch(params=published.params(archive=address))
    shutil.rmtree(published.folder)
    published.server.files["/mirror/other.zip"] = content
    says(
        lambda: fetch(params=published.params(archive=f"{published.server.address}/mirror/other.zip")),
        "/mirror/other.zip: no checksum is known",
        "segmentation.pcbvision.checksum",
    )
    says(lambda: fetch(params=published.params(checksum="md5:12")), "segmentation.pcbvision.checksum", "'md5:12'")
    assert not published.folder.exists()


def test_one_checksum_for_several_archives(published, says):
    published.add("more.zip", b"")
    says(lambda: fetch(params=published.params(checksum="0" * 32)), "checksum is that of one", "more.zip", "null")


def test_archive_on_this_disk_is_kept(record, copy, tmp_path):
    archive = tmp_path / "PCBVision.zip"
    archive.write_bytes(zipped(copy))
    checksum = "md5:" + hashlib.md5(archive.read_bytes()).hexdigest()
    fetch(params=record.params(archive=str(archive), checksum=checksum))
    assert archive.is_file()
    assert record.server.requests == []
    assert str(tmp_path) not in (record.folder / "source.json").read_text()


def test_killed_while_unpacking(published, copy, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("boardbench.fetch.pcbvision._sort_in", killed)
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            fetch(params=published.params())
    assert not published.folder.exists()
    assert (published.folder.parent / "pcbvision.download/unpacked/0/PCBVision").is_dir()
    fetch(params=published.params())
    assert tree(published.folder).keys() - {"source.json"} == tree(copy).keys()
    assert [path.name for path in published.folder.parent.iterdir()] == ["pcbvision"]


@pytest.fixture
def dvc(tmp_path, monkeypatch):
    """Return a function that runs a command, with no settings from outside the test."""
    for name, value in {
        "HOME": tmp_path / "home",
        "XDG_CONFIG_HOME": tmp_path / "home",
        "GIT_CONFIG_NOSYSTEM": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": tmp_path / "site",
        "DVC_GLOBAL_CONFIG_DIR": tmp_path / "home",
        "DVC_SYSTEM_CONFIG_DIR": tmp_path / "home",
    }.items():
        monkeypatch.setenv(name, str(value))
    (tmp_path / "home").mkdir()

    def run(folder, *command):
        command = [sys.executable, "-m", *command] if command[0] == "dvc" else command
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    return run


@pytest.mark.slow
def test_dvc_records_the_copy_and_brings_it_to_the_team(published, dvc, tmp_path, capfd):
    here = tmp_path / "here"
    here.mkdir()
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b")
    dvc(here, "git", "init", "-q")
    dvc(here, "dvc", "init", "-q")
    dvc(here, "dvc", "remote", "add", "-q", "-d", "shared", str(tmp_path / "remote"))
    folder = here / "data" / "pcbvision"
    fetch(params=published.params(folder=folder))
    pointer = here / "data" / "pcbvision.dvc"
    assert "md5: " in pointer.read_text()
    said = capfd.readouterr().out
    assert f"git add {pointer}" in said
    assert "dvc push" in said
    dvc(here, *git, "add", ".")
    dvc(here, *git, "commit", "-qm", "data")
    dvc(here, "dvc", "push", "-q")
    dvc(tmp_path, *git, "clone", "-q", str(here), "there")
    expected = tree(folder)
    published.server.clear()
    there = tmp_path / "there" / "data" / "pcbvision"
    assert not there.exists()
    fetch(params=published.params(folder=there))
    assert published.server.requests == []
    said = capfd.readouterr().out
    assert "'dvc pull pcbvision.dvc' brings it" in said
    assert "CC BY-NC-SA 4.0" in said
    assert "nothing to download" in said
    assert tree(there) == expected


def fake_dvc(monkeypatch, codes):
    """Replace dvc by a list of calls and their exit codes."""
    calls = []

    def run(command, cwd, check):
        calls.append((*command[3:], Path(cwd).name))
        return subprocess.CompletedProcess(command, codes[command[3]])

    monkeypatch.setattr("boardbench.fetch.pcbvision.subprocess.run", run)
    return calls


def test_dvc_that_cannot_bring_the_copy(published, monkeypatch, capsys):
    (published.folder.parents[1] / ".dvc").mkdir()
    published.folder.parent.mkdir()
    published.folder.with_name("pcbvision.dvc").write_text("outs: []\n")
    calls = fake_dvc(monkeypatch, {"pull": 255, "add": 0})
    fetch(params=published.params())
    assert calls == [("pull", "pcbvision.dvc", "data"), ("add", "pcbvision", "data")]
    assert "downloading instead" in capsys.readouterr().out
    # Recorded: nothing to do for DVC either.
    fetch(params=published.params())
    assert len(calls) == 2


def test_dvc_that_cannot_record_the_copy(published, monkeypatch, says):
    (published.folder.parents[1] / ".dvc").mkdir()
    calls = fake_dvc(monkeypatch, {"add": 1})
    says(lambda: fetch(params=published.params()), "data are complete", "'dvc add pcbvision' failed", "call again")
    published.server.clear()
    says(lambda: fetch(params=published.params()), "data are complete")
    assert published.server.requests == []
    assert calls == [("add", "pcbvision", "data")] * 2


def test_no_dvc_outside_a_repository(published, monkeypatch):
    calls = fake_dvc(monkeypatch, {})
    fetch(params=published.params())
    assert calls == []


def test_folder_behind_a_link(published, tmp_path, copy):
    disk = tmp_path / "disk"
    disk.mkdir()
    published.folder.parent.mkdir()
    published.folder.symlink_to(disk / "pcbvision")
    fetch(params=published.params())
    assert (disk / "pcbvision/HSI").is_dir()
    assert published.folder.is_symlink()
    assert len(scene_captures(published.params())) == 3
