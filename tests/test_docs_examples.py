"""The commands and the code that README and documentation show exist and run."""

import re
import shlex
from pathlib import Path

import click
import pytest

from boardbench.cli import program

ROOT = Path(__file__).parents[1]
WITH_COMMANDS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands():
    """Yield (page, words) of every command that README, CONTRIBUTING and docs show."""
    for path in WITH_COMMANDS:
        text = path.read_text(encoding="utf-8")
        shown = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ").splitlines()
        shown += re.findall(
            r"`((?:boardbench|make|snakemake) [^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        )
        for line in shown:
            words = shlex.split(line, comments=True)
            if words:
                yield path.name, words


def test_every_command_that_is_shown_exists():
    from snakemake.cli import get_argument_parser

    seen, known = [], set(get_argument_parser()._option_string_actions)
    for page, words in commands():
        said = f"{page}: {' '.join(words)}"
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), said
        elif words[0] == "boardbench" and words[1] != words[1].upper():
            check_verb(words[1:], said)
        elif words[0] == "snakemake":
            assert {word for word in words if word.startswith("--")} <= known, said
            for word in words:
                assert not word.startswith(("workflow/", "profiles/")) or (ROOT / word).exists(), said
        elif words[:2] == ["python", "benchmarks/run.py"]:
            assert (ROOT / words[1]).is_file(), said
        elif words[:2] == ["pip", "install"]:
            for extra in re.findall(r"boardbench\[(\w+)\]", said):
                assert re.search(rf"^{extra} = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE), said
        else:
            continue
        seen.append(words[0])
    assert len(seen) > 60


def check_verb(words, said):
    """Check that the words are a verb with flags that it has."""
    command, context = program(), click.Context(program(), info_name="boardbench")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command = command.get_command(context, words[0])
        assert command is not None, said
        context, words = click.Context(command, info_name=words[0], parent=context), words[1:]
    known = {name for option in command.params for name in option.opts} | {"--help", "--version"}
    assert {word for word in words if word.startswith("--")} <= known, said


def test_the_example_of_a_strategy_is_linear3():
    from boardbench.segmentation import reduction

    names = example("STRATEGY = ")
    assert str(names["STRATEGY"].encoder(214)) == str(reduction.get("linear3").encoder(214))


def test_the_example_of_a_backbone_is_one():
    import torch

    backbone = example("BACKBONE = ")["BACKBONE"]
    network, size = backbone(5, 3, width=4).eval(), (backbone.stride, 3 * backbone.stride)
    assert network(torch.zeros(1, 5, *size)).shape == (1, 3, *size)


def example(ending):
    """Run the example of docs/extending.md that has a line which begins so, and return its names."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/extending.md").read_text(), re.DOTALL)
    (source,) = [block for block in blocks if f"\n{ending}" in block]
    names = {}
    exec(source, names)
    return names


@pytest.mark.slow
@pytest.mark.service
def test_the_notebook_runs():
    import nbformat
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    path = ROOT / "docs/notebook.ipynb"
    book = nbformat.read(path, as_version=4)
    shown = [[output.output_type for output in cell.get("outputs", [])] for cell in book.cells]
    # A socket in the file system: nothing listens on the network.
    manager = AsyncKernelManager(kernel_name="python3", transport="ipc")
    NotebookClient(book, km=manager, timeout=300).execute()
    assert [[output.output_type for output in cell.get("outputs", [])] for cell in book.cells] == shown
    assert float(re.search(r"mean IoU (\d\.\d\d)", str(book.cells))[1]) > 0.3
