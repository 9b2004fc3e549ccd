"""The chart of networks in PyTorch: accuracy against measured time, pruned networks joined with what they were."""

from pathlib import Path

import pandas as pd

from boardbench.report.charts import canvas, colours_of, log_ticks
from boardbench.report.pareto import on_front
from boardbench.report.plots import Panel, panel, series

RUNTIME, BATCH = "onnxruntime", "1"


def points(efficiency: pd.DataFrame, latency: pd.DataFrame) -> pd.DataFrame:
    """Return what the chart shows: name, pruning, accuracy, low, high, p50_ms (mean over seeds), as numbers.

    One image a pass, by ONNX Runtime. Networks that know fewer classes than others have an easier task and are left
    out.

    Args:
        efficiency: classification_efficiency as text.
        latency: classification_latency as text.
    """
    chosen = latency[(latency["runtime"] == RUNTIME) & (latency["batch"] == BATCH)]
    times = chosen.assign(p50_ms=pd.to_numeric(chosen["p50_ms"])).groupby(["name", "pruning"])["p50_ms"].mean()
    images = pd.to_numeric(efficiency["test_images"])
    kept = efficiency[images == images.max()].join(times, on=["name", "pruning"], how="inner")
    numbers = kept[["accuracy", "low", "high"]].apply(pd.to_numeric)
    return kept[["name", "pruning", "p50_ms"]].join(numbers).reset_index(drop=True)


def latency_figure(models: pd.DataFrame, out: Path, label: str) -> None:
    """Draw accuracy against the median time of one image; hollow marks are pruned, lines lead to them.

    Whiskers are 95 % limits; the grey line is the Pareto front, the networks that none beats in both.

    Args:
        models: of :func:`points`.
        out: the SVG to write.
        label: what the data are, in the title.
    """
    hues = colours_of(list(dict.fromkeys(models["name"])))
    with canvas(out, (7.2, 3.8)) as panels:
        axes = panels[0, 0]
        axes.set_xscale("log")
        front = models[on_front(models["p50_ms"].to_numpy(), models["accuracy"].to_numpy())].sort_values("p50_ms")
        axes.step(front["p50_ms"], front["accuracy"], where="post", color="#999999", lw=0.9, zorder=1)
        for row in models.itertuples():
            hue = hues[row.name]
            below, above = max(row.accuracy - row.low, 0), max(row.high - row.accuracy, 0)
            whiskers = {"yerr": [[below], [above]], "ecolor": "#bbbbbb", "elinewidth": 0.8}
            face = "white" if row.pruning else hue
            axes.errorbar(row.p50_ms, row.accuracy, marker="o", ms=6, mec=hue, mfc=face, ls="none", **whiskers)
            origin = models[(models["name"] == row.name) & (models["pruning"] == "")]
            if row.pruning and len(origin):
                start = origin.iloc[0]
                axes.plot([start["p50_ms"], row.p50_ms], [start["accuracy"], row.accuracy], color=hue, lw=0.8, ls=":")
            place = {"xytext": (5, 4), "textcoords": "offset points", "fontsize": 7}
            axes.annotate(row.pruning or row.name, (row.p50_ms, row.accuracy), **place)
        axes.margins(x=0.15, y=0.12)
        log_ticks(axes.xaxis)
        axes.set_xlabel("measured, ms for one image, median, ONNX Runtime")
        axes.set_ylabel("accuracy on the test images")
        axes.set_title(label, loc="left", fontsize=9, color="#444444")


def latency_plot(models: pd.DataFrame) -> list[Panel]:
    """Return what :func:`latency_figure` draws, as data; ``models`` is its."""
    hues = colours_of(list(dict.fromkeys(models["name"])))
    front = models[on_front(models["p50_ms"].to_numpy(), models["accuracy"].to_numpy())].sort_values("p50_ms")
    drawn = [series("", front["p50_ms"], front["accuracy"], "#777777", step=True)]
    for row in models.to_dict("records"):
        called = " ".join(filter(None, (row["name"], row["pruning"])))
        look = {"low": [row["low"]], "high": [row["high"]], "hollow": row["pruning"] != "", "group": row["name"]}
        hue = hues[row["name"]]
        drawn.append(series(called, [row["p50_ms"]], [row["accuracy"]], hue, "points", **look))
        origin = models[(models["name"] == row["name"]) & (models["pruning"] == "")]
        if row["pruning"] and len(origin):
            x, y = ([origin.iloc[0][key], row[key]] for key in ("p50_ms", "accuracy"))
            drawn.append(series("", x, y, hue, dash=True))
    axes = "measured, ms for one image, median, ONNX Runtime", "accuracy on the test images"
    return [panel("", *axes, drawn, (True, False))]
