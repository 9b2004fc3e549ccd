"""What training saw, and whether what comes is still like it: by hand, and by the verb on a tiny data set."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from boardbench.params.segmentation import Drift as Params
from boardbench.segmentation.drift import references
from boardbench.segmentation.drift.fit import drift
from boardbench.segmentation.drift.profile import (
    Profile,
    WindowSums,
    distances,
    fit_profile,
    looked_at,
    moments,
    statistics,
    window_sums,
    windows,
)
from boardbench.segmentation.drift.references import TOLERANCE, Seen, compare, cover, seen_counts, thresholds
from boardbench.segmentation.drift.trial import TRIALS
from boardbench.segmentation.drift.watch import Drift, Watch, nearest_drift, read_drift, watch_cube


def profile(**changes):
    """Return a profile for mental arithmetic: mean 0.5, axes along the first two of three bands."""
    given = {
        "mean": [0.5, 0.5, 0.5],
        "axes": [[1, 0, 0], [0, 1, 0]],
        "variance": [0.04, 0.01],
        "residual": 0.01,
        "far": 5.0,
        "centre": [0, 0],
        "precision": [[100, 0], [0, 50]],
    }
    return Profile(*(np.asarray(value, np.float32) for value in (given | changes).values()))


def lamp(level=1.0, dark=80.0, bands=4, samples=6, timed=True):
    return Seen(np.full(bands, 100.0 * level), np.full(samples, 100.0 * level), dark, 800.0 * level, timed)


def guard(**changes):
    limits = {"strange": 0.25, "shifted": 1.0, "clipped": 0.1} | TOLERANCE
    given = {"profile": profile(), "references": [lamp()], "thresholds": limits, "false_alarms": 0.01} | changes
    return Drift(**given)


def test_a_distance_is_along_the_axes_and_outside_them():
    spectra = np.float32([[0.5, 0.5, 0.5], [0.7, 0.5, 0.5], [0.5, 0.7, 0.5], [0.5, 0.5, 0.7]])
    # 0.2² / 0.04, 0.2² / 0.01, and 0.2² outside over 0.01
    np.testing.assert_allclose(distances(profile(), spectra), [0, 1, 4, 4], atol=1e-5)


def test_statistics_of_a_window_by_hand():
    window = np.float32([[[0.5, 0.5, 0.5], [0.9, 0.5, 0.5]], [[0.5, 0.0, 0.5], [0.5, 0.5, 1.0]]])
    sums = window_sums(profile(), window)
    # distances 0, 4, 25, 25: two above 5; a value at 0 and one at 1
    assert (sums.pixels, sums.strange, sums.clipped) == (4, 2, 2)
    np.testing.assert_allclose(sums.total, [2.4, 1.5, 2.5])
    # mean 0.6, 0.375, 0.625: 0.1² x 100 + 0.125² x 50
    found = statistics(profile(), sums)
    assert found == {
        "strange": 0.5,
        "shifted": pytest.approx(1 + 0.78125, rel=1e-5),
        "clipped": pytest.approx(2 / 12),
    }
    assert sums.plus(WindowSums(1, np.ones(3), 1, 0)).strange == 3


def test_windows_of_a_cube():
    cube = np.arange(3 * 70 * 300, dtype=np.float32).reshape(3, 70, 300)
    first, second = windows(cube)
    assert looked_at(300) == slice(None, None, 3)
    np.testing.assert_array_equal(first, cube[:, 0:32:4, ::3].transpose(1, 2, 0))
    np.testing.assert_array_equal(second, cube[:, 32:64:4, ::3].transpose(1, 2, 0))  # six lines are no window
    (short,) = windows(cube[:, :7, :128])
    np.testing.assert_array_equal(short, cube[:, :7:4, :128].transpose(1, 2, 0))


def test_a_fit_is_that_of_all_spectra_and_one_in_a_thousand_is_far():
    random = np.random.default_rng(1)
    mixing = random.normal(size=(5, 5)) * 0.1
    parts = [0.5 + (random.normal(size=(8, 50, 5)) @ mixing).astype(np.float32) for _ in range(10)]
    spectra = np.concatenate(parts).reshape(-1, 5)
    fitted = fit_profile(moments(parts), parts, 5)
    off = spectra - spectra.mean(axis=0)
    expected = np.einsum("pb,bc,pc->p", off, np.linalg.inv(np.cov(spectra.T, ddof=0)), off)
    np.testing.assert_allclose(distances(fitted, spectra), expected, rtol=0.02)  # float32, no band left outside
    assert np.count_nonzero(distances(fitted, spectra) > fitted.far) == 4  # of 4000
    some, others = moments(parts[:3]), moments(parts[3:])
    for one, other in zip(moments(parts).minus(others), some, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    for one, other in zip(some.plus(others), moments(parts), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_references_against_the_nearest_lamp():
    known = [lamp(1.0), lamp(2.0, dark=90.0)]
    assert compare(known, lamp(1.9, dark=98.0)) == {
        "white_level": pytest.approx(np.log(0.95)),
        "white_shape": pytest.approx(0, abs=1e-12),
        "white_line": pytest.approx(0, abs=1e-12),
        "dark_level": pytest.approx(8 / 1600),
    }
    aged = lamp()._replace(white=np.array([80.0, 100, 100, 100]))
    level = np.log(0.8) / 4
    assert compare(known, aged)["white_shape"] == pytest.approx(level - np.log(0.8))
    dusty = lamp()._replace(line=np.array([100, 100, 70.0, 100, 100, 100]))
    assert compare(known, dusty)["white_line"] == pytest.approx(-np.log(0.7))
    assert "white_line" not in compare(known, lamp(samples=5))
    assert compare(known, lamp(timed=False)) == compare(known, lamp(bands=3)) == {}
    dead = compare(known, lamp()._replace(white=np.zeros(4), line=np.zeros(6)))
    assert dead["white_level"] < -10


def test_what_is_compared_of_counts():
    span, dark = np.full((3, 2), 200.0), np.full((3, 2), 20.0)
    span[0], span[2, 1] = 999, np.nan  # band 0 is not kept, an element is not known
    found = seen_counts(span, dark, 4.0, [1, 2])
    np.testing.assert_allclose(found.white, [50, 25])
    np.testing.assert_allclose(found.line, [50, 25])
    assert (found.dark, found.span, found.timed) == (20, 150, True)
    assert seen_counts(span, dark, None, [1, 2]).timed is False


def test_one_lamp_setting_is_kept_once_and_thresholds_follow_the_scenes():
    assert [one.white[0] for one in cover([lamp(1), lamp(1.001), lamp(2), lamp(1.999)])] == [100, 200]
    steady = {scene: [lamp(1), lamp(2)] for scene in "abc"}
    assert thresholds(steady, 0.99) == TOLERANCE
    drifting = {"a": [lamp(1)], "b": [lamp(1.1)], "c": [lamp(1.21)]}
    assert thresholds(drifting, 0.99)["white_level"] == pytest.approx(np.log(1.1))
    assert thresholds({"a": [lamp(1)]}, 0.99) == TOLERANCE  # nothing to compare with


ODD, USUAL, NAN = (np.full((8, 4, 3), value, np.float32) for value in (0.99, 0.5, np.nan))


def judge(watch, *windows, strip=None):
    """Give windows to a watch; return whether it trusts after each."""
    states = []
    for window in windows:
        watch.window(watch.drift and window_sums(watch.drift.profile, window), strip)
        states.append(watch.trusted)
    return states


def test_trust_goes_after_two_odd_windows_and_comes_back():
    watch = Watch(guard())
    assert judge(watch, USUAL, ODD, USUAL, ODD, ODD, USUAL) == [True, True, True, True, False, True]
    report = watch.report()
    assert (report["trusted"], report["since_line"], report["windows"]) == (False, 160, 6)
    assert (watch.odd, report["flagged"]) == (3, {"strange": 3, "shifted": 3, "clipped": 0})
    assert list(report["because"]) == ["strange", "shifted"]


def test_lines_are_judged_as_windows_are():
    watch, lines = Watch(guard()), Watch(guard())
    for window in (ODD, ODD):
        judge(watch, window)
        for line in range(32):
            assert lines.looks == (line % 4 == 0)
            lines.add(window[line // 4] if lines.looks else None)
    assert lines.report() == watch.report()
    assert lines.reasons == ("strange", "shifted")


def test_references_that_are_wrong_stay_wrong():
    watch = Watch(guard())
    watch.references(lamp(0.9))
    judge(watch, USUAL, USUAL, USUAL)
    assert (watch.reasons, watch.report()["since_line"]) == (("white_level",), 0)
    assert "10 % darker" in watch.report()["because"]["white_level"]
    fine = Watch(guard())
    fine.references(lamp(0.99))
    assert fine.trusted


def test_a_strip_is_compared_with_the_first_lines():
    watch = Watch(None)
    assert watch.trusted is None
    for level in (0.8, 0.79, 0.72, 0.72):
        judge(watch, USUAL, strip=level)
    assert watch.reasons == ("strip",)
    assert watch.report()["since_line"] == 128
    blind = Watch(None)
    judge(blind, USUAL)
    assert (blind.trusted, blind.report()["trusted"], blind.report()["windows"]) == (None, None, 0)


def test_values_that_are_no_numbers_are_not_trusted():
    assert judge(Watch(guard()), NAN, NAN) == [True, False]


def test_a_short_capture_is_judged_by_its_only_window():
    known = guard()
    short, long = np.full((3, 20, 4), 0.99, np.float16), np.full((3, 64, 4), 0.99, np.float16)
    assert watch_cube(Watch(known), short).trusted is False
    assert watch_cube(Watch(known), long[:, :63]).trusted is False
    long[:, 32:] = 0.5
    assert watch_cube(Watch(known), long).trusted is True
    assert watch_cube(Watch(None), short).report()["windows"] == 0


def test_json_carries_it_all(tmp_path, says):
    made = guard()
    (tmp_path / "drift.json").write_text(json.dumps(made.as_json(), allow_nan=False))
    again = read_drift(tmp_path / "drift.json")
    assert statistics(again.profile, window_sums(again.profile, ODD)) == statistics(
        made.profile, window_sums(made.profile, ODD)
    )
    assert compare(again.references, lamp(0.9)) == compare(made.references, lamp(0.9))
    (tmp_path / "runs" / "a").mkdir(parents=True)
    assert nearest_drift(tmp_path / "runs" / "a") == tmp_path / "drift.json"
    (tmp_path / "drift.json").write_text("{}")
    says(lambda: read_drift(tmp_path / "drift.json"), "drift.json", "segmentation drift")
    says(lambda: read_drift(tmp_path / "none.json"), "none.json", "segmentation drift")


@pytest.fixture
def study(world, random_capture, tmp_path):
    """Write six training scenes and two test scenes of reflectance, with their sheet; return the verb's arguments."""
    rows = ["scene,condition,kind,cube,white,dark,mask"]
    for number in range(8):
        name = f"s{number}_1"
        cube, mask = random_capture(number, lines=70, samples=40)
        world.add(name, "train" if number < 6 else "test", cube.clip(0.01, 0.99), mask)
        for path in (f"{name}.hdr", f"{name}.img", f"{name}.png"):
            (tmp_path / path).write_text("")
        rows.append(f"s{number},1,reflectance,{name}.hdr,,,{name}.png")
    (tmp_path / "captures.csv").write_text("\n".join(rows) + "\n")
    return {
        "split": world.split,
        "reflectance": world.reflectance,
        "sheet": tmp_path / "captures.csv",
        "out": tmp_path / "drift.json",
    }


