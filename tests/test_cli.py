"""The command line: params keys are flags, mistakes are one message."""

import os
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from boardbench import cli
from boardbench.params.section import Section
from boardbench.params.split import Split


class Knobs(Section):
    count: int = 3
    size: int | None = 5
    weights: list[float] | None = None


seen = {}


def step(*, out: Path, names: list[str], note: Path | None = None, often: bool = False, params: Knobs) -> None:
    """Do a step."""
    seen.update(locals())


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setitem(cli.VERBS, "step", (f"{__name__}:step", "Do a step."))
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    return lambda *words: CliRunner().invoke(cli.program(), ["step", *words], catch_exceptions=False)


def test_arguments_arrive_with_their_types(run):
    words = [
        "--out",
        "a/b",
        "--names",
        "x",
        "--names",
        "y",
        "--weights",
        "[0.5, 1]",
        "--count",
        "7",
        "--often",
    ]
    assert run(*words).exit_code == 0
    assert seen["out"] == Path("a/b")
    assert seen["names"] == ["x", "y"]
    assert seen["note"] is None
    assert seen["often"] is True
    assert seen["params"] == Knobs(count=7, weights=[0.5, 1.0])


def test_a_section_not_given_keeps_its_defaults(run):
    assert run("--out", "a", "--names", "x").exit_code == 0
    assert seen["params"] == Knobs()


def test_null_is_a_value(run):
    assert run("--out", "a", "--names", "x", "--size", "null").exit_code == 0
    assert seen["params"] == Knobs(size=None)


def test_a_wrong_value_names_its_flag(run):
    from boardbench.errors import BoardbenchError

    with pytest.raises(BoardbenchError, match=r"count.*integer"):
        run("--out", "a", "--names", "x", "--count", "many")


def test_a_missing_argument_is_asked_for(run):
    assert "Missing option '--out'" in run("--names", "x").output


def test_every_verb_exists_and_has_help():
    for verb in cli.VERBS:
        command = cli._command(verb)
        assert command.help, verb
        assert all(option.name for option in command.params), verb


def test_flags_are_the_keys_of_params():
    options = {option.opts[0] for option in cli._command("segmentation split").params}
    assert {f"--{key}" for key in Split.model_fields} <= options


def test_a_users_mistake_is_one_message_and_no_traceback(tmp_path):
    command = [
        sys.executable,
        "-m",
        "boardbench.cli",
        "segmentation",
        "split",
        "--sheet",
        str(tmp_path / "no.csv"),
    ]
    answer = subprocess.run([*command, "--out", str(tmp_path / "s.csv")], capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")
    assert "no.csv" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_no_verbs_help_imports_anything_heavy():
    code = (
        "import sys; from boardbench import cli; [cli._command(verb) for verb in cli.VERBS]; "
        "print({'torch', 'sklearn', 'pandas', 'mlflow', 'scipy'} & sys.modules.keys())"
    )
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "set()"


def test_every_flag_of_a_verb_that_a_person_calls_is_explained():
    for verb in (
        "predict",
        "stream",
        "reference",
        "inspect",
        "check",
        "new",
        "export",
        "prune",
        "publish",
        "verify",
        "machines",
        "ui",
    ):
        flags = [flag for flag in cli._command(verb).params if isinstance(flag, click.Option)]
        assert [flag.name for flag in flags if not flag.help] == [], verb


def test_without_a_verb_the_verbs_are_shown_in_the_order_of_the_pipeline():
    shown = CliRunner().invoke(cli.program(), []).output
    verbs = ["simulate", "reflectance", "segmentation", "placement", "classification", "predict", "publish", "verify"]
    lines = [line.split()[0] for line in shown.splitlines() if line.startswith("  ")]
    assert [word for word in lines if word in verbs] == verbs


@pytest.mark.parametrize("verb", sorted(cli.VERBS))
def test_every_verb_has_an_example_that_it_takes(verb, monkeypatch):
    called = []
    monkeypatch.setattr(cli, "_imported", lambda address: lambda **given: called.append(address))
    words = [*verb.split(), *shlex.split(cli.EXAMPLES[verb])]
    answer = CliRunner().invoke(cli.program(), words, catch_exceptions=False)
    assert (answer.exit_code, called) == (0, [cli.VERBS[verb][0]]), answer.output
    shown = CliRunner().invoke(cli.program(), [*verb.split(), "--help"]).output
    example = shown.split("Example:\n")[1].replace("\\\n", " ")
    assert shlex.split(example) == ["boardbench", *words]
    assert max(map(len, shown.splitlines())) < 140


def test_examples_are_of_verbs():
    assert cli.EXAMPLES.keys() == cli.VERBS.keys()


def test_values_of_flags_are_shown_and_completed():
    def flags(verb):
        return {flag.name: flag for flag in cli._command(verb).params}

    def completed(flag, begun=""):
        return [item.value for item in flag.shell_complete(click.Context(click.Command("x")), begun)]

    training = flags("segmentation train")
    assert "[choices: adam, sgd, adadelta]" in training["optimizer"].help
    assert completed(training["optimizer"], "ad") == ["adam", "adadelta"]
    assert completed(training["backbone"], "res") == ["resunet"]
    assert "scrb" in completed(training["strategy"]) and "unet" in training["backbone"].help
    assert completed(flags("export")["precisions"]) == ["float32", "int8"]
    assert (
        completed(flags("export")["runtimes"]) == completed(flags("predict")["runtime"]) == ["onnxruntime", "openvino"]
    )
    assert completed(flags("export")["size"]) == ["any"] and completed(flags("photos")["size"]) == []
    assert completed(flags("placement complexity")["size"]) == []
    assert completed(flags("segmentation baseline")["name"]) == ["majority", "spectral_angle", "lda"]
    assert "tiny" in completed(flags("run")["preset"])
    assert "[choices" not in flags("predict")["out"].help


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("boardbench segmentation tr", "train"),
        ("boardbench pred", "predict"),
        ("boardbench predict --thr", "--threads"),
    ],
)
def test_a_shell_completes_verbs_and_flags(words, expected):
    environment = os.environ | {"_BOARDBENCH_COMPLETE": "bash_complete", "COMP_WORDS": words}
    environment["COMP_CWORD"] = str(len(words.split()) - 1)
    command = [sys.executable, "-c", "from boardbench.cli import main; main()"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.stdout.splitlines() == [f"plain,{expected}"]


def test_quiet_leaves_errors_and_json(run, monkeypatch):
    def talk(**given):
        seen.update(given)
        print("talk")

    monkeypatch.setattr(cli, "_imported", lambda address: talk)
    words = ["--out", "a", "--names", "x"]
    assert [run(*words).output, run(*words, "--quiet").output] == ["talk\n", ""]
    assert CliRunner().invoke(cli.program(), ["doctor", "--json", "--quiet"]).output == "talk\n"
    CliRunner().invoke(cli.program(), ["predict", "x", "--run", "r", "--quiet"])
    assert seen.pop("quiet") is True, "a verb's own"
    CliRunner().invoke(cli.program(), ["doctor", "--quiet"])
    assert "quiet" not in seen


def test_version():
    answer = CliRunner().invoke(cli.program(), ["--version"])
    assert (answer.exit_code, answer.output) == (0, f"boardbench {version('boardbench')}\n")


def test_a_flag_says_what_its_docstring_says():
    answer = CliRunner().invoke(cli.program(), ["predict", "--help"])
    words = " ".join(answer.output.split())
    assert "CAPTURES..." in words
    assert "--out PATH folder that receives a folder for each capture. [default: predictions]" in words
    assert "file that boardbench export wrote, instead of run. --out PATH" in words
