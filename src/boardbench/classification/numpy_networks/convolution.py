"""Layers that look at neighbourhoods: 2-D convolution and max pooling."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from boardbench.classification.numpy_networks.layers import Layer, Shape
from boardbench.errors import BoardbenchError

BLOCK_BYTES = 1 << 20
"""Of the windows that are copied at once: they stay in a core's own cache until the matrix product has read them."""


def _padded(x: np.ndarray, before: int, after: tuple[int, int], spread: int = 1) -> np.ndarray:
    """Return x with zeros around it, and with ``spread`` - 1 zeros between its values."""
    images, lines, samples, channels = x.shape
    height, width = (lines - 1) * spread + 1, (samples - 1) * spread + 1
    out = np.zeros((images, before + height + after[0], before + width + after[1], channels), x.dtype)
    out[:, before : before + height : spread, before : before + width : spread] = x
    return out


def _windows(x: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    """Return every window of a padded x as a row: (images * lines * samples, kernel * kernel * channels)."""
    images, height, width, channels = x.shape
    lines, samples = (height - kernel) // stride + 1, (width - kernel) // stride + 1
    along_images, down, across, deep = x.strides
    # A line of a window, kernel x channels, lies in one piece of memory.
    shape = (images, lines, samples, kernel, kernel * channels)
    view = as_strided(x, shape, (along_images, down * stride, across * stride, down, deep), writeable=False)
    return view.reshape(images * lines * samples, kernel * kernel * channels)


class Conv2d(Layer):
    """y[i, j, f] = b[f] + sum over u, v, c of x[i s + u - p, j s + v - p, c] W[u, v, c, f], x zero outside.

    As a matrix product: windows of x as rows, times W as (kernel kernel channels, filters). dL/dW = windows^T dL/dy;
    dL/db = sum of dL/dy; dL/dx is a convolution too: of dL/dy, s - 1 zeros between its values and k - 1 - p around it,
    with W turned by 180 degrees and its channels and filters exchanged.

    The windows are copied for a few images at a time and made again in the backward pass: nine times an image is
    written to the cache, never to memory.

    Args:
        filters: of the layer.
        kernel: side k of a window.
        stride: s.
        padding: p zeros around x, below k.
    """

    def __init__(self, filters: int, kernel: int = 3, stride: int = 1, padding: int = 1):
        super().__init__()
        if padding >= kernel:
            raise BoardbenchError(f"Conv2d: padding {padding} is not below kernel {kernel}. Lower it.")
        self.filters, self.kernel, self.stride, self.padding = filters, kernel, stride, padding

    def build(self, shape: Shape) -> Shape:
        """Return (lines, samples, filters)."""
        lines, samples, channels = shape
        size = tuple((side + 2 * self.padding - self.kernel) // self.stride + 1 for side in (lines, samples))
        if min(size) < 1:
            raise BoardbenchError(
                f"Conv2d({self.filters}): images of {lines} x {samples} are smaller than its {self.kernel} x "
                f"{self.kernel} window. Give larger images."
            )
        window = self.kernel * self.kernel * channels
        self.shapes = {"weight": (self.kernel, self.kernel, channels, self.filters), "bias": (self.filters,)}
        self.fans = (window, self.kernel * self.kernel * self.filters)
        self.macs = size[0] * size[1] * window * self.filters
        return (*size, self.filters)

    def forward(self, x, generator=None):
        """Return y, and keep x."""
        weight = self.parameters["weight"]
        lines, samples = ((side + 2 * self.padding - self.kernel) // self.stride + 1 for side in x.shape[1:3])
        y = np.empty((len(x), lines, samples, self.filters), x.dtype)
        self._product(x, weight, y, self.stride, self.padding)
        y += self.parameters["bias"]
        return y, x

    def backward(self, kept, gradient, into, wanted=True):
        """See the equations above."""
        kernel, padding, stride = self.kernel, self.padding, self.stride
        weight = into["weight"].reshape(-1, self.filters)
        for part in self._blocks(gradient, kept.shape[3]):
            around = _padded(kept[part], padding, (padding, padding))
            weight += _windows(around, kernel, stride).T @ gradient[part].reshape(-1, self.filters)
        into["bias"] += gradient.reshape(-1, self.filters).sum(axis=0)
        if not wanted:
            return None
        back = np.empty_like(kept)
        turned = np.ascontiguousarray(self.parameters["weight"][::-1, ::-1].transpose(0, 1, 3, 2))
        self._product(gradient, turned, back, 1, kernel - 1 - padding, stride)
        return back

    def _product(self, x, weight, y, stride, padding, spread=1):
        """Write the convolution of x into y; the padding at the far sides is what y's size asks for."""
        matrix = weight.reshape(-1, y.shape[3])
        after = tuple(
            (of_y - 1) * stride + self.kernel - padding - ((of_x - 1) * spread + 1)
            for of_x, of_y in zip(x.shape[1:3], y.shape[1:3], strict=True)
        )
        for part in self._blocks(y, x.shape[3]):
            around = _padded(x[part], padding, tuple(max(side, 0) for side in after), spread)
            rows = _windows(around, self.kernel, stride)
            np.matmul(rows, matrix, out=y[part].reshape(-1, y.shape[3]))

    def _blocks(self, y, channels):
        """Yield slices of images whose windows fill a block."""
        size = y.shape[1] * y.shape[2] * self.kernel**2 * channels * y.itemsize
        step = max(1, BLOCK_BYTES // size)
        return (slice(first, first + step) for first in range(0, len(y), step))


class MaxPool2d(Layer):
    """y[i, j, c] = the largest of x[i k .. i k + k - 1, j k .. j k + k - 1, c]; dL/dy goes to the first largest.

    Lines and samples that fill no window are left out.

    Args:
        size: side k of a window.
    """

    def __init__(self, size: int = 2):
        super().__init__()
        self.size = size

    def build(self, shape: Shape) -> Shape:
        """Return (lines // size, samples // size, channels)."""
        lines, samples, channels = shape
        if min(lines, samples) < self.size:
            raise BoardbenchError(
                f"pool: {self.size} x {self.size} max pooling gets images of {lines} x {samples}: too small. Set pool "
                "to false, take a network with fewer convolutions, or give larger images."
            )
        return (lines // self.size, samples // self.size, channels)

    def _corners(self, x):
        """Return the k x k views of x that hold the same place of every window."""
        lines, samples = (side // self.size * self.size for side in x.shape[1:3])
        places = range(self.size)
        return [x[:, u : lines : self.size, v : samples : self.size] for u in places for v in places]

    def forward(self, x, generator=None):
        """Return y, and keep x and y."""
        first, *others = self._corners(x)
        y = first.copy()
        for other in others:
            np.maximum(y, other, out=y)
        return y, (x, y)

    def backward(self, kept, gradient, into, wanted=True):
        """See the equations above."""
        x, y = kept
        back = np.zeros_like(x)
        free = np.ones(y.shape, bool)
        for source, target in zip(self._corners(x), self._corners(back), strict=True):
            chosen = (source == y) & free
            np.multiply(gradient, chosen, out=target)
            free &= ~chosen
        return back
