import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from boardbench.segmentation.components import components
from boardbench.stream import session
from boardbench.stream.frames import frame
from boardbench.stream.stream import stream


@pytest.fixture
def run(tmp_path, model, references):
    """Return a function that streams a source to tmp_path/out, as fast as lines are taken."""

    def call(source, **changes):
        arguments = {"model": model, "out": tmp_path / "out", "lines_per_s": 0.0, "window": 96, **references}
        stream(source=source, **(arguments | changes))
        return tmp_path / "out"

    return call


def test_a_belt_equals_the_whole_capture(run, capture, offline, belt, results, capsys):
    # Margin 32 covers the network's reach of 18 lines; 173 lines end inside its pooling grid.
    classes, log, report = results(run(capture(173)))
    counts = belt.counts(173)
    np.testing.assert_array_equal(classes, offline(counts))
    assert np.unique(classes).tolist() == [0, 1, 2]
    kept = counts[:, belt.keep]
    assert report["values"] == {"saturated": (kept == 4095).sum(), "invalid": 2 * 173}
    assert [entry["line"] for entry in log] == list(range(173))
    for entry, row in zip(log, classes, strict=True):
        assert entry["seen"]
        assert 0 <= entry["arrived_s"] <= entry["left_s"]
        again = np.zeros_like(row)
        for kind, first, last in entry["runs"]:
            again[first : last + 1] = kind
        np.testing.assert_array_equal(again, row)
    assert report["ended"] == "end"
    assert report["lines"] == {
        **{"total": 173, "seen": 173, "dropped": 0, "lost_by_camera": 0, "refused": 0},
        **{"first_number": 0, "cut_bytes": 0, "padded": 0},
    }
    assert report["line"]["encoder"]["count"] == report["window"]["lag"]["count"] == 173
    # Four windows begin 32 lines apart while 96 lines are there; the last one is shorter.
    assert report["window"]["compute"]["count"] == 4
    assert report["kept"] is None
    assert report["verdict"] in capsys.readouterr().out


def test_components_are_those_of_the_whole_capture(run, capture, offline, belt, tmp_path):
    out = run(capture(173), mm_per_line=0.5, mm_per_sample=0.25)
    table = components(offline(belt.counts(173)), np.ones((173, 20)), ["others", "ic", "capacitor"])
    whole = table.drop(columns=["component", "angle", "mean_probability"]).to_dict("records")
    found = [json.loads(line) for line in (out / "components.ndjson").read_text().splitlines()]
    assert len(found) > 5
    assert sorted(map(repr, ({name: one[name] for name in whole[0]} for one in found))) == sorted(map(repr, whole))
    report = json.loads((out / "stream.json").read_text())["components"]
    assert report["count"] == report["delay"]["count"] == len(found) and "published" not in report
    for one in found:
        assert one["area_mm2"] == pytest.approx(one["pixels"] / 8)
        assert 0 < one["arrived_s"] < one["left_s"]
    left = [one["left_s"] for one in found]
    assert left == sorted(left)
    # A component comes with the window after its last line, not at the end of the belt.
    assert left[0] < left[-1]


@pytest.mark.skipif(
    not importlib.util.find_spec("openvino"), reason="openvino is not installed: pip install 'boardbench[openvino]'"
)
def test_openvino_gives_the_belt_of_onnx_runtime_and_is_named(run, capture, offline, belt, results):
    classes, _, report = results(run(capture(173), runtime="openvino"))
    assert np.mean(classes == offline(belt.counts(173))) > 0.999 and len(np.unique(classes)) == 3
    assert (report["model"]["runtime"], report["model"]["precision"]) == ("openvino", "float32")


def test_a_runtime_that_is_not_there_is_refused_before_any_line(run, capture, tmp_path, monkeypatch, says):
    source = capture(20)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    says(lambda: run(source, runtime="openvino"), "--runtime openvino", "pip install 'boardbench[openvino]'")
    says(lambda: run(source, precision="bf16"), "--precision bf16", "--runtime openvino")
    assert not (tmp_path / "out").exists()


