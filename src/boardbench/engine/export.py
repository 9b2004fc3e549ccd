"""PyTorch modules to ONNX files, their quantization, and their place in MLflow's model registry; for every study."""

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.engine.address import StoreAddress
from boardbench.engine.models import ModelFacts
from boardbench.engine.onnxfile import write_metadata
from boardbench.files import atomic_write

OPSET = 20
QUANTIZED = ("Conv", "ConvTranspose", "MatMul", "Gemm", "MaxPool", "Concat", "Add", "Mul", "Resize")


def to_onnx(
    module: Any,
    inputs: dict[str, Any],
    dynamic: dict[str, dict[int, str]],
    outputs: list[str],
    intermediates: list[str],
    metadata: dict[str, Any],
    out: Path,
    least: int = 16,
) -> None:
    """Write a module as an ONNX file, whole or not at all.

    Args:
        module: a ``torch.nn.Module`` in evaluation mode that returns ``outputs`` and then ``intermediates``.
        inputs: example tensors by name, in the module's order.
        dynamic: for an input, its axes of any size and their names; equal names are equal sizes.
        outputs: names of what the file returns.
        intermediates: names of values inside, at which :func:`boardbench.engine.onnxfile.cut` can cut the file; what
            comes behind the last one depends on it alone.
        metadata: what the file says of itself.
        out: the file.
        least: least size of the axes of any size.
    """
    import onnx
    import torch

    sizes = {name: torch.export.Dim(name, min=least) for axes in dynamic.values() for name in axes.values()}
    shapes = tuple({axis: sizes[name] for axis, name in dynamic.get(key, {}).items()} for key in inputs)
    with _quietly(), torch.no_grad():
        program = torch.onnx.export(
            module,
            tuple(inputs.values()),
            dynamo=True,
            input_names=list(inputs),
            output_names=[*outputs, *intermediates],
            dynamic_shapes=shapes,
            opset_version=OPSET,
            verbose=False,
        )
    model = onnx.shape_inference.infer_shapes(program.model_proto)
    kept = {value.name for value in model.graph.value_info}
    for value in [value for value in model.graph.output if value.name in intermediates]:
        model.graph.output.remove(value)
        if value.name not in kept:
            model.graph.value_info.append(value)
    if intermediates:
        _read_sizes_from(model.graph, intermediates[-1])
    # Where in our sources a node comes from is of no use on a line, and holds paths of this machine.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    write_metadata(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    with atomic_write(out, record=True) as beside:
        onnx.save(model, beside)


def _read_sizes_from(graph: Any, intermediate: str) -> None:
    """Let the nodes behind a value read their sizes from it; the exporter reads all sizes from the graph's inputs."""
    import onnx

    def axes(values: Iterable[Any]) -> dict[str, dict[str, int]]:
        shapes = {value.name: value.type.tensor_type.shape.dim for value in values}
        return {name: {dim.dim_param: at for at, dim in enumerate(dims)} for name, dims in shapes.items()}

    inputs = axes(graph.input)
    behind = axes(value for value in graph.value_info if value.name == intermediate)[intermediate]
    before = _ancestors(graph, intermediate)
    copies: dict[str, str] = {}
    added = []
    for node in graph.node:
        if node.op_type != "Shape" or node.input[0] not in inputs:
            continue
        at = next(attribute.i for attribute in node.attribute if attribute.name == "start")
        word = next(word for word, axis in inputs[node.input[0]].items() if axis == at)
        if word not in behind:
            continue
        copies[node.output[0]] = f"{intermediate}_{word}"
        size = {"start": behind[word], "end": behind[word] + 1}
        added.append(onnx.helper.make_node("Shape", [intermediate], [f"{intermediate}_{word}"], **size))
    for node in graph.node:
        if node.op_type == "Squeeze" and node.input[0] in copies:
            name = f"{copies[node.input[0]]}_scalar"
            added.append(onnx.helper.make_node("Squeeze", [copies[node.input[0]], *node.input[1:]], [name]))
            copies[node.output[0]] = name
    for index, node in enumerate(graph.node):
        if index not in before and node.op_type not in ("Shape", "Squeeze"):
            node.input[:] = [copies.get(name, name) for name in node.input]
    # Nodes must come after what they read.
    place = max(index for index, node in enumerate(graph.node) if intermediate in node.output) + 1
    for node in reversed(added):
        graph.node.insert(place, node)


def to_int8(
    source: Path, samples: Iterable[dict[str, np.ndarray]], after: str, metadata: dict[str, Any], out: Path
) -> None:
    """Quantize the part of an ONNX file behind a named value: 7-bit weights a channel, 8-bit activations.

    Ranges are the extremes that the samples show. What comes before ``after`` stays float32. Weights take 7 of their 8
    bits, because a processor without VNNI adds two products in 16 bits, which overflow: ONNX Runtime then gave 98.6 %
    of the pixels the float32 class and 0.051 less mean IoU; with 7 bits 99.9 % and none less (benchmarks/NOTES.md).

    Args:
        source: a float32 file.
        samples: inputs of the whole file.
        after: the value behind which everything is quantized.
        metadata: what the new file says of itself.
        out: the file.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self):
            self._samples = iter(samples)

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self._samples, None)

    with tempfile.TemporaryDirectory() as folder, _quietly():
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        model = onnx.load(prepared)
        before = _ancestors(model.graph, after)
        for index, node in enumerate(model.graph.node):
            node.name = node.name or f"node_{index}"
        onnx.save(model, prepared)
        quantized = Path(folder) / "int8.onnx"
        quantize_static(
            str(prepared),
            str(quantized),
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            reduce_range=True,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=list(QUANTIZED),
            nodes_to_exclude=[node.name for index, node in enumerate(model.graph.node) if index in before],
        )
        result = onnx.load(quantized)
    del result.metadata_props[:]
    write_metadata(result, metadata)
    with atomic_write(out, record=True) as beside:
        onnx.save(result, beside)


def _ancestors(graph: Any, value: str) -> set[int]:
    """Return the indices of the nodes that ``value`` is computed from."""
    makers = {name: index for index, node in enumerate(graph.node) for name in node.output}
    todo, found = [value], set()
    while todo:
        index = makers.get(todo.pop())
        if index is not None and index not in found:
            found.add(index)
            todo += graph.node[index].input
    return found


def register(
    path: Path,
    name: str,
    inputs: dict[str, tuple],
    outputs: dict[str, tuple],
    tracking: StoreAddress,
    facts: ModelFacts | None = None,
) -> None:
    """Put an ONNX file into MLflow's model registry, with its signature, and say which version it is.

    Args:
        path: the file.
        name: of the registered model; each call makes a new version.
        inputs: dtype and shape of each input, -1 for any size.
        outputs: likewise.
        tracking: the store.
        facts: what is known of it: scores, time.
    """
    import onnx
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    from boardbench.engine.tracking import Store

    def schema(fields: dict[str, tuple]) -> Schema:
        return Schema([TensorSpec(np.dtype(kind), shape, name) for name, (kind, shape) in fields.items()])

    store, signature = Store(tracking), ModelSignature(inputs=schema(inputs), outputs=schema(outputs))
    with _quietly():
        number = store.register("models", name, onnx.load(path), signature, facts)
    print(f"registered in {store.address} as '{name}', version {number}")


@contextlib.contextmanager
def _quietly():
    """Silence the exporter's advice; errors are exceptions."""
    levels = {name: logging.getLogger(name).level for name in ("torch.onnx", "root", "torch.export", "mlflow")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
