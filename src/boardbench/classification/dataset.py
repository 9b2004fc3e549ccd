"""Images as torch batches: all of them in memory, each batch cropped and flipped at once, no worker processes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from boardbench.classification.data import Samples, balanced
from boardbench.classification.folds import holdout
from boardbench.engine.training import seed_of
from boardbench.errors import BoardbenchError, nearest


@dataclass(frozen=True)
class Part:
    """Images of one part.

    Attributes:
        images: (n, lines, samples, channels) uint8.
        labels: (n,) int64, index into the classes that are learnt.
    """

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Parts:
    """What a run trains on, chooses its epoch on, and is scored on.

    Attributes:
        train: the rest of the training images.
        validation: share of the training images, of every class.
        test: the test images.
        numbers: (n,) samples of ``test``.
    """

    train: Part
    validation: Part
    test: Part
    numbers: np.ndarray


def parts_of(
    given: Samples, classes: list[str], validation: float, seed: int, where: str, train_images: int | None = None
) -> Parts:
    """Divide the images of some classes.

    Args:
        given: all images.
        classes: names of the classes that are learnt, in the order of the labels.
        validation: share of the training images that is held out.
        seed: draws them.
        where: what names the run in params, for messages.
        train_images: taken of the training images, as many of each class, the same ones for every seed; None: all.

    Raises:
        BoardbenchError: a class that the data have not, more images than there are, or without
            training, validation or test images.
    """
    for name in classes:
        if name not in given.classes:
            raise BoardbenchError(f"{where}, classes: the data have no class '{name}'. {nearest(name, given.classes)}")
    if len(set(classes)) < len(classes):
        raise BoardbenchError(f"{where}: a class is named twice in {classes}. Name each once.")
    position = np.full(len(given.classes), -1)
    position[[given.classes.index(name) for name in classes]] = range(len(classes))

    def chosen(part: str) -> tuple[np.ndarray, np.ndarray]:
        rows = np.arange(len(given.labels))[given.rows(part)]
        rows = rows[position[given.labels[rows]] >= 0]
        labels = position[given.labels[rows]]
        absent = [name for label, name in enumerate(classes) if not (labels == label).any()]
        if absent:
            raise BoardbenchError(
                f"{where}, classes: no {part} image of class {', '.join(absent)}. Take more images "
                f"(classification.archive.{part}_images), or other classes."
            )
        return rows, labels

    def part(rows: np.ndarray, labels: np.ndarray) -> Part:
        return Part(torch.from_numpy(given.images[rows]), torch.from_numpy(labels))

    rows, labels = chosen("train")
    if train_images is not None:
        taken = balanced(labels, classes, train_images, [0], f"{where}, train_images")
        rows, labels = rows[taken], labels[taken]
    learning, validating = holdout(labels, validation, seed)
    numbers, truth = chosen("test")
    held = part(rows[validating], labels[validating])
    if not len(held):
        raise BoardbenchError(f"validation: {validation:g} of {len(rows)} training images is none. Raise it.")
    return Parts(part(rows[learning], labels[learning]), held, part(numbers, truth), numbers)


def augmented(images: torch.Tensor, crop: int, flip: bool, generator: torch.Generator) -> torch.Tensor:
    """Cut each image out of itself with black around it, at a random place, and turn half of them left to right.

    Args:
        images: (n, lines, samples, channels).
        crop: pixels added on each side; 0: no crop.
        flip: turn half of the images.
        generator: of the draws.

    Returns:
        the same shape and type.
    """
    count, lines, samples = images.shape[:3]
    rows, columns = torch.arange(lines).expand(count, -1), torch.arange(samples).expand(count, -1)
    if flip:
        turned = torch.rand(count, generator=generator) < 0.5
        columns = torch.where(turned[:, None], columns.flip(1), columns)
    if crop:
        down, right = torch.randint(0, 2 * crop + 1, (2, count, 1), generator=generator)
        rows, columns = rows + down, columns + right
        images = torch.nn.functional.pad(images, (0, 0, crop, crop, crop, crop))
    if not (flip or crop):
        return images
    return images[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


class EpochBatches(Sampler[tuple[np.ndarray, int]]):
    """Yields batches of all rows, near-equal in size, in an order drawn from (seed, epoch), each with its own seed.

    Args:
        count: rows.
        batch_size: rows of a batch at most.
        seed: of the order; None: ascending, always.
    """

    def __init__(self, count: int, batch_size: int, seed: int | None):
        self._count, self._seed, self._epoch = count, seed, 0
        self._batches = -(-count // batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; the loop calls this."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._batches

    def __iter__(self) -> Iterator[tuple[np.ndarray, int]]:
        rows, first = np.arange(self._count), 0
        if self._seed is not None:
            first = seed_of(self._seed, self._epoch)
            rows = np.random.default_rng(first).permutation(rows)
        for number, batch in enumerate(np.array_split(rows, self._batches)):
            yield batch, first + number * 1_000_000_007


class Batches(Dataset):
    """Batches of a part as a network takes them: (n, channels, lines, samples) float32 in channels-last memory.

    Args:
        part: the images.
        offset: subtracted from the pixel values.
        scale: that they are then divided by.
        crop: see ``augmented``.
        flip: see ``augmented``.
        scrambled: see ``normalized``.
    """

    def __init__(
        self, part: Part, offset: float, scale: float, crop: int = 0, flip: bool = False, scrambled: bool = False
    ):
        self._part, self._offset, self._scale, self._scrambled = part, offset, scale, scrambled
        self._crop, self._flip = crop, flip

    def __len__(self) -> int:
        return len(self._part)

    def __getitem__(self, batch: tuple[np.ndarray, int]) -> tuple[torch.Tensor, torch.Tensor]:
        rows, seed = torch.from_numpy(batch[0]), batch[1]
        images = augmented(self._part.images[rows], self._crop, self._flip, torch.Generator().manual_seed(seed))
        return normalized(images, self._offset, self._scale, self._scrambled), self._part.labels[rows]


def normalized(images: torch.Tensor, offset: float, scale: float, scrambled: bool = False) -> torch.Tensor:
    """Turn uint8 images (n, lines, samples, channels) into (n, channels, lines, samples) float32.

    ``scrambled`` takes the values as they lie in memory for such a tensor, so that a channel is a third of the lines in
    all colours, side by side: what paper 2's code does (emily-palaska/cifar10-nn@0485c69, source/resnet18.py).
    """
    values = (images.float() - offset) / scale
    if not scrambled:
        return values.permute(0, 3, 1, 2)
    count, lines, samples, channels = values.shape
    return values.reshape(count, channels, lines, samples).contiguous(memory_format=torch.channels_last)


def _as_it_is(batch: Any) -> Any:
    return batch


def loader(batches: Batches, batch_size: int, seed: int | None, workers: int = 0) -> DataLoader:
    """Return a loader of whole batches: shuffled by (seed, epoch), or in order where the seed is None."""
    sampler = EpochBatches(len(batches), batch_size, seed)
    return DataLoader(batches, batch_size=None, sampler=sampler, num_workers=workers, collate_fn=_as_it_is)
