"""ResNet-18 by its formula: parameters and MACs, without building it."""

STAGES = ((64, 56), (128, 28), (256, 14), (512, 7))  # channels and side of each stage's two blocks, at 224


def resnet18(classes: int, side: int = 224) -> tuple[int, int]:
    """Return parameters and MACs of ResNet-18 (7x7 stem, batch normalization, 1x1 shortcuts)."""
    weights, macs = 9408 + 128, 9408 * 112**2
    inputs = 64
    for channels, size in STAGES:
        shortcut = inputs * channels if inputs != channels else 0
        convolutions = 9 * inputs * channels + 3 * 9 * channels**2
        weights += convolutions + shortcut + 2 * channels * (4 + bool(shortcut))
        macs += (convolutions + shortcut) * size**2
        inputs = channels
    return weights + 513 * classes, round(macs * (side / 224) ** 2) + 512 * classes


def resnet18_small_images(classes: int) -> tuple[int, int]:
    """Return the same at 32 x 32 with the stem for small images: 3x3, stride 1, no pool."""
    weights, macs = resnet18(classes)
    stages = macs - 9408 * 112**2 - 512 * classes  # at sides of 56 and less; here of 32 and less
    return weights - 9408 + 1728, round(stages * (32 / 56) ** 2) + 1728 * 32**2 + 512 * classes


def squeeze_excitation(ratio: int) -> tuple[int, int]:
    """Return weights and MACs (upper bound, with pooling and scaling) that SE adds to its eight blocks."""
    weights = sum(2 * 2 * channels**2 // ratio for channels, _ in STAGES)
    return weights, weights + sum(2 * 2 * channels * size**2 for channels, size in STAGES)
