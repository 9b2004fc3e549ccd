"""Knobs of pruning, the same for every study whose runs can be pruned."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from boardbench.params.section import Fraction, Loop, Name

Ratio = Annotated[float, Field(gt=0, lt=1)]


class Pruning(Loop):
    """How a trained network is pruned, and trained on afterwards."""

    method: Literal["structured", "unstructured"] = Field(
        "structured", description="whole channels, or single weights set to zero (paper 3)"
    )
    ratio: Ratio | None = Field(
        0.5,
        description="share of the GMACs removed, or of the weights zeroed; null: unstructured, the largest of ratios",
    )
    multiple: int = Field(
        16, ge=1, description="structured: of channels that a layer keeps; 16 suits AVX-512, 8 AVX2, 1: any number"
    )
    ratios: list[Ratio] = Field(
        [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95], min_length=1, description="shares tried where ratio is null"
    )
    tolerance: Fraction = Field(
        0.01, description="of the validation score, which a share tried may lose before it is trained on"
    )
    epochs: int = Field(20, ge=1, description="of training on, at most; 20 in paper 3")
    batch_size: int = Field(64, ge=1, description="samples a step")
    learning_rate: float = Field(0.001, gt=0, description="at the start; of one_cycle the highest")
    patience: int = Field(20, ge=1, description="epochs without improvement before stopping")

    @model_validator(mode="after")
    def _structured_needs_a_ratio(self) -> Self:
        if self.method == "structured" and self.ratio is None:
            raise ValueError("ratio: null is for method 'unstructured'; give the share of GMACs to remove, such as 0.5")
        return self


class NamedPruning(Pruning):
    """A pruning, the name that tables know it by, and the runs that it is for."""

    name: Name = Field(description="of the pruning")
    runs: list[str] = Field([], description="names of the runs; none: all")


def check_names(prunings: list[NamedPruning], runs: list[str] | None, key: str) -> None:
    """Refuse two prunings of one name, and runs that there are not.

    Args:
        prunings: to check.
        runs: names of all runs; None: not checked here.
        key: params key of the prunings, for messages.

    Raises:
        ValueError: naming the pruning.
    """
    names = [pruning.name for pruning in prunings]
    for pruning in prunings:
        if names.count(pruning.name) > 1:
            raise ValueError(f"{key}: two are called '{pruning.name}'; give each a name of its own")
        for run in pruning.runs:
            if runs is not None and run not in runs:
                raise ValueError(f"{key}, {pruning.name}, runs: there is no run '{run}'; valid: {', '.join(runs)}")
