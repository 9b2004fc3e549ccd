"""The verbs ``tables`` and ``figures`` of the study: a folder of results, and the params that name the runs in it."""

from pathlib import Path
from typing import Any

from boardbench.params.placement import Placement
from boardbench.report.placement.figures import write_figures
from boardbench.report.placement.tables import write_tables
from boardbench.report.runs import read_settings


def _shared(results: Path, params: Placement) -> dict[str, Any]:
    """Return what tables and figures are both made of."""
    return {
        "dataset": params.dataset,
        "init": params.init,
        "losses": params.losses,
        "seeds": params.seeds,
        "baselines": params.baselines,
        "runs": results / "runs",
        "samples": results / "samples.csv",
    }


def tables(*, results: Path, settings: str, out: Path) -> None:
    """Put the runs of one data set of the placement study side by side, as CSV, Markdown and JSON.

    Args:
        results: the data set's folder below results/placement, as the workflow fills it.
        settings: the study's params as YAML; they name the runs, and are kept in about.json for 'boardbench verify'.
        out: folder that receives the tables.

    Raises:
        BoardbenchError: a run, row or field is missing, of another grid or of other images; names file and verb.
    """
    params = read_settings(settings, Placement)
    write_tables(
        **_shared(results, params),
        source=params.source,
        complexity=results / "complexity.csv",
        latency=results / "latency.csv",
        settings=settings,
        tolerance=params.tolerance,
        out=out,
    )


def figures(*, results: Path, settings: str, tables: Path, out: Path) -> None:
    """Draw training curves, the centre's error by part, ROC curves and a sheet of images with found corners.

    Args:
        results: the data set's folder below results/placement, as the workflow fills it.
        settings: the study's params as YAML; they name the runs.
        tables: folder that 'boardbench placement tables' filled.
        out: folder that receives the figures.

    Raises:
        BoardbenchError: a history, prediction or curve is missing or of other images; names the verb that makes it.
    """
    params = read_settings(settings, Placement)
    write_figures(
        **_shared(results, params),
        tables=tables,
        out=out,
    )
