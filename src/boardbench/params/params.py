"""All of params.yaml."""

from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from boardbench.errors import BoardbenchError
from boardbench.params.placement import Placement
from boardbench.params.section import Section, explain
from boardbench.params.segmentation import Segmentation


class Params(Section):
    """All of params.yaml."""

    studies: list[Literal["segmentation", "placement"]] = Field(
        ["segmentation", "placement"], min_length=1, description="what `snakemake` makes"
    )
    segmentation: Segmentation = Segmentation()
    placement: Placement = Placement()

    @model_validator(mode="after")
    def _datasets_differ(self) -> Self:
        if self.placement.dataset == self.segmentation.dataset:
            raise ValueError(
                f"placement.dataset: '{self.placement.dataset}' names the tables of segmentation.dataset too; "
                "give it another word"
            )
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
