"""How often a faithful repetition is called one, and how small a shift is found."""

import numpy as np
import pytest

from boardbench.report.verify.cells import OUTSIDE, WITHIN, Cell
from boardbench.report.verify.judge import Judged
from boardbench.report.verify.prediction import Spread, pooled

SD, SEEDS = 0.02, 5


def judged(draws, shift=0.0, networks=3):
    """Draw a reference of nine networks and a run of some of them; return the states of its scores, and the spread."""
    known = {f"n{number}": list(0.7 + SD * draws.standard_normal(SEEDS)) for number in range(9)}
    cells = [
        Cell("toy", "runs", f"n{number}", WITHIN, 9, "miou", f"{0.7 + SD * draws.standard_normal():.6f}")
        for number in range(networks)
    ]
    if shift:
        cells[0] = Cell("toy", "runs", "n0", WITHIN, 9, "miou", f"{0.7 + shift + SD * draws.standard_normal():.6f}")
    one = Judged("miou", cells, known, pooled(list(known.values())))
    return [cell.state for cell in one.judge(len(cells) + 1)], one


def test_nineteen_of_twenty_faithful_runs_lie_within_altogether():
    draws = np.random.default_rng(0)
    faithful = np.mean([OUTSIDE not in judged(draws)[0] for _ in range(2000)])
    # Bonferroni is a bound, and scores share no error here: 0.95 and a little more (standard error 0.005).
    assert 0.94 < faithful < 0.975


def test_the_shift_that_is_stated_is_found_nine_times_in_ten():
    draws = np.random.default_rng(1)
    exact = Spread(SD, 36)
    shift = exact.found_from(exact.error(SEEDS), judged=4)
    found = np.mean([judged(draws, shift)[0][0] == OUTSIDE for _ in range(2000)])
    assert found == pytest.approx(0.9, abs=0.03)
    assert shift == pytest.approx((2.6281 + 1.2816) * SD * np.sqrt(1.2), abs=1e-4)


def test_spread_by_hand():
    # Around 2 and 5: 1 + 0 + 1 and 0.25 + 0.25, over two and one degrees of freedom; a lone score says nothing.
    spread = pooled([[1.0, 2.0, 3.0], [4.5, 5.5], [9.0]])
    assert (spread.sd, spread.freedom) == (pytest.approx(np.sqrt(2.5 / 3)), 3)
    assert spread.error(4, new=2, networks=3) == pytest.approx(spread.sd * np.sqrt((1 / 2 + 1 / 4) / 3))
