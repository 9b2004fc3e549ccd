"""Fuzzed input to every reader: tests/fuzz, many times as long, and counted.

The tests hold each input to no traceback, 5 s, 1 GiB, and nothing written outside its folder.
"""

import os
import re
import subprocess
import sys
import time

from scratch import ROOT, Row

HANGS = 4 * 3600  # seconds, of all inputs together


def row(factor: int) -> Row:
    """Run the fuzz; a test that fails is one input lost."""
    result, begun = Row("fuzzed input"), time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "tests/fuzz"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "BOARDBENCH_FUZZ": str(factor)}
    answer = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=HANGS,
    )
    failed = re.findall(r"^FAILED (\S+)", answer.stdout, re.MULTILINE)
    result.tries = int((re.findall(r"^fuzz: (\d+) inputs$", answer.stdout, re.MULTILINE) or ["0"])[-1])
    result.lost = max(len(failed), int(answer.returncode != 0))
    result.survived = max(0, result.tries - result.lost)
    result.message = "; ".join(failed) or answer.stdout[-300:] * (answer.returncode != 0)
    result.seconds = time.monotonic() - begun
    return result
