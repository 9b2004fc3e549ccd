"""ONNX files that boardbench wrote: their metadata, sessions, and cuts at named values."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, FiniteFloat, PositiveInt, ValidationError, model_validator

from boardbench.errors import BoardbenchError
from boardbench.files import parse_json
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


class _Sensor(BaseModel):
    kind: Literal["raw", "reflectance"]
    bands: PositiveInt
    wavelengths: list[FiniteFloat] | None
    keep: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    panel: Annotated[FiniteFloat, Field(gt=0)]

    @model_validator(mode="after")
    def _bands_agree(self) -> Self:
        if max(self.keep) >= self.bands:
            raise ValueError(f"keep: band {max(self.keep)} of {self.bands}")
        if self.wavelengths is not None and len(self.wavelengths) != self.bands:
            raise ValueError(f"wavelengths: {len(self.wavelengths)} of {self.bands} bands")
        return self


class _Metadata(BaseModel):
    """What metadata must look like where it is there; each study writes a part of it."""

    study: str = ""
    dataset: str = ""
    backbone: str = ""
    strategy: str = ""
    width: Annotated[FiniteFloat, Field(gt=0)] = 1
    seed: int = 0
    classes: Annotated[list[str], Field(min_length=1)] = [""]
    sensor: _Sensor | None = None
    size: Annotated[list[PositiveInt], Field(min_length=2, max_length=3)] | None = None
    photo_size: tuple[PositiveInt, PositiveInt] = (1, 1)
    mm_per_pixel: tuple[FiniteFloat, FiniteFloat] = (1, 1)
    nominal: Annotated[list[tuple[FiniteFloat, FiniteFloat]], Field(min_length=4, max_length=4)] = []
    resize: Literal["bilinear", "area"] = "bilinear"
    precision: Literal["float32", "int8"] = "float32"
    drift: dict[str, Any] | None = None


class _Known(dict):
    """Metadata of a file; a field that it lacks is named."""

    def __init__(self, path: Path, fields: dict[str, Any]):
        super().__init__(fields)
        self._path = path

    def __missing__(self, key: str) -> Any:
        raise BoardbenchError(f"{self._path}: metadata has no field '{key}'. {AGAIN}")


AGAIN = "Make the file again with 'boardbench export --run RUN'."


def _checked(path: Path, texts: dict[str, str]) -> _Known:
    """Return metadata, each field a JSON text, of the types that their readers take for granted."""
    fields = {}
    for key, text in texts.items():
        try:
            fields[key] = parse_json(text)
        except ValueError as error:
            raise BoardbenchError(f"{path}: metadata, field '{key}': not valid JSON ({error}). {AGAIN}") from None
    try:
        _Metadata.model_validate(fields, strict=False)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"]))
        raise BoardbenchError(f"{path}: metadata, field '{key}': {problem['msg']}. {AGAIN}") from None
    return _Known(path, fields)


def write_metadata(model: Any, metadata: dict[str, Any]) -> None:
    """Put metadata into an ``onnx.ModelProto``, one entry each, as JSON."""
    import onnx

    onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in metadata.items()})


def open_onnx(path: Path) -> OnnxFile:
    """Read the metadata of an ONNX file.

    Raises:
        BoardbenchError: no such file, not an ONNX file, not one of boardbench, or metadata that it cannot have written.
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
    return OnnxFile(path, _checked(path, metadata))


def session(model: Path | bytes, threads: int) -> "onnxruntime.InferenceSession":
    """Return a session on the processor with that many threads, which do not spin while they wait."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = str(checked(model)) if isinstance(model, Path) else model
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no class of their own
        file = f"{model}: " if isinstance(model, Path) else ""
        raise BoardbenchError(f"{file}ONNX Runtime cannot run the network ({error}). {AGAIN}") from None


def cut(path: Path, inputs: list[str], outputs: list[str]) -> bytes:
    """Return the part of a file between named values, as a serialized model.

    Raises:
        BoardbenchError: a value that the file does not have.
    """
    import onnx
    from onnx.utils import Extractor

    model = onnx.load(checked(path))
    known = _values(model)
    missing = [name for name in (*inputs, *outputs) if name not in known]
    if missing:
        raise BoardbenchError(
            f"{path}: no value named {', '.join(missing)} inside. "
            "Make the file again with 'boardbench export --run RUN'."
        )
    return Extractor(model).extract_model(inputs, outputs).SerializeToString()


def values_of(path: Path) -> set[str]:
    """Return the names of values at which a file can be cut."""
    import onnx

    return _values(onnx.load(checked(path)))


def _values(model: Any) -> set[str]:
    return {value.name for value in (*model.graph.input, *model.graph.output, *model.graph.value_info)}
