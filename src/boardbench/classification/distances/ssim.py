"""Structural similarity with a uniform window (Wang et al., IEEE TIP 13(4), 2004), as scikit-image computes it."""

from math import prod

import numpy as np

from boardbench.classification.distances import RankedTwice
from boardbench.engine.compiled import compiled
from boardbench.errors import BoardbenchError

K1, K2 = 0.01, 0.03
CENTRE = 128
LANES = 64
"""Training images side by side in memory: the innermost loop runs over them, four registers of 16 float32."""
WIDEST = 31  # 31 x 31 products of at most 2^14 stay within 2^24, up to which float32 holds every whole number
SLACK = 5e-4
"""Bounds the error of a distance in float32. Sums of products are exact; a mean's product is off by 5 roundings of
2^14, which 2 / (n - 1) and division by at least C2 = 58.5 turn into 3e-4; adding up the windows adds 1.2e-4. The
largest error seen was 2e-7."""


@compiled()
def _prepare(images, order, window, scale, rest, pixels, means, rests):
    """Spread uint8 images over lanes: centred pixels, means and ``scale`` x sample variances + ``rest`` of windows.

    ``images`` are rows of values, ``order`` (lines, samples, channels) says where in a row a pixel is.
    """
    lines, samples, channels = order.shape
    lanes = pixels.shape[4]
    number = window * window
    sums, squares = np.empty(samples, np.int64), np.empty(samples, np.int64)
    for image in range(len(images)):
        group, lane = image // lanes, image % lanes
        for channel in range(channels):
            sums[:], squares[:] = 0, 0
            for line in range(lines):
                top = line - window + 1
                for sample in range(samples):
                    value = np.int64(images[image, order[line, sample, channel]]) - CENTRE
                    pixels[group, channel, line, sample, lane] = value
                    sums[sample] += value
                    squares[sample] += value * value
                    if top > 0:
                        old = np.int64(images[image, order[top - 1, sample, channel]]) - CENTRE
                        sums[sample] -= old
                        squares[sample] -= old * old
                if top >= 0:
                    for left in range(samples - window + 1):
                        total, square = sums[left : left + window].sum(), squares[left : left + window].sum()
                        means[group, channel, top, left, lane] = total / number
                        variance = (number * square - total * total) / (number * (number - 1))
                        rests[group, channel, top, left, lane] = scale * variance + rest[image]


@compiled(fastmath={"contract", "arcp"}, error_model="numpy")
def _blocks(tests, test_means, test_rests, trains, means, variances, window, constants, c1, c2, out):
    """Add up SSIM over windows and channels: out (m, groups x LANES) float32, in counts of the training images.

    The covariance of a window needs the sum of products test x train over it. Column sums slide down by one fused
    multiply-add a pixel for the line that comes and one for the line that goes; a running sum slides to the right.
    """
    number, shift, test_shift, ratio, double = constants
    double *= ratio
    _, channels, lines, samples, _ = tests.shape
    sums = np.empty((samples, LANES), np.float32)
    run, total = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    for group in range(len(trains)):
        first = group * LANES
        for channel in range(channels):
            for row in range(len(tests)):
                sums[:] = np.float32(0)
                for lane in range(LANES):
                    total[lane] = np.float32(0) if channel == 0 else out[row, first + lane]
                for line in range(lines):
                    top = line - window + 1
                    for sample in range(samples):
                        new = tests[row, channel, line, sample, 0]
                        if top <= 0:
                            for lane in range(LANES):
                                sums[sample, lane] += new * trains[group, channel, line, sample, lane]
                        else:
                            old = -tests[row, channel, top - 1, sample, 0]
                            for lane in range(LANES):
                                sums[sample, lane] = (
                                    sums[sample, lane]
                                    + new * trains[group, channel, line, sample, lane]
                                    + old * trains[group, channel, top - 1, sample, lane]
                                )
                    if top < 0:
                        continue
                    run[:] = np.float32(0)
                    for sample in range(window - 1):
                        for lane in range(LANES):
                            run[lane] += sums[sample, lane]
                    for left in range(samples - window + 1):
                        mean = test_means[row, channel, top, left, 0]
                        rest = test_rests[row, channel, top, left, 0]
                        level, weight = (mean + test_shift) * ratio, number * mean
                        twice, square = np.float32(2) * level, level * level + c1[row]
                        for lane in range(LANES):
                            products = run[lane] + sums[left + window - 1, lane]
                            other = means[group, channel, top, left, lane]
                            covariance = (products - other * weight) * double + c2[row]
                            other_level = other + shift
                            luminance = other_level * twice + c1[row]
                            below = (other_level * other_level + square) * (
                                variances[group, channel, top, left, lane] + rest
                            )
                            total[lane] += luminance * covariance / below
                            run[lane] = products - sums[left, lane]
                for lane in range(LANES):
                    out[row, first + lane] = total[lane]


