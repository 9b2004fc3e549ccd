"""Download of PCB-Vision: licence, archives, checksums, unpacking, layout, and the record of it in DVC."""

import filecmp
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from boardbench.captures.pcbvision import HSI, RGB, lacking, scene_numbers
from boardbench.errors import BoardbenchError
from boardbench.fetch.download import download, local_file, parse_checksum
from boardbench.fetch.progress import need_space
from boardbench.fetch.record import Archive, record_archives
from boardbench.fetch.unpack import unpack
from boardbench.files import write_json
from boardbench.params.segmentation import Pcbvision

LICENCE = "CC BY-NC-SA 4.0"
CITATION = (
    "Arbash, E., Fuchs, M., Rasti, B., Lorenz, S., Ghamisi, P. and Gloaguen, R. (2024): PCB-Vision: A Multiscene "
    "RGB-Hyperspectral Benchmark Dataset of Printed Circuit Boards. Rodare record 2704; arXiv:2401.06528."
)
NOTICE = f"""PCB-Vision is the work of others, under {LICENCE}: name its authors, use it for no commercial
purpose, and pass on what you make of it under the same licence (https://creativecommons.org/licenses/by-nc-sa/4.0/).
Cite: {CITATION}
"""
_PARTS = ("HSI", "RGB")


def fetch(*, params: Pcbvision) -> None:
    """Download, verify and unpack the published data set PCB-Vision; a second call does nothing.

    The licence is shown first. Inside a DVC repository a team's copy (``<folder>.dvc``) is pulled instead where it
    can be, and a downloaded one is recorded. Downloads lie in ``<folder>.download`` until the copy is whole; a
    broken one is continued by the next call. ``<folder>/source.json`` says where the copy came from.

    Raises:
        BoardbenchError: the folder holds something else; no archive or no checksum known; a download, archive or
            layout that is not right; DVC cannot record the folder.
    """
    folder, scenes = params.folder.resolve(), scene_numbers(params)
    downloads = folder.with_name(folder.name + ".download")
    pointer = folder.with_name(folder.name + ".dvc")
    fresh = False
    if lacking(folder, scenes, HSI):
        print(NOTICE, flush=True)
        if pointer.is_file():
            _pull(pointer)
        missing = lacking(folder, scenes, HSI)
        if missing and folder.exists() and any(folder.iterdir()):
            raise BoardbenchError(
                f"{folder}: the folder is not empty, and {len(missing)} of {len(scenes)} boards are not complete. Move "
                "it away to have the data set fetched there, name another folder in segmentation.pcbvision.folder, or "
                "name only the boards that you have in segmentation.pcbvision.scenes:\n  " + "\n  ".join(missing)
            )
        if missing:
            _download(params, folder, downloads, scenes)
            fresh = True
    if not fresh:
        print(f"{folder}: all {len(scenes)} boards are there; nothing to download.", flush=True)
    photographs = lacking(folder, scenes, RGB)
    if photographs:
        print(
            "warning: photographs (RGB) are missing, which no step reads:\n  " + "\n  ".join(photographs),
            file=sys.stderr,
        )
    if (folder / "source.json").is_file() and downloads.is_dir():
        shutil.rmtree(downloads)
    if (fresh or not pointer.is_file()) and _in_dvc(folder):
        _record(folder, pointer)


def _download(params: Pcbvision, folder: Path, downloads: Path, scenes: list[int]) -> None:
    """Make ``folder`` from the archives."""
    downloads.mkdir(parents=True, exist_ok=True)
    (downloads / ".gitignore").write_text("*\n", encoding="utf-8")
    archives = _archives(params, downloads)
    to_come = [archive for archive in archives if not (downloads / archive.name).is_file()]
    parts = [downloads / f"{archive.name}.part" for archive in to_come]
    arrived = sum(part.stat().st_size for part in parts if part.is_file())
    need_space(downloads, sum(archive.size or 0 for archive in to_come) - arrived, "the rest of the download")
    files = [
        download(archive.address, downloads / archive.name, archive.checksum, archive.size) for archive in archives
    ]
    unpacked, whole = downloads / "unpacked", downloads / "unpacked" / "whole"
    if unpacked.exists():
        shutil.rmtree(unpacked)
    whole.mkdir(parents=True)
    try:
        left = int(params.max_gigabytes * 10**9)
        for number, file in enumerate(files):
            place = unpacked / str(number)
            left -= unpack(file, place, left)
            _sort_in(place, file.name.split(".")[0], whole)
        missing = lacking(whole, scenes, HSI)
        if missing:
            raise BoardbenchError(
                f"{', '.join(str(file) for file in files)}: right by checksum, but {len(missing)} of {len(scenes)} "
                "boards are not complete in it. It is kept: unpack it by hand to see its layout and name that folder "
                "in segmentation.pcbvision.folder, or name only the boards that it has in "
                "segmentation.pcbvision.scenes:\n  " + "\n  ".join(missing)
            )
        write_json(
            whole / "source.json",
            {
                "data_set": "PCB-Vision",
                "record": params.record,
                # A local archive is named without its path, which holds on this machine only.
                "archives": [
                    asdict(archive) | ({"address": None} if local_file(archive.address) else {}) for archive in archives
                ],
                "licence": LICENCE,
                "citation": CITATION,
            },
        )
        whole.replace(folder)
    finally:
        shutil.rmtree(unpacked)
    print(f"{folder}: {len(scenes)} boards.", flush=True)


