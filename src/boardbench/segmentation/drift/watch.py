"""Lines as they come, held against what training saw: trusted, or not and why."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.files import parse_json
from boardbench.integrity import checked
from boardbench.segmentation.drift.profile import EVERY, LINES, Profile, WindowSums, statistics, window_sums, windows
from boardbench.segmentation.drift.references import Seen, compare

IN_A_ROW = 2
"""Windows above a threshold, one after the other, before trust is withdrawn: one odd part of a board is no drift."""

STRIP = 0.02
"""Share by which a strip that always sees the same thing may change."""


@dataclass(frozen=True)
class Drift:
    """What training saw, and how far from it is too far.

    Attributes:
        profile: of the spectra.
        references: white and dark, one a lamp setting; none where training had reflectance.
        thresholds: by statistic.
        false_alarms: share of windows of training scenes above a threshold, each scene left out of the profile.
    """

    profile: Profile
    references: list[Seen]
    thresholds: dict[str, float]
    false_alarms: float

    def as_json(self) -> dict[str, Any]:
        """Return plain values, six digits each; what :meth:`from_json` takes."""
        return {
            "profile": {name: _plain(value) for name, value in self.profile._asdict().items()},
            "references": [{name: _plain(value) for name, value in one._asdict().items()} for one in self.references],
            "thresholds": {name: _plain(value) for name, value in self.thresholds.items()},
            "false_alarms": _plain(self.false_alarms),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Drift":
        """Return it again.

        Raises:
            BoardbenchError: other content than :meth:`as_json` gives.
        """
        try:
            profile = Profile(*(np.asarray(content["profile"][name], np.float32) for name in Profile._fields))
            references = [
                Seen(**one | {name: np.array(one[name], np.float64) for name in ("white", "line")})
                for one in content["references"]
            ]
            thresholds = {name: float(value) for name, value in content["thresholds"].items()}
            count, bands = profile.axes.shape
            shapes = [(bands,), (count, bands), (count,), (), (), (count,), (count, count)]
            if [value.shape for value in profile] != shapes:
                raise ValueError("arrays of the profile do not fit each other")
            return cls(profile, references, thresholds, float(content["false_alarms"]))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise BoardbenchError(
                f"drift: not what training saw ({error!r}). Make the exported file again with 'boardbench export'"
            ) from None


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if np.ndim(value):
        return [_plain(one) for one in np.asarray(value)]
    return float(f"{float(value):.6g}")


def read_drift(path: Path) -> Drift:
    """Read drift.json.

    Raises:
        BoardbenchError: no such file, or not one of boardbench.
    """
    if not path.is_file():
        raise BoardbenchError(f"{path}: no such file. Make it with 'boardbench segmentation drift'.")
    try:
        return Drift.from_json(parse_json(checked(path).read_text(encoding="utf-8")))
    except (BoardbenchError, ValueError) as error:
        raise BoardbenchError(f"{path}: {error}. Make it again with 'boardbench segmentation drift'.") from None


def nearest_drift(run: Path) -> Path | None:
    """Return the drift.json nearest above a run's folder (or its model.pt), if there is one."""
    return next((up / "drift.json" for up in run.resolve().parents if (up / "drift.json").is_file()), None)


