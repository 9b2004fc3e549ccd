"""The command line: one verb a pipeline step, each a plain function with keyword arguments.

A path argument becomes a flag, a ``Section`` of params becomes one flag a field, so that a params key and its flag
are the same word. Help is read from the verb's source; its modules are imported only when it is called.
"""

import importlib
import sys
import types
import typing
from pathlib import Path
from typing import Any

import click
import yaml
from click.core import ParameterSource
from pydantic import ValidationError

from boardbench.errors import ADDRESSES, BoardbenchError, refused_by_machine, shown
from boardbench.params.section import Section, explain
from boardbench.signature import REQUIRED, Argument, signature_of
from boardbench.verbs import GROUPS, POSITIONAL, VERBS


def _from_yaml(_: click.Context, flag: click.Parameter, text: str | None) -> Any:
    try:
        return None if text is None else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise BoardbenchError(
            f"{flag.opts[0]} {shown(text)}: not a value as params.yaml has it ({reason}). Put a text in quotes."
        ) from None


def _help(field: Any) -> str:
    default = field.get_default()
    default = str(default) if isinstance(default, Path) else default
    default = yaml.safe_dump(default, default_flow_style=True).removesuffix("\n").removesuffix("\n...")
    return f"{field.description or ''} [default: {default}]"


def _options(argument: Argument, positional: bool = False) -> list[click.Parameter]:
    """Return the flags of one argument of a verb, or the argument itself where it is given without a flag."""
    name, annotation = argument.name, argument.annotation
    flag = f"--{name.replace('_', '-')}"
    required = argument.default is REQUIRED
    inner = typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [
            click.Option([f"--{key.replace('_', '-')}"], callback=_from_yaml, help=_help(field), metavar="VALUE")
            for key, field in annotation.model_fields.items()
        ]
    if isinstance(annotation, types.UnionType) and types.NoneType in inner:
        annotation = next(kind for kind in inner if kind is not types.NoneType)
    if annotation is bool:
        return [click.Option([flag], is_flag=True, default=argument.default, help=argument.help)]
    many = typing.get_origin(annotation) is list
    if many:
        annotation = typing.get_args(annotation)[0]
    kind = click.Path(path_type=Path) if annotation is Path else annotation
    if positional:
        default = {} if required or many else {"default": argument.default}
        return [click.Argument([name], type=kind, nargs=-1 if many else 1, required=required, **default)]
    optional = {} if required else {"default": argument.default}
    shown = not required and argument.default is not None and not many
    return [
        click.Option(
            [flag], type=kind, multiple=many, required=required, help=argument.help, show_default=shown, **optional
        )
    ]


def _call(address: str, arguments: list[Argument], given: dict[str, Any]) -> None:
    """Gather section flags into their sections, import the verb and call it."""
    values = {}
    for argument in arguments:
        name, section = argument.name, argument.annotation
        if isinstance(section, type) and issubclass(section, Section):
            # "null" is a value, a flag not given is none.
            source = click.get_current_context().get_parameter_source
            fields = {key: given[key] for key in section.model_fields if source(key) is ParameterSource.COMMANDLINE}
            try:
                values[name] = section.model_validate(fields)
            except ValidationError as error:
                raise BoardbenchError(explain(error, section, "command line")) from None
        else:
            values[name] = list(given[name]) if isinstance(given[name], tuple) else given[name]
    if address != VERBS["doctor"][0]:
        _say_limit()
    module, function = address.split(":")
    getattr(importlib.import_module(module), function)(**values)


def _say_limit() -> None:
    """Say where addresses are limited to less than training takes: some libraries crash then without a word."""
    from boardbench.limits import addresses as allowed

    addresses = allowed()
    if addresses is not None and addresses < ADDRESSES:
        click.echo(
            f"warning: 'ulimit -v' allows {addresses / 1e9:.1f} GB; what trains a network takes {ADDRESSES / 1e9:g} GB "
            "and may crash with less. 'boardbench doctor' looks at the rest.",
            err=True,
        )


class _Lazy(click.Group):
    """A group whose verbs are imported when they are asked for."""

    def __init__(self, prefix: str = "", **attributes: Any):
        super().__init__(**attributes)
        self.prefix, self._described = prefix, True

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
        return _command(verb, self._described)

    def resolve_command(self, context: click.Context, args: list[str]) -> tuple:
        """Remember whether help is asked for: to call a verb, its docstring need not be read."""
        self._described = "--help" in args
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [
            (name, VERBS[self.prefix + name][1] if self.prefix + name in VERBS else GROUPS[self.prefix + name])
            for name in self.list_commands(context)
        ]
        with formatter.section("Verbs"):
            formatter.write_dl(rows)


def _command(verb: str, described: bool = True) -> click.Command:
    address = VERBS[verb][0]
    signature = signature_of(address, described)
    options = [
        option
        for argument in signature.arguments
        for option in _options(argument, positional=POSITIONAL.get(verb) == argument.name)
    ]
    return click.Command(
        verb.split()[-1],
        params=options,
        callback=lambda **given: _call(address, signature.arguments, given),
        help=signature.text,
    )


def program() -> click.Group:
    """Return the whole command line."""
    group = _Lazy(name="boardbench", help="From raw line-scan captures to trained, costed networks.")
    return click.version_option(package_name="boardbench", message="%(package)s %(version)s")(group)


def main() -> None:
    """Run the command line; a BoardbenchError, and what the machine refuses, becomes one message and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a locale without UTF-8 has no sign for a µ
            stream.reconfigure(errors="backslashreplace")
    try:
        program()(prog_name="boardbench")
    except (BoardbenchError, OSError, MemoryError, RuntimeError, ImportError, UnicodeEncodeError) as error:
        message = str(error) if isinstance(error, BoardbenchError) else refused_by_machine(error)
        if message is None:
            raise
        click.secho("error: ", err=True, fg="red", nl=False)
        # A name on a foreign disk may hold what a terminal obeys.
        plain = (sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in message)
        click.echo("".join(plain), err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
