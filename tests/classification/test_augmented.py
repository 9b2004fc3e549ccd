"""Parts, batches, crops and flips: drawn from (seed, epoch, batch) and nothing else."""

import numpy as np
import pytest
import torch

from boardbench.classification.data import read_samples
from boardbench.classification.dataset import Batches, EpochBatches, Part, augmented, loader, normalized, parts_of


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


PICTURE = torch.arange(1, 13, dtype=torch.uint8).reshape(2, 3, 2)  # 2 lines, 3 samples, 2 channels
MIRRORED = torch.tensor([[[5, 6], [3, 4], [1, 2]], [[11, 12], [9, 10], [7, 8]]], dtype=torch.uint8)


def kinds(images: torch.Tensor) -> dict[tuple, int]:
    values, counts = np.unique(images.reshape(len(images), -1).numpy(), axis=0, return_counts=True)
    return {tuple(value): int(count) for value, count in zip(values.tolist(), counts, strict=True)}


def test_half_of_the_images_are_mirrored():
    found = augmented(PICTURE.expand(2000, -1, -1, -1), 0, True, drawn(0))
    assert found.dtype == torch.uint8 and found.shape == (2000, 2, 3, 2)
    counts = kinds(found)
    assert set(counts) == {tuple(image.flatten().tolist()) for image in (PICTURE, MIRRORED)}
    assert all(900 < count < 1100 for count in counts.values())


@pytest.mark.parametrize("flip", [False, True])
def test_a_crop_is_any_window_of_the_image_with_black_around_it(flip):
    windows = set()
    for image in (PICTURE, MIRRORED) if flip else (PICTURE,):
        framed = np.zeros((4, 5, 2), np.uint8)
        framed[1:3, 1:4] = image
        windows |= {tuple(framed[i : i + 2, j : j + 3].flatten().tolist()) for i in range(3) for j in range(3)}
    assert len(windows) == (18 if flip else 9)
    counts = kinds(augmented(PICTURE.expand(3600, -1, -1, -1), 1, flip, drawn(1)))
    assert set(counts) == windows
    expected = 3600 / len(windows)
    assert all(0.7 * expected < count < 1.3 * expected for count in counts.values())


def test_each_image_keeps_its_own_pixels():
    images = torch.arange(50 * 36, dtype=torch.int32).reshape(50, 6, 6, 1) + 1
    found = augmented(images, 2, True, drawn(3))
    for image, before in zip(found, images, strict=True):
        assert set(image.flatten().tolist()) <= {0, *before.flatten().tolist()}
        assert image.any()
    assert torch.equal(augmented(images, 0, False, drawn(3)), images)


def test_batches_are_near_equal_and_hold_every_row_once():
    for count, size, expected in ((10, 4, [4, 3, 3]), (129, 128, [65, 64]), (8, 4, [4, 4]), (3, 8, [3])):
        sampler = EpochBatches(count, size, seed=0)
        batches = [rows for rows, _ in sampler]
        assert [len(rows) for rows in batches] == expected and len(sampler) == len(expected)
        assert sorted(np.concatenate(batches)) == list(range(count))
    assert [rows.tolist() for rows, _ in EpochBatches(5, 3, seed=None)] == [[0, 1, 2], [3, 4]]


def test_the_order_is_that_of_seed_and_epoch():
    def order(seed, epoch):
        sampler = EpochBatches(50, 50, seed)
        sampler.set_epoch(epoch)
        return next(iter(sampler))[0].tolist()

    assert order(0, 1) == order(0, 1)
    assert len({tuple(order(*draw)) for draw in ((0, 0), (0, 1), (1, 0), (1, 1))}) == 4


def test_no_two_batches_draw_alike():
    seeds = []
    for seed in range(3):
        for epoch in range(40):
            sampler = EpochBatches(100, 1, seed)
            sampler.set_epoch(epoch)
            seeds += [batch_seed for _, batch_seed in sampler]
    assert len(set(seeds)) == 3 * 40 * 100


def test_a_batch_is_the_same_whatever_was_drawn_before():
    part = Part(torch.randint(0, 256, (20, 8, 8, 3), dtype=torch.uint8), torch.arange(20))
    batches = Batches(part, 100.0, 50.0, crop=2, flip=True)
    asked = list(EpochBatches(20, 5, seed=4))
    first = [batches[one] for one in asked]
    torch.rand(99)
    for (images, labels), (again, same) in zip(first[::-1], [batches[one] for one in asked[::-1]], strict=True):
        assert torch.equal(images, again) and torch.equal(labels, same)
    assert all(torch.equal(labels, torch.from_numpy(rows)) for (_, labels), (rows, _) in zip(first, asked, strict=True))


