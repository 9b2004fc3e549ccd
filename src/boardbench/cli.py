"""The command line: one verb a pipeline step, each a plain function with keyword arguments.

A path argument becomes a flag, a ``Section`` of params becomes one flag a field, so that a params key and its flag
are the same word. Modules are imported only when their verb is called.
"""

import importlib
import inspect
import re
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import yaml
from click.core import ParameterSource
from pydantic import ValidationError

from boardbench.errors import BoardbenchError
from boardbench.params.section import Section, explain

# verb -> (module:function, one line of help). "study verb" pairs belong to one study.
VERBS: dict[str, tuple[str, str]] = {
    "simulate": ("boardbench.simulate.captures:simulate", "Write the raw captures of one simulated board."),
    "indian-pines": ("boardbench.simulate.indian_pines:indian_pines", "Write Indian Pines as ENVI scenes."),
    "fetch pcbvision": (
        "boardbench.fetch.pcbvision:fetch",
        "Download, verify and unpack the published data set PCB-Vision.",
    ),
    "pcbvision": ("boardbench.captures.pcbvision:pcbvision", "Write the capture sheet of an unpacked PCB-Vision."),
    "sheet": ("boardbench.captures.sheet:write_sheet", "Write the sheet of the captures below a folder."),
    "reflectance": (
        "boardbench.captures.reflectance:reflectance",
        "Turn one capture into reflectance at working size.",
    ),
    "sensor": ("boardbench.captures.sensor:sensor", "Characterise a camera from white and dark references."),
    "segmentation split": (
        "boardbench.segmentation.split:split",
        "Assign scenes to train, validation and test.",
    ),
    "segmentation augmentation": (
        "boardbench.segmentation.augmentation:augmentation",
        "Write the plan of training samples.",
    ),
    "segmentation normalization": (
        "boardbench.segmentation.normalization.fit:normalization",
        "Measure what brings the bands to one scale.",
    ),
    "segmentation reduction": (
        "boardbench.segmentation.reduction.fit:reduction",
        "Fit a reduction (PCA) on the training part.",
    ),
    "segmentation train": ("boardbench.segmentation.training:train", "Train one backbone x strategy x seed."),
    "segmentation evaluate": ("boardbench.segmentation.evaluation:evaluate", "Score a run on the test part."),
    "segmentation floor": (
        "boardbench.segmentation.floors:floor",
        "Fit and score a rival without a network.",
    ),
    "segmentation prune": ("boardbench.segmentation.pruning:prune", "Prune a trained run and train it on."),
    "segmentation mirror": ("boardbench.segmentation.evaluation:mirror", "Show the scores of runs in MLflow."),
    "segmentation complexity": (
        "boardbench.segmentation.complexity:complexity",
        "Count operations, parameters and memory.",
    ),
    "segmentation latency": (
        "boardbench.segmentation.latency:latency",
        "Time the counted networks on this machine.",
    ),
    "segmentation sensor": (
        "boardbench.report.segmentation.camera:sensor",
        "Put the simulated camera beside a real one.",
    ),
    "segmentation tables": ("boardbench.report.segmentation.tables:tables", "Put runs beside the published numbers."),
    "segmentation figures": (
        "boardbench.report.segmentation.figures:figures",
        "Draw curves, scores and a few predictions.",
    ),
    "segmentation pareto": (
        "boardbench.segmentation.pareto:pareto",
        "Time exported models side by side on this machine.",
    ),
    "segmentation export": (
        "boardbench.segmentation.export:export",
        "Write a trained run as ONNX files, from raw counts to classes.",
    ),
    "photos": ("boardbench.simulate.photos:photos", "Render photos of simulated boards."),
    "placement split": ("boardbench.placement.split:split", "Assign photos to training and test."),
    "placement samples": (
        "boardbench.placement.samples:samples",
        "Make images of displaced chips out of photos.",
    ),
    "placement features": (
        "boardbench.placement.features:features",
        "Take MobileNetV2's features from weights, and compute frozen ones once.",
    ),
    "placement train": ("boardbench.placement.training:train", "Train one features x loss x seed."),
    "placement evaluate": ("boardbench.placement.evaluation:evaluate", "Score a run on images it has not seen."),
    "placement floor": ("boardbench.placement.floors:floor", "Fit and score a rival without a network."),
    "placement mirror": ("boardbench.placement.evaluation:mirror", "Show the scores of runs in MLflow."),
    "placement complexity": (
        "boardbench.placement.complexity:complexity",
        "Count operations, parameters and memory.",
    ),
    "placement export": (
        "boardbench.placement.export:export",
        "Write a trained run as ONNX files, from photo to corners.",
    ),
    "placement latency": ("boardbench.placement.latency:latency", "Time inspections on this machine."),
    "placement tables": ("boardbench.report.placement.tables:tables", "Put the runs in tables."),
    "placement figures": (
        "boardbench.report.placement.figures:figures",
        "Draw curves, errors and a few pictures.",
    ),
    "classification samples": (
        "boardbench.classification.samples:samples",
        "Read CIFAR-10, CIFAR-100, parquet files or the embedded digits.",
    ),
    "classification baseline": (
        "boardbench.classification.baselines:baseline",
        "Classify by the nearest images or mean images.",
    ),
    "classification scratch": ("boardbench.classification.scratch.run:scratch", "Train one network in NumPy alone."),
    "classification train": (
        "boardbench.classification.training:train",
        "Train one network in PyTorch, and score it.",
    ),
    "classification prune": (
        "boardbench.classification.pruning:prune",
        "Prune a trained network and train it on.",
    ),
    "classification complexity": (
        "boardbench.classification.complexity:complexity",
        "Count parameters and operations of trained networks.",
    ),
    "classification latency": (
        "boardbench.classification.latency:latency",
        "Time trained networks side by side on this machine.",
    ),
    "classification export": (
        "boardbench.classification.export:export",
        "Write a trained network as ONNX files, from images to classes.",
    ),
    "classification mirror": ("boardbench.classification.evaluation:mirror", "Show the scores of runs in MLflow."),
    "classification tables": (
        "boardbench.report.classification.tables:tables",
        "Put runs beside the published numbers.",
    ),
    "classification figures": (
        "boardbench.report.classification.figures:figures",
        "Draw the images, loss curves and confusions.",
    ),
    "export": ("boardbench.export:export", "Write a trained run of any study as ONNX files."),
    "prune": ("boardbench.prune:prune", "Prune a trained run of any study and train it on."),
    "bench epoch": ("boardbench.classification.epoch:epoch", "Time a training epoch of networks on this machine."),
    "inspect": (
        "boardbench.placement.prediction:inspect",
        "Say whether the chip sits right on photos of boards.",
    ),
    "predict": (
        "boardbench.segmentation.prediction:predict",
        "Map the components on captures, with a run or an ONNX file.",
    ),
    "stream": (
        "boardbench.stream.stream:stream",
        "Map the components on a running line-scan stream.",
    ),
    "publish": (
        "boardbench.report.publish:publish",
        "Copy tables and figures to results/report/ and write the page.",
    ),
    "ledger": ("boardbench.report.ledger.ledger:ledger", "Put every published number beside ours, with a verdict."),
    "ui": ("boardbench.engine.tracking:ui", "Open the MLflow UI on results/mlflow.db."),
}

