import numpy as np
import pytest

from boardbench.captures.calibration import calibrate
from boardbench.engine.onnxfile import session
from boardbench.stream.spectral_encoder import SpectralEncoder, saturated


@pytest.fixture
def encoder(model, belt):
    return SpectralEncoder(model, white=belt.white, dark=belt.dark, exposure=1.25)


def test_equals_the_offline_calibration_and_reduction(model, belt, encoder):
    import onnx
    from onnx import numpy_helper

    weights = {array.name: numpy_helper.to_array(array) for array in onnx.load(model).graph.initializer}
    counts = belt.counts(40)
    plain, invalid, _ = calibrate(
        *(part.transpose(0, 2, 1) for part in (counts, belt.white[None], belt.dark[None])), 4.0, 5.0, 4.0, panel=0.9
    )
    values = plain.clip(0, 1)[:, :, belt.keep].astype(np.float16).astype(np.float32)
    expected = np.maximum(values @ weights["weight"].T + weights["bias"][:, 0], 0).transpose(2, 0, 1)
    got = encoder.lines(counts)
    assert got.shape == (3, 40, 20) == (encoder.channels, 40, 20)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    assert encoder.invalid == invalid[0][:, belt.keep].sum() == 2


def test_one_line_at_a_time_is_the_same(belt, encoder):
    counts = belt.counts(5)
    single = np.concatenate([encoder.lines(line[None]) for line in counts], axis=1)
    np.testing.assert_array_equal(single, encoder.lines(counts))


def test_the_whole_model_sees_the_same_values(model, belt, encoder):
    import onnx

    counts = belt.counts(32)
    whole = onnx.load(model)
    whole.graph.output.append(next(value for value in whole.graph.value_info if value.name == "reduced"))
    given = {"counts": counts, "white": belt.white, "dark": belt.dark, "exposure": np.float32([1.25])}
    given |= {name: given[name].astype(np.float32) for name in ("white", "dark")}
    expected = session(whole.SerializeToString(), 1).run(["reduced"], given)[0][0]
    np.testing.assert_allclose(encoder.lines(counts), expected, atol=1e-6)


def test_saturated_values_of_the_bands_kept():
    counts = np.zeros((6, 4), np.uint16)
    counts[0], counts[2, :2], counts[3, 0], counts[5, 3] = 4095, 4095, 4094, 5000
    assert saturated(counts, [1, 2, 3, 4, 5], 4095) == 3
    assert saturated(counts, [1, 2, 4], 4095) == 2
    assert saturated(counts, [0, 5], 4095) == 5


def test_reflectance_by_hand():
    """Two of three bands: (counts - dark) * gain, cut off at 0 and 1, rounded to float16."""
    from boardbench.stream.reflectance import reflectance

    counts = np.array([[9, 9, 9, 9], [150, 90, 4095, 101], [101, 101, 101, 7]], np.uint16)
    dark = np.array([[100, 100, 100, 100], [100, 100.5, 101, 0]], np.float32)
    gain = np.array([[0.001, 0.001, 0.001, 2.0**-14], [1 / 3, 2.0**-23, 1, 0]], np.float32)
    out = np.empty((2, 4), np.float32)
    reflectance(counts, np.array([1, 2]), dark, gain, out)
    # 0.5 * 2**-23 is float16's smallest step, and 1 / 3 has ten digits behind its first
    np.testing.assert_array_equal(out, [[np.float16(0.05), 0, 1, 2.0**-14], [1365 / 4096, 2.0**-24, 0, 0]])


def test_every_reflectance_is_rounded_as_the_exported_file_rounds_it():
    from boardbench.stream.reflectance import reflectance

    random = np.random.default_rng(1)
    counts = random.integers(0, 4096, (3, 5000), np.uint16)
    dark = random.uniform(90, 110, (3, 5000)).astype(np.float32)
    gain = np.float32(10.0) ** random.uniform(-9, -3, (3, 5000)).astype(np.float32)
    out = np.empty((3, 5000), np.float32)
    reflectance(counts, np.arange(3), dark, gain, out)
    expected = ((counts - dark) * gain).clip(0, 1).astype(np.float16).astype(np.float32)
    assert (out != expected).mean() < 1e-3  # ties go to either side
    np.testing.assert_allclose(out, expected, rtol=2.0**-10, atol=2.0**-24)


def test_a_file_of_before_gives_the_same_channels(model, belt, encoder):
    """An earlier version wrote no value ``reflectance``: such a file runs from counts on."""
    import onnx

    before = onnx.load(model)
    before.graph.value_info.remove(next(value for value in before.graph.value_info if value.name == "reflectance"))
    onnx.save(before, model.with_name("before.onnx"))
    by_file = SpectralEncoder(model.with_name("before.onnx"), white=belt.white, dark=belt.dark, exposure=1.25)
    channels = by_file.lines(belt.counts(7))
    assert np.ptp(channels) > 0
    np.testing.assert_allclose(encoder.lines(belt.counts(7)), channels, atol=1e-6)
    assert by_file.invalid == encoder.invalid == 2


def test_several_lines_at_once_are_the_same(model, belt, encoder):
    two = SpectralEncoder(model, white=belt.white, dark=belt.dark, exposure=1.25, threads=2)
    np.testing.assert_array_equal(two.lines(belt.counts(9)), encoder.lines(belt.counts(9)))
