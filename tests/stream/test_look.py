"""The look for drift beside the spectral encoder: its reflectance, the strip, and what a stream then says."""

import numpy as np
import pytest

from boardbench.segmentation.drift.profile import fit_profile, moments, windows
from boardbench.segmentation.drift.references import TOLERANCE
from boardbench.segmentation.drift.watch import Drift
from boardbench.stream.frames import frame
from boardbench.stream.inputs import read_inputs
from boardbench.stream.look import Look
from boardbench.stream.stream import stream


@pytest.fixture
def inputs(capture, references, facts_of):
    """Return a function that reads a capture of that many lines and its references."""
    return lambda lines: read_inputs(capture(lines), facts_of(), **references, tint=None, framed=False, lines=None)


@pytest.fixture
def bil(tmp_path, write_envi):
    """Return a function that writes counts as a capture of 4 ms and returns its header, as text."""
    path = tmp_path / "bil.hdr"
    return lambda counts: str(write_envi(path, np.ascontiguousarray(counts.transpose(0, 2, 1)), "bil", tint=4.0))


def reflectance(belt, counts, exposure=1.25, panel=0.9):
    """Return reflectance (bands, lines, samples) by the formula itself."""
    white, dark = (part[belt.keep].astype(float) for part in (belt.white, belt.dark))
    with np.errstate(divide="ignore", invalid="ignore"):
        values = panel * exposure * (counts[:, belt.keep] - dark) / (white - dark)
    return np.where(white > dark, values, 0).clip(0, 1).transpose(1, 0, 2)


def boards(belt, lines, seed=0):
    """Return counts of boards of one material, brighter and darker."""
    random = np.random.default_rng(seed)
    light = random.uniform(0.2, 0.6, (lines, 1, belt.samples)) + random.normal(
        0, 0.01, (lines, belt.bands, belt.samples)
    )
    return (belt.dark + light * (belt.white.astype(float) - belt.dark)).clip(0).round().astype(np.uint16)


def known(belt, inputs, **changes):
    """Return what training on 320 lines of such boards would know."""
    parts = list(windows(reflectance(belt, boards(belt, 320, seed=1))))
    profile = fit_profile(moments(parts), parts, 2)
    limits = {"strange": 0.1, "shifted": 1e3, "clipped": 0.9} | TOLERANCE
    return Drift(profile, [inputs(32).seen], limits | changes, 0.01).as_json()


def test_reflectance_of_what_is_looked_at(belt, inputs, facts_of):
    look = Look(facts_of(), inputs(8), "2:5")
    counts = belt.counts(8)
    expected = reflectance(belt, counts)
    for line in range(8):
        found = look._reflectance(counts[line], slice(None))
        np.testing.assert_allclose(found, expected[:, line], atol=1e-6)
    assert look.reasons is None  # a strip alone is judged after 32 lines
    for line in range(32):
        look.line(counts[line % 8])
    assert look.reasons == ()
    level = np.mean([expected[:, line % 8, 2:5].mean() for line in range(0, 32, 4)])
    assert look._watch.strip == pytest.approx(level, rel=1e-6)


def test_reflectance_has_the_integration_time_of_the_lines(belt, references, facts_of, tmp_path):
    (tmp_path / "lines").write_bytes(b"")
    given = {"tint": 2.0, "framed": False, "lines": None}  # the white's is 5
    look = Look(facts_of(), read_inputs(f"pipe:{tmp_path / 'lines'}", facts_of(), **references, **given), None)
    counts = belt.counts(1)
    found = look._reflectance(counts[0], slice(None))
    np.testing.assert_allclose(found, reflectance(belt, counts, exposure=2.5)[:, 0], atol=1e-6)


@pytest.mark.parametrize("strip", ["", "5", "5:5", "-1:4", "0:21", "a:b"])
def test_a_strip_that_no_line_has_is_refused(inputs, facts_of, says, strip):
    says(lambda: Look(facts_of(), inputs(8), strip), "--strip", "20 samples")


