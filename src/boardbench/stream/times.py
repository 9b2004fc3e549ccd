"""Waits and computing times in bounded memory, the summary of a stream, and what it means in one sentence."""

from typing import Any

import numpy as np

from boardbench.limits import peaks


class Times:
    """Durations: their number and longest exactly, percentiles exactly up to ``exact`` of them.

    Beyond, a uniform random sample of that size stands for all (Vitter's algorithm R), so memory stays the same.
    """

    def __init__(self, exact: int = 1 << 16):
        self._kept = np.empty(exact)
        self._random = np.random.default_rng(0)
        self.count, self.longest = 0, 0.0

    def add(self, seconds: float) -> None:
        """Count a duration."""
        place = self.count if self.count < len(self._kept) else int(self._random.integers(self.count + 1))
        if place < len(self._kept):
            self._kept[place] = seconds
        self.count += 1
        self.longest = max(self.longest, seconds)

    def percentile(self, percent: float) -> float | None:
        """Return a percentile in seconds; None where nothing was counted."""
        return float(np.percentile(self._kept[: self.count], percent)) if self.count else None

    def summary(self) -> dict[str, float | int | None]:
        """Return count, p50, p99 and longest, in ms."""
        values = {"p50_ms": self.percentile(50), "p99_ms": self.percentile(99)}
        values["max_ms"] = self.longest if self.count else None
        return {"count": self.count} | {key: _ms(value) for key, value in values.items()}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 3)


def memory() -> dict[str, float | None]:
    """Return the peak resident memory of both processes, MB; the ring counts in each."""
    names = ("consumer", "source")
    return {name: peak and round(peak, 1) for name, peak in zip(names, peaks(), strict=True)}


def kept(report: dict[str, Any]) -> bool | None:
    """Return whether the asked rate was kept: nothing dropped, and every part within its time by its median.

    None where that is not proven: no rate asked, too few lines, or a source that gave fewer.
    """
    rate, offered = report["lines_per_s"]["asked"], report["lines_per_s"]["offered"]
    if not rate or offered is None:
        return None
    if report["lines"]["dropped"] or _slow(report):
        return False
    return True if offered >= 0.99 * rate else None


def _slow(report: dict[str, Any]) -> list[str]:
    """Return the parts that take longer than they may."""
    return [name for name, room in report["headroom"].items() if room is not None and room < 1]


def headroom(rate: float, step: int, encoder: Times, network: Times) -> dict[str, float | None]:
    """Return how many times as fast as asked the encoder is with a line and the network with a window, by medians."""
    line, window = encoder.percentile(50), network.percentile(50)
    return {
        "encoder": round(1 / rate / line, 2) if rate and line else None,
        "network": round(step / rate / window, 2) if rate and window else None,
    }


def verdict(report: dict[str, Any]) -> str:
    """Return what a summary means, in a sentence or two for the person at the belt."""
    lines, rates, window = report["lines"], report["lines_per_s"], report["window"]
    rate, offered = rates["asked"], rates["offered"]
    loss = f"{lines['dropped']} of {lines['total']} lines dropped"
    compute = window["compute"]["p50_ms"]
    if not lines["seen"]:
        return f"NO LINES: {lines['total']} came from the source, {lines['refused']} of them of another size."
    if offered is None:
        return f"TOO FEW LINES to tell a rate: {loss}."
    if not rate:
        return f"{rates['sustained']:g} lines/s as fast as they go: {loss}."
    budget = 1000 * window["step"] / rate
    remedy = "Use a faster model (reports/tables/<dataset>/segmentation_pareto.csv), more --threads, or fewer lines/s."
    reasons = []
    if "network" in _slow(report):
        reasons.append(f"the network takes {compute:.0f} ms a window, {budget:.0f} ms are there")
    if "encoder" in _slow(report):
        encoder = report["line"]["encoder"]["p50_ms"]
        reasons.append(f"calibration and reduction take {encoder:.1f} ms a line, {1000 / rate:.1f} ms are there")
    why = " and ".join(reasons)
    if lines["dropped"]:
        why = why or (
            f"the parts are fast enough by their medians, but windows took up to {window['compute']['max_ms']:.0f} ms; "
            "other work runs on this machine, or --buffer is too small"
        )
        return f"TOO SLOW: {loss}: {why}. {remedy}"
    if reasons:
        return f"TOO SLOW: {loss} so far, but only because the stream was short: {why}. {remedy}"
    if offered < 0.99 * rate:
        return f"{loss}, but the source gave only {offered:g} of {rate:g} lines/s: so much was kept, no more is proven."
    room = min(value for value in report["headroom"].values() if value is not None)
    return f"{rate:g} lines/s kept: {loss}; the slowest part could take {room:g} times the rate."


def trouble(report: dict[str, Any]) -> list[str]:
    """Return what a camera lost on the way, in a sentence for the person at the belt; none where nothing was."""
    lines, camera = report["lines"], report["camera"]
    if camera is None or not (lines["lost_by_camera"] or camera["incomplete"] or camera["timeouts"]):
        return []
    parts = [f"{lines['lost_by_camera']} of {lines['total']} lines lost between camera and program"]
    if camera["incomplete"]:
        parts.append(f"{camera['incomplete']} came in part, for packets that were lost")
    if camera["underruns"]:
        parts.append(f"{camera['underruns']} because this machine was busy")
    if camera["reconnections"]:
        parts.append(f"{camera['away_lines']}, reckoned, in {camera['away_ms'] / 1000:.1f} s without it")
    if camera["timeouts"]:
        parts.append(f"{camera['timeouts']} times a second without a line")
    return [f"camera: {', '.join(parts)}."]
