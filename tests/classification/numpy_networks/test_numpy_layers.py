"""Each layer's gradients: by finite differences in float64, and beside torch's."""

import numpy as np
import pytest
import torch

from boardbench.classification.numpy_networks.convolution import Conv2d, MaxPool2d
from boardbench.classification.numpy_networks.layers import Dense, Dropout, Flatten, ReLU

LAYERS = {
    "dense": (lambda: Dense(4), (5,)),
    "conv": (lambda: Conv2d(3), (5, 4, 2)),
    "conv, stride 2": (lambda: Conv2d(3, stride=2), (6, 5, 2)),
    "conv, stride 2, leftover lines": (lambda: Conv2d(2, stride=2, padding=0), (6, 8, 2)),
    "conv, stride 3, padding 2": (lambda: Conv2d(2, stride=3, padding=2), (5, 7, 1)),
    "conv, no padding": (lambda: Conv2d(3, padding=0), (4, 5, 2)),
    "conv, 2 x 2": (lambda: Conv2d(3, kernel=2, padding=1), (4, 3, 2)),
    "pool": (lambda: MaxPool2d(), (4, 6, 3)),
    "pool, leftover lines": (lambda: MaxPool2d(), (5, 7, 2)),
    "pool, 3 x 3": (lambda: MaxPool2d(3), (7, 6, 2)),
    "relu": (lambda: ReLU(), (3, 4)),
    "flatten": (lambda: Flatten(), (2, 3, 2)),
    "dropout": (lambda: Dropout(0.4), (50,)),
}
IMAGES = 3


def built(make, shape, dtype=np.float64):
    layer, generator = make(), np.random.default_rng(1)
    layer.build(shape)
    layer.parameters = {name: generator.normal(size=of).astype(dtype) for name, of in layer.shapes.items()}
    return layer, generator.normal(size=(IMAGES, *shape)).astype(dtype)


def passed(layer, x):
    """Dropout draws the same mask each time."""
    return layer.forward(x.copy(), np.random.default_rng(5))


def gradients(layer, x, upstream):
    _, kept = passed(layer, x)
    into = {name: np.ones_like(array) for name, array in layer.parameters.items()}  # added to, not replaced
    back = layer.backward(kept, upstream.copy(), into)
    return back, {name: array - 1 for name, array in into.items()}


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_are_those_of_finite_differences(name):
    make, shape = LAYERS[name]
    layer, x = built(make, shape)
    y, _ = passed(layer, x)
    assert y.shape == (IMAGES, *make().build(shape))
    upstream = np.random.default_rng(2).normal(size=y.shape)
    back, into = gradients(layer, x, upstream)
    for array, found in [(x, back), *((layer.parameters[key], into[key]) for key in into)]:
        assert found.shape == array.shape
        for index in np.ndindex(array.shape):
            before = array[index]
            values = []
            for step in (1e-6, -1e-6):
                array[index] = before + step
                values.append((passed(layer, x)[0] * upstream).sum())
            array[index] = before
            assert found[index] == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-6, abs=1e-7)


def torchs(layer, x, upstream):
    """Return y, dL/dx and dL/dparameters of torch's layer of the same name."""
    t = torch.tensor(x, requires_grad=True)
    weights = {name: torch.tensor(array, requires_grad=True) for name, array in layer.parameters.items()}
    image = t.permute(0, 3, 1, 2) if t.ndim == 4 else t
    if isinstance(layer, Dense):
        y = image @ weights["weight"] + weights["bias"]
    elif isinstance(layer, Conv2d):
        kernel = weights["weight"].permute(3, 2, 0, 1)
        y = torch.nn.functional.conv2d(image, kernel, weights["bias"], layer.stride, layer.padding)
    else:
        y = torch.nn.functional.max_pool2d(image.relu(), layer.size)
    y = y.permute(0, 2, 3, 1) if y.ndim == 4 else y
    y.backward(torch.tensor(upstream))
    return y.detach(), t.grad, {name: weight.grad for name, weight in weights.items()}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [name for name in LAYERS if name.startswith(("dense", "conv", "pool"))])