def test_a_margin_below_the_reach_would_be_seen(run, capture, offline, belt, results, monkeypatch):
    # The test above can fail: with every line its own window's edge, classes differ.
    monkeypatch.setattr("boardbench.stream.windows.STRIDE", 1)
    classes, _, _ = results(run(capture(173), window=20, margin=1))
    assert (classes != offline(belt.counts(173))).any()


@pytest.mark.slow
def test_an_exported_network(run, capture, belt, results, tmp_path):
    """A U-Net of width 4 with a learned reduction, exported; it reaches 107 lines up and down."""
    import torch

    from boardbench.engine.export import to_onnx
    from boardbench.engine.onnxfile import open_onnx, session
    from boardbench.segmentation.deployment import INTERMEDIATES, Deployed, example
    from boardbench.segmentation.model import Model, Sensor
    from boardbench.segmentation.networks import build_network

    torch.manual_seed(1)
    network = build_network("unet", "scrb", len(belt.keep), 3, 4)
    with torch.no_grad():  # untrained, it would see one class everywhere
        for layer in network.modules():
            layer.momentum = None
        image = torch.rand(1, len(belt.keep), 64, 32)
        network(image)
        network.eval().backbone.head.bias -= network(image).mean(dim=(0, 2, 3))
    metadata = open_onnx(tmp_path / "model.onnx").metadata
    known = Model(network, "unet", "scrb", 4, "x", 0, metadata["classes"], Sensor(**metadata["sensor"]))
    inputs = dict(zip(("counts", "white", "dark", "exposure"), example(known), strict=True))
    axes = {"counts": {0: "lines", 2: "samples"}, "white": {1: "samples"}, "dark": {1: "samples"}}
    path = tmp_path / "unet.onnx"
    to_onnx(Deployed(known).eval(), inputs, axes, ["classes", "probabilities"], list(INTERMEDIATES), metadata, path)
    classes, _, _ = results(run(capture(300), model=path, window=288, margin=128))
    given = {"counts": belt.counts(300), "exposure": np.float32([1.25])}
    given |= {name: getattr(belt, name).astype(np.float32) for name in ("white", "dark")}
    np.testing.assert_array_equal(classes, session(path, 1).run(["classes"], given)[0])
    assert len(np.unique(classes)) > 1


def test_lines_lost_on_the_way_are_not_seen(run, belt, offline, results, tmp_path, says):
    counts, lines = belt.counts(100), {}
    gone = [0, 1, 40, 41, 42, 70]
    content = frame(7, np.zeros((6, 5), np.uint16))  # another width
    for number in range(100):
        if number not in gone:
            content += frame(7 + number, counts[number])
            lines[number] = counts[number]
        else:
            counts[number] = counts[2] if number < 2 else counts[number - 1]
    (tmp_path / "lines.raw").write_bytes(content + frame(107, counts[0])[:30])
    source = f"pipe:{tmp_path / 'lines.raw'}"
    message = says(lambda: run(source, framed=True, tint=4.0), "source pipe:", "middle of line 100")
    classes, log, report = results(tmp_path / "out")
    expected = offline(counts)
    expected[gone] = 3
    np.testing.assert_array_equal(classes, expected)
    assert [entry["line"] for entry in log if not entry["seen"]] == gone
    assert log[40] | {"left_s": 0} == {
        "line": 40,
        "seen": False,
        "arrived_s": None,
        "left_s": 0,
        "runs": [],
        "trusted": None,
    }
    assert report["lines"] == {
        **{"total": 100, "seen": 94, "dropped": 0, "lost_by_camera": 5, "refused": 1},
        **{"first_number": 7, "cut_bytes": 30, "padded": 0},
    }
    assert report["ended"] in message


