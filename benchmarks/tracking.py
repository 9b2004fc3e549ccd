"""Eight trainings at once that show themselves in one MLflow store, against a client, a lock and a transaction a row.

Usage: python benchmarks/tracking.py [--quick] [--out FILE.csv]

Each training is a process: it opens a run in a store that is not there yet, logs its rows of history without any work
between them, and ends. The comparison begins when all have imported MLflow (2.4 s of processor time each, on both
sides); the limit counts the imports, too. Both sides' entries are counted afterwards: no row may be lost.
"""

import argparse
import importlib
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measuring
from measuring import Row, compare, in_turn

WRITERS, ROWS = 8, 200
SECONDS = 15.0
"""What all of them together may take on two quiet cores."""
COLUMNS = ("train_loss", "validation_loss", "validation_iou")


def former(path: Path, name: str, rows: int) -> float:
    """Show a run as version 0.1 did; return the longest wait for one call, s."""
    from filelock import FileLock

    longest = 0.0

    def locked(work):
        nonlocal longest
        start = time.monotonic()
        with FileLock(f"{path}.lock"):
            from mlflow import MlflowClient

            answer = work(MlflowClient(tracking_uri=f"sqlite:///{path}"))
        longest = max(longest, time.monotonic() - start)
        return answer

    def start(client):
        known = client.get_experiment_by_name("segmentation")
        number = known.experiment_id if known else client.create_experiment("segmentation", "file:///nowhere")
        client.search_runs([number], "attributes.status = 'RUNNING'")
        client.search_runs([number], f"tags.what = '{name}'")
        return client.create_run(number, run_name=name, tags={"what": name}).info.run_id

    run = locked(start)
    for epoch in range(rows):
        from mlflow.entities import Metric

        metrics = [Metric(column, 1.0 / (epoch + 1), 1, epoch) for column in COLUMNS]
        locked(lambda client, metrics=metrics: client.log_batch(run, metrics=metrics))
    locked(lambda client: client.set_terminated(run))
    return longest


def ours(path: Path, name: str, rows: int) -> float:
    """Show a run; return the longest wait for one call, s."""
    from boardbench.engine.tracking import Store

    longest = 0.0

    def timed(function, *arguments):
        nonlocal longest
        start = time.monotonic()
        answer = function(*arguments)
        longest = max(longest, time.monotonic() - start)
        return answer

    run = timed(Store(path).start, "segmentation", name, name, {"width": 8}, "segmentation train")
    for epoch in range(rows):
        timed(run.log, [{"epoch": epoch, **dict.fromkeys(COLUMNS, 1.0 / (epoch + 1))}])
    timed(run.finish)
    return longest


SIDES = {"ours": ours, "former": former}


def all_at_once(side: str, writers: int, rows: int) -> dict[str, float]:
    """Run all trainings; return the seconds until the last ended, with imports and without, and the longest wait."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mlflow.db"
        command = [sys.executable, __file__, "--writer", side, str(path)]
        start = time.monotonic()
        piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        jobs = [subprocess.Popen([*command, str(number), str(rows)], **piped) for number in range(writers)]
        for job in jobs:
            job.stdout.readline()  # it has imported
        imported = time.monotonic()
        for job in jobs:
            job.stdin.write("go\n")
            job.stdin.flush()
        answers = [job.communicate() for job in jobs]
        ended_at = time.monotonic()
        if any(job.returncode for job in jobs):
            raise SystemExit(f"tracking, {side}: a writer failed: {answers[0][1]}")
        with sqlite3.connect(path) as database:
            (count,) = database.execute("SELECT count(*) FROM metrics WHERE key NOT LIKE 'system/%'").fetchone()
            ended = database.execute("SELECT count(*) FROM runs WHERE status = 'FINISHED'").fetchone()[0]
        if (count, ended) != (writers * rows * len(COLUMNS), writers):
            raise SystemExit(f"tracking, {side}: {count} values of {ended} runs are in the store; some were lost")
    times = {"whole": ended_at - start, "work": ended_at - imported}
    return {**times, "longest": max(json.loads(answer[0]) for answer in answers)}


def rows(quick: bool) -> list[Row]:
    """Return the table's rows."""
    writers, count, repeats = (2, 5, 1) if quick else (WRITERS, ROWS, 3)
    answers = in_turn({side: (lambda side=side: all_at_once(side, writers, count)) for side in SIDES}, repeats, warm=0)

    def values(side: str, key: str) -> list[float]:
        return [answer[key] for answer in answers[side]]

    name, rival = f"MLflow, {writers} trainings x {count} rows at once", "a client, a lock and a transaction a row"
    whole, wait = f"{name}: until the last ends", f"{name}: longest wait"
    return [
        compare(whole, rival, "s", values("ours", "work"), values("former", "work"), target=5.0),
        compare(f"{whole}, imports and all", "limit", "s", values("ours", "whole"), [SECONDS], target=1.0),
        compare(wait, rival, "s", values("ours", "longest"), values("former", "longest"), target=2.0),
    ]


def main() -> None:
    """Run the benchmark, or be one training of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny sizes: tries the code, says nothing on speed")
    parser.add_argument("--out", type=Path, help="table to write; none by default")
    parser.add_argument("--writer", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.writer:
        side, path, name, count = options.writer
        importlib.import_module("mlflow.store.tracking.sqlalchemy_store")
        print("imported", flush=True)
        sys.stdin.readline()
        print(json.dumps(SIDES[side](Path(path), name, int(count))))
        return
    table = rows(options.quick)
    measuring.show(table)
    if options.out:
        measuring.write(options.out, table)


if __name__ == "__main__":
    main()