@compiled()
def _pairs(tests, trains, order, pairs, window, constants, c1s, c2s, out):
    """Add up SSIM over windows and channels of pairs of images, in float64: out (pairs,)."""
    number, shift, test_shift, ratio, double = constants
    lines, samples, channels = order.shape
    sums = np.empty((5, samples))
    for pair in range(len(pairs)):
        test, train = tests[pairs[pair, 0]], trains[pairs[pair, 1]]
        c1, c2 = c1s[pairs[pair, 0]], c2s[pairs[pair, 0]]
        total = 0.0
        for channel in range(channels):
            sums[:] = 0
            for line in range(lines):
                top = line - window + 1
                for sample in range(samples):
                    for sign in range(2):
                        at = line if sign == 0 else top - 1
                        if at >= 0:
                            x = np.float64(test[order[at, sample, channel]]) - CENTRE
                            y = np.float64(train[order[at, sample, channel]]) - CENTRE
                            if sign == 1:
                                sums[0, sample] -= x
                                sums[1, sample] -= y
                                sums[2, sample] -= x * x
                                sums[3, sample] -= y * y
                                sums[4, sample] -= x * y
                            else:
                                sums[0, sample] += x
                                sums[1, sample] += y
                                sums[2, sample] += x * x
                                sums[3, sample] += y * y
                                sums[4, sample] += x * y
                if top < 0:
                    continue
                for left in range(samples - window + 1):
                    sx, sy, sxx, syy, sxy = 0.0, 0.0, 0.0, 0.0, 0.0
                    for sample in range(left, left + window):
                        sx += sums[0, sample]
                        sy += sums[1, sample]
                        sxx += sums[2, sample]
                        syy += sums[3, sample]
                        sxy += sums[4, sample]
                    mx, my = sx / number, sy / number
                    covariance = (sxy - sx * my) * double * ratio + c2
                    variances = ((sxx - sx * mx) * ratio**2 + syy - sy * my) * double / 2 + c2
                    mx, my = (mx + test_shift) * ratio, my + shift
                    total += (2 * mx * my + c1) * covariance / ((mx * mx + my * my + c1) * variances)
        out[pair] = total


