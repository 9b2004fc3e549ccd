import json

import onnx
import pytest
from onnx import TensorProto, helper

from boardbench.engine.onnxfile import open_onnx, session, write_metadata

SENSOR = {"kind": "raw", "bands": 3, "wavelengths": [400.0, 500.0, 600.0], "keep": [0, 2], "panel": 1.0}
METADATA = {
    "boardbench": "1",
    "study": "segmentation",
    "classes": ["others", "IC (small)"],
    "sensor": SENSOR,
    "size": None,
    "seed": 0,
    "drift": None,
}


def written(path, **texts):
    """Write an ONNX file that gives its input; ``texts`` replace fields of its metadata as they stand."""
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("a", "b")]
    graph = helper.make_graph([helper.make_node("Identity", ["a"], ["b"])], "graph", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {key: json.dumps(value) for key, value in METADATA.items()} | texts)
    onnx.save(model, path)
    return path


def test_metadata_comes_back_and_a_field_that_is_not_there_is_named(tmp_path, says):
    path = tmp_path / "model.onnx"
    model = onnx.load(written(path))
    write_metadata(model, METADATA)
    onnx.save(model, path)
    found = open_onnx(path).metadata
    assert found == METADATA
    assert found.get("nominal") is None
    says(lambda: found["nominal"], path, "'nominal'", "boardbench export")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("size", "{"),
        ("size", "[" * 100_000),
        ("size", "9" * 5000),
        ("size", '"large"'),
        ("size", "[1]"),
        ("classes", '"ic"'),
        ("classes", "[]"),
        ("seed", "[]"),
        ("sensor", "[]"),
        ("sensor", json.dumps(SENSOR | {"keep": [0, 3]})),
        ("sensor", json.dumps(SENSOR | {"keep": [-1]})),
        ("sensor", json.dumps(SENSOR | {"wavelengths": [400.0]})),
        ("sensor", json.dumps(SENSOR | {"panel": float("nan")})),
        ("drift", "3"),
        ("nominal", "[[1, 2]]"),
        ("mm_per_pixel", "[1e999, 1]"),
        ("precision", '"float64"'),
    ],
)
def test_metadata_that_no_export_writes_is_refused_by_field(tmp_path, says, key, text):
    path = written(tmp_path / "model.onnx", **{key: text})
    says(lambda: open_onnx(path), path, f"field '{key}", "boardbench export")


def test_a_network_that_cannot_run_is_refused(tmp_path, says):
    assert session(written(tmp_path / "a.onnx"), 1).run(None, {"a": [1.0]})[0].tolist() == [1.0]
    model = onnx.load(tmp_path / "a.onnx")
    model.graph.node[0].op_type = "Nothing"
    onnx.save(model, tmp_path / "b.onnx")
    says(lambda: session(tmp_path / "b.onnx", 1), "b.onnx", "cannot run", "boardbench export")
    says(lambda: session(model.SerializeToString(), 1), "cannot run")
