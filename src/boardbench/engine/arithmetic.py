"""The instructions that training and scoring compute with: those that nearly every x86 processor has."""

import os

import torch

# Which instructions a product is computed with decides its last bits, and training magnifies them. Left alone, oneDNN,
# ATen and MKL take AVX-512 where there is one. benchmarks/NOTES.md has the bits and the time.
COMMON = {"ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "AVX2"}
ABOVE_AVX2 = {"ATEN_CPU_CAPABILITY": "avx2"}


def fix_arithmetic(threads: int) -> None:
    """Have torch compute as it does on a processor with AVX2 and no more, so that others get the same bits.

    To be called before a process's first operation on tensors: the libraries read these variables once. One that is
    set already stays. Numbers below the normal range count as 0.

    Args:
        threads: torch threads; another number gives other bits.
    """
    chosen = (
        COMMON | ABOVE_AVX2 if torch.cpu._is_avx512_supported() else COMMON
    )  # ATen would believe it of any processor
    for name, value in chosen.items():
        os.environ.setdefault(name, value)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
