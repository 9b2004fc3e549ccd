"""The schemas that are written are those of the models, and the reference's files keep to them."""

import json
from pathlib import Path

import pytest

from boardbench.schema import models, write_schema

ROOT = Path(__file__).parents[1]
ABOUT = {"segmentation": "SegmentationAbout", "placement": "PlacementAbout", "classification": "ClassificationAbout"}


@pytest.fixture(scope="module")
def written():
    return json.loads((ROOT / "workflow/artifacts.schema.json").read_text())


def test_the_written_schemas_are_those_of_the_models(tmp_path, written):
    write_schema(out=tmp_path / "params.json", artifacts=tmp_path / "artifacts.json")
    for name in ("params", "artifacts"):
        assert (tmp_path / f"{name}.json").read_bytes() == (ROOT / f"workflow/{name}.schema.json").read_bytes()
    assert sorted(written["$defs"]) == sorted(model.__name__ for model in models())


@pytest.mark.parametrize("path", sorted(ROOT.glob("reports/tables/*/about.json")), ids=lambda path: path.parent.name)
def test_the_reference_keeps_to_its_schema(path, written):
    import jsonschema

    content = json.loads(path.read_text())
    schema = written | {"$ref": f"#/$defs/{ABOUT[content.get('study', 'segmentation')]}"}
    jsonschema.validate(content, schema)
    del content["label"]
    with pytest.raises(jsonschema.ValidationError, match="label"):
        jsonschema.validate(content, schema)
