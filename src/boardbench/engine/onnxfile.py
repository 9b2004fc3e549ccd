"""ONNX files that boardbench wrote: their metadata, sessions, and cuts at named values."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boardbench.errors import BoardbenchError
from boardbench.integrity import checked

if TYPE_CHECKING:
    import onnxruntime


@dataclass(frozen=True)
class OnnxFile:
    """An ONNX file and what it says of itself.

    Attributes:
        path: the file.
        metadata: study, dataset, backbone, strategy, width, seed, classes (names), sensor (kind, bands, wavelengths in
            nm, keep, panel), size (lines, samples or None), resize, precision (float32 or int8), drift (content of
            drift.json, or None), git_commit, boardbench (version).
    """

    path: Path
    metadata: dict[str, Any]


def write_metadata(model: Any, metadata: dict[str, Any]) -> None:
    """Put metadata into an ``onnx.ModelProto``, one entry each, as JSON."""
    import onnx

    onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in metadata.items()})


def open_onnx(path: Path) -> OnnxFile:
    """Read the metadata of an ONNX file.

    Raises:
        BoardbenchError: no such file, not an ONNX file, or not one of boardbench.
    """
    import onnx
    from google.protobuf.message import DecodeError

    if path.suffix == ".pt" or path.is_dir():
        raise BoardbenchError(
            f"{path}: a trained run, not an exported file. Make one with 'boardbench export --run {path}'. A run whose "
            "normalization or reduction is fitted on each capture by itself (normalization.fit: cube, pca3_cube) goes "
            "to no line: take 'boardbench predict --run'."
        )
    if not path.is_file():
        raise BoardbenchError(f"{path}: no such file. Make it with 'boardbench export --run RUN'.")
    try:
        model = onnx.load(checked(path))
        metadata = {entry.key: entry.value for entry in model.metadata_props}
    except (DecodeError, ValueError) as error:
        raise BoardbenchError(
            f"{path}: not an ONNX file, or cut short ({error}). Make it again with 'boardbench export --run RUN'."
        ) from None
    if "boardbench" not in metadata:
        raise BoardbenchError(
            f"{path}: an ONNX file, but not one of boardbench: its metadata says nothing of classes and bands. "
            "Make one with 'boardbench export --run RUN'."
        )
    return OnnxFile(path, {key: json.loads(value) for key, value in metadata.items()})


def session(model: Path | bytes, threads: int) -> "onnxruntime.InferenceSession":
    """Return a session on the processor with that many threads, which do not spin while they wait."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = str(checked(model)) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def cut(path: Path, inputs: list[str], outputs: list[str]) -> bytes:
    """Return the part of a file between named values, as a serialized model.

    Raises:
        BoardbenchError: a value that the file does not have.
    """
    import onnx
    from onnx.utils import Extractor

    model = onnx.load(checked(path))
    known = {value.name for value in (*model.graph.input, *model.graph.output, *model.graph.value_info)}
    missing = [name for name in (*inputs, *outputs) if name not in known]
    if missing:
        raise BoardbenchError(
            f"{path}: no value named {', '.join(missing)} inside. "
            "Make the file again with 'boardbench export --run RUN'."
        )
    return Extractor(model).extract_model(inputs, outputs).SerializeToString()
