import numpy as np
import pytest

from boardbench.camera import aravis, reference
from boardbench.camera.lines import Frame, Settings
from boardbench.captures.envi import open_cube
from boardbench.captures.references import read_references

SETTINGS = Settings("FX10", "Specim FX10", 2, 3, "Mono12", 12, 5.25, 100.0, True)


class Steady:
    """A camera whose values go up and down by one from line to line around 1000; every fifth line is incomplete."""

    settings = SETTINGS

    def __init__(self, silent=False, full=0):
        self._line, self._silent, self._full = 0, silent, full

    def pop(self, seconds):
        if self._silent:
            return None
        self._line += 1
        if self._line % 5 == 0:
            return Frame()
        counts = np.full((2, 3), 1000 + self._line % 2 * 2, "<u2")
        counts.flat[: self._full] = 4095
        return Frame(self._line, True, 0x01100005, (2, 3), counts.view(np.uint8).ravel())

    def alive(self):
        return True

    def underruns(self):
        return 0

    def close(self):
        pass


@pytest.fixture
def record(monkeypatch, tmp_path):
    """Return a function that records from a camera given."""

    def run(camera=None, **flags):
        monkeypatch.setattr(aravis, "settings_of", lambda id: SETTINGS)
        monkeypatch.setattr(aravis, "started", lambda id: camera)
        given = {"camera": "FX10", "out": tmp_path / "white.hdr", "white": True, "lines": 8} | flags
        reference.reference(**given)
        return given["out"]

    return run


def test_what_is_written_is_what_calibration_reads(record, capsys, tmp_path):
    dark = record(Steady(), out=tmp_path / "dark.hdr", white=False, dark=True)
    assert "dark reference of 8 lines" in capsys.readouterr().out
    cube = open_cube(record(Steady(full=1)))
    assert cube.shape == (8, 3, 2)
    # Lines 5 of 1, 2, 3, 4, 6, 7, 8, 9 is incomplete: odd lines count 1002, even ones 1000.
    assert cube.data[:, 1, 1].tolist() == [1002, 1000, 1002, 1000, 1000, 1002, 1000, 1002]
    assert (cube.tint, cube.full_scale, cube.metadata["pixel format"]) == (5.25, 4095, "Mono12")
    found = read_references(cube, cube.header, dark)
    assert found.white.mean[2, 1] == 1001
    # Spread by hand: deviations of 1, sqrt(8 / 7) = 1.07; mean (5 x 1001 + 4095) / 6; one of six values is full.
    said = capsys.readouterr().out
    for word in ("white reference of 8 lines of 3 samples x 2 bands at 5.25 ms", "mean 1516.7", "spread 1.1"):
        assert word in said
    for word in ("16.67 % at the limit of 4095", "1 lines lost"):
        assert word in said
    assert said.strip().endswith(" ".join(cube.metadata["description"].split()))


def test_wavelengths_of_a_capture(record, write_envi, tmp_path, says):
    like = write_envi(tmp_path / "like.hdr", np.ones((2, 3, 2), np.uint16), wavelength="{500.5, 600}")
    assert open_cube(record(Steady(), wavelengths=like)).wavelengths.tolist() == [500.5, 600.0]
    other = write_envi(tmp_path / "other.hdr", np.ones((2, 3, 1), np.uint16), wavelength="{500.5}")
    says(lambda: record(Steady(), wavelengths=other), "other.hdr", "'wavelength'", "2 bands")
    none = write_envi(tmp_path / "none.hdr", np.ones((2, 3, 2), np.uint16))
    says(lambda: record(Steady(), wavelengths=none), "none.hdr", "'wavelength'")


def test_flags_and_a_silent_camera(record, says, monkeypatch, tmp_path):
    says(lambda: record(white=True, dark=True), "--white, --dark")
    says(lambda: record(white=False), "--white, --dark")
    says(lambda: record(lines=2), "--lines 2")
    says(lambda: record(out=tmp_path / "white.raw"), "--out", "white.raw", ".hdr")
    monkeypatch.setattr(reference, "PATIENCE", 0.1)
    says(lambda: record(Steady(silent=True)), "camera FX10", "0 of 8 lines", "TriggerMode")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.service
def test_from_the_fake_camera(fake_camera, tmp_path, capsys):
    fake_camera.set(tint=3.5)
    for kind in ("white", "dark"):
        reference.reference(camera=fake_camera.id, out=tmp_path / f"{kind}.hdr", **{kind: True}, lines=20)
        cube = open_cube(tmp_path / f"{kind}.hdr")
        assert (cube.shape, cube.tint) == ((20, 20, 6), 3.5)
        assert f"{kind} reference of 20 lines" in capsys.readouterr().out