def test_gradients_are_those_of_torch(name, dtype):
    make, shape = LAYERS[name]
    layer, x = built(make, shape, dtype)
    if isinstance(layer, MaxPool2d):  # behind a ReLU, where many values are equal
        x = np.round(x)
        ours, (kept, _) = passed(layer, np.maximum(x, 0))
    else:
        ours, kept = passed(layer, x)
    upstream = np.random.default_rng(2).normal(size=ours.shape).astype(dtype)
    theirs, back, into = torchs(layer, x, upstream)
    close = {"rtol": 2e-5, "atol": 2e-5} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-12}
    np.testing.assert_allclose(ours, theirs, **close)
    if isinstance(layer, MaxPool2d):
        found = layer.backward((kept, ours), upstream.copy(), {}) * (kept > 0)
        np.testing.assert_array_equal(found, back)
        return
    found, found_into = gradients(layer, x, upstream)
    assert ours.dtype == found.dtype == dtype
    np.testing.assert_allclose(found, back, **close)
    for key in into:
        np.testing.assert_allclose(found_into[key], into[key], **close)


def test_convolution_by_hand():
    """One channel, all weights 1, bias 10: the sum of the neighbours that there are."""
    layer = Conv2d(1)
    assert layer.build((2, 3, 1)) == (2, 3, 1)
    layer.parameters = {"weight": np.ones((3, 3, 1, 1)), "bias": np.array([10.0])}
    y, _ = layer.forward(np.array([[1.0, 2, 3], [4, 5, 6]]).reshape(1, 2, 3, 1))
    np.testing.assert_array_equal(y[0, :, :, 0], [[22, 31, 26], [22, 31, 26]])
    assert (layer.macs, layer.fans) == (6 * 9, (9, 9))


def test_of_equal_values_the_first_gets_the_gradient():
    layer = MaxPool2d()
    x = np.array([[2.0, 2, 0, 0], [1, 2, 0, 0]]).reshape(1, 2, 4, 1)
    y, kept = layer.forward(x)
    back = layer.backward(kept, np.array([[[[7.0], [9.0]]]]), {})
    np.testing.assert_array_equal(y.ravel(), [2, 0])
    np.testing.assert_array_equal(back[0, :, :, 0], [[7, 0, 9, 0], [0, 0, 0, 0]])


def test_large_images_go_through_in_blocks(monkeypatch):
    from boardbench.classification.numpy_networks import convolution

    layer, x = built(*LAYERS["conv"])
    whole = passed(layer, x)[0]
    upstream = np.ones_like(whole)
    back, into = gradients(layer, x, upstream)
    monkeypatch.setattr(convolution, "BLOCK_BYTES", 2 * 5 * 4 * 9 * 2 * 8)  # two images, then one
    assert [(part.start, part.stop) for part in layer._blocks(whole, 2)] == [(0, 2), (2, 4)]
    np.testing.assert_allclose(passed(layer, x)[0], whole, rtol=1e-12)
    again, into_again = gradients(layer, x, upstream)
    np.testing.assert_allclose(again, back, rtol=1e-12)
    np.testing.assert_allclose(into_again["weight"], into["weight"], rtol=1e-10)


def test_dropout_leaves_out_its_share_and_keeps_the_mean():
    layer, x = Dropout(0.3), np.ones((200, 500), np.float32)
    y, kept = layer.forward(x, np.random.default_rng(0))
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert (y == 0).mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 1e5))
    assert y.mean() == pytest.approx(1, abs=4 * np.sqrt(0.3 / 0.7 / 1e5))
    assert y.dtype == np.float32
    back = layer.backward(kept, np.full_like(x, 2), {})
    np.testing.assert_array_equal(back, 2 * y)
    again, _ = layer.forward(x, None)
    assert again is x


def test_the_first_layer_is_not_asked_for_the_gradient_of_its_images():
    for name in ("dense", "conv"):
        layer, x = built(*LAYERS[name])
        y, kept = passed(layer, x)
        into = {key: np.zeros_like(array) for key, array in layer.parameters.items()}
        assert layer.backward(kept, np.ones_like(y), into, wanted=False) is None
        assert all(array.any() for array in into.values())


def test_shapes_that_do_not_fit_are_named(says):
    says(lambda: Dense(4).build((2, 2)), "Dense(4)", "(2, 2)", "Flatten")
    says(lambda: Conv2d(4, padding=3), "padding 3", "kernel 3", "Lower it")
    says(lambda: Conv2d(4, padding=0).build((2, 5, 1)), "Conv2d(4)", "2 x 5", "larger images")
    says(lambda: MaxPool2d().build((1, 5, 1)), "pool", "1 x 5", "false")
