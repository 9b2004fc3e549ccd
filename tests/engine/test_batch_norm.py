"""Measured statistics, by hand."""

import pytest
import torch
from torch import nn

from boardbench.engine.batch_norm import measure_batch_norm


def test_statistics_are_the_mean_over_batches():
    norm = nn.BatchNorm1d(1, momentum=0.3)
    norm(torch.tensor([[100.0], [300.0]]))  # forgotten
    kept = nn.BatchNorm1d(1).eval()
    batches = [(torch.tensor([[0.0], [2.0]]), None), (torch.tensor([[4.0], [10.0]]), None)]
    measure_batch_norm(nn.Sequential(norm, kept), [norm], batches)
    # Means 1 and 7; variances 2 / (2 - 1) and 18 / (2 - 1).
    assert norm.running_mean.item() == pytest.approx(4) and norm.running_var.item() == pytest.approx(10)
    assert norm.momentum == 0.3 and norm.training
    assert kept.running_mean.item() == 0 and kept.running_var.item() == 1
