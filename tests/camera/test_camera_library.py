import ctypes

import pytest

from boardbench.camera import library


class Recorded:
    """A library whose functions note their calls; one of them fails."""

    def __init__(self, fails=b"[Width] Not found"):
        self.calls, self._fails = [], fails

    def get(self, name, *arguments):
        self.calls.append(name)
        if name == "arv_camera_get_payload":
            error = library._Error(1, 2, self._fails)
            self.kept = ctypes.pointer(error)
            arguments[-1]._obj.contents = error
        return 7

    def __getitem__(self, name):
        return lambda *arguments: self.get(name, *arguments)


def test_an_error_of_the_library_becomes_one_here_and_is_freed(monkeypatch):
    recorded = Recorded()
    monkeypatch.setattr(library, "_library", lambda: recorded)
    assert library.call("arv_camera_get_integer", 1, b"Width") == 7
    with pytest.raises(library.AravisError, match="Width"):
        library.call("arv_camera_get_payload", 1)
    assert recorded.calls == ["arv_camera_get_integer", "arv_camera_get_payload", "g_error_free"]


def test_the_package_is_looked_into_without_its_import(monkeypatch, tmp_path):
    package = tmp_path / "aravis"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('needs PyGObject')")
    monkeypatch.syspath_prepend(str(tmp_path))
    first, *others = library._places()
    assert first.startswith(str(package / "lib" / "libaravis-0.8."))
    assert others == list(library._SYSTEM)