# Arguments that a person gives without a flag.
POSITIONAL = {"predict": "captures", "stream": "source", "inspect": "photos"}

GROUPS = {
    "segmentation": "Steps of the segmentation study.",
    "placement": "Steps of the placement study.",
    "classification": "Steps of the classification study.",
    "fetch": "Download a published data set.",
    "bench": "Measure this machine.",
}


def _from_yaml(_: click.Context, __: click.Parameter, text: str | None) -> Any:
    return None if text is None else yaml.safe_load(text)


def _help(field: Any) -> str:
    default = field.get_default()
    default = str(default) if isinstance(default, Path) else default
    default = yaml.safe_dump(default, default_flow_style=True).removesuffix("\n").removesuffix("\n...")
    return f"{field.description or ''} [default: {default}]"


def _told(function: Callable) -> dict[str, str]:
    """Return what a docstring's Args say of each argument."""
    block = re.search(r"\n\s*Args:\n(.*?)(?=\n\S|\Z)", inspect.getdoc(function) or "", re.DOTALL)
    found = re.findall(r"^    (\w+): (.*?)(?=^    \w|\Z)", block[1] + "\n" if block else "", re.DOTALL | re.MULTILINE)
    return {name: " ".join(text.replace("``", "").split()) for name, text in found}


def _options(
    name: str, annotation: Any, default: Any, text: str | None = None, positional: bool = False
) -> list[click.Parameter]:
    """Return the flags of one function argument, or the argument itself where it is given without a flag."""
    flag = f"--{name.replace('_', '-')}"
    required = default is inspect.Parameter.empty
    inner = typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [
            click.Option([f"--{key.replace('_', '-')}"], callback=_from_yaml, help=_help(field), metavar="VALUE")
            for key, field in annotation.model_fields.items()
        ]
    if isinstance(annotation, types.UnionType) and types.NoneType in inner:
        annotation = next(kind for kind in inner if kind is not types.NoneType)
    if annotation is bool:
        return [click.Option([flag], is_flag=True, default=default, help=text)]
    many = typing.get_origin(annotation) is list
    if many:
        annotation = typing.get_args(annotation)[0]
    kind = click.Path(path_type=Path) if annotation is Path else annotation
    if positional:
        return [click.Argument([name], type=kind, nargs=-1 if many else 1, required=required)]
    optional = {} if required else {"default": default}
    shown = default is not None and not many
    return [
        click.Option([flag], type=kind, multiple=many, required=required, help=text, show_default=shown, **optional)
    ]