def test_a_stream_of_what_training_saw_is_trusted(belt, inputs, model_of, bil, references, results, tmp_path):
    path = model_of(drift=known(belt, inputs))
    stream(source=bil(boards(belt, 96)), model=path, out=tmp_path / "out", lines_per_s=0, window=96, **references)
    _, log, report = results(tmp_path / "out")
    assert {entry["trusted"] for entry in log} == {True}
    assert not any("because" in entry for entry in log)
    assert (report["drift"]["trusted"], report["drift"]["windows"], report["model"]["drift"]) == (True, 3, True)


def test_a_stream_says_from_which_line_on_it_is_not(belt, inputs, model_of, bil, references, results, tmp_path):
    path = model_of(drift=known(belt, inputs))
    counts = boards(belt, 160)
    # From line 64 on, a material that reflects little at one band and much at another.
    counts[64:, 1, :6], counts[64:, 3, :6] = 150, 2500
    stream(source=bil(counts), model=path, out=tmp_path / "out", lines_per_s=0, window=96, **references)
    _, log, report = results(tmp_path / "out")
    assert [entry["trusted"] for entry in log] == [True] * 127 + [False] * 33
    assert all(entry["because"] == ["strange"] for entry in log[127:])
    assert report["drift"]["since_line"] == 128
    assert set(report["drift"]["because"]) == {"strange"}


def test_a_darker_white_is_noticed_before_any_line(
    belt, inputs, model_of, capture, write_envi, references, results, tmp_path, capsys
):
    path = model_of(drift=known(belt, inputs))
    darker = belt.dark + 0.8 * (belt.white.astype(float) - belt.dark).clip(0)
    lines = np.repeat(darker.round().astype(np.uint16).T[None], 3, axis=0)
    given = references | {"white": write_envi(tmp_path / "references" / "darker.hdr", lines, tint=5.0)}
    stream(source=capture(40), model=path, out=tmp_path / "out", lines_per_s=0, window=96, **given)
    _, log, report = results(tmp_path / "out")
    assert {entry["trusted"] for entry in log} == {False}
    assert report["drift"]["since_line"] == 0
    assert "20 % darker" in report["drift"]["because"]["white_level"]
    assert "not trusted" in capsys.readouterr().out


def test_a_strip_shows_light_that_fades(belt, model, bil, references, results, tmp_path):
    counts = np.tile(belt.counts(1), (160, 1, 1))
    counts[80:] = (belt.dark + 0.9 * (counts[80:] - belt.dark.astype(float))).round()
    stream(source=bil(counts), model=model, out=tmp_path / "out", lines_per_s=0, window=96, strip="8:14", **references)
    _, log, report = results(tmp_path / "out")
    assert [entry["trusted"] for entry in log] == [None] * 31 + [True] * 96 + [False] * 33
    assert log[-1]["because"] == ["strip"]
    assert report["drift"]["since_line"] == 128


def test_a_model_that_carries_nothing_judges_nothing(inputs, facts_of):
    look = Look(facts_of(), inputs(8), None)
    assert (look.reasons, look.report()["trusted"]) == (None, None)


def test_lost_lines_are_neither_trusted_nor_not(belt, inputs, model_of, references, results, tmp_path):
    path = model_of(drift=known(belt, inputs))
    counts = boards(belt, 96)
    lines = [frame(number, counts[number]) for number in range(96) if not 40 <= number < 50]
    (tmp_path / "lines").write_bytes(b"".join(lines))
    source = f"pipe:{tmp_path / 'lines'}"
    stream(
        source=source, model=path, out=tmp_path / "out", lines_per_s=0, window=96, framed=True, tint=4.0, **references
    )
    _, log, _ = results(tmp_path / "out")
    assert [entry["trusted"] for entry in log] == [True] * 40 + [None] * 10 + [True] * 46
