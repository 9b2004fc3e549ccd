"""What the charts of all studies share: colours, style, names, and deterministic bytes."""

from pathlib import Path
from typing import Any

from boardbench.files import atomic_write

# Okabe and Ito: told apart by every eye, and by lightness in print.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
STYLE = {
    "svg.hashsalt": "boardbench",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#777777",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
NAMES = {
    "unet": "U-Net",
    "attention_unet": "Attention U-Net",
    "resunet": "ResU-Net",
    "linknet": "LinkNet",
    "deeplabv3plus": "DeepLabv3+",
    "mobile_unet": "Mobile U-Net",
    "full": "all bands",
    "pca3": "PCA, 3 axes",
    "pca3_cube": "PCA a cube, 3 axes",
    "bands3": "3 chosen bands",
    "bands3_even": "3 even bands",
    "linear3": "learned linear, 3",
    "scrb": "SCRB",
    "scrb_se": "SCRB, SE gates",
    "scrb12": "SCRB, 12 bands",
    "all": "mean over networks",
    "majority": "majority class",
    "spectral_angle": "spectral angle",
    "lda": "linear discriminant",
    "random": "MobileNetV2, random start",
    "finetune": "MobileNetV2, finetuned",
    "frozen": "MobileNetV2, frozen",
    "rectangle": "rectangle term",
    "corners": "corners alone",
    "mean": "mean corners",
    "template": "template matching",
    "none": "baseline",
    "knn": "k-NN",
    "nearest_centroid": "nearest centroid",
    "l1": "L1",
    "l2": "L2",
    "ssim": "SSIM",
    "fc3": "dense, 1024-512-256",
    "fc5": "dense, 2048-1024-512-256-128",
    "cnn16_16": "convolutions 16-16",
    "cnn32_32": "convolutions 32-32",
    "cnn32_32_64_64": "convolutions 32-32-64-64",
    "he": "He",
    "xavier": "Xavier",
    "adam": "Adam",
    "sgd": "SGD",
}


def colours_of(names: list[str]) -> dict[str, str]:
    """Return a colour a name, by its place."""
    return {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}


def pretty(word: str) -> str:
    """Return a reader's name of a network, input, baseline or setting; an unknown word stays as it is."""
    name, _, width = word.partition("@")
    return NAMES.get(name, name) + (f", width {width}" if width else "")


def save(figure: Any, out: Path) -> None:
    """Write an SVG whose bytes depend on its content only (no date, fixed ids)."""
    with atomic_write(out) as temporary:
        figure.savefig(temporary, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
