"""The files of an archive, from the tar itself or from the folder it was unpacked to; nothing is written."""

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from boardbench.errors import BoardbenchError, shown
from boardbench.fetch.unpack import BROKEN, broken


def members(path: Path, limits: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the files that are asked for, as they come; one that is not there is left out.

    Args:
        path: tar (plain, gz, bz2, xz), or a folder that holds the files or one folder with them.
        limits: name -> most bytes it may have.

    Raises:
        BoardbenchError: no such path; no tar, or one that was cut short; a file that is larger, or there twice.
    """
    if path.is_dir():
        yield from _of_folder(path, limits)
    elif path.is_file():
        yield from _of_tar(path, limits)
    else:
        raise BoardbenchError(
            f"{path}: no such file or folder. Correct classification.archive.path, or set it to null to download."
        )


def _of_folder(path: Path, limits: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    for name, limit in limits.items():
        found = [file for file in (path / name, *sorted(path.glob(f"*/{name}"))) if file.is_file()]
        if len(found) > 1:
            raise BoardbenchError(
                f"{path}: {name} is there twice ({', '.join(str(file.relative_to(path)) for file in found)}). Name the "
                "folder with the right one in classification.archive.path."
            )
        for file in found:
            _check_size(file, name, file.stat().st_size, limit)
            yield name, file.read_bytes()


def _of_tar(path: Path, limits: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    seen = set()
    try:
        # A file that was cut before a member's header looks whole to tarfile; its checksum tells.
        with tarfile.open(path) as packed:
            for info in packed:
                name = PurePosixPath(info.name).name
                if name not in limits or info.isdir():
                    continue
                if not info.isreg() or name in seen:
                    raise BoardbenchError(
                        f"{path}: {shown(info.name)} is {'there twice' if info.isreg() else 'no plain file'}. Do not "
                        "trust this archive: get the authors'."
                    )
                seen.add(name)
                _check_size(path, name, info.size, limits[name])
                yield name, packed.extractfile(info).read()
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and not broken(error):
            raise
        raise BoardbenchError(
            f"{path}: the archive is broken or was cut short ({error}). Delete it and get it again."
        ) from None


def _check_size(path: Path, name: str, size: int, limit: int) -> None:
    if size > limit:
        raise BoardbenchError(f"{path}: {name} has {size} bytes, more than the {limit} it may have. Get it again.")
