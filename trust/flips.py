"""A flipped bit in every kind of derived file (kinds.csv): the step that reads it must refuse it, and name it.

Each flip is read by a process of its own, forked from this one, so that torch is imported once. For each kind one more
goes the whole way: the workflow fails, the user removes the file that it names, and the same command ends with equal
bytes.
"""

import csv
import importlib
import os
import random
import re
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from kills import PHASES, Phase
from scratch import Row, Scratch, reader_of

HERE = Path(__file__).parent
HANGS = 120  # seconds


def kinds() -> dict[str, tuple[str, str]]:
    """Return kind -> pattern of its files, and a target that is made from them."""
    with (HERE / "kinds.csv").open(newline="", encoding="utf-8") as file:
        return {row["kind"]: (row["files"], row["target"]) for row in csv.DictReader(file)}


def flip(path: Path, draw: random.Random) -> str:
    """Flip one bit of a file; return where."""
    content = bytearray(path.read_bytes())
    at, bit = draw.randrange(len(content)), draw.randrange(8)
    content[at] ^= 1 << bit
    path.write_bytes(content)
    return f"{path.name}, byte {at}, bit {bit}"


def _call(folder: Path, words: list[str], log: Path) -> None:
    """Call the command line in this process, with its output in a file, and end the process."""
    os.chdir(folder)
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    from boardbench.cli import main

    sys.argv, code = ["boardbench", *words], 0
    try:
        main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def call(scratch: Scratch, words: list[str]) -> tuple[int, str]:
    """Run a command line in a forked process; return its exit code, negative where it crashed or hung, and output."""
    log = scratch.folder / "flip.log"
    process = get_context("fork").Process(target=_call, args=(scratch.folder, words, log))
    process.start()
    process.join(HANGS)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode, log.read_text(encoding="utf-8", errors="replace")


def wrong_with(code: int, printed: str, path: Path) -> str:
    """Say what is wrong with how a damaged file was told; '' where the file was named in one message."""
    if code == 0:
        return "not noticed"
    if "Traceback" in printed or code not in (1, 3):
        last = printed.strip().splitlines() or [""]
        return f"exit code {code}: {last[-1][:200]}"
    return "" if path.name in printed else f"refused without the file's name: {printed.strip()[-200:]}"


def repaired(scratch: Scratch, path: Path, target: str) -> str:
    """Do with a damaged file what a user does; say what went wrong."""
    scratch.remove(target)  # so that its step has to run
    answer = scratch.run(target)
    if answer.returncode == 0:
        return f"the workflow did not notice {path.name}"
    if not re.search(rf"rm {re.escape(str(path.relative_to(scratch.folder)))}\b", answer.stdout):
        return f"the workflow does not say what to do with {path.name}: {answer.stdout[-600:]}"
    path.unlink()
    answer = scratch.run(target)
    return f"exit code {answer.returncode}: {answer.stdout[-600:]}" if answer.returncode else scratch.differences()


def files_of(scratch: Scratch, kind: str) -> list[Path]:
    """Return the files of one kind."""
    pattern, _ = kinds()[kind]
    found = [path for path in sorted(scratch.folder.glob(pattern)) if path.stat().st_size]
    if not found:
        raise SystemExit(f"trust/kinds.csv: {kind}: no file is {pattern}")
    return found


def row(scratch: Scratch, kind: str, tries: int, draw: random.Random) -> Row:
    """Flip bits in files of one kind, each time before the step that reads them."""
    result, begun = Row(f"flipped bit: {kind}"), time.monotonic()
    scratch.restore()
    words = reader_of(scratch, kinds()[kind][1])
    for _ in range(tries):
        path = draw.choice(files_of(scratch, kind))
        where = flip(path, draw)
        code, printed = call(scratch, words)
        wrong = wrong_with(code, printed, path)
        by = f"{where}: {wrong} by boardbench {shlex.join(words[:2])}"
        result.count(wrong and by, silent=wrong == "not noticed")
        if code == 0:
            scratch.restore()
        else:
            path.write_bytes((scratch.kept / path.relative_to(scratch.folder)).read_bytes())
    result.seconds = time.monotonic() - begun
    return result


def repairs(scratch: Scratch, seed: int, only: tuple[str, ...] = ()) -> Row:
    """Flip one bit of each kind before the workflow, and do what it says."""
    result, begun = Row("flipped bit, repaired as the workflow says"), time.monotonic()
    for kind in only or kinds():
        draw = random.Random(f"{seed} {kind}")
        scratch.restore()
        path = draw.choice(files_of(scratch, kind))
        where = flip(path, draw)
        wrong = repaired(scratch, path, kinds()[kind][1])
        result.count(wrong and f"{kind}: {where}: {wrong}", "other bytes" in wrong)
        print(f"  {kind}: {wrong or 'repaired'}", flush=True)
    result.seconds = time.monotonic() - begun
    return result


def checkpoint(scratch: Scratch, phase: Phase, tries: int, draw: random.Random) -> Row:
    """Flip bits in the checkpoint of a killed training: it is dropped with a message, and the run starts over."""
    result, begun = Row(f"flipped bit: checkpoint, {phase.verb}"), time.monotonic()
    scratch.without(phase.targets)
    with scratch.start(*phase.targets) as started:
        while started.poll() is None and not (found := list(scratch.folder.glob(phase.checkpoint))):
            time.sleep(0.02)
        time.sleep(0.5)  # until its record is there
        os.killpg(started.pid, signal.SIGKILL)
        started.communicate()
    path, words = found[0], reader_of(scratch, phase.targets[0])
    kept = {file: file.read_bytes() for file in path.parent.iterdir() if path.name in file.name}
    for _ in range(tries):
        path.parent.mkdir(parents=True, exist_ok=True)
        for file, content in kept.items():
            file.write_bytes(content)
        where = flip(path, draw)
        code, printed = call(scratch, words)
        wrong = f"exit code {code}: {printed[-300:]}" if code else scratch.differences()
        if not wrong and "dropped" not in printed:
            wrong = "not noticed"
        result.count(wrong and f"{where}: {wrong}", silent=code == 0 and bool(wrong))
    result.seconds = time.monotonic() - begun
    return result


def rows(scratch: Scratch, tries: int, seed: int, only: tuple[str, ...] = ()) -> Iterator[Row]:
    """Flip bits in every kind of file."""
    import matplotlib.pyplot  # noqa: F401  imported once for all forks, like the verbs
    import onnx  # noqa: F401
    import onnxruntime  # noqa: F401
    import torch

    from boardbench.verbs import VERBS

    for address, *_ in VERBS.values():
        importlib.import_module(address.split(":")[0])
    torch.set_num_threads(1)
    # As the workflow hands it to its jobs.
    os.environ |= {"PATH": scratch.environment["PATH"], "BOARDBENCH_TRACKING": "results/mlflow.db"}
    for kind in only or kinds():
        yield row(scratch, kind, tries, random.Random(f"{seed} {kind}"))
    for phase in PHASES if not only else ():
        if phase.checkpoint:
            yield checkpoint(scratch, phase, tries, random.Random(f"{seed} {phase.verb}"))
