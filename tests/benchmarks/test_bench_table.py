import csv
import importlib
import math
import sys

import pytest

import measuring
import run
from boardbench.engine.latency import gemm_rate
from measuring import COLUMNS, Row, Worker, compare, in_turn, not_run, write


def test_columns_are_those_of_the_contract():
    assert COLUMNS == (
        "name",
        "rival",
        "unit",
        "ours_median",
        "rival_median",
        "ratio",
        "target",
        "limit",
        "n",
        "hardware",
    )


def test_ratio_is_larger_when_ours_is_better_for_times_and_for_rates():
    time = compare("a", "b", "s", [1.0, 2.0, 9.0], [6.0], target=3)
    rate = compare("a", "b", "samples/s", [6.0], [2.0], target=3.5)
    assert (time.ours_median, time.rival_median, time.ratio, time.n, time.verdict) == (2.0, 6.0, 3.0, 3, "met")
    assert (rate.ratio, rate.verdict) == (3.0, "MISSED")


def test_rows_without_a_rival_or_a_run_leave_cells_empty(tmp_path):
    rows = [compare("a", "none", "s", [2.0]), not_run("b", "c", "s", "no GPU here", 3.0)]
    assert [row.verdict for row in rows] == ["stated", "not run"]
    write(tmp_path / "new" / "table.csv", rows)
    with (tmp_path / "new" / "table.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    assert cells[0]["ours_median"] == "2.0"
    assert cells[0]["ratio"] == cells[0]["rival_median"] == cells[0]["limit"] == ""
    assert (cells[1]["ours_median"], cells[1]["target"], cells[1]["n"]) == ("", "3.0", "0")
    assert cells[1]["hardware"] == "not run: no GPU here"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["table.csv"]


def test_sides_work_in_turn_and_the_first_round_does_not_count():
    calls = []

    def side(name):
        return lambda: calls.append(name) or {"call": len(calls)}

    answers = in_turn({"ours": side("ours"), "rival": side("rival")}, 2)
    assert calls == ["ours", "rival"] * 3
    assert answers == {"ours": [{"call": 3}, {"call": 5}], "rival": [{"call": 4}, {"call": 6}]}


def test_only_replaces_the_rows_of_that_benchmark(tmp_path):
    path = tmp_path / "table.csv"
    write(path, [compare("a", "b", "s", [1.0], [2.0]), compare("kept", "b", "s", [1.5], [3.0], target=2, limit=0.5)])
    run.merged(run.read(path), {"x": [compare("a", "b", "s", [4.0], [2.0])]}, path)
    rows = {row["name"]: row for row in run.read(path)}
    assert list(rows) == ["kept", "a"]
    assert [rows["kept"][name] for name in ("ours_median", "target", "limit", "n")] == ["1.5", "2.0", "0.5", "1"]
    assert rows["a"]["ours_median"] == "4.0"


def test_hardware_has_no_comma():
    assert "," not in measuring.hardware()
    assert "Python" in measuring.hardware()


def test_a_side_that_fails_stops_the_benchmark(tmp_path, monkeypatch):
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('nothing')")
    monkeypatch.setattr(measuring, "HERE", tmp_path)
    with Worker("broken.py") as worker, pytest.raises(SystemExit, match="side stopped"):
        worker.ask(part="any")


def test_rates_of_the_machine_are_finite_and_positive():
    for rate in (gemm_rate(1, 64, 2), measuring.copy_rate(1 << 16, 2)):
        assert math.isfinite(rate) and rate > 0


def test_every_benchmark_is_in_the_command_and_stands_alone():
    scripts = {path.stem for path in measuring.HERE.glob("*.py")} - {
        "run",
        "measuring",
        "exported",
        "instructions",
        "drift",
    }
    scripts = {name for name in scripts if not name.startswith("gpu")}  # `make gpu`, where there is one
    assert scripts == set(run.NAMES)
    for name in run.NAMES:
        module = importlib.import_module(name)
        assert callable(module.rows) and callable(module.main)


# (benchmark, rows of its quick mode)
QUICK = [("reflectance", 4), ("complexity", 1), ("paper", 1), ("baselines", 7), ("planning", 2), ("runtimes", 4)]
# Those of 20 to 60 s each.
LONG = [("training_step", 1), ("inference", 2), ("stream", 7), ("numpy_networks", 5), ("pruned", 8), ("tracking", 3)]
LONG += [("windows", 5)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [*QUICK, *(pytest.param(*row, marks=pytest.mark.bench) for row in LONG)])
def test_quick_mode_gives_whole_rows(name, count):
    rows = importlib.import_module(name).rows(quick=True)
    assert len(rows) == count
    for row in rows:
        assert isinstance(row, Row)
        assert row.name and row.rival and row.unit and row.hardware
        if not row.hardware.startswith("not run: "):  # the data set, or the processor's instructions, may be missing
            assert row.ours_median >= 0 and row.n >= 1
            assert row.rival_median > 0 and row.ratio >= 0


def test_quick_mode_writes_nothing_by_default(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "OUT", tmp_path / "reports" / "tables" / "benchmarks.csv")
    monkeypatch.setattr(sys, "argv", ["run.py", "--quick", "--only", "paper"])
    run.main()
    assert "1 not run" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(sys, "argv", ["run.py", "--only", "paper"])
    run.main()
    assert len(run.read(run.OUT)) == 1
