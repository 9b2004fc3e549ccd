"""Counts to classes as commit 667d6f9 did: each step over all lines before the next, and lines through the file."""

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from boardbench.engine.onnxfile import cut, session
from boardbench.segmentation.deployment import Deployed

INTERMEDIATES = ("dark_signal", "gain", "reduced")


class WholeFile(Deployed):
    """What was exported."""

    def forward(
        self, counts: torch.Tensor, white: torch.Tensor, dark: torch.Tensor, exposure: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Return what :class:`Deployed` does, without ``reflectance``."""
        white, dark = white[self.keep], dark[self.keep]
        span = white - dark
        valid = span > 0
        dark = torch.where(valid, dark, 0.0)
        gain = torch.where(valid, self.panel * exposure / torch.where(valid, span, 1.0), 0.0)
        values = ((counts[:, self.keep].to(torch.float32) - dark) * gain).clamp(0, 1)
        values = values.to(torch.float16).to(torch.float32)
        for step in self.steps:
            values = torch.matmul(step.weight, values) + step.bias[:, None]
            values = torch.relu(values) if step.relu else values
        reduced = values.transpose(0, 1)[None]
        lines, samples = reduced.shape[-2:]
        stride = self.backbone.stride
        below, right = ((size + stride - 1) // stride * stride - size for size in (lines, samples))
        padded = functional.pad(self.spectral_encoder(reduced), (0, right, 0, below), mode="replicate")
        probabilities = self.backbone(padded)[..., :lines, :samples].softmax(dim=1)[0]
        return probabilities.argmax(dim=0).to(torch.uint8), probabilities, dark, gain, reduced


class LineByFile:
    """What brought lines to channels: the file from counts on."""

    def __init__(self, model: Path, white: np.ndarray, dark: np.ndarray, exposure: float):
        factors = session(cut(model, ["white", "dark", "exposure"], ["dark_signal", "gain"]), 1)
        given = {"white": white, "dark": dark, "exposure": np.full(1, exposure, np.float32)}
        found = factors.run(["dark_signal", "gain"], given)
        self._factors = dict(zip(("dark_signal", "gain"), found, strict=True))
        self._run = session(cut(model, ["counts", "dark_signal", "gain"], ["reduced"]), 1).run

    def lines(self, counts: np.ndarray) -> np.ndarray:
        """Return the channels of lines: uint16 (n, bands, samples) to float32 (channels, n, samples)."""
        parts = [self._run(["reduced"], {"counts": line[None], **self._factors})[0][0] for line in counts]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