def test_a_network_that_is_too_slow_drops_lines_and_says_so(run, capture, results, monkeypatch, capsys):
    from boardbench.stream.worker import Network

    def slow(self, values):
        time.sleep(0.15)
        return np.ones(values.shape[1:], np.uint8)

    monkeypatch.setattr(Network, "classes", slow)
    classes, log, report = results(run(capture(16), lines=500, lines_per_s=1000.0, buffer=8))
    assert report["verdict"].startswith("TOO SLOW")
    assert report["verdict"] in capsys.readouterr().out
    assert report["kept"] is False
    lines = report["lines"]
    assert lines["dropped"] > 100
    assert lines["seen"] + lines["dropped"] == lines["total"] == len(log) == 500
    assert [entry["seen"] for entry in log] == (classes[:, 0] == 1).tolist()
    assert set(np.unique(classes)) == {1, 3}
    assert (classes[:, 0] == 3).sum() == lines["dropped"]


def test_fewer_lines_than_a_network_takes_are_padded(run, capture, offline, belt, results):
    counts = belt.counts(5)
    classes, _, report = results(run(capture(5)))
    np.testing.assert_array_equal(classes, offline(counts[[0, 1, 2, 3, *[4] * 12]])[:5])
    assert report["lines"]["padded"] == 11


def test_nothing_came(run, tmp_path, capsys):
    (tmp_path / "lines.raw").touch()
    out = run(f"pipe:{tmp_path / 'lines.raw'}")
    assert sorted(path.name for path in out.iterdir()) == ["components.ndjson", "lines.ndjson", "stream.json"]
    assert json.loads((out / "stream.json").read_text())["lines"]["total"] == 0
    assert "NO LINES" in capsys.readouterr().out


def test_a_window_that_fails_leaves_what_came_before(run, capture, monkeypatch, tmp_path, says):
    from boardbench.stream.worker import Network

    calls = []

    def fail(self, values):
        calls.append(1)
        if len(calls) == 3:  # the first warms up
            raise RuntimeError("out of memory")
        return np.zeros(values.shape[1:], np.uint8)

    monkeypatch.setattr(Network, "classes", fail)
    says(lambda: run(capture(300)), "model.onnx", "out of memory", "before it are written")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "classes.hdr",
        "classes.img",
        "components.ndjson",
        "lines.ndjson",
    ]
    assert len((tmp_path / "out" / "lines.ndjson").read_text().splitlines()) == 64


def test_a_full_disk(run, capture, monkeypatch, tmp_path, says):
    from boardbench.stream.results import Results

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Results, "write", full)
    says(lambda: run(capture(50)), f"--out {tmp_path / 'out'}", "No space left", "Make room")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["components.ndjson", "lines.ndjson"]


_RUN = """
import json, sys
from pathlib import Path
from boardbench.stream.stream import stream
if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    paths = {name: Path(given.pop(name)) for name in ("model", "out", "white", "dark")}
    stream(**given, **paths)
    assert "torch" not in sys.modules
"""


