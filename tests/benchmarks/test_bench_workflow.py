import json
import os

import pytest

import paper
import workflow

COMMAND = "boardbench segmentation train --backbone unet > log 2>&1"
LOG = "Provided cores: 2\n{done} of {steps} steps (100%) done\nElapsed time: 0:01:40.5\n"


@pytest.fixture
def finished(tmp_path):
    """A folder as Snakemake leaves it: two jobs, one of two outputs, in a run of 100.5 s that ended at 1100.5."""
    metadata, logs = tmp_path / ".snakemake" / "metadata", tmp_path / ".snakemake" / "log"
    metadata.mkdir(parents=True)
    logs.mkdir()
    records = [
        ("train", COMMAND, 1010, 1060),
        ("train", COMMAND, 1010, 1070),
        ("latency", "boardbench segmentation latency --out a", 1070, 1090),
    ]
    for number, (rule, command, start, end) in enumerate(records):
        record = {"rule": rule, "shellcmd": command, "starttime": start, "endtime": end, "incomplete": False}
        (metadata / str(number)).write_text(json.dumps(record))
    log = logs / "a.snakemake.log"
    log.write_text(LOG.format(done=2, steps=2))
    os.utime(log, (1100.5, 1100.5))
    return tmp_path


def test_a_run_is_read_from_what_snakemake_recorded(finished):
    run = workflow.read_run(finished)
    assert (run.cores, run.seconds) == (2, 100.5)
    assert sorted((job.verb, job.end - job.start) for job in run.jobs) == [
        ("segmentation latency", 20),
        ("segmentation train", 60),
    ]
    # latency holds both cores: 201 - 60 - 2 x 20
    assert run.idle == pytest.approx(101)


def test_a_run_whose_records_were_replaced_is_left_out(finished):
    log = finished / ".snakemake" / "log" / "a.snakemake.log"
    log.write_text(LOG.format(done=9, steps=9))
    os.utime(log, (1100.5, 1100.5))
    assert workflow.read_run(finished) is None


def test_lost_share_is_idle_and_imports(finished, monkeypatch):
    monkeypatch.setattr(workflow, "start_up", lambda verb, repeats: 3.0)
    seconds, share = workflow.rows(False, finished)
    assert (seconds.ours_median, seconds.unit) == (100.5, "s")
    assert share.ours_median == pytest.approx((101 + 2 * 3) / 201)
    assert share.ratio == pytest.approx(0.15 / share.ours_median)
    assert share.verdict == "MISSED"


def test_without_a_finished_run_the_rows_say_so(tmp_path):
    assert [row.verdict for row in workflow.rows(True, tmp_path)] == ["not run", "not run"]
    assert "make run" in workflow.rows(True, tmp_path)[0].hardware


def test_imports_inside_functions_are_found():
    lines = workflow.inner_imports("boardbench.segmentation.complexity")
    assert "import torch" in lines
    assert not any("TYPE_CHECKING" in line for line in lines)


def test_a_preset_runs_with_fewer_epochs_as_an_overlay(tmp_path):
    preset = tmp_path / "tiny.yaml"
    preset.write_text("segmentation: {dataset: tiny}\n")
    call = paper.command(preset, 3, tmp_path)
    assert call[-3:] == ["--configfile", str(preset), str(tmp_path / "epochs.yaml")]
    assert "epochs: 3" in (tmp_path / "epochs.yaml").read_text()
    assert paper.command(preset, None, tmp_path)[-1] == str(preset)
    assert paper.dataset_of(preset) == "tiny"


def test_a_preset_s_runs_and_the_gpu_become_rows(tmp_path):
    folder = tmp_path / "runs" / "unet-scrb-seed0"
    folder.mkdir(parents=True)
    (folder / "training.json").write_text(json.dumps({"dataset": "tiny", "epochs": 4, "seconds": 10.0}))
    (folder / "metrics.json").write_text(json.dumps({"miou": 0.5}))
    runs = paper.runs_of(tmp_path)
    assert list(runs[0]) == list(paper.COLUMNS)
    assert (runs[0]["seconds_per_epoch"], runs[0]["miou"]) == (2.5, 0.5)
    samples = [paper.Sample(80, 1000), paper.Sample(60, 3000), paper.Sample(90, 2000)]
    values = [row.ours_median for row in paper.table(runs, samples)]
    assert values == pytest.approx([2.5, 3000, 0.2])
    assert [row.verdict for row in paper.table(runs, [])] == ["stated", "not run", "not run"]


def test_the_gpu_is_looked_at_while_a_block_runs(tmp_path):
    import time

    with paper.Watch(["echo", "70, 4096"], every=0.01) as watch:
        time.sleep(0.2)
    assert watch.samples and watch.samples[0] == paper.Sample(70, 4096)
    with paper.Watch(["no-such-command"], every=0.01) as nothing:
        time.sleep(0.05)
    assert nothing.samples == []
