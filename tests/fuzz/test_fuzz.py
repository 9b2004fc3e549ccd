"""Broken files of every kind: read, or refused in one message; nothing is written elsewhere, no program is started.

The suite takes a fast slice, always the same. A longer one draws anew each time: BOARDBENCH_FUZZ=100 pytest tests/fuzz
runs a hundred times as many.
"""

import os
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pytest
from broken import as_json, broken, odd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers import READERS, read_model, read_onnx
from valid import METADATA, classification_run, model_file, onnx_file, placement_run, segmentation_run

from boardbench.errors import BoardbenchError

sys.path.append(str(Path(__file__).parents[1] / "classification"))  # tiny_archives

SECONDS, MEMORY = 5, 2**30
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
FACTOR = int(os.environ.get("BOARDBENCH_FUZZ", "1"))
some = settings(
    max_examples=30 * FACTOR,
    derandomize=FACTOR == 1,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def read_or_refused(read, watch, files: dict[str, bytes], name: str) -> None:
    """Read a file in a folder of its own; it may only succeed, or be refused in a message that names it.

    Either takes less than SECONDS of the processor, and lifts the peak of memory by less than MEMORY.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for beside, content in files.items():
            Path(folder, beside).write_bytes(content)
        begun, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            with watch(Path(folder)):
                read(Path(folder, name))
        except BoardbenchError as error:
            assert 10 < len(str(error)) < 20_000
        assert time.process_time() - begun < SECONDS
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * UNIT < MEMORY


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_valid_file_is_read(reader, watch, tmp_path):
    for name, content in (reader.beside() | {reader.file: reader.valid()}).items():
        (tmp_path / name).write_bytes(content)
    with watch(tmp_path):
        reader.read(tmp_path / reader.file)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_broken_file_is_read_or_refused(reader, watch):
    beside = reader.beside()

    @some
    @given(broken(reader.valid()))
    def check(content: bytes) -> None:
        read_or_refused(reader.read, watch, beside | {reader.file: content}, reader.file)

    check()


@some
@given(odd(METADATA))
def test_odd_metadata_of_an_exported_file(watch, metadata):
    fields = metadata if isinstance(metadata, dict) else {}
    content = onnx_file({str(key): as_json(value).decode() for key, value in fields.items()})
    read_or_refused(read_onnx, watch, {"model.onnx": content}, "model.onnx")


@pytest.mark.parametrize("run", [placement_run, segmentation_run, classification_run], ids=lambda run: run.__name__)
def test_odd_fields_of_a_run(watch, run, tmp_path):
    whole = run()
    (tmp_path / "model.pt").write_bytes(model_file(whole))
    read_model(tmp_path / "model.pt")
    weights = whole.pop("state_dict")

    @some
    @given(odd(whole), st.booleans())
    def check(plain: object, complete: bool) -> None:
        content = plain | {"state_dict": weights} if isinstance(plain, dict) and complete else plain
        read_or_refused(read_model, watch, {"model.pt": model_file(content)}, "model.pt")

    check()
