"""The command line: one verb a pipeline step, each a plain function with keyword arguments.

A path argument becomes a flag, a ``Section`` of params becomes one flag a field, so that a params key and its flag
are the same word. Help is read from the verb's source; its modules are imported only when it is called.
"""

import contextlib
import importlib
import os
import sys
import textwrap
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import yaml
from click.core import ParameterSource
from click.shell_completion import CompletionItem
from pydantic import ValidationError

from boardbench import choices
from boardbench.errors import ADDRESSES, BoardbenchError, refused_by_machine, shown
from boardbench.examples import EXAMPLES
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


def _help(field: Any, valid: list[str]) -> str:
    default = field.get_default()
    default = str(default) if isinstance(default, Path) else default
    default = yaml.safe_dump(default, default_flow_style=True).removesuffix("\n").removesuffix("\n...")
    return f"{_listed(field.description or '', valid)} [default: {default}]"


def _listed(text: str, valid: list[str]) -> str:
    """Return a flag's help with its values; a flag that the text explains by all of them needs no list."""
    return f"{text} [choices: {', '.join(valid)}]" if valid and not all(value in text for value in valid) else text


def _completing(valid: list[str]) -> dict[str, Any]:
    """Return what makes a shell complete the values of a parameter; files, by its type, where none are listed."""
    if not valid:
        return {}
    return {
        "shell_complete": lambda context, parameter, begun: [
            CompletionItem(value) for value in valid if value.startswith(begun)
        ]
    }


def _options(verb: str, argument: Argument, described: bool) -> list[click.Parameter]:
    """Return the flags of one argument of a verb, or the argument itself where it is given without a flag.

    Args:
        verb: whose.
        argument: of its function.
        described: list the values of flags, too, which calling a verb needs not.
    """
    name, annotation = argument.name, argument.annotation
    flag = f"--{name.replace('_', '-')}"
    required = argument.default is REQUIRED
    inner = typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [_field(key, field, described) for key, field in annotation.model_fields.items()]
    valid = choices.of_argument(verb, name) or choices.of_annotation(annotation) if described else []
    if isinstance(annotation, types.UnionType) and types.NoneType in inner:
        annotation = next(kind for kind in inner if kind is not types.NoneType)
    if annotation is bool:
        return [click.Option([flag], is_flag=True, default=argument.default, help=argument.help)]
    many = typing.get_origin(annotation) is list
    if many:
        annotation = typing.get_args(annotation)[0]
    kind = click.Path(path_type=Path) if annotation is Path else annotation
    if POSITIONAL.get(verb) == name:
        default = {} if required or many else {"default": argument.default}
        return [click.Argument([name], type=kind, nargs=-1 if many else 1, required=required, **default)]
    optional = {} if required else {"default": argument.default}
    shown = not required and argument.default is not None and not many
    return [
        click.Option(
            [flag],
            type=kind,
            multiple=many,
            required=required,
            help=_listed(argument.help, valid),
            show_default=shown,
            **optional,
            **_completing(valid),
        )
    ]


def _field(key: str, field: Any, described: bool) -> click.Option:
    """Return the flag of a key of params."""
    valid = choices.of_annotation(field.annotation) if described else []
    flag, shown = f"--{key.replace('_', '-')}", _help(field, valid) if described else None
    return click.Option([flag], callback=_from_yaml, help=shown, metavar="VALUE", **_completing(valid))


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
    # A verb that has its own 'quiet' says less elsewhere, too: on standard error, or in programs that it calls.
    quiet = given["quiet"] and not given.get("json")
    with contextlib.ExitStack() as stack:
        if quiet:
            nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
        _imported(address)(**values)


def _imported(address: str) -> Callable[..., None]:
    module, function = address.split(":")
    return getattr(importlib.import_module(module), function)


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
        return _command(verb, self._described)

    def resolve_command(self, context: click.Context, args: list[str]) -> tuple:
        """Remember whether help is asked for: to call a verb, its docstring need not be read."""
        self._described = "--help" in args or context.resilient_parsing
        return super().resolve_command(context, args)

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a verb by its line of help, without reading any."""
        rows = [
            CompletionItem(name, help=text) for name, text in self._rows(context) if name.startswith(incomplete.lower())
        ]
        return [*rows, *click.Command.shell_complete(self, context, incomplete)]

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(self._rows(context))

    def _rows(self, context: click.Context) -> list[tuple[str, str]]:
        """Return the verbs and groups here, each with what it does in a line."""
        names = [(name, self.prefix + name) for name in self.list_commands(context)]
        return [(name, VERBS[verb][1] if verb in VERBS else GROUPS[verb]) for name, verb in names]


def _command(verb: str, described: bool = True) -> click.Command:
    address = VERBS[verb][0]
    signature = signature_of(address, described)
    options = [option for argument in signature.arguments for option in _options(verb, argument, described)]
    # A flag that is a key of params, too, is both.
    options = list({option.name: option for option in reversed(options)}.values())[::-1]
    if "quiet" not in [argument.name for argument in signature.arguments]:
        options.append(click.Option(["--quiet"], is_flag=True, help="say nothing but errors, and what --json asks for"))
    return click.Command(
        verb.split()[-1],
        params=options,
        callback=lambda **given: _call(address, signature.arguments, given),
        help=signature.text,
        epilog=_example(verb) if described and verb in EXAMPLES else None,
    )


def _example(verb: str) -> str:
    """Return the example of a verb, in lines that a shell takes as they are; by its first, click leaves them alone."""
    lines = textwrap.wrap(f"boardbench {verb} {EXAMPLES[verb]}", 96, break_long_words=False, break_on_hyphens=False)
    return "\b\nExample:\n  " + " \\\n    ".join(lines)


def program() -> click.Group:
    """Return the whole command line."""
    text = "From raw line-scan captures to trained, costed networks. 'boardbench demo' shows it in some seconds."
    group = _Lazy(name="boardbench", help=text)
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
