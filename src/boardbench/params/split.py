"""Knobs of the segmentation study's split: by scenes, and those that leak."""

from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from boardbench.params.section import Section

# Scene names may be bare numbers in YAML.
Scenes = list[Annotated[str, Field(coerce_numbers_to_str=True)]]


class Split(Section):
    """Which scenes train, validate and test; conditions of a scene always stay together."""

    protocol: Literal["grouped", "listed", "pcbvision"] = Field(
        "grouped", description="counts drawn by seed, lists, or PCB-Vision's own lists (18 / 3 / 30 boards by number)"
    )
    seed: int = Field(0, ge=0, description="grouped: order in which scenes are drawn")
    train: int | Scenes = Field(60, description="grouped: number of scenes; listed: their names")
    validation: int | Scenes = Field(3, description="grouped: number of scenes; listed: their names")
    test: int | Scenes = Field(12, description="grouped: number of scenes; listed: their names")
    file: Path | None = Field(None, description="listed: YAML file with the three lists, instead of them")

    @model_validator(mode="after")
    def _form_follows_protocol(self) -> Self:
        for part in ("train", "validation", "test"):
            value = getattr(self, part)
            drawn = self.protocol not in ("listed", "pcbvision")
            if drawn and (not isinstance(value, int) or value < 1):
                raise ValueError(f"{part}: protocol '{self.protocol}' wants a number of scenes >= 1, not {value!r}")
            if self.protocol == "listed" and self.file is None and not isinstance(value, list):
                raise ValueError(f"{part}: protocol 'listed' wants a list of scene names, not {value!r}")
        return self


Leaking = Literal["captures", "patches", "pixels"]


class Patches(Section):
    """Squares that overlap."""

    patch: int = Field(32, ge=1, le=16384, description="patches: pixels a side")
    stride: int = Field(16, ge=1, le=16384, description="patches: pixels from one to the next")


class Audit(Patches):
    """A split that leaks, made to measure by how much: the test part is taken from the scenes that train."""

    protocol: Leaking = Field(
        "pixels", description="other conditions of the same scenes, overlapping patches, or labelled pixels at random"
    )
    seed: int = Field(0, ge=0, description="draws of captures, patches or pixels")


class AuditedSplit(Split, Patches):
    """Which scenes train, validate and test; conditions of a scene always stay together, but in an audit."""

    protocol: Literal["grouped", "listed", "pcbvision", "captures", "patches", "pixels"] = Field(
        "grouped",
        description="counts drawn by seed, lists, or PCB-Vision's own lists (18 / 3 / 30 boards by number); captures, "
        "patches, pixels: drawn as grouped, but tested on the scenes that train, which leaks (audit)",
    )
    audit: bool = Field(False, description="allow protocols that leak, to measure what a leak is worth")
    compare: list[Leaking] = Field(
        [], description="protocols that leak, with which every network is trained side by side; none: protocol only"
    )

    @property
    def leaking(self) -> bool:
        """Whether training sees what is tested on."""
        return self.protocol in get_args(Leaking)

    @property
    def by_scene(self) -> Split:
        """The split by scenes that this one is, or that a leaking one is made of."""
        plain = {name: getattr(self, name) for name in Split.model_fields}
        return Split(**plain | ({"protocol": "grouped"} if self.leaking else {}))

    def audited(self, protocol: str) -> Audit:
        """Return what makes a leaking split of the one by scenes."""
        return Audit(protocol=protocol, seed=self.seed, patch=self.patch, stride=self.stride)

    @model_validator(mode="after")
    def _leaks_are_wanted(self) -> Self:
        leaking = {"protocol": [self.protocol] if self.leaking else [], "compare": self.compare}
        for key, names in leaking.items():
            if names and not self.audit:
                raise ValueError(
                    f"{key}: {', '.join(names)}: training would see what is tested on, and its scores would be worth "
                    "nothing as scores. Take protocol grouped; or set audit: true to measure what the leak is worth"
                )
        if self.leaking and self.compare:
            raise ValueError(f"compare: stands beside a split by scenes, but protocol is {self.protocol}; empty it")
        return self