class Ssim(RankedTwice):
    """1 - mean of SSIM over the positions of a uniform window inside the image, and over channels.

    K1 = 0.01, K2 = 0.03, sample covariances, and the range of the data is what 0 to 255 become by normalization, so
    that its scale cancels. Its offset does not: it moves the means, which luminance compares; windows whose means
    differ in sign then have a negative similarity. Equal to ``skimage.metrics.structural_similarity`` of the
    normalized images with ``channel_axis=-1`` and ``data_range=255 / scale``.

    Raises:
        BoardbenchError: a window that is even, below 3, above 31 or larger than the image.
    """

    slack = SLACK
    pair_bytes = 4

    def _set_up(self) -> None:
        super()._set_up()
        lines, samples, channels = self.size
        most, window = min(lines, samples, WIDEST), self.window
        if window % 2 == 0 or not 3 <= window <= most:
            raise BoardbenchError(
                f"classification.baselines.window: {window} does not do for images of {lines} x {samples} pixels. "
                f"Give an odd number from 3 to {most - 1 + most % 2}."
            )
        number = window * window
        self._places = channels, lines - window + 1, samples - window + 1
        shifts = CENTRE - self.offset, CENTRE - self.test_offset
        self._constants = tuple(map(float, (number, *shifts, self.scale / self.test_scale, 2 / (number - 1))))
        self._order = np.arange(prod(self.size)).reshape(self.size)
        self.train_bytes = self.test_bytes = 4 * (prod(self.size) + 2 * prod(self._places))

    def _ranges(self, tests: np.ndarray) -> np.ndarray:
        """Return the range of the data, in counts of a test image, for each of them."""
        return np.full(len(tests), 255.0)

    def _limits(self, tests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return C1 and C2 for each test image, in counts of a training image."""
        ranges = self._ranges(tests) * self._constants[3]
        return (K1 * ranges) ** 2, (K2 * ranges) ** 2

    def _spread(self, images: np.ndarray, lanes: int, scale: float, rest: np.ndarray) -> tuple[np.ndarray, ...]:
        lines, samples, channels = self.size
        groups = -(-len(images) // lanes)
        pixels = np.zeros((groups, channels, lines, samples, lanes), np.float32)
        means, rests = (np.ones((groups, *self._places, lanes), np.float32) for _ in range(2))
        _prepare(_rows(images), self._order, self.window, scale, rest, pixels, means, rests)
        return pixels, means, rests

    def train(self, images: np.ndarray) -> tuple[int, tuple[np.ndarray, ...]]:
        """Return how many images there are, and pixels, means and variances with images in the last axis."""
        return len(images), self._spread(images, LANES, 1.0, np.zeros(len(images)))

    def test(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return pixels, means and variances + C2, (m, channels, lines, samples, 1), and C1 and C2 (m,)."""
        c1, c2 = self._limits(images)
        spread = self._spread(images, 1, self._constants[3] ** 2, c2)
        return *spread, c1.astype(np.float32), c2.astype(np.float32)

    def values(self, tests: tuple[np.ndarray, ...], trains: tuple[int, tuple[np.ndarray, ...]]) -> np.ndarray:
        """Return the distances in float32, within ``slack``."""
        number, spread = trains
        out = np.empty((len(tests[0]), len(spread[0]) * LANES), np.float32)
        constants = tuple(map(np.float32, self._constants))
        _blocks(*tests[:3], *spread, self.window, constants, *tests[3:], out)
        out /= -np.float32(prod(self._places))
        out += 1
        return out[:, :number]

    def distances(self, values: np.ndarray) -> np.ndarray:
        """Return them as they are."""
        return np.asarray(values, np.float64)

    def exact(self, test: np.ndarray, train: np.ndarray, pairs: np.ndarray) -> np.ndarray:
        """Return the distances of pairs (p, 2) of image numbers, in float64."""
        out = np.empty(len(pairs))
        limits = self._limits(test)
        _pairs(_rows(test), _rows(train), self._order, pairs, self.window, self._constants, *limits, out)
        return 1 - out / prod(self._places)

    def between(self, images: np.ndarray, references: np.ndarray) -> np.ndarray:
        """Return the distances, pair by pair."""
        pairs = np.stack(np.indices((len(images), len(references))), axis=-1).reshape(-1, 2)
        return self.exact(images, references, pairs).reshape(len(images), len(references))


def _rows(images: np.ndarray) -> np.ndarray:
    """Return images as rows of values; np.asarray, for a mapped file is no type of the compiled code's."""
    return np.ascontiguousarray(np.asarray(images)).reshape(len(images), -1)


DISTANCE = Ssim
