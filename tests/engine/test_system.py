"""What a training takes of its machine: sampled seldom, kept beside the run, shown by MLflow."""

from boardbench.engine import system
from boardbench.engine.tracking import Store


def test_a_sample_is_taken_at_most_every_ten_seconds_and_is_on_disk_and_in_mlflow(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(system.time, "monotonic", lambda: clock[0])
    run = Store(tmp_path / "mlflow.db").start("segmentation", "a run", "what", {}, "segmentation train")
    for at in (0.0, 9.9, 10.0, 19.9, 20.5):
        clock[0] = at
        run.log([{"epoch": 0, "train_loss": 1.0}])
    assert [one["step"] for one in run.samples] == [0, 1], "at 10 and 20.5 s"
    system.write_samples(tmp_path, run.samples)
    assert system.read_samples(tmp_path) == run.samples
    run.finish()
    metrics = Store(tmp_path / "mlflow.db").find("segmentation", "what")
    assert metrics.finished
    assert set(run.samples[0]) - {"timestamp", "step"} == {
        "system/cpu_utilization_percentage",
        "system/system_memory_usage_percentage",
        "system/process_cpu_utilization_percentage",
        "system/process_memory_usage_megabytes",
    }
    assert run.samples[0]["system/process_memory_usage_megabytes"] > 10


def test_a_run_without_samples_has_no_file(tmp_path):
    system.write_samples(tmp_path, [])
    assert list(tmp_path.iterdir()) == [] and system.read_samples(tmp_path) == []