def test_the_verb_knows_training_and_notices_what_is_new(study, tmp_path):
    drift(**study, params=Params(components=3, false_alarms=0.05))
    made = read_drift(tmp_path / "drift.json")
    assert made.references == []
    assert made.false_alarms <= 0.05 + 1 / 12  # of 12 windows
    table = pd.read_csv(tmp_path / "drift.csv", keep_default_na=False).set_index("drift")
    assert list(table.index) == [trial.name for trial in TRIALS]
    assert (table["captures"] == 2).all()
    assert (table["windows"] == 4).all()
    assert table["not_trusted"]["unknown material on 10 % of the samples"] == 2
    assert table["lines_until"]["unknown material on 10 % of the samples"] == "64"
    assert "strange" in table["by"]["unknown material on 10 % of the samples"]
    assert table["by"]["lamp -10 % (old references, strip in view)"].split("; ")[-1] == "strip"
    # without references nothing of them can be noticed
    assert table["by"]["lamp -20 % (new references)"] == table["by"]["none"]


def test_the_test_part_never_enters(study, world, random_capture, tmp_path):
    drift(**study, params=Params(components=3))
    before = (tmp_path / "drift.json").read_bytes()
    cube, mask = random_capture(99, lines=70, samples=40)
    world.write("s7_1", cube * 0.5, mask)
    drift(**study, params=Params(components=3))
    assert (tmp_path / "drift.json").read_bytes() == before
    world.write("s0_1", cube * 0.5, mask)
    drift(**study, params=Params(components=3))
    assert (tmp_path / "drift.json").read_bytes() != before


