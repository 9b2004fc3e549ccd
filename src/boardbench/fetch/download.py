"""Large files over HTTP: resumed where the connection was cut, and checked before they appear."""

import errno
import hashlib
import re
import time
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import requests

from boardbench.errors import BoardbenchError
from boardbench.fetch.progress import Progress, human, need_space

try:
    import fcntl
except ImportError:  # Windows, where no other download is noticed
    fcntl = None

ATTEMPTS = 5
"""Tries in a row that bring nothing new before a download is given up."""

PAUSE = 1.0
"""Seconds before the second try; each further pause is twice as long."""

_LONGEST_PAUSE = 120
_TIMEOUT = (30, 60)
# Small, because the block that is under way when a connection is cut is lost.
_BLOCK = 1 << 16
_HEX = {"md5": 32, "sha256": 64}


class _Cut(Exception):
    """A failure that another try may mend; ``wait`` is what the server asks for, seconds."""

    def __init__(self, reason: str, wait: float = 0):
        super().__init__(reason)
        self.wait = wait


def parse_checksum(text: str, where: str) -> tuple[str, str]:
    """Return algorithm and lower-case digits of ``md5:...`` or ``sha256:...``; bare digits tell by their number.

    Raises:
        BoardbenchError: naming ``where`` for anything else.
    """
    algorithm, _, digits = text.strip().lower().rpartition(":")
    algorithm = algorithm or next((name for name, length in _HEX.items() if length == len(digits)), "")
    if not re.fullmatch(r"[0-9a-f]+", digits) or _HEX.get(algorithm) != len(digits):
        raise BoardbenchError(
            f"{where}: checksum {text!r} is neither md5:<32 hex digits> nor sha256:<64 hex digits>. Copy it from the "
            "record's page."
        )
    return algorithm, digits


def local_file(address: str) -> Path | None:
    """Return the path behind a file:// address or a plain path, None for any other address."""
    if address.startswith("file://"):
        return Path(unquote(urlsplit(address).path))
    return None if "://" in address else Path(address)


def download(address: str, out: Path, checksum: str | None, size: int | None = None) -> Path:
    """Bring a file and return where it lies: ``out``, or, for a local file, where it is.

    What has arrived is kept in ``<out>.part`` and continued by the next call (HTTP Range); ``out`` appears only
    when whole and, where ``checksum`` (``md5:...`` or ``sha256:...``) and ``size`` (bytes) are known, right. An
    ``out`` that is there already is checked and not asked for again.

    Raises:
        BoardbenchError: no such file; server or connection that fail for good (the part is kept); disk full;
            another size or checksum than expected (the file is kept as ``<out>.wrong``).
    """
    expected = parse_checksum(checksum, address) if checksum else None
    local = local_file(address)
    if local is not None:
        if not local.is_file():
            raise BoardbenchError(f"{address}: no such file. Check the path, and that the disk with it is mounted.")
        _check(local, None, address, expected, size)
        return local
    part = out.with_name(out.name + ".part")
    if not out.is_file():
        out.parent.mkdir(parents=True, exist_ok=True)
        _bring(address, part, size)
        _check(part, out, address, expected, size)
        part.replace(out)
    else:
        _check(out, out, address, expected, size)
    return out


