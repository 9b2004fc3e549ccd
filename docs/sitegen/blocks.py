"""Parts of hand-written pages that are made from the tables: ``<!-- generated: NAME -->`` on a line of its own."""

import ast
import csv
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from boardbench.artifacts import read
from boardbench.captures.header import REFUSED
from boardbench.report.artifacts import About, Figure
from boardbench.report.columns import Column, Row, names, numbers, table
from boardbench.report.segmentation.pareto import read_exported
from boardbench.report.segmentation.sentences import best_in_budget, noticed
from boardbench.report.sentences import benchmark
from boardbench.report.verify.judge import scaled
from boardbench.report.verify.prediction import pooled
from boardbench.study import find_study
from sitegen.answer import answer_table, answered
from sitegen.reference import formats
from sitegen.reproduction import counted
from sitegen.studies import prediction
from sitegen.writing import code, html, items, joined, plain, rows_table, words_table

MARK = re.compile(r"^<!-- generated: ([a-z_]+) -->$", re.MULTILINE)
ROOT = Path(__file__).parents[2]
DEFAULT = "simulated"


class Blocks:
    """The parts by name.

    Args:
        reports: published tables.
    """

    def __init__(self, reports: Path):
        self.tables = reports / "tables"

    def filled(self, text: str, page: str) -> str:
        """Return a page with its parts.

        Raises:
            KeyError: a part that is not known.
        """

        def part(mark: re.Match) -> str:
            if mark[1] not in PARTS:
                raise KeyError(f"{page}: no generated part {mark[1]!r}. There are: {', '.join(PARTS)}.")
            return PARTS[mark[1]](self)

        return MARK.sub(part, text)

    def rows(self, name: str) -> list[Row]:
        """Return the rows of a table."""
        with (self.tables / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table as text."""
        return pd.read_csv(self.tables / name, dtype=str, keep_default_na=False)

    def answer(self) -> str:
        """Return the study's answer: a table and what five seeds say."""
        return joined(answer_table(self.tables / DEFAULT), items(answered(self.tables / DEFAULT)))

    def picture(self) -> str:
        """Return a test board of the default data with its truth and a prediction."""
        folder = self.tables.parent / "figures" / DEFAULT
        shown = prediction(read(folder / "segmentation_figures.json", list[Figure], "publish"))
        return f"![{plain(shown.alt)}](figures/{DEFAULT}/{shown.file})"

    def reproduction(self) -> str:
        """Return how many published numbers hold."""
        return counted(self.rows("reproduction.csv")) + "."

    def machines(self) -> str:
        """Return how far machines and seeds move the scores."""
        columns = (
            Column("dataset", "data set", kind="name"),
            *names("metric", "scale"),
            Column("sd_machines", "sd between machines"),
            Column("sd_seeds", "sd between seeds"),
            *numbers("ratio", "machines"),
            Column("equal", "runs of equal bits"),
        )
        return rows_table(self.rows("machines.csv"), columns)

    def power(self) -> str:
        """Say which shift of a run's mean IoU verify finds, from the reference's own spread."""
        folder = self.tables / DEFAULT
        study = find_study("segmentation", "docs")
        params = study.get("params").model_validate(read(folder / "about.json", About, "publish").settings)
        trained = {run for run, scored in study.get("compared_runs")(params).items() if scored.trained}
        scores: dict[str, list[float]] = {}
        for row in self.rows(f"{DEFAULT}/segmentation_runs.csv"):
            if row["metric"] == "miou" and row["run"] in trained:
                scores.setdefault(row["run"], []).append(scaled("miou", row["value"]))
        spread, seeds = pooled(list(scores.values())), max(map(len, scores.values()))
        alone, together = (spread.found_from(spread.error(seeds, networks=count), JUDGED) for count in (1, 4))
        return (
            f"With the {JUDGED} scores of a default run judged at once, a shift of one network's mean IoU is found "
            f"nine times in ten from {alone:.3f} on, one of all U-Nets from {together:.3f} on. Training with another "
            f"seed moves a mean IoU by a standard deviation of {spread.sd:.3f}."
        )

    def drift(self) -> str:
        """Say what drift is noticed on the simulated test boards."""
        return noticed(self.frame(f"{DEFAULT}/segmentation_drift.csv"))

    def line(self) -> str:
        """Name the best model in the time budget, and give the models that no other beats, by data set."""
        said = []
        for path in sorted(self.tables.glob("*/segmentation_pareto.csv")):
            frame = read_exported(path, "segmentation tables")
            label = read(path.parent / "about.json", About, "publish").label
            said.append(f"{path.parent.name} ({label}). {best_in_budget(frame)}")
        return items(said)

    def same_class(self) -> str:
        """Say how many test pixels exported files give their run's class, by data set and precision."""
        rows = []
        for path in sorted(self.tables.glob("*/segmentation_pareto.csv")):
            frame = pd.read_csv(path, dtype=str, keep_default_na=False)
            for precision, shares in frame.groupby("precision")["same_class"]:
                least = f"{100 * shares.astype(float).min():.4f} %"
                rows.append(
                    {"dataset": path.parent.name, "precision": precision, "files": str(len(shares)), "least": least}
                )
        columns = (
            Column("dataset", "data set", kind="name"),
            *names("precision"),
            *numbers("files"),
            Column("least", "least share of the test pixels"),
        )
        return rows_table(rows, columns)

    def benchmarks(self) -> str:
        """Return every claim about speed and memory beside its rival."""
        columns = (
            Column("name", "what", kind="prose"),
            Column("unit", kind="name"),
            Column("ours_median", "ours", kind="significant"),
            Column("rival", "rival", kind="prose"),
            Column("rival_median", "its median", kind="significant"),
            Column("ratio", "times better", kind="significant"),
            Column("target", kind="significant"),
            Column("verdict", kind="name"),
        )
        judged = [benchmark(row) for row in self.rows("benchmarks.csv")]
        return html(table(judged, columns, mark=lambda row: "missed" if row["verdict"] == "missed" else ""))

    def channels(self) -> str:
        """Return what taking half of the GMACs of a ResNet-18 saves, by runtime, batch and multiple of channels."""
        form = re.compile(r"ResNet-18, half of the GMACs gone in multiples of (\d+), batch (\d+), (.+)")
        found: dict[tuple[str, str], dict[str, str]] = {}
        for row in self.rows("benchmarks.csv"):
            if (match := form.fullmatch(row["name"])) and row["ratio"]:
                cells = found.setdefault((match[3], match[2]), {"runtime": match[3], "batch": match[2]})
                cells[match[1]] = f"{float(row['ratio']):.2f}"
        columns = [Column("runtime", kind="name"), Column("batch", "images a pass")]
        labels = {"1": "any number"}
        multiples = dict.fromkeys(key for cells in found.values() for key in cells if key.isdigit())
        columns += [Column(key, labels.get(key, f"multiples of {key}")) for key in multiples]
        return rows_table(found.values(), columns)

    def backbones(self) -> str:
        """List the backbones by the first line of their files."""
        return _first_lines("segmentation/backbones")

    def strategies(self) -> str:
        """List the input strategies by the first line of their files."""
        return _first_lines("segmentation/reduction", variable="STRATEGY")

    def image_networks(self) -> str:
        """List the files of networks for classes of images."""
        return _first_lines("networks", leave=("blocks", "image_network", "weights"))

    def refused(self) -> str:
        """List the header fields that are refused unless they change nothing."""
        rows = [[f"`{field}`", str(value), text] for field, (value, text) in REFUSED.items()]
        return words_table(["refused unless it is", "value", "what to do"], rows)

    def formats(self) -> str:
        """Return the models of the JSON files."""
        return formats(ROOT / "workflow/artifacts.schema.json")


JUDGED = 4 * 2 + 2 * 2 + 6 + 5
"""Scores of the default run: four U-Nets by two metrics, two networks on two parts, six on digits; five means."""


def _first_lines(folder: str, variable: str = "", leave: tuple[str, ...] = ()) -> str:
    """List the modules of a folder of boardbench by the first line of their docstrings, without importing them."""
    rows = []
    for path in sorted((ROOT / "src/boardbench" / folder).glob("[a-z]*.py")):
        source = path.read_text(encoding="utf-8")
        if path.stem in leave or (variable and not re.search(rf"^{variable} =", source, re.MULTILINE)):
            continue
        first = (ast.get_docstring(ast.parse(source)) or "").split("\n\n")[0].split("\n")[0]
        rows.append([f"`{path.stem}`", code(re.sub(r"^``\w+``: ", "", first))])
    return words_table(["name", "what it is"], rows)


PARTS: dict[str, Callable[[Blocks], str]] = {
    name: member
    for name, member in vars(Blocks).items()
    if not name.startswith("_") and name not in ("filled", "rows", "frame")
}
