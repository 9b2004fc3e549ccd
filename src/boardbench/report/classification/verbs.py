"""The verbs ``tables`` and ``figures`` of the study: a folder of results, and the params that name the runs in it."""

from pathlib import Path
from typing import Any

from boardbench.classification.grid import baseline_runs, network_runs, pruned_runs
from boardbench.params.classification import Classification
from boardbench.report.classification.figures import write_figures
from boardbench.report.classification.tables import write_tables
from boardbench.report.runs import read_settings


def _shared(results: Path, params: Classification) -> dict[str, Any]:
    """Return what tables and figures are both made of."""
    return {
        "dataset": params.dataset,
        "samples": results / "samples.csv",
        "baselines": baseline_runs(params),
        "names": [run.name for run in params.numpy_networks.runs],
        "seeds": params.numpy_networks.seeds,
        "networks": network_runs(params),
        "runs": results / "runs",
    }


def tables(*, results: Path, settings: str, published: Path = Path("reports/published"), out: Path) -> None:
    """Put the classifiers of one data set side by side, as CSV, Markdown and JSON; times stand in a table of their own.

    Args:
        results: the data set's folder below results/classification, as the workflow fills it.
        settings: the study's params as YAML; they name the runs, and are kept in about.json for 'boardbench verify'.
        published: folder of the published numbers.
        out: folder that receives the tables.

    Raises:
        BoardbenchError: a run or field is missing, of another data set or of other images; names file and verb.
    """
    params = read_settings(settings, Classification)
    networks = network_runs(params)
    write_tables(
        **_shared(results, params),
        source=params.source,
        pruned=pruned_runs(params),
        pruned_runs=results / "pruned",
        complexity=results / "complexity.csv" if networks else None,
        latency=results / "latency.csv" if networks else None,
        epochs=results / "epochs.csv" if params.bench.networks else None,
        published=published,
        settings=settings,
        out=out,
    )


def figures(*, results: Path, settings: str, tables: Path | None = None, out: Path) -> None:
    """Draw samples, classes, scatters, training curves, and confusion matrices of the best baseline and network.

    Args:
        results: the data set's folder below results/classification, as the workflow fills it.
        settings: the study's params as YAML; they name the runs.
        tables: folder that 'boardbench classification tables' filled, for accuracy against measured time; None: no
            such chart.
        out: folder that receives the figures.

    Raises:
        BoardbenchError: a run, history or image is missing, or of another data set; names the verb that makes it.
    """
    params = read_settings(settings, Classification)
    write_figures(
        **_shared(results, params),
        tables=tables,
        out=out,
        params=params.exploration,
    )
