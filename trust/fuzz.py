"""Fuzzed input to every reader: tests/fuzz, many times as long, and counted."""

import os
import re
import resource
import subprocess
import sys
import time

from scratch import ROOT, Row

MEMORY = 2**30  # bytes, over what the tests themselves need
IDLE = 2**30  # bytes: torch, onnxruntime, the test runner


def row(factor: int) -> Row:
    """Run the fuzz; every input that makes a test fail is counted as lost."""
    result, begun = Row("fuzzed input"), time.monotonic()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--hypothesis-show-statistics",
        "tests/fuzz",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "BOARDBENCH_FUZZ": str(factor)}
    answer = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    counts = re.findall(r"(\d+) passing, (\d+) failing|(\d+) passing examples, (\d+) failing", answer.stdout)
    numbers = [[int(number) for number in found if number] for found in counts]
    passing, failing = (sum(column) for column in zip(*numbers, strict=True)) if numbers else (0, 0)
    result.tries, result.survived, result.lost = passing + failing, passing, failing
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    result.message = f"at most {most / 2**30:.1f} GiB in one process"
    failed = re.findall(r"^FAILED (\S+)", answer.stdout, re.MULTILINE)
    if answer.returncode and not failing:
        result.lost += 1
        failed = failed or [answer.stdout[-300:]]
    if failed:
        result.message = "; ".join(failed)
    if most > MEMORY + IDLE:
        result.lost += 1
        result.message = f"{most / 2**30:.1f} GiB"
    result.seconds = time.monotonic() - begun
    return result
