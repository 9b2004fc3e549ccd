"""The page of presets: what each is for and how it is run, from the comment at its head."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from sitegen.writing import joined, plain

FIRST = ("reference", "strategies", "pareto", "normalizations", "pcbvision", "cifar10", "paper", "tiny")
STUDIES = ("segmentation", "placement", "classification")


@dataclass(frozen=True)
class Preset:
    """A preset.

    Attributes:
        name: of its file, without the ending.
        text: the comment at its head.
        command: how it is run.
        datasets: that it makes.
    """

    name: str
    text: str
    command: str
    datasets: tuple[str, ...]


def presets(folder: Path) -> list[Preset]:
    """Return the presets of a folder by name, those of most use first."""
    files = sorted(folder.glob("*.yaml"), key=lambda path: (path.stem not in FIRST, path.stem))
    return [_read(path) for path in files]


def _read(path: Path) -> Preset:
    source = path.read_text(encoding="utf-8")
    head = []
    for line in source.splitlines()[1:]:
        if not line.startswith("#"):
            break
        head.append(line.removeprefix("#").strip())
    given = [line for line in head if line.startswith("snakemake ")]
    command = given[0] if given else f"snakemake --cores all --configfile workflow/presets/{path.name}"
    content = yaml.safe_load(source)
    named = [content[study]["dataset"] for study in STUDIES if "dataset" in (content.get(study) or {})]
    return Preset(path.stem, " ".join(line for line in head if line not in given), command, tuple(named))


def made_by(found: list[Preset], dataset: str) -> Preset | None:
    """Return the preset that makes a data set; None: params.yaml and reference.yaml name it."""
    return next((preset for preset in found if dataset in preset.datasets), None)


def page(folder: Path) -> str:
    """Return the page."""
    parts = [
        "# Presets",
        "A preset is an overlay on `params.yaml`: it names what it changes and leaves the rest. Several are given in "
        "turn; the last one wins. Times are those that the preset's author measured or reckoned.",
    ]
    for preset in presets(folder):
        parts += [f"## {preset.name}", plain(preset.text), f"```sh\n{preset.command}\n```"]
    return joined(*parts)
