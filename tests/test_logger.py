"""The logger that profiles/default asks for, fed with Snakemake's records."""

import io
import logging
import os
from types import SimpleNamespace

import pytest
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from boardbench.progress import larger
from snakemake_logger_plugin_boardbench import LogHandler, message_of, usual_seconds

SETTINGS = {"nocolor": False, "stdout": False, "verbose": False, "debug_dag": False, "quiet": [Quietness.ALL]}


@pytest.fixture
def handler(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    made = LogHandler(SimpleNamespace(dryrun=False, **SETTINGS), None)
    yield made
    made.close()


def told(handler, message="", **fields):
    handler.handle(logging.makeLogRecord({"msg": message, "levelno": logging.INFO, "levelname": "INFO"} | fields))
    text = handler._colors.stream.getvalue()
    handler._colors.stream.truncate(handler._colors.stream.seek(0))
    return text


def start(handler, number=7, **fields):
    known = {"rule_name": "segmentation_train", "rule_msg": "Training unet", "log": [], "shellcmd": "boardbench"}
    return told(handler, event=LogEvent.JOB_INFO, jobid=number, **(known | fields))


def test_a_job_is_one_line_with_the_share_that_is_done(handler):
    table = told(handler, "Job stats:", event=LogEvent.RUN_INFO, stats={"segmentation_train": 2, "all": 1, "total": 3})
    assert table.startswith("Job stats:") and "about" in table
    assert start(handler).endswith("]   0 %  Training unet\n")
    for silent in (LogEvent.PROGRESS, LogEvent.JOB_STARTED, LogEvent.WORKFLOW_STARTED):
        assert told(handler, "x", event=silent, done=1, total=2, jobs=[]) == ""
    assert told(handler, "Select jobs to execute...") == ""
    assert told(handler, event=LogEvent.JOB_FINISHED, job_id=7) == ""


def test_running_jobs_say_their_last_epoch(handler, tmp_path):
    log = tmp_path / "train.log"
    told(handler, event=LogEvent.RUN_INFO, stats={"segmentation_train": 1})
    start(handler, log=[str(log)])
    log.write_text("epoch 2/32  train_loss 1.5  4.6 s  at most 139 s left\n")
    started = handler._progress.running[7].started
    os.utime(log, (started - 0.01, started - 0.01))  # the file system's clock counts in steps of some milliseconds
    first, second = handler.status(started + 30)
    assert "left" in first and second.strip().startswith("Training unet: epoch 2/32")


def test_a_log_of_a_run_before_is_not_read(handler, tmp_path):
    log = tmp_path / "train.log"
    log.write_text("epoch 2/32  train_loss 1.5  4.6 s  at most 139 s left\n")
    told(handler, event=LogEvent.RUN_INFO, stats={"segmentation_train": 1})
    start(handler, log=[str(log)])
    started = handler._progress.running[7].started
    os.utime(log, (started - 60, started - 60))
    assert handler.status(started + 30)[1].strip() == "Training unet: for 30 s"


def test_a_failed_job_says_its_own_message_first(handler, tmp_path):
    log = tmp_path / "train.log"
    log.write_text("epoch 1/3\nerror: training.device is cuda, but torch finds no GPU.\nSet it to cpu.\n")
    told(handler, event=LogEvent.RUN_INFO, stats={"segmentation_train": 1})
    start(handler, log=[str(log)])
    command = "CalledProcessError in file a.smk:\nCommand 'boardbench' returned non-zero exit status 1."
    assert told(handler, command, event=LogEvent.ERROR, exception="RuleException") == ""
    fields = {"rule_name": "segmentation_train", "jobid": 7, "log": [str(log)], "aux": {}, "input": ["a.py"] * 20}
    lines = told(handler, event=LogEvent.JOB_ERROR, **fields).strip().splitlines()
    assert lines[0] == "error: training.device is cuda, but torch finds no GPU."
    assert "Training unet" in lines[2] and str(log) in lines[3]
    assert "a.py" not in "".join(lines)


def test_of_a_log_without_a_message_its_end_is_shown(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("\n".join(f"line {number}" for number in range(40)))
    assert message_of(log).splitlines()[0] == "line 25"
    assert message_of(tmp_path / "none.log") == ""


def test_what_is_not_known_is_said_as_snakemake_says_it(handler):
    assert told(handler, "Building DAG of jobs...") == "Building DAG of jobs...\n"


def test_a_dry_run_is_snakemakes_own(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    handler = LogHandler(SimpleNamespace(dryrun=True, **SETTINGS), None)
    assert told(handler, "Select jobs to execute...") == "Select jobs to execute...\n"


def test_every_rule_of_the_workflow_that_can_be_told_is_in_the_table():
    from boardbench.params.params import Params

    assert larger(Params(), Params()).keys() <= usual_seconds().keys()
