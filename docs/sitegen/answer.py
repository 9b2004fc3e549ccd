"""The study's answer as the README and the first page give it: a small table and a sentence a question."""

from pathlib import Path

import pandas as pd

from boardbench.report.charts import pretty
from boardbench.report.segmentation.sentences import comparisons
from boardbench.report.sentences import answer


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"segmentation_{name}.csv", dtype=str, keep_default_na=False)


def answer_table(folder: Path) -> str:
    """Return mean IoU by input and network, with the cost of each input on the first network.

    Args:
        folder: a data set's published tables.
    """
    mean, cost = _read(folder, "mean"), _read(folder, "complexity")
    networks = mean[mean["strategy"] != "none"]
    backbones, strategies = list(dict.fromkeys(networks["backbone"])), list(dict.fromkeys(networks["strategy"]))
    cells = {(row["backbone"], row["strategy"]): _score(row) for row in networks.to_dict("records")}
    gmacs = {(row["backbone"], row["strategy"]): f"{float(row['gmacs']):.1f}" for row in cost.to_dict("records")}
    head = ["input", *map(pretty, backbones), f"GMACs, {pretty(backbones[0])}"]
    rows = [
        [pretty(strategy), *(cells[name, strategy] for name in backbones), gmacs[backbones[0], strategy]]
        for strategy in strategies
    ]
    baselines = mean[mean["strategy"] == "none"]
    best = baselines.loc[pd.to_numeric(baselines["miou"]).idxmax()]
    rows.append([f"no network: {pretty(best['backbone'])}", f"{float(best['miou']):.3f}", *[""] * len(backbones)])
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _score(row: dict[str, str]) -> str:
    return f"{float(row['miou']):.3f}" + (f" ± {float(row['miou_sd']):.3f}" if row["miou_sd"] else "")


def answered(folder: Path) -> list[str]:
    """Answer the study's first questions: difference, interval, seeds and scenes, conclusion.

    Args:
        folder: a data set's published tables.
    """
    rows = comparisons(_read(folder, "differences"), "all")
    return [answer(f"Mean IoU, {row['question']}:", row) for row in rows[:3]]
