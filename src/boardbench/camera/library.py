"""The library Aravis, called through ctypes: its Python package needs PyGObject, which pip can only build, in C.

The library is the one inside PyPI's aravis-python, else the system's (Debian: libaravis-0.8-0).
"""

import ctypes
import sys
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_double, c_int, c_size_t, c_uint, c_uint32, c_uint64, c_void_p
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from boardbench.errors import BoardbenchError

_SYSTEM = ("libaravis-0.8.so.0", "libaravis-0.8.dylib")


class _Error(ctypes.Structure):
    _fields_ = (("domain", c_uint32), ("code", c_int), ("message", c_char_p))


class Value(ctypes.Structure):
    """GLib's GValue."""

    _fields_ = (("type", c_size_t), ("data", c_uint64 * 2))


LOST = CFUNCTYPE(None, c_void_p, c_void_p)
"""Type of a function that is called when a camera is gone."""

# Function -> what it returns and takes; those whose last argument is where an error is put end with _FAILS.
_FAILS = POINTER(POINTER(_Error))
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "arv_update_device_list": (None,),
    "arv_get_n_devices": (c_uint,),
    "arv_get_device_id": (c_char_p, c_uint),
    "arv_get_device_protocol": (c_char_p, c_uint),
    "arv_get_device_vendor": (c_char_p, c_uint),
    "arv_get_device_model": (c_char_p, c_uint),
    "arv_get_device_serial_nbr": (c_char_p, c_uint),
    "arv_get_device_address": (c_char_p, c_uint),
    "arv_camera_new": (c_void_p, c_char_p, _FAILS),
    "arv_camera_get_device": (c_void_p, c_void_p),
    "arv_camera_is_gv_device": (c_int, c_void_p),
    "arv_camera_get_vendor_name": (c_char_p, c_void_p, _FAILS),
    "arv_camera_get_model_name": (c_char_p, c_void_p, _FAILS),
    "arv_camera_get_integer": (ctypes.c_int64, c_void_p, c_char_p, _FAILS),
    "arv_camera_set_integer": (None, c_void_p, c_char_p, ctypes.c_int64, _FAILS),
    "arv_camera_set_string": (None, c_void_p, c_char_p, c_char_p, _FAILS),
    "arv_camera_get_pixel_format": (c_uint32, c_void_p, _FAILS),
    "arv_camera_get_payload": (c_uint, c_void_p, _FAILS),
    "arv_camera_is_exposure_time_available": (c_int, c_void_p, _FAILS),
    "arv_camera_get_exposure_time": (c_double, c_void_p, _FAILS),
    "arv_camera_set_exposure_time": (None, c_void_p, c_double, _FAILS),
    "arv_camera_is_exposure_auto_available": (c_int, c_void_p, _FAILS),
    "arv_camera_get_exposure_time_auto": (c_int, c_void_p, _FAILS),
    "arv_camera_is_frame_rate_available": (c_int, c_void_p, _FAILS),
    "arv_camera_get_frame_rate": (c_double, c_void_p, _FAILS),
    "arv_camera_set_frame_rate": (None, c_void_p, c_double, _FAILS),
    "arv_camera_gv_set_stream_options": (None, c_void_p, c_int),
    "arv_camera_gv_set_packet_size": (None, c_void_p, c_int, _FAILS),
    "arv_camera_set_acquisition_mode": (None, c_void_p, c_int, _FAILS),
    "arv_camera_create_stream": (c_void_p, c_void_p, c_void_p, c_void_p, _FAILS),
    "arv_camera_start_acquisition": (None, c_void_p, _FAILS),
    "arv_camera_stop_acquisition": (None, c_void_p, _FAILS),
    "arv_buffer_new": (c_void_p, c_size_t, c_void_p),
    "arv_buffer_get_status": (c_int, c_void_p),
    "arv_buffer_get_frame_id": (c_uint64, c_void_p),
    "arv_buffer_get_image_pixel_format": (c_uint32, c_void_p),
    "arv_buffer_get_image_width": (c_int, c_void_p),
    "arv_buffer_get_image_height": (c_int, c_void_p),
    "arv_buffer_get_data": (c_void_p, c_void_p, POINTER(c_size_t)),
    "arv_stream_push_buffer": (None, c_void_p, c_void_p),
    "arv_stream_timeout_pop_buffer": (c_void_p, c_void_p, c_uint64),
    "arv_stream_get_statistics": (None, c_void_p, *[POINTER(c_uint64)] * 3),
    "g_error_free": (None, c_void_p),
    "g_object_unref": (None, c_void_p),
    "g_object_set_property": (None, c_void_p, c_char_p, POINTER(Value)),
    "g_value_init": (c_void_p, POINTER(Value), c_size_t),
    "g_value_set_int": (None, POINTER(Value), c_int),
    "g_signal_connect_data": (c_size_t, c_void_p, c_char_p, LOST, c_void_p, c_void_p, c_int),
}


class AravisError(Exception):
    """What Aravis says of a call that failed."""


def _places() -> list[str]:
    """Return where the library may be: in the Python package (not imported: it would want PyGObject), or the system."""
    package = find_spec("aravis")
    inside = []
    if package is not None and package.origin:
        name = "libaravis-0.8.dylib" if sys.platform == "darwin" else "libaravis-0.8.so"
        inside = [str(Path(package.origin).parent / "lib" / name)]
    return [*inside, *_SYSTEM]


@cache
def _library() -> dict[str, Any]:
    """Load the library and return its functions by name.

    Raises:
        BoardbenchError: it is not installed, or lacks a library that it needs.
    """
    reasons = []
    for place in _places():
        try:
            loaded = ctypes.CDLL(place)
            found = {name: getattr(loaded, name) for name in _FUNCTIONS}
        except (OSError, AttributeError) as error:
            reasons.append(str(error))
            continue
        for name, (result, *arguments) in _FUNCTIONS.items():
            found[name].restype, found[name].argtypes = result, arguments
        return found
    raise BoardbenchError(
        "cameras: need the library Aravis 0.8, which is not installed. Type: pip install 'boardbench[camera]' (Linux "
        "on x86-64, macOS; it wants the system's libglib2.0-0, libxml2 and libusb-1.0-0), or on Debian: apt-get "
        f"install libaravis-0.8-0. Tried: {'; '.join(reasons)}."
    )


def call(name: str, *arguments: Any) -> Any:
    """Call a function of the library.

    Raises:
        AravisError: it says that it failed.
        BoardbenchError: no library.
    """
    function = _library()[name]
    if _FUNCTIONS[name][-1] is not _FAILS:
        return function(*arguments)
    error = POINTER(_Error)()
    result = function(*arguments, byref(error))
    if error:
        message = error.contents.message.decode(errors="replace")
        call("g_error_free", error)
        raise AravisError(message)
    return result