def test_other_bands_and_unknown_captures_are_refused(study, world, random_capture, tmp_path, says):
    cube, mask = random_capture(0, bands=5, lines=40)
    world.write("s1_1", cube, mask)
    says(lambda: drift(**study, params=Params()), "s0_1", "s1_1", "bands")
    world.write("s1_1", *random_capture(1, lines=40))
    text = (tmp_path / "captures.csv").read_text().replace("s2,1", "s9,1")
    (tmp_path / "captures.csv").write_text(text)
    says(lambda: drift(**study, params=Params()), "s2_1", "sheet")
    assert not (tmp_path / "drift.json").exists()


def test_dust_is_seen_in_the_references_of_a_raw_capture():
    found = SimpleNamespace(
        white=SimpleNamespace(mean=np.full((6, 4), 820.0)),
        white_dark=SimpleNamespace(mean=np.full((6, 4), 20.0)),
        dark=SimpleNamespace(mean=np.full((6, 4), 80.0)),
        tints={"white": 8.0},
    )
    one = references.seen(found, [0, 1, 2, 3])
    np.testing.assert_allclose(one.white, np.full(4, 100.0))
    assert (len(one.line), one.dark, one.span) == (6, 80, 800)
    dust = next(trial for trial in TRIALS if trial.name == "dust on the white")
    watch = Watch(guard(references=[one]))
    watch.references(dust.references(one))
    assert watch.reasons == ("white_level", "white_line")
