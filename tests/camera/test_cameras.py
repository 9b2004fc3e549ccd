import pytest
from click.testing import CliRunner

from boardbench import cli
from boardbench.camera import aravis, library
from boardbench.camera.aravis import Device


def listed(monkeypatch, devices):
    monkeypatch.setattr(aravis, "devices", lambda: devices)
    return CliRunner().invoke(cli.program(), ["cameras"])


def test_a_row_each(monkeypatch):
    devices = [Device("Specim-FX10-1", "GigEVision", "Specim", "FX10", "1", "192.168.0.9"), Device(*"abcdef")]
    shown = listed(monkeypatch, devices)
    first, second, third = shown.output.splitlines()
    assert first.split() == ["id", "protocol", "vendor", "model", "serial", "address"]
    assert second.split() == list(devices[0])
    assert third.split() == list("abcdef")
    assert first.index("protocol") == second.index("GigEVision") == third.index("b")


def test_none(monkeypatch):
    shown = listed(monkeypatch, [])
    assert (shown.exit_code, "no camera answers" in shown.output) == (0, True)


def test_without_the_library_it_says_what_to_install(monkeypatch, says):
    monkeypatch.setattr(library, "_places", lambda: ["libnone-of-this.so"])
    library._library.cache_clear()
    try:
        says(aravis.devices, "pip install 'boardbench[camera]'", "libaravis-0.8-0", "libnone-of-this.so")
    finally:
        library._library.cache_clear()


@pytest.mark.service
def test_the_fake_camera_is_there(fake_camera):
    shown = CliRunner().invoke(cli.program(), ["cameras"]).output
    assert fake_camera.id in shown
    assert "GigEVision" in shown
