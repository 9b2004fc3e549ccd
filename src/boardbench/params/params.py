"""All of params.yaml."""

import json
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from boardbench.engine.address import StoreAddress
from boardbench.errors import BoardbenchError
from boardbench.files import write_text
from boardbench.params.classification import Classification
from boardbench.params.placement import Placement
from boardbench.params.section import Section, explain
from boardbench.params.segmentation import Segmentation


class Params(Section):
    """All of params.yaml."""

    studies: list[Literal["segmentation", "placement", "classification"]] = Field(
        ["segmentation", "placement", "classification"], min_length=1, description="what `snakemake` makes"
    )
    tracking: str = Field(
        "results/mlflow.db",
        min_length=1,
        description="MLflow store: an SQLite file, postgresql://USER@HOST/DATABASE, http://HOST:PORT, or $NAME of a "
        "variable that holds one, password and all",
    )
    segmentation: Segmentation = Segmentation()
    placement: Placement = Placement()
    classification: Classification = Classification()

    @model_validator(mode="after")
    def _store_is_known(self) -> Self:
        try:  # here and not of the field alone, whose errors show what was given
            StoreAddress(self.tracking)
        except BoardbenchError as error:
            raise ValueError(str(error)) from None
        return self

    @model_validator(mode="after")
    def _datasets_differ(self) -> Self:
        names = {"segmentation": self.segmentation.dataset}
        for study, dataset in (("placement", self.placement.dataset), ("classification", self.classification.dataset)):
            other = next((name for name, taken in names.items() if taken == dataset), None)
            if other:
                raise ValueError(
                    f"{study}.dataset: '{dataset}' names the tables of {other}.dataset too; give it another word"
                )
            names[study] = dataset
        return self


def load_params(config: dict[str, Any], where: str = "params.yaml") -> Params:
    """Check a parsed params.yaml (with its overlays merged).

    Raises:
        BoardbenchError: naming every unknown or ill-typed key, with the nearest right one.
    """
    try:
        return Params.model_validate(config)
    except ValidationError as error:
        raise BoardbenchError(explain(error, Params, where)) from None


def write_schema(*, out: Path = Path("workflow/params.schema.json")) -> None:
    """Write the JSON schema of params.yaml and its overlays, by which an editor completes and checks keys.

    Args:
        out: JSON file; the first line of params.yaml names it to the editor's YAML language server.
    """
    write_text(out, json.dumps(_untitled(Params.model_json_schema()), indent=1) + "\n")


def _untitled(schema: Any) -> Any:
    """Return a schema without pydantic's titles, which repeat the keys."""
    if isinstance(schema, dict):
        kept = {key: value for key, value in schema.items() if key != "title" or not isinstance(value, str)}
        return {key: _untitled(value) for key, value in kept.items()}
    return [_untitled(value) for value in schema] if isinstance(schema, list) else schema
