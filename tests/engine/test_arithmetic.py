import json
import os
import subprocess
import sys

import pytest
import torch

from boardbench.engine.arithmetic import ABOVE_AVX2, COMMON, fix_arithmetic

PROGRAM = """
import hashlib, json, os
import torch
from boardbench.engine.arithmetic import fix_arithmetic
fix_arithmetic(1)
torch.manual_seed(0)
network = torch.nn.Sequential(
    torch.nn.Conv2d(20, 16, 1), torch.nn.Conv2d(16, 8, 3), torch.nn.Flatten(), torch.nn.Linear(8 * 30 * 30, 4)
).to(memory_format=torch.channels_last)
network(torch.rand(2, 20, 32, 32)).logsumexp(1).sum().backward()
bits = b"".join(weight.grad.numpy().tobytes() for weight in network.parameters())
names = ("ONEDNN_MAX_CPU_ISA", "MKL_CBWR", "ATEN_CPU_CAPABILITY")
print(json.dumps([hashlib.sha256(bits).hexdigest(), {name: os.environ.get(name) for name in names}]))
"""


@pytest.fixture
def clean(monkeypatch):
    """No variable of the three is set, before the test and after it."""
    for name in COMMON | ABOVE_AVX2:
        monkeypatch.setenv(name, "")  # so that monkeypatch restores what the function sets
        monkeypatch.delenv(name)
    threads = torch.get_num_threads()
    yield monkeypatch
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


def run(**variables):
    free = {name: value for name, value in os.environ.items() if name not in COMMON | ABOVE_AVX2}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=free | variables, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(not torch.cpu._is_avx2_supported(), reason="this processor has no AVX2")
def test_a_process_computes_as_one_that_was_started_on_avx2():
    assert run()[0] == run(**COMMON, **ABOVE_AVX2)[0]


@pytest.mark.parametrize("avx512, expected", [(True, "avx2"), (False, None)])
def test_aten_is_held_back_only_where_it_would_go_further(clean, avx512, expected):
    clean.setattr(torch.cpu, "_is_avx512_supported", lambda: avx512)
    fix_arithmetic(1)
    assert {name: os.environ[name] for name in COMMON} == COMMON
    assert os.environ.get("ATEN_CPU_CAPABILITY") == expected


def test_a_variable_that_is_set_stays(clean):
    clean.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    fix_arithmetic(1)
    assert os.environ["ONEDNN_MAX_CPU_ISA"] == "SSE41"


def test_threads_and_denormals_are_set(clean):
    fix_arithmetic(1)
    assert torch.get_num_threads() == 1
    assert (torch.tensor(1e-30) * torch.tensor(1e-10)).item() == 0
