import numpy as np
import pytest

from boardbench.camera import aravis


@pytest.mark.service
def test_a_camera_that_is_not_there(fake_camera, says):
    says(lambda: aravis.settings_of("FX10"), "camera FX10", "cannot be opened", fake_camera.id, "boardbench cameras")


@pytest.mark.service
def test_settings_and_frames(fake_camera, says):
    says(lambda: aravis.settings_of(fake_camera.id), fake_camera.id, "PixelFormat", "Mono12p")  # its own is Mono8
    fake_camera.set(samples=32, bands=7, lines_per_s=50.0, tint=10.0)
    camera = aravis.started(fake_camera.id)
    try:
        found = camera.settings
        assert (found.bands, found.samples, found.kind, found.tint, found.wraps) == (7, 32, "Mono16", 10.0, True)
        assert found.lines_per_s == pytest.approx(50, abs=0.1)
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
