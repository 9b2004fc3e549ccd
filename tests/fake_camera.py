"""Aravis's own GigE Vision camera, for tests: a real protocol on loopback, with pictures that it makes up."""

import shutil
import subprocess
import time

import pytest

from boardbench.camera import aravis, library
from boardbench.errors import BoardbenchError

PROGRAM = shutil.which("arv-fake-gv-camera-0.8")


def missing():
    """Return why no fake camera can be had here, or nothing."""
    if PROGRAM is None:
        return "needs Aravis's fake camera (Debian: apt-get install aravis-tools)"
    try:
        library.call("arv_get_n_devices")
    except BoardbenchError as error:
        return str(error)
    return ""


class FakeCamera:
    """Aravis's own GigE Vision camera on loopback, which can be stopped and started again."""

    def __init__(self, serial):
        self.serial, self.id, self._daemon, self._settings = serial, f"Aravis-Fake-{serial}", None, {}

    def start(self, *flags):
        self._daemon = subprocess.Popen(
            [PROGRAM, "-i", "127.0.0.1", "-s", self.serial, *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        until = time.monotonic() + 20
        while self.id not in [device.id for device in aravis.devices()]:
            if self._daemon.poll() is not None:
                pytest.skip(f"Aravis's fake camera ended: {self._daemon.stderr.read().decode()}")
            if time.monotonic() > until:
                pytest.skip("Aravis's fake camera does not answer on loopback in 20 s")
        if self._settings:
            self.set(**self._settings)

    def set(self, kind="Mono16", samples=20, bands=6, lines_per_s=100.0, tint=4.0):
        """Set what the camera's own program would; packets as large as loopback takes, which spares the processor."""
        self._settings = {"kind": kind, "samples": samples, "bands": bands, "lines_per_s": lines_per_s, "tint": tint}
        until = time.monotonic() + 20
        while True:
            try:
                return self._set(**self._settings)
            except library.AravisError:  # a stream that opens it again has it just now
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _set(self, kind, samples, bands, lines_per_s, tint):
        camera = library.call("arv_camera_new", self.id.encode())
        try:
            library.call("arv_camera_set_integer", camera, b"Width", samples)
            library.call("arv_camera_set_integer", camera, b"Height", bands)
            library.call("arv_camera_set_frame_rate", camera, lines_per_s)
            library.call("arv_camera_set_exposure_time", camera, 1000 * tint)
            library.call("arv_camera_gv_set_packet_size", camera, 16000)
            # Last: its own, Mono8, is refused, so no stream takes it with the other settings half done.
            library.call("arv_camera_set_string", camera, b"PixelFormat", kind.encode())
        finally:
            library.call("g_object_unref", camera)
        return self

    def stop(self):
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.communicate()
            self._daemon = None


def running():
    """Yield a fake camera that is started, and stop it; skip where none can be had."""
    if reason := missing():
        pytest.skip(reason)
    camera = FakeCamera("BB01")
    try:
        camera.start()
        yield camera
    finally:
        camera.stop()