@pytest.fixture
def start(tmp_path, model, references):
    """Return a function that starts a stream in a process of its own."""
    (tmp_path / "run.py").write_text(_RUN)

    def begin(source, **changes):
        given = {"source": source, "model": model, "out": tmp_path / "out", "window": 96, **references} | changes
        given = {name: str(value) if isinstance(value, Path) else value for name, value in given.items()}
        return subprocess.Popen(
            [sys.executable, str(tmp_path / "run.py"), json.dumps(given)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
        )

    return begin


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def has_lines(path):
    return lambda: path.exists() and path.stat().st_size > 0


def children(pid):
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def source_of(pid):
    return next(child for child in children(pid) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes())


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at /proc")


@linux
@pytest.mark.parametrize("word", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_stream_in_order(start, capture, results, tmp_path, word):
    process = start(capture(50), lines=10**6, lines_per_s=400.0)
    wait_for(has_lines(tmp_path / "out/lines.ndjson"))
    source = source_of(process.pid)
    # A terminal's Ctrl-C reaches both processes.
    for pid in (source, process.pid):
        os.kill(pid, signal.Signals[word])
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    classes, log, report = results(tmp_path / "out")
    assert report["ended"] == f"stopped by {word}"
    assert len(classes) == len(log) == report["lines"]["total"] >= 64
    assert report["verdict"] in out
    assert not running(source)


@linux
def test_a_source_that_is_killed_is_named_and_what_came_is_written(start, capture, results, tmp_path):
    process = start(capture(50), lines=10**6, lines_per_s=400.0)
    wait_for(has_lines(tmp_path / "out/lines.ndjson"))
    os.kill(source_of(process.pid), signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "BoardbenchError" in err
    assert "exit code -9" in err
    classes, _, report = results(tmp_path / "out")
    assert len(classes) == report["lines"]["seen"] >= 64
    assert "exit code -9" in report["ended"]


@linux
def test_a_consumer_that_is_killed_leaves_no_process_and_no_memory(start, capture, tmp_path):
    process = start(capture(50), lines=10**6, lines_per_s=400.0)
    wait_for(has_lines(tmp_path / "out/lines.ndjson"))
    others = children(process.pid)
    maps = Path(f"/proc/{process.pid}/maps").read_text().splitlines()
    shared = {line.split(maxsplit=5)[5] for line in maps if "/pym-" in line or "/sem.mp-" in line}
    assert shared
    process.kill()
    process.communicate(timeout=60)
    assert len(others) == 2  # the source, and Python's own keeper of semaphores
    wait_for(lambda: not any(running(pid) for pid in others))
    assert not any(Path(name).exists() for name in shared)
    # The class map has no name yet; nobody can take it for a whole one.
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "classes.img.partial",
        "components.ndjson",
        "lines.ndjson",
    ]


@linux
def test_standard_input_and_memory_that_does_not_grow(start, belt, tmp_path, write_envi):
    """2000 lines more would be 48 MB raw, and as much reduced."""
    bands, samples = 6, 2000
    for name, value in (("white", 3000), ("dark", 100)):
        write_envi(tmp_path / f"wide-{name}.hdr", np.full((2, samples, bands), value, np.uint16))
    line = np.full((bands, samples), 900, "<u2").tobytes()
    peaks = []
    for count in (300, 2300):
        wide = {name: tmp_path / f"wide-{name}.hdr" for name in ("white", "dark")}
        process = start("pipe:-", lines_per_s=0.0, buffer=16, **wide)
        raw = process.stdin.detach()

        def feed(raw=raw, count=count):
            for _ in range(count // 100):
                raw.write(line * 100)
            raw.close()

        thread = threading.Thread(target=feed)
        thread.start()
        out, err = process.stdout.read(), process.stderr.read()
        thread.join()
        assert process.wait() == 0, err
        report = json.loads((tmp_path / "out/stream.json").read_text())
        assert report["lines"]["seen"] == count, out
        peaks.append(report["memory_mb"])
    assert peaks[1]["consumer"] - peaks[0]["consumer"] < 15, peaks
    assert peaks[1]["source"] - peaks[0]["source"] < 15, peaks


@pytest.mark.parametrize(
    ("given", "terminal", "told"),
    [
        ({}, False, ""),
        ({"status": True}, False, "\n"),
        ({}, True, "\r"),
        ({"status": True}, True, "\r"),
        ({"status": True, "quiet": True}, True, ""),
    ],
)
def test_a_running_stream_says_how_it_goes(run, capture, monkeypatch, capsys, given, terminal, told):
    monkeypatch.setattr(session, "STATUS", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    run(capture(100), **given)
    shown = capsys.readouterr().err
    lines = shown.strip().split(told) if told else []
    assert bool(shown) == bool(told) and ("\r" in shown) == (told == "\r")
    assert all("lines/s" in line and "dropped" in line for line in lines if line)
