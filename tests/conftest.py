import os
import re
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# Before a test imports ONNX Runtime ahead of boardbench, which says the same.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# Small tensors, and as many test processes as cores: more threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_CODES = {"uint8": 1, "int16": 2, "float32": 4, "float64": 5, "uint16": 12, "int32": 3, "uint32": 13}
_ORDERS = {"bil": (0, 2, 1), "bip": (0, 1, 2), "bsq": (2, 0, 1)}


def write_envi(path: Path, values: np.ndarray, interleave: str = "bil", data: str = ".raw", **fields) -> Path:
    """Write (lines, samples, bands) as ENVI; a field of None is left out; underscores of keys become spaces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values.transpose(_ORDERS.get(interleave.lower(), (0, 2, 1))).tofile(path.with_suffix(data))
    header = {
        "samples": values.shape[1],
        "lines": values.shape[0],
        "bands": values.shape[2],
        "header offset": 0,
        "data type": _CODES[values.dtype.newbyteorder("=").name],
        "interleave": interleave,
        "byte order": 1 if values.dtype.byteorder == ">" else 0,
    }
    header |= {key.replace("_", " "): value for key, value in fields.items()}
    lines = [f"{key} = {value}" for key, value in header.items() if value is not None]
    path.write_text("\n".join(["ENVI", *lines]) + "\n")
    return path


@pytest.fixture(autouse=True)
def small_numbers():
    """Take back what a training sets for its process: hypothesis refuses to draw where small numbers become 0."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(name="write_envi")
def _write_envi():
    return write_envi


@pytest.fixture
def fake_camera():
    """A GigE Vision camera on loopback, started; the test is skipped where none can be had."""
    from fake_camera import running

    yield from running()


@pytest.fixture
def says():
    """Return a check that a call fails with a message that holds all the words given."""
    from boardbench.errors import BoardbenchError

    def check(call, *words):
        with pytest.raises(BoardbenchError) as caught:
            call()
        message = str(caught.value)
        for word in words:
            assert str(word) in message, f"{word!r} is not in: {message}"
        return message

    return check


class Server(ThreadingHTTPServer):
    """Files over HTTP. ``requests`` lists (path, Range header); ``cuts`` are numbers of bytes after which the next
    answers break off (None: not); ``statuses`` are answered first; ``ranges`` says whether Range is understood;
    ``encodings`` are those that were asked for.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.requests, self.cuts, self.statuses = {}, [], [], []
        self.ranges, self.headers, self.encodings = True, {}, set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def clear(self) -> None:
        self.requests, self.cuts, self.statuses, self.ranges = [], [], [], True

    def handle_error(self, *_):
        pass


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server, asked = self.server, self.headers.get("Range")
        server.requests.append((self.path, asked))
        server.encodings.add(self.headers.get("Accept-Encoding"))
        content = server.files.get(self.path)
        if server.statuses:
            self.send_error(server.statuses.pop(0))
            return
        if content is None:
            self.send_error(404)
            return
        first = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and server.ranges else None
        if first is not None and first >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = content[first or 0 :]
        self.send_response(200 if first is None else 206)
        headers = {"Content-Length": str(len(body))}
        if first is not None:
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        for name, value in (headers | server.headers).items():
            self.send_header(name, value)
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else None
        self.wfile.write(body[:cut])
        self.close_connection = True


@pytest.fixture
def server():
    """Return a file server on this machine."""
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


SIZES = {1: (17, 20), 2: (16, 16), 5: (24, 18)}


def pcbvision_copy(folder: Path, sizes=None) -> Path:
    """Write a copy of PCB-Vision with few boards, in the published layout and with its odd names."""
    for number, size in (sizes or SIZES).items():
        generator = np.random.default_rng(number)
        cube = generator.uniform(-0.05, 1.1, (*size, 224)).astype(np.float32)
        general = generator.integers(0, 4, (*size, 1)).astype(np.uint8)
        monoseg = np.where(generator.random((*size, 1)) < 0.5, general, 0).astype(np.uint8)
        write_envi(folder / f"HSI/pcb{number}/pcb{number}.hdr", cube, "bip", data="")
        write_envi(folder / f"HSI/General_masks/{number}.HDR", general, "bip", data="")
        write_envi(folder / f"HSI/Monoseg_masks/mono{number}.hdr", monoseg, "bip", data="")
        board = np.zeros((*size, 3), np.uint8)
        board[:, size[1] // 2 :] = 255
        pictures = {
            f"HSI/PCB_Masks/{number}.jpg": board,
            f"RGB/{number}.jpg": np.full((30, 40, 3), 90, np.uint8),
            f"RGB/General/{number}.png": np.zeros((30, 40), np.uint8),
            f"RGB/Monoseg/{number}.png": np.zeros((30, 40), np.uint8),
        }
        for name, values in pictures.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(folder / name)
    return folder


@pytest.fixture(scope="session")
def _original(tmp_path_factory):
    return pcbvision_copy(tmp_path_factory.mktemp("pcbvision") / "PCBVision")


@pytest.fixture
def copy(_original, tmp_path):
    """Return a fresh unpacked copy of three boards (1, 2 and 5), each of another size."""
    return Path(shutil.copytree(_original, tmp_path / "copy"))
