"""A disk that gets full, and folders that cannot be written; then the same command again, with room and rights.

Both are real: a small tmpfs, or a read-only mount, in a mount namespace of its own that ends with the command.
"""

import random
import re
import shutil
import subprocess
import time

from kills import PHASES, PLACEMENT, Phase
from scratch import Row, Scratch

# The results lie on a tmpfs that has ROOM bytes left; then on one that has plenty.
FULL = """
mkdir -p ../small && mount -t tmpfs -o size=4g none ../small
cp -a results/. ../small/ && mount --bind ../small results
mount -o remount,size=$(($(df --output=used -B1 ../small | tail -1) + ROOM)) ../small
"$@"; echo "first: $?"
mount -o remount,size=4g ../small
"$@"; echo "again: $?"
umount results && rm -rf results && cp -a ../small results
"""
READ_ONLY = """
mount --bind "$FOLDER" "$FOLDER" && mount -o remount,bind,ro "$FOLDER"
"$@"; echo "first: $?"
umount "$FOLDER"
"$@"; echo "again: $?"
"""
TOLD = "Read-only file system|Write-protected output files"  # by the step, or by Snakemake before it
# An array that is written through memory: there, a full disk is a signal, not an error.
SAMPLES = Phase(
    "samples",
    "placement samples",
    tuple(f"{PLACEMENT}/{name}" for name in ("samples.csv", "samples.json", "images.npy")),
)
ALL = (*PHASES, SAMPLES)
NAMESPACE = ("unshare", "--mount", "--map-root-user")
CANNOT = "not run: this machine allows no mount namespace (unshare --mount --map-root-user)"


def possible() -> bool:
    """Tell whether file systems can be mounted here."""
    if not shutil.which("unshare"):
        return False
    answer = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return answer.returncode == 0


def _try(scratch: Scratch, phase: Phase, script: str, told: str) -> tuple[str, str]:
    """Run twice in a namespace; return what went wrong ('': nothing), and what the user was told."""
    answer = scratch.run(command=[*NAMESPACE, "bash", "-c", script, "bash", *scratch.command(*phase.targets)])
    codes = dict(re.findall(r"^(first|again): (\d+)$", answer.stdout, re.MULTILINE))
    if len(codes) != 2:
        return f"{phase.verb}: {answer.stdout[-500:]}", ""
    first = answer.stdout.split("\nfirst: ")[0]
    lines = [line.strip() for line in first.splitlines() if re.search(told, line)]
    message = next((line for line in lines if "error:" in line), lines[0] if lines else "")
    if codes["again"] != "0":
        return f"{phase.verb}: the same command again: exit code {codes['again']}: {answer.stdout[-700:]}", message
    if wrong := scratch.differences() or scratch.entries():
        return f"{phase.verb}: {wrong}", message
    if codes["first"] == "0":
        return "", "it went on without"
    if "Traceback" in first and "/src/boardbench/" in first:  # Snakemake has its own, which names the file
        return f"{phase.verb}: a traceback: {first[first.index('Traceback') :][-500:]}", message
    return ("" if message else f"{phase.verb}: failed without saying why: {first[-500:]}"), message


def full(scratch: Scratch, tries: int, seed: int, phases: tuple[Phase, ...] = ALL) -> Row:
    """Let the disk have less room than the results of a step need, each time another share of it."""
    row, draw, begun = Row("full disk"), random.Random(seed), time.monotonic()
    if not possible():
        return Row("full disk", message=CANNOT)
    for number in range(tries):
        phase = phases[number % len(phases)]
        need = sum((scratch.kept / target).stat().st_size for target in phase.targets)
        scratch.without(phase.targets)
        room = draw.randrange(need)
        wrong, message = _try(scratch, phase, FULL.replace("ROOM", str(room)), "No space left")
        row.count(wrong and f"{room} of {need} bytes free: {wrong}", "other bytes" in wrong)
        print(f"  {phase.verb}, {room} of {need} bytes free: {message[:150]}", flush=True)
        row.message = row.message or message
    row.seconds = time.monotonic() - begun
    return row


def read_only(scratch: Scratch, phases: tuple[Phase, ...] = ALL) -> Row:
    """Let a step's folder be read-only."""
    row, begun = Row("read-only folder"), time.monotonic()
    if not possible():
        return Row("read-only folder", message=CANNOT)
    for phase in phases:
        folder = phase.targets[0].rpartition("/")[0]
        scratch.without(phase.targets)
        script = READ_ONLY.replace("$FOLDER", folder)
        wrong, message = _try(scratch, phase, script, TOLD)
        row.count(wrong, "other bytes" in wrong)
        print(f"  {phase.verb}, {folder}: {message[:150]}", flush=True)
        row.message = row.message or message
    row.seconds = time.monotonic() - begun
    return row
