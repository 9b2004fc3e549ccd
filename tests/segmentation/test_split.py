from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from boardbench.errors import BoardbenchError
from boardbench.params.split import Split
from boardbench.segmentation import split as module
from boardbench.segmentation.split import split

PUBLISHED = Path(__file__).parents[2] / "reports" / "published"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Split captures given as (scene, condition) and return the table written."""

    def run(captures, **params):
        listed = [SimpleNamespace(scene=scene, condition=condition) for scene, condition in captures]
        monkeypatch.setattr(module, "read_sheet", lambda _: listed)
        out = tmp_path / "split.csv"
        split(sheet=tmp_path / "captures.csv", out=out, params=Split(**params))
        return pd.read_csv(out, dtype=str)

    return run


def boards(scenes, conditions=1):
    return [(str(scene), str(c)) for scene in range(1, scenes + 1) for c in range(1, conditions + 1)]


def test_paper_1_counts(run):
    table = run(boards(53, 3), train=42, validation=1, test=10)
    assert table["part"].value_counts().to_dict() == {"train": 126, "test": 30, "validation": 3}
    assert (table.groupby("scene")["part"].nunique() == 1).all()
    assert (table.groupby("scene").size() == 3).all()


def test_rest_is_unused_and_rows_are_in_natural_order(run):
    table = run(boards(12), train=3, validation=1, test=2)
    assert table["part"].value_counts().to_dict() == {"unused": 6, "train": 3, "test": 2, "validation": 1}
    assert table["scene"].tolist() == [str(scene) for scene in range(1, 13)]


def test_seed_chooses_and_repeats(run):
    counts = {"train": 6, "validation": 2, "test": 4}
    first = run(boards(12), seed=0, **counts)
    assert first.equals(run(boards(12), seed=0, **counts))
    assert not first.equals(run(boards(12), seed=1, **counts))


@given(data=st.data())
def test_row_order_of_the_sheet_has_no_influence(data, tmp_path_factory):
    names = st.text("ab01.-", min_size=1, max_size=4)
    scenes = data.draw(st.lists(names, min_size=4, max_size=8, unique=True))
    rows = [(scene, condition) for scene in scenes for condition in "12"]
    shuffled = data.draw(st.permutations(rows))
    folder = tmp_path_factory.mktemp("split")
    texts = []
    with pytest.MonkeyPatch.context() as patch:
        for order in (rows, shuffled):
            listed = [SimpleNamespace(scene=scene, condition=condition) for scene, condition in order]
            patch.setattr(module, "read_sheet", lambda _, listed=listed: listed)
            split(sheet=folder, out=folder / "s.csv", params=Split(train=2, validation=1, test=1))
            texts.append((folder / "s.csv").read_bytes())
    assert texts[0] == texts[1]


def test_too_few_scenes_says_the_numbers(run):
    with pytest.raises(
        BoardbenchError, match=r"segmentation\.split: 3 train \+ 1 validation \+ 2 test = 6 .* sheet has 5\. Lower"
    ):
        run(boards(5, 3), train=3, validation=1, test=2)


def test_listed_in_params(run):
    table = run(boards(5), protocol="listed", train=["2", "3"], validation=["1"], test=["5"])
    assert dict(zip(table["scene"], table["part"], strict=True)) == {
        "1": "validation",
        "2": "train",
        "3": "train",
        "4": "unused",
        "5": "test",
    }


def test_the_published_scene_lists(run):
    table = run(boards(53), protocol="listed", file=PUBLISHED / "pcbvision_scenes.yaml")
    assert table["part"].value_counts().to_dict() == {"test": 30, "train": 18, "validation": 3, "unused": 2}
    assert table.loc[table["part"] == "unused", "scene"].tolist() == ["4", "35"]


def test_numbers_in_a_file_are_names_as_written(run, tmp_path):
    file = tmp_path / "lists.yaml"
    file.write_text("train: [01, 7]\nvalidation: [1e3]\ntest: [no]\n")
    table = run([("01", "1"), ("7", "1"), ("1e3", "1"), ("no", "1")], protocol="listed", file=file)
    parts = dict(zip(table["scene"], table["part"], strict=True))
    assert parts == {"01": "train", "7": "train", "1e3": "validation", "no": "test"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: [bord2]\nvalidation: [board1]\ntest: [board3]", r"train: scene 'bord2' is not in .*'board2'"),
        ("train: [board2, board2]\nvalidation: [board1]\ntest: [board3]", r"'board2' is listed twice in train"),
        ("train: [board2]\nvalidation: [board1]\ntest: [board2]", r"'board2' is listed in train and in test"),
        ("train: [board2]\nvalidation: [board1]\ntest: [board3]\nunused: [board1]", "in validation and in unused"),
        ("train: [board2]\nvalidation: []\ntest: [board3]", r", validation: the list is empty.*at least one"),
        ("train: [board2]\nvalidaton: [board1]\ntest: [board3]", r"list 'validation' is missing.*'validaton'"),
        ("train: board2\nvalidation: [board1]\ntest: [board3]", r", train: needs a flat list"),
        ("[board1]", r"no lists found; it needs train"),
        ("train: [board1", r"not readable as YAML. Mend it"),
    ],
)  # fmt: skip
def test_bad_list_names_file_field_and_remedy(run, tmp_path, text, message):
    file = tmp_path / "lists.yaml"
    file.write_text(text)
    with pytest.raises(BoardbenchError, match=r"lists\.yaml" + ".*" + message):
        run([(f"board{n}", "1") for n in range(1, 4)], protocol="listed", file=file)
    assert not (tmp_path / "split.csv").exists()


def test_bad_list_in_params_names_the_key(run):
    with pytest.raises(BoardbenchError, match=r"segmentation\.split, test: scene '9' is not in"):
        run(boards(3), protocol="listed", train=["1"], validation=["2"], test=["9"])


def test_missing_file_and_lists_given_twice(run, tmp_path):
    file = tmp_path / "lists.yaml"
    with pytest.raises(BoardbenchError, match=r"split\.file: .*lists\.yaml' does not exist. Name a YAML"):
        run(boards(3), protocol="listed", file=file)
    with pytest.raises(BoardbenchError, match=r"lists\.yaml' and under train. Keep one"):
        run(boards(3), protocol="listed", file=file, train=["1"])
    with pytest.raises(BoardbenchError, match=r"split\.file: .*protocol is 'grouped'. Set protocol: listed"):
        run(boards(3), protocol="grouped", file=file)


def test_split_is_proven_disjoint_before_it_is_written(run, tmp_path, monkeypatch):
    def refuse(table):
        raise BoardbenchError("torn")

    monkeypatch.setattr(module, "prove_disjoint", refuse)
    with pytest.raises(BoardbenchError, match="torn"):
        run(boards(18), train=2, validation=1, test=1)
    assert list(tmp_path.iterdir()) == []


def test_from_a_real_sheet(tmp_path):
    header = "scene,condition,kind,cube,white,dark,mask"
    rows = [f"{scene},{c},raw,c.hdr,w.hdr,d.hdr,m.png" for scene in "abc" for c in "12"]
    for stem in "cwd":
        (tmp_path / f"{stem}.hdr").write_text("ENVI\n")
        (tmp_path / f"{stem}.raw").write_bytes(b"")
    (tmp_path / "m.png").write_bytes(b"")
    (tmp_path / "captures.csv").write_text("\n".join([header, *rows]) + "\n")
    out = tmp_path / "split.csv"
    split(sheet=tmp_path / "captures.csv", out=out, params=Split(train=1, validation=1, test=1))
    table = pd.read_csv(out)
    assert list(table) == ["scene", "condition", "part"]
    assert sorted(table["part"]) == ["test"] * 2 + ["train"] * 2 + ["validation"] * 2


def test_the_data_sets_own_lists_are_the_published_file(run):
    table = run([(f"board{n:02d}", "1") for n in range(1, 54)], protocol="pcbvision")
    published = yaml.safe_load((PUBLISHED / "pcbvision_scenes.yaml").read_text())
    for part in ("train", "validation", "test", "unused"):
        assert [int(scene[5:]) for scene in table["scene"][table["part"] == part]] == published[part], part


def test_the_data_sets_own_lists_need_every_board_once(run):
    with pytest.raises(BoardbenchError, match=r"boards 52, 53 are missing.*'grouped' or 'listed'"):
        run(boards(51), protocol="pcbvision")
    with pytest.raises(BoardbenchError, match=r"scene 'b-2' has the number of 'a2'.*Rename"):
        run([("a2", "1"), ("b-2", "1")], protocol="pcbvision")
    with pytest.raises(BoardbenchError, match=r"scene 'bare' has no number at its end"):
        run([("bare", "1")], protocol="pcbvision")
    with pytest.raises(BoardbenchError, match=r"protocol is 'pcbvision'. Set protocol: listed"):
        run(boards(53), protocol="pcbvision", file=PUBLISHED / "pcbvision_scenes.yaml")