def _call(function: Callable, given: dict[str, Any]) -> None:
    """Gather section flags into their sections and call the verb."""
    arguments = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if isinstance(parameter.annotation, type) and issubclass(parameter.annotation, Section):
            section = parameter.annotation
            # "null" is a value, a flag not given is none.
            source = click.get_current_context().get_parameter_source
            values = {key: given[key] for key in section.model_fields if source(key) is ParameterSource.COMMANDLINE}
            try:
                arguments[name] = section.model_validate(values)
            except ValidationError as error:
                raise BoardbenchError(explain(error, section, "command line")) from None
        else:
            value = given[name]
            arguments[name] = list(value) if isinstance(value, tuple) else value
    function(**arguments)


class _Lazy(click.Group):
    """A group whose verbs are imported when they are asked for."""

    def __init__(self, prefix: str = "", **attributes: Any):
        super().__init__(**attributes)
        self.prefix = prefix

    def list_commands(self, _: click.Context) -> list[str]:
        words = [verb.removeprefix(self.prefix) for verb in VERBS if verb.startswith(self.prefix)]
        return list(dict.fromkeys(word.split()[0] for word in words))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        verb = self.prefix + name
        if verb not in VERBS:
            if any(known.startswith(verb + " ") for known in VERBS):
                return _Lazy(prefix=verb + " ", name=name, help=GROUPS[verb])
            return None
        if context.command_path and context.resilient_parsing:
            return click.Command(name, short_help=VERBS[verb][1])
        return _command(verb)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [
            (name, VERBS[self.prefix + name][1] if self.prefix + name in VERBS else GROUPS[self.prefix + name])
            for name in self.list_commands(context)
        ]
        with formatter.section("Verbs"):
            formatter.write_dl(rows)


def _command(verb: str) -> click.Command:
    module, function_name = VERBS[verb][0].split(":")
    function = getattr(importlib.import_module(module), function_name)
    told = _told(function)
    options = [
        option
        for name, parameter in inspect.signature(function).parameters.items()
        for option in _options(
            name, parameter.annotation, parameter.default, told.get(name), positional=POSITIONAL.get(verb) == name
        )
    ]
    text = re.split(r"\n\s*(?:Args|Raises|Returns):", inspect.getdoc(function) or "")[0]
    return click.Command(verb.split()[-1], params=options, callback=lambda **given: _call(function, given), help=text)


def main() -> None:
    """Run the command line; a BoardbenchError becomes one message and exit code 1."""
    try:
        _Lazy(name="boardbench", help="From raw line-scan captures to trained, costed networks.")()
    except BoardbenchError as error:
        click.secho("error: ", err=True, fg="red", nl=False)
        click.echo(str(error), err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
