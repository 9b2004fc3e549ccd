import os

import pytest

from boardbench.params.params import Params, load_params
from boardbench.progress import Job, Progress, larger, spoken

USUAL = {"calibrate": 1.0, "train": 100.0, "score": 5.0}


def begun(**waiting):
    progress = Progress(USUAL, {}, cores=2)
    progress.waiting = dict(waiting)
    return progress


def job(rule, started, log=None):
    return Job(rule, f"{rule} one", log, started)


def test_what_is_done_counts_by_expected_time_and_not_by_jobs():
    """Ten calibrations of 4 s are measured; two trainings of 100 s wait, so that 40 of 240 s are done, not 10 of 12."""
    progress = begun(calibrate=10, train=2)
    for number in range(10):
        progress.start(number, job("calibrate", 0.0))
        progress.finish(number, 4.0)
    assert progress.expected("calibrate", 4.0) == 4.0
    assert progress.expected("train", 4.0) == 100.0  # 10 expected seconds are too few to judge the machine by
    assert progress.share(4.0) == pytest.approx(40 / 240)
    assert progress.left(4.0) == pytest.approx(100.0)


def test_a_slower_machine_is_noticed():
    """Twenty calibrations took 3 s instead of 1: what was not measured yet is expected to take three times as long."""
    progress = begun(calibrate=20, train=1)
    for number in range(20):
        progress.start(number, job("calibrate", 0.0))
        progress.finish(number, 3.0)
    assert progress.expected("train", 3.0) == 300.0


def test_a_running_job_says_how_long_jobs_of_its_rule_take(tmp_path):
    log = tmp_path / "train.log"
    log.write_text(
        "epoch 1/32  loss 2.0  9.0 s  at most 280 s left\nepoch 2/32  loss 1.5  9.1 s  at most 270 s left\nmore\n"
    )
    os.utime(log, (1030.0, 1030.0))
    progress = begun(train=2)
    progress.start(1, job("train", 1000.0, log))
    progress.running[1].look(1040.0)
    assert progress.running[1].epoch.startswith("epoch 2/32")
    assert progress.running[1].left == 260.0  # ten seconds after the line was written
    assert progress.expected("train", 1040.0) == 300.0
    assert progress.share(1040.0) == pytest.approx(40 / 600)
    assert progress.left(1040.0) == pytest.approx(300.0)  # the one that waits has a core of its own


def test_a_log_of_an_earlier_run_says_nothing(tmp_path):
    log = tmp_path / "train.log"
    log.write_text("epoch 31/32  loss 2.0  9.0 s  at most 9 s left\n")
    os.utime(log, (900.0, 900.0))
    found = job("train", 1000.0, log)
    found.look(1010.0)
    assert found.left is None and found.epoch == ""


def test_an_overdue_job_is_not_at_its_end_for_ever():
    progress = begun(train=1)
    progress.start(1, job("train", 0.0))
    assert (progress.left(40.0), progress.left(200.0)) == (60.0, 20.0)


def test_the_share_never_falls():
    progress = begun(train=3)
    progress.start(1, job("train", 0.0))
    before = progress.share(50.0)
    progress.waiting["score"] = 1000
    assert progress.share(51.0) == before > 0


def test_larger_params_are_expected_to_take_longer():
    overlay = {"segmentation": {"training": {"epochs": 64, "width": 16}}, "placement": {"synthesis": {"images": 4000}}}
    found = larger(load_params(overlay), Params())
    assert (found["segmentation_train"], found["placement_train"], found["reflectance"]) == (4.0, 2.0, 1.0)
    assert set(larger(Params(), Params()).values()) == {1.0}


@pytest.mark.parametrize(("seconds", "words"), [(12.4, "12 s"), (600, "10 min"), (9000, "2.5 h")])
def test_times_are_spoken(seconds, words):
    assert spoken(seconds) == words
