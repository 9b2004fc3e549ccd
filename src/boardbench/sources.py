"""Which source files a pipeline step runs: its module and all it imports from this package.

Snakemake does not look into ``boardbench VERB``, so each rule lists these files as inputs; an edit then reruns
exactly the steps that depend on it. ``cli.py`` is left out: it only carries arguments to a step.
"""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


def _file(module: str) -> Path | None:
    """Return the file of a module of this package, or None for anything else."""
    if module.split(".")[0] != PACKAGE.name:
        return None
    path = PACKAGE.parent.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _imports(module: str) -> tuple[str, ...]:
    """Return every module of this package that ``module`` imports, at any depth of its code."""
    found = []
    for node in ast.walk(ast.parse(_file(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    parents = module.split(".")
    found += [".".join(parents[:depth]) for depth in range(1, len(parents))]
    return tuple(name for name in dict.fromkeys(found) if _file(name))


def sources(*modules: str) -> list[str]:
    """Return the source files (relative to the working directory where possible) behind ``modules``.

    Raises:
        ValueError: for a module that does not exist.
    """
    todo, seen = list(modules), {}
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        file = _file(module)
        if file is None:
            raise ValueError(f"no module {module} in {PACKAGE.name}")
        seen[module] = file
        todo += _imports(module)
    here = Path.cwd()
    files = {file.relative_to(here) if file.is_relative_to(here) else file for file in seen.values()}
    return sorted(str(file) for file in files)
