"""What training and scoring set for their process before the first operation on tensors."""

import torch


def fix_arithmetic(threads: int) -> None:
    """Fix what changes the bits of a result: the number of threads, and numbers below the normal range, which are 0.

    Instructions are left to the processor: benchmarks/NOTES.md says which give equal bits, and why AVX2 is no rule.

    Args:
        threads: torch threads; another number gives other bits.
    """
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