def test_scrambled_by_hand():
    """Two pixels of three channels, 0 1 2 and 3 4 5: the first channel gets 0 and 1, not 0 and 3."""
    images = torch.arange(6, dtype=torch.uint8).reshape(1, 1, 2, 3)
    assert normalized(images, 0, 1).flatten().tolist() == [0, 3, 1, 4, 2, 5]
    assert normalized(images, 1, 2, scrambled=True).flatten(1).tolist() == [[-0.5, 0, 0.5, 1, 1.5, 2]]
    part = Part(images, torch.tensor([0]))
    assert Batches(part, 0, 1, scrambled=True)[np.array([0]), 0][0].flatten().tolist() == [0, 1, 2, 3, 4, 5]


def test_normalized_by_hand():
    images = torch.tensor([[[[0, 100], [150, 50]]]], dtype=torch.uint8)  # 1 line, 2 samples, 2 channels
    found = normalized(images, 100.0, 50.0)
    assert found.dtype == torch.float32
    assert found.tolist() == [[[[-2, 1]], [[0, -1]]]]
    assert normalized(torch.zeros(2, 4, 4, 3, dtype=torch.uint8), 0, 1).is_contiguous(memory_format=torch.channels_last)


def test_validation_images_stay_as_they_are_in_order(samples):
    parts = parts_of(read_samples(samples), ["bar0", "bar1", "bar2"], 0.2, 0, "runs")
    given = list(loader(Batches(parts.validation, 0.0, 1.0), 5, None))
    assert [len(labels) for _, labels in given] == [4, 4, 4]
    images = torch.cat([inputs for inputs, _ in given]).permute(0, 2, 3, 1)
    assert torch.equal(images, parts.validation.images.float())
    assert torch.equal(torch.cat([labels for _, labels in given]), parts.validation.labels)


def test_parts_do_not_overlap_and_some_classes_have_labels_of_their_own(samples):
    given = read_samples(samples)
    parts = parts_of(given, ["bar2", "bar0"], 0.25, 1, "runs")
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [30, 10, 20]
    train, held = (part.images.flatten(1).numpy() for part in (parts.train, parts.validation))
    assert not {row.tobytes() for row in train} & {row.tobytes() for row in held}
    assert parts.validation.labels.bincount().tolist() == [5, 5]
    assert given.labels[parts.numbers].tolist() == [[2, 0][label] for label in parts.test.labels]
    np.testing.assert_array_equal(given.images[parts.numbers], parts.test.images)
    for part in (parts.train, parts.validation):  # the bright bar says the class: of bar2 it is at the bottom
        assert torch.equal(part.images[:, 7, 0, 0] > 100, part.labels == 0)


def test_fewer_images_are_the_same_ones_for_every_seed(samples):
    given = read_samples(samples)
    classes = given.classes

    def taken(seed, train_images=12):
        parts = parts_of(given, classes, 0.25, seed, "runs", train_images)
        both = torch.cat([parts.train.images, parts.validation.images]).flatten(1).numpy()
        assert torch.cat([parts.train.labels, parts.validation.labels]).bincount().tolist() == [4, 4, 4]
        assert len(parts.test) == 30
        return {row.tobytes() for row in both}, {row.tobytes() for row in parts.train.images.flatten(1).numpy()}

    assert taken(0)[0] == taken(1)[0] and len(taken(0)[0]) == 12
    assert taken(0)[1] != taken(1)[1], "which of them validate is the seed's"


def test_mistakes_are_named(samples, write_samples, tmp_path, says):
    given = read_samples(samples)
    says(lambda: parts_of(given, ["bar0", "bar7"], 0.2, 0, "runs, one"), "runs, one", "'bar7'", "Did you mean")
    says(lambda: parts_of(given, ["bar0", "bar0"], 0.2, 0, "runs, one"), "runs, one", "twice")
    says(lambda: parts_of(given, given.classes, 0.2, 0, "runs, one", 600), "runs, one, train_images", "600", "null")
    alone = read_samples(write_samples(tmp_path / "alone", train=6, test=2))
    says(lambda: parts_of(alone, alone.classes, 0.2, 0, "runs, one"), "no test image of class bar2", "test_images")
    few = read_samples(write_samples(tmp_path / "few", train=3, test=3))
    says(lambda: parts_of(few, few.classes, 0.2, 0, "runs, one"), "validation: 0.2 of 3", "Raise")