@dataclass
class Watch:
    """Judges references once and lines as they come; looks at one line in :data:`~.profile.EVERY`.

    Attributes:
        drift: what to judge by; None: lines are judged by the strip only.
        strip: reflectance of the strip as it should be; None: as in the first window.
        in_a_row: odd windows in a row that withdraw trust.
        lines: lines given.
        windows: windows judged.
        odd: windows above any threshold.
        flagged: windows above its threshold, by statistic.
        first: line at which trust was first withdrawn, or None.
    """

    drift: Drift | None
    strip: float | None = None
    in_a_row: int = IN_A_ROW
    lines: int = 0
    windows: int = 0
    odd: int = 0
    flagged: dict[str, int] = field(default_factory=dict)
    first: int | None = None
    _sums: WindowSums | None = None
    _strip: list[float] = field(default_factory=list)
    _above: dict[str, int] = field(default_factory=dict)
    _lasting: dict[str, str] = field(default_factory=dict)
    _now: dict[str, str] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)

    @property
    def looks(self) -> bool:
        """Whether the next line is looked at."""
        return self.lines % EVERY == 0

    @property
    def reasons(self) -> tuple[str, ...]:
        """Statistics for which lines are not trusted now."""
        return (*self._lasting, *self._now)

    @property
    def trusted(self) -> bool | None:
        """Whether lines are trusted now; None where there is nothing to judge by."""
        return None if self.drift is None and self.strip is None else not self.reasons

    def references(self, new: Seen) -> None:
        """Judge references; what is wrong with them stays wrong."""
        if self.drift is None:
            return
        for name, value in compare(self.drift.references, new).items():
            limit = self.drift.thresholds[name]
            if not abs(value) <= limit:
                self._lasting[name] = _sentence(name, value, limit)
        self._decided()

    def add(self, spectra: np.ndarray | None, strip: float | None = None) -> None:
        """Take one line.

        Args:
            spectra: reflectance (samples, bands) of those that are looked at; None: the line is not.
            strip: mean reflectance of the strip.
        """
        self.lines += 1
        if spectra is not None and self.drift is not None:
            sums = window_sums(self.drift.profile, spectra)
            self._sums = sums if self._sums is None else self._sums.plus(sums)
        if strip is not None:
            self._strip.append(strip)
        if self.lines % LINES == 0:
            self._judge()

    def window(self, sums: WindowSums | None, strip: float | None = None) -> None:
        """Take one window at once: the sums over what is looked at of it (None without a profile), and its strip."""
        self.lines += LINES
        self._sums = sums
        if strip is not None:
            self._strip.append(strip)
        self._judge()

    def _judge(self) -> None:
        found, limits = {}, {"strip": STRIP}
        if self._sums is not None:
            found = statistics(self.drift.profile, self._sums)
            limits |= self.drift.thresholds
        if self._strip:
            level = max(float(np.mean(self._strip)), 1e-9)
            self.strip = self.strip or level
            found["strip"] = float(np.log(level / self.strip))
        self._sums, self._strip = None, []
        if not found:
            return
        self.windows += 1
        self._now, odd = {}, False
        for name, value in found.items():
            above = not abs(value) <= limits[name]
            odd |= above
            self._above[name] = self._above.get(name, 0) + 1 if above else 0
            self.flagged[name] = self.flagged.get(name, 0) + above
            if self._above[name] >= self.in_a_row:
                self._now[name] = _sentence(name, value, limits[name])
        self.odd += odd
        self._decided()

    def _decided(self) -> None:
        self._said = self._lasting | self._now | self._said
        if self.reasons and self.first is None:
            self.first = self.lines

    def report(self) -> dict[str, Any]:
        """Return what was found over all lines: trusted (None: not judged), because (a sentence by statistic),
        since_line, windows, flagged (by statistic) and false_alarms.
        """
        return {
            "trusted": None if self.trusted is None else not self._said,
            "because": self._said,
            "since_line": self.first,
            "windows": self.windows,
            "flagged": self.flagged,
            "false_alarms": self.drift and self.drift.false_alarms,
        }


def watch_cube(watch: Watch, cube: np.ndarray) -> Watch:
    """Judge a whole reflectance cube (bands, lines, samples) by its windows, and return the watch.

    One odd window is enough where there is no other.
    """
    watch.in_a_row = max(1, min(IN_A_ROW, cube.shape[1] // LINES))
    for spectra in windows(cube):
        watch.window(None if watch.drift is None else window_sums(watch.drift.profile, spectra))
    return watch


def _percent(value: float) -> str:
    return f"{100 * value:.2g} %"


def _sentence(name: str, value: float, limit: float) -> str:
    """Return why lines are not trusted, and what may be the matter."""
    allowed = f"({_percent(limit)} allowed)"
    more = "darker" if value < 0 else "brighter"
    changed = _percent(abs(np.expm1(min(value, 9.0))))  # only of logarithms
    said = {
        "white_level": f"the white is {changed} {more} than training's {allowed}: lamp, aperture or integration time",
        "white_shape": f"the white's spectrum is up to {changed} from training's {allowed}: the lamp aged, or it or "
        "the panel is another one",
        "white_line": f"the white along the line is up to {changed} from training's {allowed}: dust on panel, slit or "
        "lens, or the lamp moved",
        "dark_level": f"the dark differs from training's by {_percent(value)} of the white {allowed}: the shutter was "
        "open, or the camera is warmer",
        "strange": f"{_percent(value)} of the spectra are like none of training {allowed}: an unknown material, or "
        "light or references that changed",
        "shifted": f"the mean spectrum of {LINES} lines is {value:.3g} from training's ({limit:.3g} allowed): light or "
        "references changed, or other boards",
        "clipped": f"{_percent(value)} of the values are 0 or 1 {allowed}: integration time or references",
        "strip": f"the strip is {changed} {more} than at the start {allowed}: take new references",
    }
    return said[name]
