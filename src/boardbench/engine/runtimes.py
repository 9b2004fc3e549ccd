"""What computes an ONNX file: ONNX Runtime, or OpenVINO beside it, behind one face.

The file is the same. OpenVINO is an extra (``boardbench[openvino]``), loaded only where it is asked for.
"""

import importlib.util
import io
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from boardbench.arrays import FLOAT16_SPLIT
from boardbench.engine.latency import processor_flags
from boardbench.engine.onnxfile import AGAIN, session
from boardbench.errors import BoardbenchError
from boardbench.integrity import checked

if TYPE_CHECKING:
    import openvino

DEFAULT = "onnxruntime"
FASTER = "bf16"
"""Precision that OpenVINO computes float32 files in where it is told to: products of bfloat16, sums of float32."""
NEEDS = {"int8": ("avx512_vnni", "avx_vnni"), FASTER: ("avx512_bf16", "amx_bf16")}
"""Precision -> instruction sets, as Linux names them, of which a processor needs one to gain by it."""


class Runnable(Protocol):
    """A network that is ready to compute."""

    def run(self, outputs: list[str], given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Return the outputs of these names."""


def lacks(precision: str) -> str:
    """Say what this processor lacks to gain by a precision; '' where it lacks nothing."""
    needed = NEEDS.get(precision, ())
    if not needed or not set(needed).isdisjoint(processor_flags()):
        return ""
    return f"this processor has neither {' nor '.join(needed)}"


def check_runtime(flag: str, runtime: str, precision: str | None = None) -> str:
    """Return a runtime after checking that it is known and installed and computes the precision that is asked of it.

    Args:
        flag: where the runtime stands, for the message.
        runtime: its name.
        precision: ``bf16``, or None for that of the file.

    Raises:
        BoardbenchError: one of these fails.
    """
    if runtime not in RUNTIMES:
        raise BoardbenchError(f"{flag} {runtime}: not known. Valid: {', '.join(RUNTIMES)}.")
    if runtime == "openvino" and not importlib.util.find_spec("openvino"):
        raise BoardbenchError(f"{flag} openvino: is not installed. Type: pip install 'boardbench[openvino]'")
    if precision is None:
        return runtime
    if precision != FASTER:
        raise BoardbenchError(
            f"--precision {precision}: not known. Give {FASTER}, or leave it out for the file's own; an int8 file is "
            "another file (boardbench export --precisions int8)."
        )
    if runtime != "openvino":
        raise BoardbenchError(f"--precision {FASTER}: {runtime} does not compute it. Add {flag} openvino.")
    if why := lacks(precision):
        raise BoardbenchError(f"--precision {FASTER}: {why}. Leave it out.")
    return runtime


def computed_in(path: Path, of_file: str, precision: str | None) -> str:
    """Return the precision that a file of precision ``of_file`` is computed in where ``precision`` is asked for.

    Raises:
        BoardbenchError: another one is asked of a file that is not float32.
    """
    if precision and of_file != "float32":
        raise BoardbenchError(f"{path}: an {of_file} file, but --precision {precision} is of float32 files. Give one.")
    return precision or of_file


def variants(runtimes: list[str], of_file: str) -> list[tuple[str, str]]:
    """Return (runtime, precision) of every way in which this processor computes a file of precision ``of_file``.

    What it cannot judge is said.
    """
    found = []
    for runtime in dict.fromkeys(runtimes):
        found.append((runtime, of_file))
        if runtime != "openvino" or of_file != "float32":
            continue
        if why := lacks(FASTER):
            print(f"{FASTER} by {runtime}: not judged: {why}")
        else:
            found.append((runtime, FASTER))
    return found


def open_network(model: Path | bytes, threads: int, runtime: str = DEFAULT, precision: str = "float32") -> Runnable:
    """Return a file, or a part of one, ready to compute on the processor with that many threads.

    Args:
        model: file, or a serialized model (:func:`boardbench.engine.onnxfile.cut`).
        threads: of the runtime.
        runtime: name in ``RUNTIMES``.
        precision: float32, int8 or bf16; the first two are the file's own.

    Raises:
        BoardbenchError: a file that the runtime cannot compute, or a runtime that is not there.
    """
    return RUNTIMES[check_runtime("--runtime", runtime)](model, threads, precision)


def _onnxruntime(model: Path | bytes, threads: int, precision: str) -> Runnable:
    return session(model, threads)


class _OpenVino:
    """A network by OpenVINO: one pass at a time, for the shortest one."""

    def __init__(self, model: Path | bytes, threads: int, precision: str):
        core = _core()
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": threads,
            # Else bf16 wherever the processor has it, without a word.
            "INFERENCE_PRECISION_HINT": "bf16" if precision == FASTER else "f32",
            "ENABLE_CPU_PINNING": False,  # other processes work on these cores, too
        }
        try:
            network = core.read_model(io.BytesIO(model) if isinstance(model, bytes) else str(checked(model)))
            _keep_rounding(network)
            self._network = core.compile_model(network, "CPU", settings)
        except RuntimeError as error:
            file = f"{model}: " if isinstance(model, Path) else ""
            first = str(error).strip().splitlines()[-1]
            raise BoardbenchError(f"{file}OpenVINO cannot run the network ({first}). {AGAIN}") from None

    def run(self, outputs: list[str], given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Return the outputs of these names; inputs are read where they lie."""
        made = self._network(dict(given), share_inputs=True)
        return [made[name] for name in outputs]


RUNTIMES: dict[str, Callable[[Path | bytes, int, str], Runnable]] = {DEFAULT: _onnxruntime, "openvino": _OpenVino}
"""Name -> function that opens a file, given threads and precision."""


@cache
def _core() -> "openvino.Core":
    with _without_telemetry():
        import openvino
    return openvino.Core()


@contextmanager
def _without_telemetry():
    """Keep OpenVINO from reporting its import to Intel and Google, and from an identifier in the user's home.

    It has no setting for that: it reports wherever openvino_telemetry, which it installs, can be imported.
    """
    name = "openvino_telemetry"
    before = sys.modules.get(name)
    sys.modules[name] = None  # an import fails
    try:
        yield
    finally:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before


def _keep_rounding(network: Any) -> None:
    """Round to float16 by arithmetic where a network casts to it and back; OpenVINO leaves such casts out.

    Without it two of a thousand pixels of an untrained network were of another class than by ONNX Runtime. How:
    :data:`boardbench.arrays.FLOAT16_SPLIT`.
    """
    from openvino import Type, opset13

    for node in network.get_ordered_ops():
        if node.get_type_name() != "Convert" or node.get_output_element_type(0) != Type.f32:
            continue
        cast = node.input_value(0).get_node()
        if cast.get_type_name() == "Convert" and cast.get_output_element_type(0) == Type.f16:
            value = cast.input_value(0)
            larger = opset13.multiply(value, opset13.constant(np.float32(FLOAT16_SPLIT)))
            rounded = opset13.subtract(larger, opset13.subtract(larger, value))
            node.output(0).replace(rounded.output(0))
