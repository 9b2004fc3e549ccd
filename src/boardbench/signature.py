"""What a verb takes, read from its source file, so that its help needs none of the verb's imports."""

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import griffe

REQUIRED = object()


@dataclass(frozen=True)
class Argument:
    """One argument of a verb.

    Attributes:
        name: of the argument.
        annotation: its type.
        default: value where it is not given; REQUIRED: none.
        help: what the docstring says of it.
    """

    name: str
    annotation: Any
    default: Any
    help: str


@dataclass(frozen=True)
class Signature:
    """A verb without its code.

    Attributes:
        text: what it does.
        arguments: in order.
    """

    text: str
    arguments: list[Argument]


def signature_of(address: str) -> Signature:
    """Read a function's signature and docstring (Google style) from its source.

    Args:
        address: ``module:function``.
    """
    module_name, function_name = address.split(":")
    module = _read(module_name)
    function, names = module[function_name], _Names(module)
    sections = function.docstring.parse("google") if function.docstring else []
    texts = [section.value for section in sections if section.kind is griffe.DocstringSectionKind.text]
    told = {
        argument.name: " ".join(argument.description.replace("``", "").split())
        for section in sections
        if section.kind is griffe.DocstringSectionKind.parameters
        for argument in section.value
    }
    arguments = [
        Argument(
            name=parameter.name,
            annotation=_value(parameter.annotation, names),
            default=REQUIRED if parameter.default is None else _value(parameter.default, names),
            help=told.get(parameter.name, ""),
        )
        for parameter in function.parameters
    ]
    return Signature("\n\n".join(texts), arguments)


def _file(module: str) -> Path:
    """Return a module's source file; its parent packages stay unimported."""
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    if not rest:
        return Path(spec.origin)
    path = Path(spec.submodule_search_locations[0], *rest)
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _read(module: str) -> griffe.Module:
    file = _file(module)
    return griffe.visit(module, filepath=file, code=file.read_text(encoding="utf-8"))


def _value(expression: Any, names: "_Names") -> Any:
    """Return the value of an annotation or a default."""
    return eval(str(expression), {}, names)


class _Names(dict):
    """The names of a module: constants as their source has them, others imported; builtins are left to ``eval``."""

    def __init__(self, module: griffe.Module):
        super().__init__()
        self._module = module

    def __missing__(self, name: str) -> Any:
        member = self._module.members.get(name)
        if member is None:
            raise KeyError(name)
        if member.is_alias:
            module, _, attribute = member.target_path.rpartition(".")
            own = module.split(".")[0] == self._module.path.split(".")[0]
            return _Names(_read(module))[attribute] if own else getattr(importlib.import_module(module), attribute)
        if member.is_attribute:
            return _value(member.value, self)
        return getattr(importlib.import_module(self._module.path), name)
