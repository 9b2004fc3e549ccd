"""A trained run as one module from raw counts to classes: what is exported, so that nobody can forget a step.

The same arithmetic as ``boardbench reflectance`` (:mod:`boardbench.captures.calibration`), then the strategy's
reduction and the network. Reflectance is rounded to float16, as the cubes are that a network was trained on: that takes
0.04 of 0.70 ms a line, and without it one network of eight gave another class to more than one pixel in a thousand.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from boardbench.errors import BoardbenchError
from boardbench.segmentation import reduction
from boardbench.segmentation.model import Model, Sensor
from boardbench.segmentation.normalization import EVERY

INTERMEDIATES = ("dark_signal", "gain", "reflectance", "reduced")
"""Values inside the exported graph at which it can be cut (:func:`boardbench.engine.onnxfile.cut`)."""


class Deployed(nn.Module):
    """From one capture of any size to its class map.

    For a model of kind ``raw``, :meth:`forward` takes counts, white, dark and exposure; of kind ``reflectance``, the
    reflectance alone. Where the model has a working size, classes and probabilities have that size.

    Args:
        model: a trained run.

    Raises:
        BoardbenchError: a run that cannot leave its captures: reduced capture by capture, trained with board masks,
            or resized by area.
    """

    def __init__(self, model: Model):
        super().__init__()
        _refuse(model)
        network, axes = model.network, model.reduction
        keep, picked = model.sensor.keep, axes is not None and axes.bands.size > 0
        keep = [keep[band] for band in axes.bands[0]] if picked else list(keep)
        one_run = keep[-1] - keep[0] + 1 == len(keep)
        self.keep = slice(keep[0], keep[-1] + 1) if one_run else keep
        self.panel, self.size = model.sensor.panel, model.size
        self.raw = model.sensor.kind == "raw"
        folded = _fold(network.spectral_encoder)
        steps = list(folded or [])
        if axes is not None and not picked:
            components = torch.from_numpy(axes.components[0])
            steps.insert(0, _Lines(components, -components @ torch.from_numpy(axes.mean[0])))
        if model.normalization:
            chosen = model.normalization.chosen(axes.bands[0]) if picked else model.normalization
            _normalize(steps, *map(torch.from_numpy, chosen.factors(EVERY, chosen.mean.shape[1])))
        self.steps = nn.ModuleList(steps)
        self.spectral_encoder = nn.Identity() if folded is not None else network.spectral_encoder
        self.backbone = network.backbone

    def forward(
        self,
        counts: torch.Tensor,
        white: torch.Tensor | None = None,
        dark: torch.Tensor | None = None,
        exposure: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, ...]:
        """Return classes and probabilities, then the intermediate outputs.

        Args:
            counts: (lines, bands, samples) uint16, in the order of a BIL file; or reflectance, float32.
            white: counts of the white reference, averaged over its lines, (bands, samples) float32.
            dark: likewise.
            exposure: t_white / t_raw, (1,) float32.

        Returns:
            classes (lines, samples) uint8, probabilities (classes, lines, samples) float32; for raw counts dark_signal
            and gain (kept bands, samples) and reflectance (lines, kept bands, samples); reduced (1, channels, lines,
            samples).
        """
        intermediates = []
        values = counts[:, self.keep].to(torch.float32)
        if self.raw:
            intermediates = [*self.factors(white, dark, exposure)]
            values = (values - intermediates[0]) * intermediates[1]
        else:
            values = torch.where(torch.isfinite(values), values, 0.0)
        values = values.clamp(0, 1)
        if self.size:
            image = functional.interpolate(values.transpose(0, 1)[None], self.size, mode="bilinear")
            values = image[0].transpose(0, 1)
        values = values.to(torch.float16).to(torch.float32)
        if self.raw:
            intermediates.append(values)
        for step in self.steps:
            values = step(values)
        reduced = values.transpose(0, 1)[None]
        logits = self.logits(reduced)[0]
        return logits.argmax(dim=0).to(torch.uint8), _softmax(logits), *intermediates, reduced

    def factors(
        self, white: torch.Tensor, dark: torch.Tensor, exposure: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return dark_signal and gain of the kept bands: reflectance is (counts - dark_signal) * gain; 0 and 0 where
        white is not above dark.
        """
        white, dark = white[self.keep], dark[self.keep]
        span = white - dark
        valid = span > 0
        gain = self.panel * exposure / torch.where(valid, span, 1.0)
        return torch.where(valid, dark, 0.0), torch.where(valid, gain, 0.0)

    def logits(self, reduced: torch.Tensor) -> torch.Tensor:
        """Return logits (1, classes, lines, samples); padding as in :class:`boardbench.segmentation.networks.Network`,
        without its checks, which cannot be exported.
        """
        lines, samples = reduced.shape[-2:]
        stride = self.backbone.stride
        below, right = ((size + stride - 1) // stride * stride - size for size in (lines, samples))
        padded = functional.pad(self.spectral_encoder(reduced), (0, right, 0, below), mode="replicate")
        return self.backbone(padded)[..., :lines, :samples]


def _softmax(logits: torch.Tensor) -> torch.Tensor:
    """Return the softmax over the first axis, in steps: ONNX Runtime's own takes one pixel at a time, five times as
    long.
    """
    powers = (logits - logits.amax(dim=0)).exp()
    return powers / powers.sum(dim=0)


class _Lines(nn.Module):
    """A 1x1 convolution a line: (lines, channels, samples) stays as it lies in memory, and bias and ReLU join it."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, relu: bool = False):
        super().__init__()
        self.weight = nn.Parameter(weight.detach().clone(), requires_grad=False)
        self.bias = nn.Parameter(bias.detach().clone(), requires_grad=False)
        self.relu = relu

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return (lines, channels, samples)."""
        values = functional.conv1d(values, self.weight[:, :, None], self.bias)
        return torch.relu(values) if self.relu else values


class _Scaled(nn.Module):
    """Normalization on its own, where no product follows into which it could go."""

    def __init__(self, offset: torch.Tensor, gain: torch.Tensor):
        super().__init__()
        self.offset = nn.Parameter(offset[:, None], requires_grad=False)
        self.gain = nn.Parameter(gain[:, None], requires_grad=False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return (lines, channels, samples), normalized."""
        return (values - self.offset) * self.gain


def _normalize(steps: list[nn.Module], offset: torch.Tensor, gain: torch.Tensor) -> None:
    """Put a normalization before the steps: into the first product, exactly, or as a step of its own where there is
    none. A 3 x 3 convolution cannot take it: the zeros round the image are those of normalized values.
    """
    if not steps:
        steps.append(_Scaled(offset, gain))
        return
    first = steps[0]
    first.weight *= gain
    first.bias -= first.weight @ offset


def _fold(encoder: nn.Module) -> list[_Lines] | None:
    """Return an encoder of 1x1 convolutions as matrix products, normalization folded in; None where it is another."""
    if isinstance(encoder, nn.Identity):
        return []
    if not isinstance(encoder, nn.Sequential):
        return None
    folded: list[nn.Conv2d] = []
    relus: list[bool] = []
    for layer in encoder:
        pointwise = isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1) and layer.groups == 1
        if pointwise and layer.stride == (1, 1) and layer.padding == (0, 0):
            folded.append(layer)
            relus.append(False)
        elif isinstance(layer, nn.BatchNorm2d) and folded and not relus[-1]:
            folded[-1] = fuse_conv_bn_eval(folded[-1], layer)
        elif isinstance(layer, nn.ReLU) and folded:
            relus[-1] = True
        else:
            return None
    zeros = (torch.zeros(layer.out_channels) for layer in folded)
    return [
        _Lines(layer.weight[:, :, 0, 0], zero if layer.bias is None else layer.bias, relu)
        for layer, relu, zero in zip(folded, relus, zeros, strict=True)
    ]


def _refuse(model: Model) -> None:
    name = f"{model.dataset} {model.backbone}-{model.strategy}-seed{model.seed}"
    if model.audit:
        raise BoardbenchError(
            f"{name}: it was trained by a split that leaks (segmentation.split.audit, {model.audit}), so nothing says "
            "what it is worth on a line. Take a run that was split by scene."
        )
    if reduction.get(model.strategy).fitted and model.reduction is None:
        raise BoardbenchError(
            f"{name}: its reduction is fitted on every capture by itself, which a line cannot wait for. "
            "Take 'boardbench predict --run', or a run whose reduction is fitted on the training part (pca3 with "
            "segmentation.reduction.fit: train)."
        )
    if model.normalization and model.normalization.fit == "cube":
        raise BoardbenchError(
            f"{name}: its normalization is measured on every capture by itself (segmentation.normalization.fit: cube), "
            "and a line never has the whole capture. Take 'boardbench predict --run', or train it with fit: train."
        )
    if model.board_mask:
        raise BoardbenchError(
            f"{name}: trained with everything outside the board set to 0 (segmentation.reflectance.board_mask), and "
            "nobody masks boards on a line. Train it with board_mask: false."
        )
    if model.size and model.resize == "area":
        raise BoardbenchError(
            f"{name}: trained on captures resized by 'area', which ONNX does not have. Train it with "
            "segmentation.reflectance.size: null, or resize: bilinear; 'boardbench predict --run' can do it."
        )


def only_read(model: Model) -> tuple[Model, list[int]]:
    """Return a model for a camera that delivers no other bands than those the network reads, and which bands of the
    whole sensor these are: the picked ones, or those left by trimming.
    """
    sensor, axes = model.sensor, model.reduction
    read, scaling = list(sensor.keep), model.normalization
    if axes is not None and axes.bands.size:
        read = [read[band] for band in axes.bands[0]]
        scaling = scaling and scaling.chosen(axes.bands[0])
        axes = replace(axes, bands=np.arange(len(read))[None])
    nm = None if sensor.wavelengths is None else [sensor.wavelengths[band] for band in read]
    delivered = Sensor(sensor.kind, len(read), nm, list(range(len(read))), sensor.panel)
    return replace(model, sensor=delivered, normalization=scaling, reduction=axes), read


def example(model: Model, lines: int = 40, samples: int = 56) -> tuple[torch.Tensor, ...]:
    """Return random inputs of :class:`Deployed`, for export and timing."""
    random = np.random.default_rng(0)
    bands = model.sensor.bands
    if model.sensor.kind != "raw":
        return (torch.from_numpy(random.random((lines, bands, samples), np.float32)),)
    counts = random.integers(80, 4096, (lines, bands, samples), np.uint16)
    white = random.uniform(3300, 3700, (bands, samples)).astype(np.float32)
    dark = random.uniform(90, 110, (bands, samples)).astype(np.float32)
    return *map(torch.from_numpy, (counts, white, dark)), torch.ones(1)
