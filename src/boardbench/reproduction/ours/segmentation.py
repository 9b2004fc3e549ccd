"""Our own segmentation study as the reproduction sees it: the scores on paper 1's data."""

from pathlib import Path
from statistics import mean, stdev

from boardbench.report.runs import read_csv, read_json

OURS = "pcbvision"  # the only dataset whose scores may stand beside paper 1's
Key = tuple[str, str]  # backbone, strategy


def _spread(values: list[float]) -> str:
    known = [value for value in values if value == value]
    if not known:
        return ""
    values, text = known, f"{mean(known):.4f}"
    return text if len(values) == 1 else f"{text} (n = {len(values)}, sd {stdev(values):.4f})"


def read_ours(reports: Path) -> tuple[dict[Key, dict[str, str]], dict[str, float]]:
    """Return our scores on PCB-Vision, and the variance that PCA keeps in percent, by strategy.

    Both are empty where the folder of that name is made from other data.

    Raises:
        BoardbenchError: one of its tables is missing or broken.
    """
    folder = reports / "tables" / OURS
    about = folder / "about.json"
    if not about.is_file() or read_json(about, "segmentation tables").get("source") != OURS:
        return {}, {}
    values: dict[Key, dict[str, list[float]]] = {}
    per_class = read_csv(
        folder / "segmentation_per_class.csv",
        "segmentation tables",
        ("backbone", "strategy", "seed", "class", "f1", "iou"),
    )
    for row in per_class.to_dict("records"):
        for metric in ("f1", "iou"):
            cells = values.setdefault((row["backbone"], row["strategy"]), {})
            cells.setdefault(f"{metric} {row['class']}", []).append(float(row[metric] or "nan"))
    ours = {key: {name: _spread(cell) for name, cell in cells.items()} for key, cells in values.items()}
    means = read_csv(
        folder / "segmentation_mean.csv",
        "segmentation tables",
        ("backbone", "strategy", "seeds", "miou", "miou_sd", "mf1", "mf1_sd"),
    )
    for row in means.to_dict("records"):
        for metric in ("f1", "iou"):
            spread = f" (n = {row['seeds']}, sd {row[f'm{metric}_sd']})" if row[f"m{metric}_sd"] else ""
            ours[row["backbone"], row["strategy"]][f"{metric} mean"] = row[f"m{metric}"] + spread
    reduction = folder / "segmentation_reduction.csv"
    kept = read_csv(reduction, "segmentation tables", ("strategy", "explained_variance_percent")).to_dict("records")
    variance = {row["strategy"]: row["explained_variance_percent"] for row in kept}
    return ours, {strategy: float(percent) for strategy, percent in variance.items() if percent}
