"""Learning rates over the epochs, as a share of the first."""

import math
from collections.abc import Callable

SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda epoch, epochs: 1.0,
    "step": lambda epoch, epochs: 0.1 ** ((2 * epoch >= epochs) + (4 * epoch >= 3 * epochs)),
    "cosine": lambda epoch, epochs: (1 + math.cos(math.pi * epoch / epochs)) / 2,
}
"""Name -> share of the learning rate in ``epoch``, which counts from 0, of ``epochs``.

step: a tenth from half of the epochs on, a hundredth from three quarters on. cosine: (1 + cos(pi epoch / epochs)) / 2
(Loshchilov and Hutter, ICLR 2017, without restarts).
"""
