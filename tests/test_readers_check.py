"""Every step that reads what another step made holds it against its hash."""

import ast
from pathlib import Path

import pytest

from boardbench.engine.shown import read_history
from boardbench.errors import BoardbenchError
from boardbench.files import write_text

SOURCE = Path(__file__).parents[1] / "src/boardbench"
READS = ("np.load", "torch.load", "onnx.load", "pd.read_csv", "Image.open")
# What is read there is no file of another step: a user's picture or archive, a file of this step, a published table.
OTHERS = {
    "captures/masks.py",
    "captures/pcbvision.py",
    "classification/archives/parquet.py",
    "engine/export.py",
    "labels/labelme.py",
    "networks/weights.py",
    "placement/photos.py",
    "placement/prediction.py",
    "report/gallery.py",
    "report/page.py",
}


def unchecked(file):
    """Return the lines of a file that read without a check."""
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    return [
        f"{file.relative_to(SOURCE)}:{call.lineno}"
        for call in calls
        if ast.unparse(call.func) in READS and not ast.unparse(call.args[0]).startswith("checked(")
    ]


def test_no_reader_of_derived_files_leaves_the_check_out():
    found = {file.relative_to(SOURCE).as_posix(): unchecked(file) for file in SOURCE.rglob("*.py")}
    assert [line for name, lines in found.items() if name not in OTHERS for line in lines] == []
    assert {name for name, lines in found.items() if lines} == OTHERS  # none is listed for nothing


def test_a_history_to_be_shown_is_checked(tmp_path):
    path = tmp_path / "history.csv"
    write_text(path, "epoch,train_loss\n0,0.5\n", record=True)
    assert read_history(path) == [{"epoch": 0, "train_loss": 0.5}]
    path.write_text("epoch,train_loss\n0,0.6\n")
    with pytest.raises(BoardbenchError, match=r"history\.csv: damaged"):
        read_history(path)
