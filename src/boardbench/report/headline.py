"""A study in a line: what people are told at the end of a run, and what DVC shows of it (docs/running.md)."""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from boardbench.files import write_csv, write_json
from boardbench.report.runs import RUNS, numbers, read_csv, read_history
from boardbench.study import Study, find_study

SHOWN = 4
"""Networks in a headline: what DVC's table has room for. All stand in tables/<study>_runs.csv."""

_BASELINE = "-none"  # ends the name of a run without a network


def headline(*, study: str, tables: Path, runs: Path, out: Path, plots: Path) -> None:
    """Write the main score of a study's networks and of its best baseline, and the plots that DVC draws.

    Args:
        study: name of the study.
        tables: folder that 'boardbench STUDY tables' filled.
        runs: folder of the study's runs.
        out: JSON file, name -> score: mean over seeds, and over backbones where there are any.
        plots: folder that receives loss.csv (run, epoch, train_loss, validation_loss) and, where there are any,
            confusion.csv (run, truth, predicted, share of the true class) and pareto.csv (network, milliseconds, miou).

    Raises:
        BoardbenchError: an unknown study, a missing table or history.
    """
    of = find_study(study, f"--study {study}")
    path, verb = tables / f"{study}_runs.csv", f"{study} tables"
    table = read_csv(path, verb, RUNS)
    table["value"] = numbers(path, table, ["value"], verb, empty=["value"])["value"]
    own = table[(table["metric"] == of.score[0]) & ~table["run"].str.contains("/")]
    trained = own[~own["run"].str.endswith(_BASELINE)]
    baselines = own[own["run"].str.endswith(_BASELINE)].set_index("run")["value"]
    if of.baselines:
        name, column = of.baselines.split(":")
        baselines = read_csv(tables / name, verb, (column, of.score[0])).set_index(column)[of.score[0]].astype(float)
    write_json(out, _scores(of, trained, baselines), record=True)
    folders = [f"{run}-seed{seed}" for run, seed in zip(trained["run"], trained["seed"], strict=True)]
    plots.mkdir(parents=True, exist_ok=True)
    write_csv(plots / "loss.csv", ["run", "epoch", "train_loss", "validation_loss"], _losses(runs, folders, study))
    if all((runs / name / "confusion.csv").is_file() for name in folders):
        write_csv(plots / "confusion.csv", ["run", "truth", "predicted", "share"], _confusions(runs, folders, study))
    timed = tables / f"{study}_pareto.csv"
    if timed.is_file():
        write_csv(plots / "pareto.csv", ["network", "milliseconds", "miou"], _timed(timed, verb))


def _timed(path: Path, verb: str) -> Iterable[tuple[str, str, str]]:
    words = ("backbone", "strategy", "precision", "pruning")
    table = read_csv(path, verb, (*words, "p50_ms", "miou"))
    for row in table.to_dict("records"):
        runtime = row.get("runtime", "").removeprefix("onnxruntime")
        yield " ".join(filter(None, (*(row[word] for word in words), runtime))), row["p50_ms"], row["miou"]


def _scores(of: Study, trained: pd.DataFrame, baselines: pd.Series) -> dict[str, float]:
    """Return name -> score of the first networks and of the best baseline."""
    names = trained["run"].str.split("-", n=1).str
    alike = names[0].nunique() == 1 and names[1].notna().all()
    short = names[1] if of.averaged or alike else trained["run"]
    scores = trained.groupby(short, sort=False)["value"].mean().dropna().head(SHOWN).to_dict()
    best = baselines.dropna().sort_values(ascending=not of.score[2]).head(1)
    scores |= {name.removesuffix(_BASELINE): value for name, value in best.items()}
    return {name: round(value, 4) for name, value in scores.items()}


def _losses(runs: Path, folders: list[str], study: str) -> Iterable[tuple[str, int, float, float]]:
    for name in folders:
        path = runs / name / "history.csv"
        for row in read_history(path, f"{study} train", ("epoch", "train_loss", "validation_loss")).itertuples():
            yield name, int(row.epoch), row.train_loss, row.validation_loss


def _confusions(runs: Path, folders: list[str], study: str) -> Iterable[tuple[str, str, str, float]]:
    """Yield each cell of the confusions as a share of its true class; a class without truth has none."""
    for name in folders:
        path = runs / name / "confusion.csv"
        table = read_csv(path, f"{study} evaluate", ("truth",)).set_index("truth")
        counts = numbers(path, table, table.columns, f"{study} evaluate")
        for truth, row in counts.iterrows():
            if total := row.sum():
                yield from ((name, truth, predicted, round(count / total, 4)) for predicted, count in row.items())


def answer(headlines: dict[str, Path], report: Path) -> str:
    """Return what a run ends with: a line a study, whether the reference was repeated, and where the page is.

    Args:
        headlines: study -> its headline.json.
        report: folder with verify.json and the page.
    """
    lines = []
    for study, path in headlines.items():
        scores = json.loads(path.read_text(encoding="utf-8"))
        values = ", ".join(f"{name} {value:.3f}" for name, value in scores.items())
        lines.append(f"{study:16}{find_study(study, 'the headline').score[1]:18}{values}")
    said = json.loads((report / "verify.json").read_text(encoding="utf-8"))["said"]
    return "\n".join(["", *lines, f"{said} ({report / 'verify.json'})", f"the page: {report / 'index.html'}", ""])