def _archives(params: Pcbvision, downloads: Path) -> list[Archive]:
    """Return what to download: the archive that params name, or all archives of the record."""
    archives = [_named(params, downloads)] if params.archive else record_archives(params.record, downloads)
    if params.checksum is not None and len(archives) > 1:
        names = ", ".join(archive.name for archive in archives)
        raise BoardbenchError(
            f"segmentation.pcbvision.checksum is that of one archive, but the record {params.record} has {names}. Set "
            "it to null to use the record's own."
        )
    checked = []
    for archive in archives:
        checksum = params.checksum or archive.checksum
        if checksum is None:
            raise BoardbenchError(
                f"{archive.address}: no checksum is known, and without one it is not used: the record {params.record} "
                f"gives none for {archive.name!r}. Give segmentation.pcbvision.checksum (md5:... or sha256:...)."
            )
        checksum = ":".join(parse_checksum(checksum, f"segmentation.pcbvision.checksum of {archive.name}"))
        checked.append(replace(archive, checksum=checksum))
    return checked


def _named(params: Pcbvision, downloads: Path) -> Archive:
    """Return the archive that params name; without a checksum, the record's file of the same name gives it."""
    local = local_file(params.archive)
    path = local or PurePosixPath(unquote(urlsplit(params.archive).path))
    # Zenodo's addresses end in <name>/content.
    name = (path.parent if path.name == "content" else path).name.strip(".") or "archive"
    listed = record_archives(params.record, downloads) if params.checksum is None else []
    same = next((archive for archive in listed if archive.name == name), Archive(name, ""))
    return replace(same, address=params.archive)


def _sort_in(place: Path, name: str, whole: Path) -> None:
    """Move HSI and RGB of an unpacked archive, at whatever depth they stand, into ``whole``; what else it holds
    goes to ``other/<name>``.
    """
    root, level = None, [place]
    while root is None and level:
        root = next((path for path in level if any((path / part).is_dir() for part in _PARTS)), None)
        level = [inner for path in level for inner in sorted(path.iterdir()) if inner.is_dir()]
    if root is None and name.upper() in _PARTS:
        # HSI.zip that holds what belongs into HSI/.
        _merge(place, whole / name.upper())
        return
    for part in _PARTS:
        if root is not None and (root / part).is_dir():
            _merge(root / part, whole / part)
    if any(path.is_file() for path in place.rglob("*")):
        _merge(place, whole / "other" / name)


def _merge(source: Path, target: Path) -> None:
    """Move what is in ``source`` into ``target``, folder by folder.

    Raises:
        BoardbenchError: where two archives hold different files of one name.
    """
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        place = target / path.name
        if path.is_dir() and (place.is_dir() or not place.exists()):
            _merge(path, place)
        elif not place.exists():
            path.replace(place)
        elif not (path.is_file() and place.is_file() and filecmp.cmp(path, place, shallow=False)):
            raise BoardbenchError(
                f"two archives of the record hold different files {target.name}/{path.name}. Name the one to use in "
                "segmentation.pcbvision.archive."
            )


def _dvc(folder: Path, *arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=folder, check=False).returncode


def _in_dvc(folder: Path) -> bool:
    return any((parent / ".dvc").is_dir() for parent in folder.parents)


def _pull(pointer: Path) -> None:
    """Bring the team's copy, if that is possible."""
    print(f"{pointer.name} records a copy of your team; 'dvc pull {pointer.name}' brings it.", flush=True)
    if _dvc(pointer.parent, "pull", pointer.name) != 0:
        print("dvc could not bring it (see above); downloading instead.", flush=True)


def _record(folder: Path, pointer: Path) -> None:
    """Have DVC record the folder's hash."""
    if _dvc(folder.parent, "add", folder.name) != 0:
        raise BoardbenchError(
            f"{folder}: the data are complete, but 'dvc add {folder.name}' failed (see above). Mend what it says (a "
            "full disk: 'dvc config cache.type reflink,hardlink,symlink') and call again; nothing is downloaded twice."
        )
    print(
        f"To share the copy with your team: git add {pointer} {pointer.with_name('.gitignore')}, git commit, dvc push.",
        flush=True,
    )
