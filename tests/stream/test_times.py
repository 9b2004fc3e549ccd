import numpy as np

from boardbench.stream.times import Times, headroom, kept, verdict


def filled(values, **arguments):
    times = Times(**arguments)
    for value in values:
        times.add(value)
    return times


def test_percentiles_are_exact_while_all_are_kept():
    times = filled([0.004, 0.001, 0.003, 0.002, 0.005])
    assert times.summary() == {"count": 5, "p50_ms": 3.0, "p99_ms": 4.96, "max_ms": 5.0}
    assert Times().summary() == {"count": 0, "p50_ms": None, "p99_ms": None, "max_ms": None}


def test_memory_is_bounded_and_the_sample_is_fair():
    random = np.random.default_rng(0)
    values = random.permutation(np.linspace(0, 1, 20001))
    times = filled(values, exact=1000)
    assert len(times._kept) == 1000
    summary = times.summary()
    assert (summary["count"], summary["max_ms"]) == (20001, 1000.0)
    # Standard error of the median of 1000: 16 ms.
    assert abs(summary["p50_ms"] - 500) < 80
    assert abs(times._kept.mean() - 0.5) < 0.05


def report(encoder=0.001, network=0.1, dropped=0, offered=327.0, rate=327.0, seen=5000, slowest=0.1):
    line, window = filled([encoder]), filled([network])
    return {
        "lines": {"total": seen + dropped, "seen": seen, "dropped": dropped, "refused": 0},
        "lines_per_s": {"asked": rate, "offered": offered, "sustained": 300.0},
        "line": {"encoder": line.summary()},
        "window": {"step": 64, "compute": window.summary() | {"max_ms": 1000 * slowest}},
        "headroom": headroom(rate, 64, line, window),
    }


def test_headroom_by_hand():
    # At 100 lines/s a line has 10 ms and 64 of them 640 ms.
    assert headroom(100, 64, filled([0.004]), filled([1.28])) == {"encoder": 2.5, "network": 0.5}
    assert headroom(0, 64, filled([0.004]), filled([1.28])) == {"encoder": None, "network": None}
    assert headroom(100, 64, Times(), Times()) == {"encoder": None, "network": None}


def says(found, *words):
    for word in words:
        assert word in found, found


def test_a_rate_that_is_kept():
    known = report()
    assert kept(known) is True
    says(verdict(known), "327 lines/s kept: 0 of 5000 lines dropped", "1.96 times")


def test_a_network_that_is_too_slow():
    known = report(network=0.31, dropped=812, seen=4188)
    assert kept(known) is False
    says(
        verdict(known),
        "TOO SLOW: 812 of 5000 lines dropped: the network takes 310 ms a window, 196 ms are there.",
        "segmentation_pareto.csv",
    )


def test_a_slow_network_that_the_buffer_hid():
    known = report(network=0.31)
    assert kept(known) is False
    says(verdict(known), "TOO SLOW: 0 of 5000 lines dropped so far", "short", "310 ms")


def test_an_encoder_that_is_too_slow():
    known = report(encoder=0.004, dropped=9)
    says(verdict(known), "TOO SLOW", "calibration and reduction take 4.0 ms a line, 3.1 ms are there")
    assert "network" not in verdict(known)


def test_lines_dropped_though_all_is_fast():
    known = report(dropped=9, slowest=0.9)
    assert kept(known) is False
    says(verdict(known), "TOO SLOW: 9 of 5009", "up to 900 ms", "--buffer")


def test_a_source_that_did_not_give_the_rate():
    known = report(offered=200.0)
    assert kept(known) is None
    says(verdict(known), "0 of 5000 lines dropped", "gave only 200 of 327 lines/s")


def test_no_rate_asked_and_no_lines():
    assert kept(report(rate=0.0)) is None
    says(verdict(report(rate=0.0)), "300 lines/s as fast as they go")
    says(verdict(report(seen=0, offered=None)), "NO LINES")
    says(verdict(report(seen=1, offered=None)), "TOO FEW LINES")
