from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from boardbench.engine.modelfile import plain_fields, read_model, refusing, study_of, write_model


def test_content_comes_back_and_equal_content_is_equal_bytes(tmp_path):
    content = {"study": "placement", "values": torch.arange(3), "words": ["a", "b"]}
    for name in ("one", "two"):
        write_model(content, tmp_path / name / "model.pt")
    assert (tmp_path / "one/model.pt").read_bytes() == (tmp_path / "two/model.pt").read_bytes()
    found, file = read_model(tmp_path / "one", "placement")
    assert (found["words"], file) == (["a", "b"], tmp_path / "one/model.pt")
    assert torch.equal(found["values"], content["values"])
    assert study_of(tmp_path / "one") == study_of(file) == "placement"


def test_a_file_that_does_not_say_is_of_segmentation(tmp_path):
    write_model({"backbone": "unet"}, tmp_path / "model.pt")
    assert study_of(tmp_path) == "segmentation"


def test_another_study_is_refused_with_its_verb(tmp_path, says):
    write_model({"study": "placement"}, tmp_path / "model.pt")
    says(lambda: read_model(tmp_path, "segmentation"), "model.pt", "placement", "boardbench inspect")
    write_model({"backbone": "unet"}, tmp_path / "model.pt")
    says(lambda: read_model(tmp_path, "placement"), "segmentation", "boardbench predict")
    write_model({"study": "classification"}, tmp_path / "model.pt")
    says(lambda: read_model(tmp_path, "placement"), "classification", "boardbench export", "results/placement/")


def test_a_study_of_a_later_version_is_named(tmp_path, says):
    write_model({"study": "welding"}, tmp_path / "model.pt")
    says(lambda: read_model(tmp_path, "placement"), "model.pt", "welding", "Update boardbench")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut"])
def test_foreign_files_are_refused(tmp_path, content, says):
    (tmp_path / "model.pt").write_bytes(content)
    says(lambda: read_model(tmp_path, "placement"), "model.pt", "not a model of boardbench")
    says(lambda: study_of(tmp_path), "model.pt", "not a model of boardbench")


def test_a_missing_file_names_an_example(tmp_path, says):
    for study in ("segmentation", "placement", "classification"):
        says(lambda study=study: read_model(tmp_path, study), "no such model", f"results/{study}/", "/runs/", "-seed0")


@pytest.mark.parametrize("content", [{"study": ["a"]}, {"study": 3}, ["study"], torch.arange(3)])
def test_a_study_of_another_type_is_refused(tmp_path, content, says):
    torch.save(content, tmp_path / "model.pt")
    says(lambda: read_model(tmp_path, "placement"), "model.pt", "not a model of boardbench")
    says(lambda: study_of(tmp_path), "model.pt", "not a model of boardbench")


@dataclass(frozen=True)
class _Kind:
    width: int
    classes: list[str]
    size: tuple[int, int] | None


SAVED = {"width": 4, "classes": ["a", "b"], "size": [16, 32]}


def test_fields_come_back_in_the_types_of_the_dataclass():
    assert plain_fields(SAVED, _Kind, ("classes", "size")) == {"classes": ["a", "b"], "size": (16, 32)}


@pytest.mark.parametrize(
    ("field", "value"),
    [("width", "four"), ("width", 1.5), ("classes", "ab"), ("classes", [1]), ("size", [16]), ("size", 3)],
)
def test_a_field_of_another_type_is_refused_by_name(field, value, says):
    def load():
        with refusing(Path("model.pt")):
            plain_fields(SAVED | {field: value}, _Kind, ("width", "classes", "size"))

    says(load, "model.pt", f"field '{field}'", "Train the run again")
