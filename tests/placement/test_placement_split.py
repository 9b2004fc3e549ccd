from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.params.placement import Split
from boardbench.placement.split import read_split, split


@pytest.fixture
def run(tmp_path):
    def run(count, displaced=0, **params):
        out = tmp_path / "split.csv"
        photos = [Path(f"b{index}.png") for index in range(1, count + 1)]
        wrong = [Path(f"displaced/d{index}.png") for index in range(1, displaced + 1)]
        split(photos=photos, displaced=wrong, out=out, params=Split(**params))
        return pd.read_csv(out)

    return run


def test_paper_4_counts(run):
    table = run(12, displaced=3)
    assert table["part"].value_counts().to_dict() == {"train": 10, "displaced": 3, "test": 2}
    assert table["photo"].tolist() == [f"b{index}" for index in range(1, 13)] + ["d1", "d2", "d3"]


def test_photos_of_their_own_validate_and_the_test_stays(run):
    images, photos = run(12), run(12, protocol="photos", validation=0.3)
    assert photos["part"].value_counts().to_dict() == {"train": 7, "validation": 3, "test": 2}
    assert (images["part"] == "test").equals(photos["part"] == "test")


def test_at_least_one_photo_validates_and_one_trains(run):
    for share in (0.01, 0.99):
        counts = run(4, protocol="photos", validation=share)["part"].value_counts()
        assert counts["validation"] == 1 and counts["train"] == 1


def test_seed_chooses_and_repeats(run):
    assert run(12, seed=3).equals(run(12, seed=3))
    assert not run(12, seed=3).equals(run(12, seed=4))


@given(order=st.permutations(range(8)))
def test_the_order_given_does_not_matter(order, tmp_path_factory):
    folder = tmp_path_factory.mktemp("order")
    for name, indices in (("a", range(8)), ("b", order)):
        photos = [Path(f"p{index}.png") for index in indices]
        split(photos=photos, out=folder / name, params=Split(seed=1))
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()


def test_too_few_photos(run, says):
    says(lambda: run(2), "placement.split", "2 for the test + 1 to train = 3", "are 2", "Lower placement.split.test")
    says(lambda: run(3, protocol="photos"), "+ 1 for the validation + 1 to train = 4", "are 3", "protocol to images")
    assert len(run(3)) == 3


def test_two_photos_of_one_name(tmp_path, says):
    def call():
        photos = [Path("a.png"), Path("b.png"), Path("c.png")]
        split(photos=photos, displaced=[Path("displaced/b.png")], out=tmp_path / "s.csv", params=Split())

    says(call, "'b'", "two", "Rename")


def test_reading(run, tmp_path, says):
    run(4, displaced=1)
    parts = read_split(tmp_path / "split.csv")
    assert {part: len(photos) for part, photos in parts.items()} == {
        "train": 2,
        "validation": 0,
        "test": 2,
        "displaced": 1,
    }
    bad = tmp_path / "bad.csv"
    says(lambda: read_split(bad), bad, "no split", "boardbench placement split")
    for text, words in (
        ("photo\na\n", ["column part missing"]),
        ("photo,part\na,tain\n", ["line 2, part", "'tain'", "train"]),
        ("photo,part\na,train\na,test\n", ["'a' stands twice"]),
        ("photo,part\na,train\n", ["no photo in part 'test'"]),
    ):
        bad.write_text(text)
        says(lambda: read_split(bad), bad, *words)
