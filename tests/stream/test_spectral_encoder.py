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
    values = plain.clip(0, 1)[:, :, belt.keep]
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
