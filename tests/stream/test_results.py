import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from boardbench.captures.envi import open_cube
from boardbench.stream.results import Results, runs


def test_runs_by_hand():
    assert runs(np.uint8([0, 0, 1, 1, 2, 0, 1]), 0) == [[1, 2, 3], [2, 4, 4], [1, 6, 6]]
    assert runs(np.uint8([0, 0]), 0) == []
    assert runs(np.uint8([0, 2]), None) == [[0, 0, 0], [2, 1, 1]]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_runs_hold_the_whole_line(row):
    again = np.zeros(len(row), np.uint8)
    for kind, first, last in runs(np.array(row, np.uint8), 0):
        assert kind > 0
        again[first : last + 1] = kind
    assert again.tolist() == row


def write(folder):
    results = Results(folder, ["others", "ic, {big}"], 3, 10.0)
    results.write(
        np.uint8([[0, 1, 1], [1, 1, 1]]), np.array([True, False]), np.array([11.0, 0.0]), 12.5, [("strange",), None]
    )
    return results


def test_lines_can_be_followed_and_the_map_comes_at_the_end(tmp_path):
    (tmp_path / "stream.json").write_text("of an earlier stream")
    results = write(tmp_path)
    first, second = map(json.loads, (tmp_path / "lines.ndjson").read_text().splitlines())
    assert first == {
        **{"line": 0, "seen": True, "arrived_s": 1.0, "left_s": 2.5, "runs": [[1, 1, 2]]},
        **{"trusted": False, "because": ["strange"]},
    }
    assert second == {**{"line": 1, "seen": False, "arrived_s": None, "left_s": 2.5, "runs": [], "trusted": None}}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "classes.img.partial",
        "components.ndjson",
        "lines.ndjson",
    ]
    results.finish()
    found = open_cube(tmp_path / "classes.hdr")
    assert found.data[..., 0].tolist() == [[0, 1, 1], [2, 2, 2]]
    assert found.metadata["class names"] == ["others", "ic- -big-", "not seen"]
    assert found.metadata["classes"] == "3"
    assert len(found.metadata["class lookup"]) == 9
    assert found.metadata["file type"] == "ENVI Classification"


def test_without_lines_or_when_dropped_no_map_appears(tmp_path):
    Results(tmp_path / "none", ["others"], 3, 0.0).finish()
    write(tmp_path / "dropped").discard()
    for name in ("none", "dropped"):
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == ["components.ndjson", "lines.ndjson"]
