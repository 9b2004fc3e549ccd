"""The list of source files behind a step is complete and no longer than that."""

import hashlib

import pytest

from boardbench.sources import hash_of_sources, sources


def names(*modules):
    return {path.split("boardbench/", 1)[1] for path in sources(*modules)}


def test_a_step_is_followed_through_its_imports():
    found = names("boardbench.segmentation.training")
    assert {
        "segmentation/training.py",
        "engine/training.py",
        "engine/tracking.py",
        "errors.py",
        "params/segmentation.py",
    } <= found


def test_what_a_step_does_not_run_is_left_out():
    found = names("boardbench.segmentation.training")
    read = {"captures/__init__.py", "captures/artifacts.py"}  # what the captures' reports look like, no reader of cubes
    assert not any(name.startswith(("simulate/", "report/", "captures/")) for name in found - read)
    assert "cli.py" not in found
    assert "params/placement.py" not in found, "knobs of another study"


def test_no_network_rides_along_unasked():
    found = names("boardbench.segmentation.training")
    assert "segmentation/backbones/unet.py" not in found
    assert "segmentation/backbones/unet.py" in names("boardbench.segmentation.backbones.unet")


def test_imports_inside_functions_count():
    assert "segmentation/overlay.py" in names("boardbench.segmentation.evaluation")


def test_an_unknown_module_is_an_error():
    with pytest.raises(ValueError, match=r"no module boardbench\.nowhere"):
        sources("boardbench.nowhere")


def test_the_hash_of_sources_is_that_of_their_content(tmp_path, monkeypatch):
    before = hash_of_sources("boardbench.errors")
    assert before == hash_of_sources("boardbench.errors") != hash_of_sources("boardbench.files")
    edited = tmp_path / "edited.py"
    edited.write_text("# edited\n")
    monkeypatch.setattr("boardbench.sources.sources", lambda *modules: [str(edited)])
    assert hash_of_sources("boardbench.errors") == hashlib.sha256(b"# edited\n").hexdigest()
