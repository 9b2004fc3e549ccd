import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from boardbench.camera.lines import Settings
from boardbench.stream import inputs
from boardbench.stream.stream import stream

SETTINGS = Settings("FX10", "Specim FX10", 6, 20, "Mono12", 12, 4.0, 100.0, True)


@pytest.fixture
def refused(tmp_path, model, references, monkeypatch, says):
    """Return a check that a stream from a camera with these settings is refused with all these words."""

    def check(*words, settings=SETTINGS, source="genicam:FX10", **changes):
        monkeypatch.setattr(inputs, "settings_of", lambda id: replace(settings, id=id))
        arguments = {"source": source, "model": model, "out": tmp_path / "out", **references, **changes}
        says(lambda: stream(**arguments), *words)
        assert not (tmp_path / "out").exists()

    return check


def test_settings_that_do_not_fit_the_references(refused, references, write_envi, tmp_path):
    refused("white.hdr", "samples = 20", "samples = 21", settings=replace(SETTINGS, samples=21))
    refused("--dark", "4 ms", "FX10 is set to 4.2 ms", "boardbench reference", settings=replace(SETTINGS, tint=4.2))
    recorded = {"tint": 4.0, "pixel_format": "Mono12p"}
    white = write_envi(tmp_path / "twelve.hdr", np.full((3, 20, 6), 3000, np.uint16), **recorded)
    header = white.read_text().replace("pixel_format", "pixel format")
    white.write_text(header)
    words = ("twelve.hdr", "'pixel format'", "12 bits", "16 (Mono16)")
    refused(*words, settings=replace(SETTINGS, kind="Mono16", depth=16), white=white)
    for header in references.values():
        header.write_text("".join(line for line in header.read_text().splitlines(True) if "tint" not in line))
    refused("white.hdr", "'tint'", "missing")


def test_flags_of_a_camera_and_of_others(refused):
    refused("genicam:FX10", "--white and --dark", "boardbench reference --camera FX10 --white", white=None)
    refused("--tint 3", "camera FX10", "4 ms", tint=3.0)
    refused("--framed", "pipe:", "genicam:FX10", framed=True)
    refused("--reconnect", "genicam:", "pipe:x", source="pipe:x", reconnect=3.0)
    refused("--reconnect -1", reconnect=-1.0)


@pytest.mark.service
def test_lines_of_a_camera_over_the_wrap_of_its_frame_ids(fake_camera, model, references, results, tmp_path, capsys):
    fake_camera.set()
    source = f"genicam:{fake_camera.id}"
    stream(source=source, model=model, out=tmp_path / "out", lines_per_s=100.0, lines=250, **references)
    classes, log, report = results(tmp_path / "out")
    lines = report["lines"]
    # The camera's ids begin at 65401, so that 1 comes behind 135 frames.
    assert lines["first_number"] == 65401
    assert lines["total"] == len(classes) == len(log) >= 250  # the last may be lost
    assert lines["seen"] + lines["dropped"] + lines["lost_by_camera"] + lines["refused"] == lines["total"]
    assert lines["seen"] > 125
    # References: white 5 ms, dark 4 ms.
    found = {name: report["camera"][name] for name in ("id", "pixel_format", "tint_ms", "exposure", "reconnections")}
    assert found == {
        **{"id": fake_camera.id, "pixel_format": "Mono16", "tint_ms": 4.0, "exposure": 1.25, "reconnections": 0}
    }
    assert ("camera: " in capsys.readouterr().out) == bool(lines["lost_by_camera"] or report["camera"]["timeouts"])


@pytest.mark.service
def test_packets_that_are_lost(fake_camera, model, references, results, tmp_path, capsys):
    fake_camera.stop()
    fake_camera.start("-r", "100")  # of a thousand; a frame has three
    fake_camera.set()
    given = {"model": model, "out": tmp_path / "out", "lines_per_s": 100.0, "lines": 200, **references}
    stream(source=f"genicam:{fake_camera.id}", **given)
    classes, log, report = results(tmp_path / "out")
    lines = report["lines"]
    assert lines["seen"] + lines["dropped"] + lines["lost_by_camera"] == lines["total"] == len(classes) >= 200
    # About 27 % of the frames lack one of three packets; those that lack all are in no frame.
    assert 20 < report["camera"]["incomplete"] <= lines["lost_by_camera"] + 20 < 140
    assert sum(not entry["seen"] for entry in log) == lines["lost_by_camera"] + lines["dropped"]
    assert "came in part" in capsys.readouterr().out


class After(threading.Thread):
    """Calls something once a stream's log has so many lines."""

    def __init__(self, log, lines, then):
        super().__init__()
        self._log, self._lines, self._then = log, lines, then
        self.start()

    def run(self):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self._log.exists() and self._log.read_text().count("\n") >= self._lines:
                self._then()
                return
            time.sleep(0.05)


@pytest.mark.service
def test_a_camera_that_goes_away_ends_the_stream_as_a_broken_pipe_does(
    fake_camera, model, references, results, says, tmp_path
):
    fake_camera.set()
    out = tmp_path / "out"
    killer = After(out / "lines.ndjson", 60, fake_camera.stop)
    given = {"model": model, "out": out, "lines_per_s": 100.0, **references}
    says(lambda: stream(source=f"genicam:{fake_camera.id}", **given), fake_camera.id, "went away", "--reconnect")
    killer.join()
    classes, log, report = results(out)
    assert len(classes) == len(log) == report["lines"]["total"] >= 60
    assert report["camera"]["timeouts"] >= 1
    assert "went away" in report["ended"]


@pytest.mark.service
def test_it_is_opened_again(fake_camera, model, references, results, tmp_path):
    fake_camera.set()
    out = tmp_path / "out"

    def again():
        fake_camera.stop()
        time.sleep(1)
        fake_camera.start()

    killer = After(out / "lines.ndjson", 60, again)
    given = {"model": model, "out": out, "lines_per_s": 100.0, "lines": 1500, "reconnect": 60.0, **references}
    stream(source=f"genicam:{fake_camera.id}", **given)
    killer.join()
    classes, log, report = results(out)
    lines, camera = report["lines"], report["camera"]
    assert len(classes) == len(log) == lines["total"] >= 1500
    assert lines["seen"] + lines["dropped"] + lines["lost_by_camera"] == lines["total"]
    assert camera["reconnections"] == 1
    assert camera["away_ms"] > 1000
    assert 0 < camera["away_lines"] <= lines["lost_by_camera"]
