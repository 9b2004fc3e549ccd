"""Cameras by the library Aravis."""

import ctypes
from ctypes import byref, c_size_t, c_uint64
from typing import Any, NamedTuple

import numpy as np

from boardbench.camera.library import LOST, AravisError, Value, call
from boardbench.camera.lines import Frame, Settings
from boardbench.camera.pixels import format_of
from boardbench.errors import BoardbenchError

BUFFERS = 64
"""Frames that the library may fill while this program is busy: 0.2 s of an FX10."""
SOCKET_BYTES = 1 << 24
"""Asked of the system for packets that wait; it gives net.core.rmem_max at most."""
_CONTINUOUS, _AUTO_OFF, _NO_PACKET_SOCKET, _FIXED = 0, 0, 1, 0
_SUCCESS = 0
_G_TYPE_INT = 6 << 2


class Device(NamedTuple):
    """A camera that answers; ``id`` is what opens it."""

    id: str
    protocol: str
    vendor: str
    model: str
    serial: str
    address: str


def devices() -> list[Device]:
    """Return the cameras that answer within a second, by id."""
    call("arv_update_device_list")
    fields = ("id", "protocol", "vendor", "model", "serial_nbr", "address")
    found = [
        Device(*((call(f"arv_get_device_{field}", number) or b"").decode(errors="replace") for field in fields))
        for number in range(call("arv_get_n_devices"))
    ]
    return sorted(found)


class AravisCamera:
    """An open camera, a :class:`boardbench.camera.lines.Camera`; it sends frames once it is started.

    Args:
        id: of :func:`devices`, or an address.

    Raises:
        BoardbenchError: no such camera, another program has it, or settings that are not read here.
    """

    def __init__(self, id: str):
        self._id, self._camera, self._stream, self._held, self._gone = id, None, None, None, False
        try:
            self._camera = call("arv_camera_new", id.encode())
            device = call("arv_camera_get_device", self._camera)
            self._heard = LOST(self._lost)  # kept: GLib calls it from its own thread
            call("g_signal_connect_data", device, b"control-lost", self._heard, None, None, 0)
        except AravisError as error:
            there = ", ".join(device.id for device in devices()) or "none"
            raise BoardbenchError(
                f"camera {id}: cannot be opened ({error}). Cameras that answer: {there}. 'boardbench cameras' lists "
                "them; look at its power, its cable and the address of this machine's network card."
            ) from None
        try:
            self.settings = self._settings()
        except AravisError as error:
            self.close()
            raise BoardbenchError(
                f"camera {id}: does not say how it is set ({error}). Look at it with its own program."
            ) from None
        except BoardbenchError:
            self.close()
            raise

    def _lost(self, *_: Any) -> None:
        self._gone = True

    def _settings(self) -> Settings:
        """Ask the camera what it is set to."""
        camera = self._camera

        def given(name: str) -> bool:
            return bool(call(f"arv_camera_is_{name}_available", camera))

        if given("exposure_auto") and call("arv_camera_get_exposure_time_auto", camera) != _AUTO_OFF:
            raise BoardbenchError(
                f"camera {self._id}: feature ExposureAuto is on, but lines and references need one integration time. "
                "Set it to Off in the camera's own program."
            )
        kind = format_of(call("arv_camera_get_pixel_format", camera), self._id)
        vendor, model = (call(f"arv_camera_get_{name}_name", camera) or b"" for name in ("vendor", "model"))
        return Settings(
            id=self._id,
            model=f"{vendor.decode(errors='replace')} {model.decode(errors='replace')}".strip(),
            bands=call("arv_camera_get_integer", camera, b"Height"),
            samples=call("arv_camera_get_integer", camera, b"Width"),
            kind=kind.name,
            depth=kind.depth,
            tint=call("arv_camera_get_exposure_time", camera) / 1000 if given("exposure_time") else None,
            lines_per_s=call("arv_camera_get_frame_rate", camera) if given("frame_rate") else None,
            wraps=bool(call("arv_camera_is_gv_device", camera)),
        )

    def start(self) -> None:
        """Have it send frames.

        Raises:
            BoardbenchError: it does not; another program may have it.
        """
        try:
            network = call("arv_camera_is_gv_device", self._camera)
            if network:
                # Aravis reads packets below the system's firewall where it may, but not those of every interface.
                call("arv_camera_gv_set_stream_options", self._camera, _NO_PACKET_SOCKET)
            call("arv_camera_set_acquisition_mode", self._camera, _CONTINUOUS)
            self._stream = call("arv_camera_create_stream", self._camera, None, None)
            if network:
                self._set("socket-buffer", _FIXED)
                self._set("socket-buffer-size", SOCKET_BYTES)
            size = call("arv_camera_get_payload", self._camera)
            for _ in range(BUFFERS):
                call("arv_stream_push_buffer", self._stream, call("arv_buffer_new", size, None))
            call("arv_camera_start_acquisition", self._camera)
        except AravisError as error:
            raise BoardbenchError(
                f"camera {self._id}: sends no frames ({error}). Close other programs that have it, then try again."
            ) from None

    def _set(self, name: str, number: int) -> None:
        value = Value()
        call("g_value_init", byref(value), _G_TYPE_INT)
        call("g_value_set_int", byref(value), number)
        call("g_object_set_property", self._stream, name.encode(), byref(value))

    def pop(self, seconds: float) -> Frame | None:
        """Return the next frame, whose bytes hold until the next call, or None where none comes in that time."""
        self._give_back()
        buffer = call("arv_stream_timeout_pop_buffer", self._stream, round(1e6 * seconds))
        if not buffer:
            return None
        self._held = buffer
        if call("arv_buffer_get_status", buffer) != _SUCCESS:
            return Frame()
        size = c_size_t()
        start = call("arv_buffer_get_data", buffer, byref(size))
        data = np.ctypeslib.as_array((ctypes.c_uint8 * size.value).from_address(start))
        code, height, width = (call(f"arv_buffer_get_image_{x}", buffer) for x in ("pixel_format", "height", "width"))
        return Frame(call("arv_buffer_get_frame_id", buffer), True, code, (height, width), data)

    def _give_back(self) -> None:
        if self._held:
            call("arv_stream_push_buffer", self._stream, self._held)
            self._held = None

    def alive(self) -> bool:
        """Say whether it still answers, and to this program."""
        if not self._gone:
            try:
                call("arv_camera_get_payload", self._camera)
            except AravisError:
                self._gone = True
        return not self._gone

    def underruns(self) -> int:
        """Return the frames that found no free buffer."""
        numbers = [c_uint64() for _ in range(3)]
        call("arv_stream_get_statistics", self._stream, *map(byref, numbers))
        return numbers[2].value

    def close(self) -> None:
        """Stop it and let it go; nothing where that is done."""
        if self._stream:
            if not self._gone:
                try:
                    call("arv_camera_stop_acquisition", self._camera)
                except AravisError:
                    self._gone = True
            if self._held:
                call("g_object_unref", self._held)
            call("g_object_unref", self._stream)
        if self._camera:
            call("g_object_unref", self._camera)
        self._camera = self._stream = self._held = None


def settings_of(id: str) -> Settings:
    """Return what a camera is set to, and let it go; errors as of :class:`AravisCamera`."""
    camera = AravisCamera(id)
    camera.close()
    return camera.settings


def started(id: str) -> AravisCamera:
    """Open a camera and have it send frames; errors as of :class:`AravisCamera`."""
    camera = AravisCamera(id)
    try:
        camera.start()
    except BoardbenchError:
        camera.close()
        raise
    return camera