def _bring(address: str, part: Path, size: int | None) -> None:
    """Try until the part is whole, or until several tries in a row bring nothing new."""
    reached, tries = _length(part), 0
    while True:
        try:
            _continue(address, part, size)
            return
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise BoardbenchError(
                f"{part}: the disk is full. What has arrived is kept: free some space and call again, it goes on."
            ) from None
        except _Cut as cut:
            tries = 1 if _length(part) > reached else tries + 1
            reached = max(reached, _length(part))
            if tries >= ATTEMPTS:
                raise BoardbenchError(
                    f"{address}: the download failed {ATTEMPTS} times in a row ({cut}). {human(reached)} are kept in "
                    f"{part}: check the network and call again, it goes on from there."
                ) from None
            pause = min(max(PAUSE * 2 ** (tries - 1), cut.wait), _LONGEST_PAUSE)
            print(f"{part.stem}: {cut}; trying again in {pause:g} s", flush=True)
            time.sleep(pause)


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _continue(address: str, part: Path, size: int | None) -> None:
    """Ask for what the part lacks and append it."""
    with part.open("ab") as file:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BoardbenchError(f"{part}: another process downloads this file. Wait for it, or end it.") from None
        except OSError:
            pass  # Some network disks know no locks.
        have = file.tell()
        if size is not None and have > size:
            print(f"{part.stem}: {human(have)} here, but the file has {human(size)}; starting again", flush=True)
            file.truncate(have := 0)
        if have == size:
            return
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        try:
            with requests.get(address, headers=headers, stream=True, timeout=_TIMEOUT) as response:
                total = _accept(response, file, have, address, size)
                if total is None or file.tell() < total:
                    _append(response, file, total)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise _Cut(f"connection lost ({type(error).__name__})") from None
        except requests.RequestException as error:
            raise BoardbenchError(f"{address}: {error}. Correct the address.") from None


def _accept(response: requests.Response, file: BinaryIO, have: int, address: str, size: int | None) -> int | None:
    """Read the answer's head, empty the part if it cannot be continued, and return the whole file's size."""
    status = response.status_code
    span = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", ""))
    total = int(span[2]) if span and span[2] != "*" else None
    if status == 416 and total == have:
        return total
    if status == 416 or (status == 206 and (not span or span[1] != str(have))):
        file.truncate(0)
        raise _Cut(f"the server cannot continue at byte {have}; starting again")
    if status in (408, 429) or status >= 500:
        wait = response.headers.get("Retry-After", "")
        raise _Cut(f"the server answers {status} {response.reason}", int(wait) if wait.isdigit() else 0)
    if status not in (200, 206):
        raise BoardbenchError(
            f"{address}: the server answers {status} {response.reason}. Open the address in a browser: if the file "
            "has moved, correct the address in params."
        )
    if status == 200:
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else None
    if size is not None and total not in (None, size):
        raise BoardbenchError(
            f"{address}: the server offers {total} bytes, but the file has {size}. Another file, or an error page, "
            "stands at this address: open it in a browser and correct the address in params."
        )
    total = size if total is None else total
    if status == 200 and have:
        print("the server does not continue downloads; starting again", flush=True)
        file.truncate(have := 0)
    if total is not None:
        need_space(Path(file.name).parent, total - have, "the rest of the download")
    file.seek(have)
    return total


def _append(response: requests.Response, file: BinaryIO, total: int | None) -> None:
    """Write the body behind the part."""
    with Progress(Path(file.name).stem, total, file.tell()) as progress:
        for block in response.iter_content(_BLOCK):
            file.write(block)
            progress.add(len(block))
            if total is not None and file.tell() > total:
                break
        if total is not None and file.tell() < total:
            raise _Cut(f"connection closed {human(total - file.tell())} before the end")


def _check(path: Path, out: Path | None, address: str, expected: tuple[str, str] | None, size: int | None) -> None:
    """Compare size and checksum; where one differs, put the file aside as ``<out>.wrong`` and say so."""
    problem = None
    if size is not None and path.stat().st_size != size:
        problem = f"{path.stat().st_size} bytes arrived, {size} were expected"
    elif expected is not None:
        print(f"{path.name.removesuffix('.part')}: checking the {expected[0]} sum", flush=True)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, expected[0]).hexdigest()
        if found != expected[1]:
            problem = f"the checksum is {expected[0]}:{found}, expected was {expected[0]}:{expected[1]}"
    if problem is None:
        return
    kept, remedy = path, "get the file again"
    if out is not None:
        kept, remedy = path.replace(out.with_name(out.name + ".wrong")), "call again to download afresh"
    raise BoardbenchError(
        f"{address}: {problem}. The file is kept as {kept}, and is not used. If the expected value is out of date, "
        f"correct it in params; otherwise {remedy}."
    )
