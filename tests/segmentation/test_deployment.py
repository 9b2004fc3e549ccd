"""One module from raw counts to classes, against the offline steps it stands for."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_model import SENSOR, make_model

from boardbench.captures.calibration import calibrate
from boardbench.segmentation import reduction
from boardbench.segmentation.deployment import Deployed, _fold, example
from boardbench.segmentation.networks import build_network
from boardbench.segmentation.reduction.pca import EVERY, Axes

AXES = Axes(
    captures=np.array([EVERY]),
    mean=np.full((1, 5), 0.3, np.float32),
    components=np.linspace(-1, 1, 15, dtype=np.float32).reshape(1, 3, 5),
    explained_variance_ratio=np.full((1, 3), 0.3, np.float32),
    bands=np.empty((1, 0), np.int64),
    criterion=np.array([np.nan]),
)
PICKED = replace(AXES, mean=np.zeros((1, 5), np.float32), bands=np.array([[0, 2, 4]]))


def trained(strategy: str, **changes):
    """A network whose normalization has something to fold."""
    model = make_model(strategy, **changes)
    generator = torch.Generator().manual_seed(1)
    for layer in model.network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.uniform_(-0.2, 0.2, generator=generator)
            layer.running_var.uniform_(0.5, 1.5, generator=generator)
    return model


def offline(model, counts, white, dark, exposure):
    """The steps as the pipeline does them: calibrate, clip, trim, normalize, reduce, network."""
    raw, white, dark = (array.numpy().swapaxes(-1, -2) for array in (counts, white, dark))
    reflectance, _, _ = calibrate(raw, white, dark, 1.0, float(exposure), 1.0, model.sensor.panel)
    cube = np.clip(reflectance, 0, 1).transpose(2, 0, 1)[model.sensor.keep].astype(np.float16).astype(np.float32)
    if model.normalization:
        offset, gain = model.normalization.factors("any", len(cube))
        cube = (cube - offset[:, None, None]) * gain[:, None, None]
    if model.reduction is not None and model.reduction.bands.size:
        cube = cube[model.reduction.bands[0]]
    elif model.reduction is not None:
        cube = np.einsum("kb,bls->kls", model.reduction.components[0], cube - model.reduction.mean[0][:, None, None])
    with torch.inference_mode():
        return model.network(torch.from_numpy(np.ascontiguousarray(cube, np.float32))[None])[0].softmax(dim=0)


@pytest.mark.parametrize(
    ("strategy", "axes"),
    [
        ("scrb", None),
        ("linear3", None),
        ("full", None),
        ("scrb_se", None),
        ("pca3", AXES),
        ("rgb", AXES),
        ("bands3", PICKED),
    ],
)
def test_the_module_is_the_offline_path(strategy, axes):
    model = trained(strategy, reduction=axes)
    counts, white, dark, _ = example(model, 20, 33)
    counts[3, 4, 5] = 4095  # saturated
    counts[0, 3, 1] = 0  # below dark: clipped
    white[2, 7] = dark[2, 7]  # not above dark: invalid
    white[3, 8] = dark[3, 8] - 5
    exposure = torch.tensor([0.8])
    with torch.inference_mode():
        outputs = Deployed(model).eval()(counts, white, dark, exposure)
    classes, probabilities, dark_signal, gain, reflectance, reduced = outputs
    expected = offline(model, counts, white, dark, exposure)
    torch.testing.assert_close(probabilities, expected, atol=2e-6, rtol=0)
    assert (classes.numpy() == expected.argmax(dim=0).numpy()).mean() > 0.999
    assert classes.dtype == torch.uint8 and classes.shape == (20, 33)
    assert reduced.shape[0] == 1 and reduced.shape[2:] == (20, 33)
    row = {"bands3": [0, 1]}.get(strategy, [0, 1])  # bands 2 and 3 of the sensor are the first two kept
    kept = [2, 4, 6] if strategy == "bands3" else SENSOR.keep
    assert dark_signal.shape == gain.shape == (len(kept), 33)
    by_hand = ((counts[:, kept].float() - dark_signal) * gain).clamp(0, 1).half().float()
    torch.testing.assert_close(reflectance, by_hand, atol=0, rtol=0)
    assert gain[row[0], 7] == dark_signal[row[0], 7] == 0
    if strategy != "bands3":
        assert gain[row[1], 8] == dark_signal[row[1], 8] == 0


def test_pointwise_fronts_end_before_the_seam_and_others_behind_it():
    scrb, gated = (Deployed(trained(name)) for name in ("scrb", "scrb_se"))
    assert len(scrb.steps) == 2 and isinstance(scrb.spectral_encoder, torch.nn.Identity)
    assert len(gated.steps) == 0 and not isinstance(gated.spectral_encoder, torch.nn.Identity)


def test_gain_by_hand():
    """panel 0.99, exposure 2, white 1100, dark 100: 0.99 * 2 / 1000."""
    module = Deployed(make_model())
    dark_signal, gain = module.factors(torch.full((8, 1), 1100.0), torch.full((8, 1), 100.0), torch.tensor([2.0]))
    torch.testing.assert_close(gain, torch.full((5, 1), 0.00198))
    torch.testing.assert_close(dark_signal, torch.full((5, 1), 100.0))


def test_reflectance_goes_in_where_the_run_was_trained_on_it():
    model = trained("linear3", sensor=replace(SENSOR, kind="reflectance"))
    (reflectance,) = example(model, 16, 18)
    reflectance[0, 2, 0] = float("nan")
    with torch.inference_mode():
        _, probabilities, _ = Deployed(model).eval()(reflectance)
    cube = torch.nan_to_num(reflectance[:, 2:7]).transpose(0, 1)[None].half().float()
    with torch.inference_mode():
        torch.testing.assert_close(probabilities, model.network(cube)[0].softmax(dim=0), atol=1e-6, rtol=0)


def test_a_resized_run_gives_classes_at_its_working_size():
    with torch.inference_mode():
        classes, probabilities, *_ = Deployed(trained("scrb", size=(16, 24)))(*example(make_model(), 40, 32))
    assert classes.shape == (16, 24) and probabilities.shape == (3, 16, 24)


@pytest.mark.parametrize(
    ("strategy", "changes", "words"),
    [
        ("pca3_cube", {}, ("pca3_cube", "fitted on every capture by itself", "boardbench predict --run")),
        ("scrb", {"board_mask": True}, ("board_mask", "Train it with board_mask: false")),
        ("scrb", {"size": (16, 16), "resize": "area"}, ("'area'", "reflectance.size: null")),
    ],
)
def test_a_run_that_cannot_leave_its_captures_is_refused(strategy, changes, words, says):
    says(lambda: Deployed(make_model(strategy, **changes)), "toy unet-", *words)


POINTWISE = {name: name != "scrb_se" for name in reduction.names()}


@pytest.mark.parametrize(("strategy", "pointwise"), POINTWISE.items())
def test_a_pointwise_front_treats_every_pixel_by_itself(strategy, pointwise):
    bands = reduction.get(strategy).channels(30)
    encoder, x = build_network("unet", strategy, 30, 3, 2).eval().spectral_encoder, torch.rand(1, bands, 16, 24)
    assert (_fold(encoder) is not None) is pointwise
    with torch.no_grad():
        for weight in encoder.parameters():
            weight.abs_()  # so that no ReLU cuts anything off
        changed = x.clone()
        changed[:, :, 0, 0] += 1  # one pixel; the others follow only where it counts for the whole image
        others = (encoder(x) - encoder(changed)).abs().sum(dim=(0, 1)).flatten()[1:]
    assert bool((others == 0).all()) is pointwise


@pytest.mark.parametrize(
    "layer",
    [
        torch.nn.Conv2d(3, 3, 3, padding=1),
        torch.nn.Conv2d(3, 3, 1, stride=2),
        torch.nn.Conv2d(3, 3, 1, padding=1),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.InstanceNorm2d(3),
        torch.nn.Softmax2d(),
        torch.nn.ModuleList([torch.nn.ReLU()]),
    ],
)
def test_what_looks_beyond_a_pixel_or_is_not_known_is_not_pointwise(layer):
    inner = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), layer)
    assert _fold(inner) is None
    assert _fold(inner[:1]) is not None
