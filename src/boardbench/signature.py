"""What a verb takes, read from its source file, so that its help needs none of the verb's imports."""

import ast
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def signature_of(address: str, described: bool = True) -> Signature:
    """Read a function's keyword arguments and its docstring (Google style) from its source.

    Args:
        address: ``module:function``.
        described: read the docstring, too.
    """
    module, name = address.split(":")
    tree = _tree(module)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    text, told = _described(ast.get_docstring(function) or "") if described else ("", {})
    names, given = _Names(module, tree), function.args
    arguments = [
        Argument(
            name=argument.arg,
            annotation=_value(argument.annotation, names),
            default=REQUIRED if default is None else _value(default, names),
            help=told.get(argument.arg, ""),
        )
        for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    return Signature(text, arguments)


def _described(docstring: str) -> tuple[str, dict[str, str]]:
    """Return a docstring's text, and what it says of each argument."""
    import griffe  # 60 ms that only help needs

    sections, kinds = griffe.Docstring(docstring).parse("google", warnings=False), griffe.DocstringSectionKind
    text = "\n\n".join(section.value for section in sections if section.kind is kinds.text)
    arguments = [one for section in sections if section.kind is kinds.parameters for one in section.value]
    return text, {one.name: " ".join(one.description.replace("``", "").split()) for one in arguments}


def _tree(module: str) -> ast.Module:
    """Parse a module's source; its parent packages stay unimported."""
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    file = Path(spec.submodule_search_locations[0], *rest) if rest else Path(spec.origin)
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


def _value(expression: ast.expr, names: "_Names") -> Any:
    """Return the value of an annotation or a default."""
    return eval(compile(ast.Expression(expression), "<signature>", "eval"), {}, names)


class _Names(dict):
    """The names of a module: constants as their source has them, others imported; builtins are left to ``eval``."""

    def __init__(self, module: str, tree: ast.Module):
        super().__init__()
        self._module, self._tree = module, tree

    def __missing__(self, name: str) -> Any:
        for node in self._tree.body:
            if isinstance(node, ast.ImportFrom) and name in [alias.asname or alias.name for alias in node.names]:
                imported = next(alias.name for alias in node.names if (alias.asname or alias.name) == name)
                own = node.module.split(".")[0] == self._module.split(".")[0]
                if own:
                    return _Names(node.module, _tree(node.module))[imported]
                return getattr(importlib.import_module(node.module), imported)
            if isinstance(node, ast.Assign) and name in [ast.unparse(target) for target in node.targets]:
                return _value(node.value, self)
            if isinstance(node, ast.ClassDef) and node.name == name:
                return getattr(importlib.import_module(self._module), name)
        raise KeyError(name)
