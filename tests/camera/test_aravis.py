import ctypes

import numpy as np
import pytest

from boardbench.camera import aravis


class Recorded:
    """A library whose functions note their calls; one of them fails."""

    def __init__(self, fails=b"[Width] Not found"):
        self.calls, self._fails = [], fails

    def get(self, name, *arguments):
        self.calls.append(name)
        if name == "arv_camera_get_payload":
            error = aravis._Error(1, 2, self._fails)
            self.kept = ctypes.pointer(error)
            arguments[-1]._obj.contents = error
        return 7

    def __getitem__(self, name):
        return lambda *arguments: self.get(name, *arguments)


def test_an_error_of_the_library_becomes_one_here_and_is_freed(monkeypatch):
    library = Recorded()
    monkeypatch.setattr(aravis, "_library", lambda: library)
    assert aravis.call("arv_camera_get_integer", 1, b"Width") == 7
    with pytest.raises(aravis.AravisError, match="Width"):
        aravis.call("arv_camera_get_payload", 1)
    assert library.calls == ["arv_camera_get_integer", "arv_camera_get_payload", "g_error_free"]


def test_the_package_is_looked_into_without_its_import(monkeypatch, tmp_path):
    package = tmp_path / "aravis"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('needs PyGObject')")
    monkeypatch.syspath_prepend(str(tmp_path))
    first, *others = aravis._places()
    assert first.startswith(str(package / "lib" / "libaravis-0.8."))
    assert others == list(aravis._SYSTEM)


@pytest.mark.service
def test_a_camera_that_is_not_there(fake_camera, says):
    says(lambda: aravis.facts_of("FX10"), "camera FX10", "cannot be opened", fake_camera.id, "boardbench cameras")


@pytest.mark.service
def test_settings_and_frames(fake_camera, says):
    says(lambda: aravis.facts_of(fake_camera.id), fake_camera.id, "PixelFormat", "Mono12p")  # its own is Mono8
    fake_camera.set(samples=32, bands=7, lines_per_s=50.0, tint=10.0)
    camera = aravis.started(fake_camera.id)
    try:
        facts = camera.facts
        assert (facts.bands, facts.samples, facts.kind, facts.tint, facts.wraps) == (7, 32, "Mono16", 10.0, True)
        assert facts.lines_per_s == pytest.approx(50, abs=0.1)
        assert camera.alive()
        first = frame = camera.pop(5.0)
        start = int(first.data[:2].view("<u2")[0])
        # At 10 ms its picture is a ramp: one more in the high byte each sample, band and frame.
        ramp = np.arange(7)[:, None] + np.arange(32)
        for number in range(1, 6):
            assert (frame.complete, frame.shape) == (True, (7, 32))
            counts = frame.data[: 2 * 7 * 32].view("<u2").reshape(7, 32)
            np.testing.assert_array_equal(counts, (start + 256 * (ramp + frame.id - first.id)) % 65536)
            frame = camera.pop(5.0)
            assert frame.id == first.id + number
    finally:
        camera.close()
        camera.close()
