"""One face for ONNX Runtime and OpenVINO: the same file, the same values, and what is refused."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from boardbench.engine import latency, runtimes
from boardbench.engine.runtimes import check_runtime, computed_in, lacks, open_network, variants

needs_openvino = pytest.mark.skipif(
    not importlib.util.find_spec("openvino"), reason="openvino is not installed: pip install 'boardbench[openvino]'"
)


@pytest.fixture
def file(tmp_path):
    """Write float32 (n,) -> halves, the same rounded to float16, and doubled."""
    steps = [("Cast", "values", "half", {"to": TensorProto.FLOAT16}), ("Cast", "half", "halves", {"to": 1})]
    nodes = [helper.make_node(kind, [given], [made], **how) for kind, given, made, how in steps]
    nodes.append(helper.make_node("Add", ["halves", "halves"], ["doubled"]))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("values", "halves", "doubled")]
    graph = helper.make_graph(nodes, "toy", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, tmp_path / "toy.onnx")
    return tmp_path / "toy.onnx"


@pytest.fixture
def processor(monkeypatch):
    return lambda *flags: monkeypatch.setattr(runtimes, "processor_flags", lambda: list(flags))


@pytest.mark.parametrize("runtime", ["onnxruntime", pytest.param("openvino", marks=needs_openvino)])
def test_a_runtime_gives_the_outputs_that_are_asked_rounded_to_float16(file, runtime):
    values = np.random.default_rng(0).random(10000, np.float32)
    expected = values.astype(np.float16).astype(np.float32)
    doubled, halves = open_network(file, 1, runtime).run(["doubled", "halves"], {"values": values})
    # Values half-way between two of float16 may go to either; one in 2^13 is.
    assert np.mean(halves == expected) > 0.999 and np.mean(values == expected) < 0.01
    assert np.abs(halves - expected).max() <= 2**-11
    np.testing.assert_array_equal(doubled, 2 * halves)
    (part,) = open_network(file.read_bytes(), 2, runtime).run(["halves"], {"values": values[:7]})
    np.testing.assert_array_equal(part, halves[:7])


@needs_openvino
@pytest.mark.parametrize(("precision", "hint"), [("float32", "f32"), ("int8", "f32"), ("bf16", "bf16")])
def test_openvino_computes_in_the_precision_and_threads_that_are_said(file, monkeypatch, precision, hint):
    class Core:
        def __init__(self, real):
            self.real = real

        def read_model(self, model):
            return self.real.read_model(model)

        def compile_model(self, model, device, settings):
            given.append((device, settings))

    given, real = [], runtimes._core()
    monkeypatch.setattr(runtimes, "_core", lambda: Core(real))
    open_network(file, 3, "openvino", precision)
    ((device, settings),) = given
    assert device == "CPU" and settings["INFERENCE_PRECISION_HINT"] == hint
    assert settings["INFERENCE_NUM_THREADS"] == 3 and settings["NUM_STREAMS"] == "1"
    assert settings["PERFORMANCE_HINT"] == "LATENCY"


@needs_openvino
def test_openvino_reports_to_nobody(file, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import sys; from pathlib import Path; from boardbench.engine.runtimes import open_network\n"
        f"open_network(Path({str(file)!r}), 1, 'openvino')\n"
        "assert 'openvino' in sys.modules and 'openvino_telemetry' not in sys.modules\n"
        "from openvino.tools.ovc import telemetry; assert 'stub' in type(telemetry).__module__\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "HOME": str(home)})
    assert not list(home.iterdir())


@needs_openvino
def test_a_file_that_openvino_cannot_compute_is_named(tmp_path, says):
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Nonsense", ["a"], ["b"], domain="nobody")],
            "toy",
            [helper.make_tensor_value_info("a", TensorProto.FLOAT, [1])],
            [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])],
        ),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("nobody", 1)],
    )
    onnx.save(model, tmp_path / "odd.onnx")
    says(lambda: open_network(tmp_path / "odd.onnx", 1, "openvino"), "odd.onnx: OpenVINO cannot", "boardbench export")


def test_what_cannot_be_had_is_refused_with_its_remedy(tmp_path, monkeypatch, processor, says):
    processor("avx2", "amx_bf16")
    says(lambda: check_runtime("--runtime", "openvina"), "--runtime openvina", "onnxruntime, openvino")
    says(lambda: check_runtime("--runtime", "openvino", "int8"), "--precision int8", "bf16", "export --precisions")
    says(lambda: check_runtime("--runtime", "onnxruntime", "bf16"), "--precision bf16", "--runtime openvino")
    says(lambda: computed_in(tmp_path / "model-int8.onnx", "int8", "bf16"), "model-int8.onnx", "an int8 file")
    assert computed_in(tmp_path, "float32", "bf16") == "bf16" and computed_in(tmp_path, "int8", None) == "int8"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert check_runtime("--runtime", "openvino", "bf16") == "openvino"
    processor("avx2")
    says(lambda: check_runtime("--runtime", "openvino", "bf16"), "avx512_bf16 nor amx_bf16", "Leave it out")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert check_runtime("--runtime", "onnxruntime") == "onnxruntime"
    says(lambda: check_runtime("--runtimes", "openvino"), "--runtimes openvino", "pip install 'boardbench[openvino]'")


def test_what_a_processor_cannot_judge_is_said(processor, capsys):
    processor("avx2", "avx512_vnni")
    assert lacks("float32") == lacks("int8") == "" and "avx512_bf16 nor amx_bf16" in lacks("bf16")
    assert variants(["onnxruntime", "openvino"], "float32") == [("onnxruntime", "float32"), ("openvino", "float32")]
    assert "bf16 by openvino: not judged" in capsys.readouterr().out
    processor("avx512_bf16")
    assert lacks("bf16") == "" and "avx512_vnni nor avx_vnni" in lacks("int8")
    assert variants(["openvino", "openvino"], "float32") == [("openvino", "float32"), ("openvino", "bf16")]
    assert variants(["onnxruntime", "openvino"], "int8") == [("onnxruntime", "int8"), ("openvino", "int8")]
    assert capsys.readouterr().out == ""


def test_flags_of_a_processor_are_linuxs(monkeypatch):
    monkeypatch.setattr(latency, "_cpuinfo", lambda field: "fpu avx2 avx_vnni" if field == "flags" else "")
    assert latency.processor_flags() == ["fpu", "avx2", "avx_vnni"] and lacks("int8") == ""
