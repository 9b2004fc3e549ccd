"""What Snakemake says while it runs, for people who wait: ``--logger boardbench``, which profiles/default asks for.

A line a job as it starts, with the share of the expected time that is done; what running jobs last said of their
epochs, every 15 s; of a failed job its own message first. Only whole lines are written, so that a log of CI reads as a
terminal does; Snakemake's own log below .snakemake/log has everything. Snakemake finds this package by its name.
"""

import csv
import sys
import threading
import time
from logging import LogRecord
from pathlib import Path
from typing import Any

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake.logging import ColorizingTextHandler, is_quiet_about
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from boardbench import progress
from boardbench.progress import Job, Progress, spoken

USUAL = Path(__file__).with_name("seconds.csv")  # by .ci/rule_seconds.py
PAUSE = 15.0
"""Seconds between two looks at the running jobs."""
LISTED = 8  # running jobs that are shown
_SILENT = (LogEvent.WORKFLOW_STARTED, LogEvent.RESOURCES_INFO, LogEvent.JOB_STARTED, LogEvent.PROGRESS)
_SELECTING = "Select jobs to execute..."
_COMMAND = "CalledProcessError in file"
_TRACEBACK = 15  # last lines shown of a log without a message


def usual_seconds() -> dict[str, float]:
    """Return rule -> seconds of a job in a default run."""
    with USUAL.open(newline="", encoding="utf-8") as file:
        return {row["rule"]: float(row["seconds"]) for row in csv.DictReader(file)}


def message_of(log: Path) -> str:
    """Return what a failed job says of itself: its last 'error: ' and what follows, or the end of its log."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
    except OSError:
        return ""
    said = [number for number, line in enumerate(lines) if line.startswith("error: ")]
    return "\n".join(lines[said[-1] :] if said else lines[-_TRACEBACK:])


class LogHandler(LogHandlerBase):
    """Writes to stderr (a dry run to stdout) instead of Snakemake's own handler."""

    writes_to_stream = True
    writes_to_file = has_filter = has_formatter = needs_rulegraph = False

    def __post_init__(self) -> None:
        """Begin to look at the running jobs now and then."""
        common = self.common_settings
        self._colors = ColorizingTextHandler(common.nocolor, sys.stdout if common.stdout else sys.stderr)
        self._plain = common.dryrun or common.verbose or common.debug_dag
        self._progress: Progress | None = None
        self._cores: int | None = None
        self._titles: dict[Any, str] = {}
        self._stop = threading.Event()
        if not self._plain and not is_quiet_about(common.quiet or (), "progress"):
            threading.Thread(target=self._look, daemon=True).start()

    def emit(self, record: LogRecord) -> None:
        """Write a record, if people want it."""
        try:
            text = self.format(record) if self._plain else self._said(record, getattr(record, "event", None))
            if text and text != "None":
                self._write(self._colors.decorate(record, text))
        except Exception:  # as logging does: what cannot be said ends no run
            self.handleError(record)

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        super().close()

    def _write(self, text: str) -> None:
        self._colors.stream.write(text + "\n")
        self._colors.stream.flush()

    def _said(self, record: LogRecord, event: LogEvent | None) -> str:
        now = time.time()
        if event == LogEvent.RESOURCES_INFO:
            self._cores = getattr(record, "cores", self._cores)
        if event in _SILENT or record.getMessage() == _SELECTING:
            return ""
        if event == LogEvent.ERROR and _COMMAND in record.getMessage():  # the job's own message comes next
            return ""
        if event == LogEvent.RUN_INFO:
            return self.format(record) + self._begin(record.stats, now)
        if event == LogEvent.JOB_INFO and self._progress and record.shellcmd:
            title = self._titles[record.jobid] = record.rule_msg or record.rule_name
            log = Path(record.log[0]) if record.log else None
            self._progress.start(record.jobid, Job(record.rule_name, title, log, now))
            return f"{self._stamp(now)}  {title}"
        if event == LogEvent.JOB_INFO and self._progress:  # a target, which does nothing
            self._progress.waiting.pop(record.rule_name, None)
            return ""
        if event == LogEvent.JOB_FINISHED and self._progress:
            ended = self._progress.finish(record.job_id, now)
            long = ended is not None and ended[1] > PAUSE
            return f"{self._stamp(now)}  done in {spoken(ended[1])}: {ended[0].title}" if long else ""
        if event == LogEvent.JOB_ERROR:
            return self._failed(record, now)
        if record.getMessage() == NOTHING_TO_BE_DONE_MSG:
            return f"{NOTHING_TO_BE_DONE_MSG}\nnothing to do"
        return self.format(record)

    def _begin(self, counts: dict[str, int], now: float) -> str:
        """Return what is expected of a run; its jobs are known now."""
        self._progress = Progress(usual_seconds(), progress.LARGER, self._cores)
        self._progress.waiting = {rule: count for rule, count in counts.items() if rule not in ("total", "all")}
        cores = f" on {self._cores} cores" if self._cores else ""
        jobs = f"{counts.get('total', 0)} jobs, about {spoken(self._progress.left(now))}{cores}"
        return f"{jobs}: expected from a default run, corrected as jobs end\n"

    def _stamp(self, now: float) -> str:
        share = min(99, int(100 * self._progress.share(now)))
        return f"[{time.strftime('%H:%M:%S', time.localtime(now))}] {share:3d} %"

    def _failed(self, record: LogRecord, now: float) -> str:
        """Return a failed job's own message, then where it stands."""
        said = "\n".join(filter(None, (message_of(Path(log)) for log in record.log)))
        said = said or f"error: {record.rule_name} ended without a message, as where it is killed."
        title = self._titles.get(record.jobid, record.rule_name)
        if self._progress:
            self._progress.running.pop(record.jobid, None)
        where = [f"    job: {title} (rule {record.rule_name})"]
        where += [f"    log: {', '.join(record.log)}"] if record.log else []
        where += [f"    {name}: {value}" for name, value in record.aux.items()]
        return "\n".join(["", said, *where, ""])

    def _look(self) -> None:
        """Say every few seconds how far the run and its jobs are."""
        while not self._stop.wait(PAUSE):
            with self.lock:
                if self._progress and (lines := self.status(time.time())):
                    self._write("\n".join(lines))

    def status(self, now: float) -> list[str]:
        """Return how far the run is, and its jobs that have run for a while; nothing where none runs."""
        found = self._progress.running.values()
        for job in found:
            job.look(now)
        if not found:
            return []
        old = [job for job in found if now - job.started > PAUSE / 2]
        lines = [f"{self._stamp(now)}  about {spoken(self._progress.left(now))} left"]
        lines += [f"{'':19}{job.title}: {job.epoch or f'for {spoken(now - job.started)}'}" for job in old[:LISTED]]
        return lines + ([f"{'':19}and {len(old) - LISTED} more"] if len(old) > LISTED else [])
