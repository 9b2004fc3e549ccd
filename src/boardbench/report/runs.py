"""Read what the runs of a dataset left behind; a missing or foreign file names the verb that makes it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from pydantic import ValidationError

from boardbench.errors import BoardbenchError
from boardbench.files import parse_json
from boardbench.integrity import checked
from boardbench.params.section import Section, explain
from boardbench.report.writing import decimals, text_table
from boardbench.study import FIRST, Study, find_study

MADE_BY = "Make it with 'boardbench {verb}' or by running snakemake."
AGAIN = "Delete it and make it again with 'boardbench {verb}' or by running snakemake."
RUNS = ("dataset", "run", "seed", "metric", "value")


def study_of(about: dict[str, Any], path: Path) -> Study:
    """Return the study of a data set's about.json (``path``); where it names none, it is the first.

    Raises:
        BoardbenchError: no study that is known.
    """
    return find_study(about.get("study", FIRST), str(path))


def check_about(about: dict[str, Any], path: Path, fields: tuple[str, ...]) -> None:
    """Check that a data set's about.json (``path``) has what the page needs.

    Raises:
        BoardbenchError: a field is missing.
    """
    missing = [field for field in fields if field not in about]
    if missing:
        raise BoardbenchError(
            f"{path}: field {', '.join(missing)} is missing. Publish the dataset again, or delete the folder if it is "
            "an old one."
        )


def run_name(backbone: str, strategy: str, seed: int) -> str:
    """Return the folder name of a run."""
    return f"{backbone}-{strategy}-seed{seed}"


def read_json(path: Path, verb: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        BoardbenchError: missing or unreadable, with the verb that makes it.
    """
    try:
        content = parse_json(checked(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BoardbenchError(f"{path}: no such file. {MADE_BY.format(verb=verb)}") from None
    except ValueError as error:
        raise BoardbenchError(
            f"{path}: not valid JSON ({error}). Delete it, then: {MADE_BY.format(verb=verb)}"
        ) from None
    if not isinstance(content, dict):
        raise BoardbenchError(f"{path}: not a JSON object. Delete it, then: {MADE_BY.format(verb=verb)}")
    return content


def read_csv(path: Path, verb: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a CSV as text (digits stay as written, empty cells are empty strings).

    Raises:
        BoardbenchError: missing file or column, with the verb that makes it.
    """
    try:
        frame = pd.read_csv(checked(path), dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise BoardbenchError(f"{path}: no such file. {MADE_BY.format(verb=verb)}") from None
    except pd.errors.EmptyDataError:
        raise BoardbenchError(f"{path}: empty file. Delete it, then: {MADE_BY.format(verb=verb)}") from None
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise BoardbenchError(
            f"{path}: column {', '.join(missing)} is missing (found: {', '.join(frame.columns)}). "
            f"Delete it, then: {MADE_BY.format(verb=verb)}"
        )
    return frame


def read_optional(path: Path, verb: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a CSV as :func:`read_csv`; no rows where there is no such file."""
    return read_csv(path, verb, columns) if path.is_file() else pd.DataFrame(columns=list(columns))


def numbers(
    path: Path, frame: pd.DataFrame, columns: Iterable[str], verb: str, empty: Iterable[str] = (), whole: bool = False
) -> pd.DataFrame:
    """Return columns of text as numbers.

    Args:
        path: where they stand.
        frame: as :func:`read_csv` returns it.
        columns: that must hold finite numbers.
        verb: that makes the file.
        empty: columns whose cells may be empty, which is NaN.
        whole: only whole numbers are taken.

    Raises:
        BoardbenchError: naming line and column of the first cell that is none.
    """
    texts = frame[list(columns)]
    found = texts.apply(pd.to_numeric, errors="coerce").astype(float)
    wrong = ~np.isfinite(found) & ~((texts == "") & texts.columns.isin(list(empty)))
    if whole:
        wrong |= found % 1 != 0
    if wrong.any(axis=None):
        line, at = np.argwhere(wrong.to_numpy())[0]
        what = f"{path}, line {line + 2}: {texts.columns[at]} is {texts.iloc[line, at]!r}"
        raise BoardbenchError(f"{what}, not a {'whole ' * whole}number. {AGAIN.format(verb=verb)}")
    return found.astype(np.int64) if whole else found


def read_history(path: Path, verb: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read the epochs of a run as numbers, those of folds left out; an empty cell is NaN.

    Raises:
        BoardbenchError: missing, without a column, or without an epoch.
    """
    frame = read_csv(path, verb, columns)
    if "fold" in frame:
        frame = frame[frame["fold"] == ""]
    if frame.empty:
        raise BoardbenchError(f"{path}: no epoch in it. Delete the run's folder and train again.")
    return frame[list(columns)].apply(pd.to_numeric, errors="coerce")


def check_fields(path: Path, content: dict[str, Any], fields: Iterable[str], verb: str) -> None:
    """Refuse an object that lacks a field or has nothing in it.

    Raises:
        BoardbenchError: naming the fields.
    """
    missing = [field for field in fields if content.get(field) in (None, "", [], {})]
    if missing:
        raise BoardbenchError(f"{path}: field {', '.join(missing)} is missing. {AGAIN.format(verb=verb)}")


def read_content(path: Path, expected: dict[str, Any], verb: str) -> dict[str, Any]:
    """Read a run's JSON object, whose fields are the expected ones.

    Raises:
        BoardbenchError: missing, or of another run.
    """
    content = read_json(path, verb)
    for key, value in expected.items():
        if content.get(key) != value:
            raise BoardbenchError(
                f"{path}: {key} is {content.get(key)!r}, expected {value!r}: the run is of another grid or data set. "
                f"Delete its folder and make it again with 'boardbench {verb}' or by running snakemake."
            )
    return content


def read_printed(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a table of published numbers, which is part of the repository.

    Raises:
        BoardbenchError: missing, or without a column.
    """
    if not path.is_file():
        raise BoardbenchError(f"{path}: no such file. It is part of the repository: git checkout -- {path}")
    return read_csv(path, "reproduction", columns)


def runs_table(dataset: str, scores: Iterable[tuple[str, int, dict[str, float]]]) -> pd.DataFrame:
    """Return one row a run and metric, as text, for :func:`boardbench.report.verify.verify`.

    Args:
        dataset: first column.
        scores: name without seed, seed, and metric -> score of each run.
    """
    rows = [
        {"dataset": dataset, "run": run, "seed": str(seed), "metric": metric, "value": decimals(value, 4)}
        for run, seed, values in scores
        for metric, value in values.items()
    ]
    return text_table(rows, RUNS)


def given_settings(text: str) -> dict[str, Any]:
    """Return a study's params as ``tables`` takes them.

    Raises:
        BoardbenchError: no block of keys.
    """
    try:
        settings = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BoardbenchError(f"--settings: not YAML ({error}).") from None
    if not isinstance(settings, dict):
        raise BoardbenchError("--settings: not a block of keys. Give the study's params, such as {seeds: [0]}.")
    return settings


def read_settings(text: str, section: type[Section]) -> Any:
    """Return a study's params as a verb takes them.

    Raises:
        BoardbenchError: naming every key that is wrong.
    """
    try:
        return section.model_validate(given_settings(text))
    except ValidationError as error:
        raise BoardbenchError(explain(error, section, "--settings")) from None
