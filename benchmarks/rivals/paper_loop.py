"""The training loop as paper 1's text describes it, written plainly in PyTorch.

Adam at a constant learning rate, weighted cross-entropy on one-hot targets, float32, flips and quarter turns. Every
step loads its cubes whole, converts and copies them into tensors, and moves them to the device.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

# A batch: capture name and the names of its flips and turns.
Batch = list[tuple[str, list[str]]]


def sample(folder: Path, name: str, steps: list[str], classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cube (bands, lines, samples) and one-hot mask (classes, lines, samples), float32."""
    cube = np.load(folder / f"{name}.npy").astype(np.float32)
    with Image.open(folder / f"{name}.png") as picture:
        mask = np.array(picture)
    for step in steps:
        if step == "flip_lines":
            cube, mask = cube[:, ::-1], mask[::-1]
        elif step == "flip_samples":
            cube, mask = cube[:, :, ::-1], mask[:, ::-1]
        elif step == "rot90":
            cube, mask = np.rot90(cube, axes=(1, 2)), np.rot90(mask)
        elif step != "identity":
            raise ValueError(f"unknown transform {step}")
    one_hot = np.eye(classes, dtype=np.float32)[mask].transpose(2, 0, 1)
    return torch.tensor(cube.copy()), torch.tensor(one_hot.copy())


def paper_loop(
    network: nn.Module,
    folder: Path,
    epochs: Iterator[list[Batch]],
    validation: Batch,
    weights: list[float],
    learning_rate: float,
    device: str,
) -> Iterator[dict[str, float]]:
    """Train epoch by epoch; yield the mean loss of each epoch's steps and the validation loss.

    Losses are divided by the mean weight of the pixels, which PyTorch does by itself for class ids but not for
    one-hot targets.
    """
    network = network.to(device)
    weight = torch.tensor(weights)
    criterion = nn.CrossEntropyLoss(weight=weight.to(device))
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)

    def load(batch: Batch) -> tuple[torch.Tensor, torch.Tensor, float]:
        cubes, targets = zip(*(sample(folder, name, steps, len(weights)) for name, steps in batch), strict=True)
        targets = torch.stack(targets)
        scale = float((targets.mean(dim=(0, 2, 3)) * weight).sum())
        return torch.stack(cubes).to(device), targets.to(device), scale

    for batches in epochs:
        network.train()
        losses = []
        for batch in batches:
            inputs, targets, scale = load(batch)
            optimizer.zero_grad()
            loss = criterion(network(inputs), targets)
            loss.backward()
            optimizer.step()
            losses.append(loss.item() / scale)
        network.eval()
        with torch.no_grad():
            inputs, targets, scale = load(validation)
            held_out = criterion(network(inputs), targets).item() / scale
        yield {"train_loss": float(np.mean(losses)), "validation_loss": held_out}
