"""The verbs ``tables`` and ``figures`` of the study: a folder of results, and the params that name the runs in it."""

from pathlib import Path
from typing import Any

from boardbench.params.segmentation import Segmentation
from boardbench.report.runs import read_settings
from boardbench.report.segmentation.figures import write_figures
from boardbench.report.segmentation.tables import write_tables
from boardbench.segmentation.grid import audited_runs, exported_runs, fitted_strategies, normalized_runs, pruned_runs


def _shared(results: Path, params: Segmentation) -> dict[str, Any]:
    """Return what tables and figures are both made of."""
    return {
        "dataset": params.dataset,
        "backbones": params.backbones,
        "strategies": params.strategies,
        "seeds": params.seeds,
        "runs": results / "runs",
    }


def tables(*, results: Path, settings: str, published: Path = Path("reports/published"), out: Path) -> None:
    """Put the runs of one dataset beside the published numbers, as CSV, Markdown and JSON.

    Args:
        results: the dataset's folder below results/segmentation, as the workflow fills it.
        settings: the study's params as YAML; they name the runs, and are kept in about.json for 'boardbench verify'.
        published: folder of the published numbers.
        out: folder that receives the tables.

    Raises:
        BoardbenchError: a run, row or field is missing or of another grid; names the file and its verb.
    """
    params = read_settings(settings, Segmentation)
    pruned, normalized = pruned_runs(params), normalized_runs(params)
    write_tables(
        **_shared(results, params),
        source=params.source,
        classes=params.classes,
        baselines=params.baselines,
        complexity=results / "complexity.csv",
        latency=results / "latency.csv",
        pareto=results / "pareto.csv" if exported_runs(params) else None,
        pruned=pruned,
        pruned_runs=results / "pruned" if pruned else None,
        normalization=params.normalization.method,
        normalizations=params.normalization.compare if normalized else [],
        normalized_runs=results / "normalized" if normalized else None,
        protocol=params.split.protocol,
        leaks=params.split.compare,
        audited_runs=results / "audited" if audited_runs(params) else None,
        budget_ms=params.deployment.budget_ms,
        split=results / "split.csv",
        reflectance=results / "reflectance",
        reduction=results / "reduction" if fitted_strategies(params) else None,
        fit=params.reduction.fit,
        published=published,
        sensor=results / "sensor.csv" if params.source == "simulate" else None,
        drift=None if params.split.leaking else results / "drift.csv",
        resamples=params.evaluation.resamples,
        resample_seed=params.evaluation.seed,
        settings=settings,
        out=out,
        counted=params.complexity,
    )


def figures(*, results: Path, settings: str, tables: Path, pictures: int = 3, out: Path) -> None:
    """Draw the training curves, the scores, score against time, class spectra, and a few predictions.

    Args:
        results: the dataset's folder below results/segmentation, as the workflow fills it.
        settings: the study's params as YAML; they name the runs.
        tables: folder that 'boardbench segmentation tables' filled.
        pictures: test captures shown a strategy; 0 for none.
        out: folder that receives the figures.

    Raises:
        BoardbenchError: a history, table or prediction is missing; names the verb that makes it.
    """
    params = read_settings(settings, Segmentation)
    write_figures(
        **_shared(results, params),
        tables=tables,
        pictures=pictures,
        spectra={"split": results / "split.csv", "reflectance": results / "reflectance"},
        out=out,
    )
