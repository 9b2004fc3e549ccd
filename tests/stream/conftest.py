import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from boardbench.engine.onnxfile import session

BANDS, SAMPLES, KEEP = 6, 20, [1, 2, 3, 5]
CLASSES = ["others", "ic", "capacitor"]
RADIUS = 18


def metadata(**changes):
    sensor = {"kind": "raw", "bands": BANDS, "wavelengths": None, "keep": KEEP, "panel": 0.9}
    known = {
        "boardbench": "0",
        "backbone": "tiny",
        "strategy": "tiny",
        "classes": CLASSES,
        "sensor": sensor,
        "size": None,
    }
    return known | changes


def tiny_model(path, **changes):
    """Write a model with an exported file's intermediate outputs.

    Its network sees 18 lines up and down, with a pooling of 16.
    """
    random = np.random.default_rng(5)
    arrays = {
        "keep": np.array(KEEP),
        "panel": np.float32([0.9]),
        "zero": np.float32(0),
        "one": np.float32(1),
        "nothing": np.zeros(1, np.float32),
        "weight": random.normal(size=(3, len(KEEP))).astype(np.float32),
        "bias": random.normal(size=(3, 1)).astype(np.float32) * 0.1,
        "first": np.array([0]),
        "kernel": random.normal(size=(3, 3, 7, 3)).astype(np.float32),
        "scales": np.float32([1, 1, 16, 16]),
        "origin": np.array([0, 0]),
        "axes": np.array([2, 3]),
    }
    nodes = [
        ("Gather", ["white", "keep"], "w", {"axis": 0}),
        ("Gather", ["dark", "keep"], "d", {"axis": 0}),
        ("Sub", ["w", "d"], "span", {}),
        ("Greater", ["span", "nothing"], "valid", {}),
        ("Where", ["valid", "d", "nothing"], "dark_signal", {}),
        ("Mul", ["panel", "exposure"], "numerator", {}),
        ("Div", ["numerator", "span"], "quotient", {}),
        ("Where", ["valid", "quotient", "nothing"], "gain", {}),
        ("Gather", ["counts", "keep"], "kept", {"axis": 1}),
        ("Cast", ["kept"], "float", {"to": TensorProto.FLOAT}),
        ("Sub", ["float", "dark_signal"], "shifted", {}),
        ("Mul", ["shifted", "gain"], "scaled", {}),
        ("Clip", ["scaled", "zero", "one"], "clipped", {}),
        ("Cast", ["clipped"], "half", {"to": TensorProto.FLOAT16}),
        ("Cast", ["half"], "reflectance", {"to": TensorProto.FLOAT}),
        ("MatMul", ["weight", "reflectance"], "product", {}),
        ("Add", ["product", "bias"], "biased", {}),
        ("Relu", ["biased"], "lines", {}),
        ("Transpose", ["lines"], "channels", {"perm": [1, 0, 2]}),
        ("Unsqueeze", ["channels", "first"], "reduced", {}),
        ("Conv", ["reduced", "kernel"], "near", {"pads": [3, 1, 3, 1]}),
        ("MaxPool", ["near"], "pooled", {"kernel_shape": [16, 16], "strides": [16, 16], "ceil_mode": 1}),
        (
            "Resize",
            ["pooled", "", "scales"],
            "far",
            {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        ),
        ("Shape", ["reduced"], "size", {"start": 2}),
        ("Slice", ["far", "origin", "size", "axes"], "cropped", {}),
        ("Sub", ["cropped", "near"], "logits", {}),
        ("Softmax", ["logits"], "shares", {"axis": 1}),
        ("Squeeze", ["shares", "first"], "probabilities", {}),
        ("ArgMax", ["probabilities"], "best", {"axis": 0, "keepdims": 0}),
        ("Cast", ["best"], "classes", {"to": TensorProto.UINT8}),
    ]
    value, kinds = helper.make_tensor_value_info, TensorProto
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, [output], **fields) for kind, inputs, output, fields in nodes],
        "tiny",
        [
            value("counts", kinds.UINT16, ["lines", BANDS, "samples"]),
            value("white", kinds.FLOAT, [BANDS, "samples"]),
            value("dark", kinds.FLOAT, [BANDS, "samples"]),
            value("exposure", kinds.FLOAT, [1]),
        ],
        [
            value("classes", kinds.UINT8, ["lines", "samples"]),
            value("probabilities", kinds.FLOAT, [3, "lines", "samples"]),
        ],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
        value_info=[
            value("dark_signal", kinds.FLOAT, [len(KEEP), "samples"]),
            value("gain", kinds.FLOAT, [len(KEEP), "samples"]),
            value("reflectance", kinds.FLOAT, ["lines", len(KEEP), "samples"]),
            value("reduced", kinds.FLOAT, [1, 3, "lines", "samples"]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    helper.set_model_props(model, {key: json.dumps(entry) for key, entry in metadata(**changes).items()})
    onnx.save(model, path)
    return path


@pytest.fixture
def model(tmp_path):
    return tiny_model(tmp_path / "model.onnx")


@pytest.fixture
def facts_of():
    """Return the function that gives a model's metadata."""
    return metadata


@pytest.fixture
def model_of(tmp_path):
    """Return a function that writes a model whose metadata are changed."""
    return lambda **changes: tiny_model(tmp_path / "changed.onnx", **changes)


class Belt:
    """Counts of a belt and its references, with values at the sensor's limit and blind elements."""

    bands, samples, keep = BANDS, SAMPLES, KEEP

    def __init__(self):
        random = np.random.default_rng(4)
        self.white = random.integers(3000, 3800, (BANDS, SAMPLES)).astype(np.uint16)
        self.dark = random.integers(80, 120, (BANDS, SAMPLES)).astype(np.uint16)
        # Band 0 is not kept.
        self.white[2, 4], self.white[5, 0], self.white[0, 7] = self.dark[2, 4], self.dark[5, 0] - 1, 0

    def counts(self, lines):
        """Return (lines, bands, samples)."""
        random = np.random.default_rng(3)
        counts = random.integers(60, 4000, (lines, BANDS, SAMPLES)).astype(np.uint16)
        counts[random.random(counts.shape) < 0.02] = 4095
        return counts


@pytest.fixture
def belt():
    return Belt()


@pytest.fixture
def references(tmp_path, write_envi, belt):
    """Write a white (5 ms) and a dark reference; return their headers as arguments of the verb."""
    found = {}
    for name, mean in (("white", belt.white), ("dark", belt.dark)):
        lines = np.repeat(mean.T[None], 3, axis=0)
        found[name] = write_envi(tmp_path / "references" / f"{name}.hdr", lines, tint=5.0 if name == "white" else 4.0)
    return found


@pytest.fixture
def capture(tmp_path, write_envi, belt):
    """Return a function that writes a capture of 4 ms and returns its header, as text."""

    def make(lines, interleave="bil"):
        counts = belt.counts(lines).transpose(0, 2, 1)
        return str(write_envi(tmp_path / "belt.hdr", np.ascontiguousarray(counts), interleave, tint=4.0))

    return make


@pytest.fixture
def offline(model, belt):
    """Return a function that gives the classes of counts by the whole model at once."""

    def run(counts, exposure=1.25):
        white, dark = (part.astype(np.float32) for part in (belt.white, belt.dark))
        given = {"counts": counts, "white": white, "dark": dark, "exposure": np.float32([exposure])}
        return session(model, 1).run(["classes"], given)[0]

    return run


@pytest.fixture
def results():
    """Return a function that reads a stream's folder: class map, log entries, report."""
    from boardbench.captures.envi import open_cube

    def read(folder):
        log = [json.loads(line) for line in (folder / "lines.ndjson").read_text().splitlines()]
        report = json.loads((folder / "stream.json").read_text())
        assert sorted(path.name for path in folder.iterdir()) == [
            "classes.hdr",
            "classes.img",
            "components.ndjson",
            "lines.ndjson",
            "stream.json",
        ]
        return open_cube(folder / "classes.hdr").data[..., 0], log, report

    return read
