import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.classification.data import balanced, read_samples


@pytest.mark.parametrize("folder", [True, False])
def test_read(samples, folder):
    found = read_samples(samples.parent if folder else samples)
    assert found.images.shape == (90, 8, 8, 1) and found.images.dtype == np.uint8
    assert isinstance(found.images, np.memmap)
    assert found.labels.dtype == np.int64 and found.labels[:4].tolist() == [0, 1, 2, 0]
    assert found.classes == ["bar0", "bar1", "bar2"] and found.size == (8, 8, 1)
    assert found.metadata.source.kind == "bars"


def test_parts(samples, says):
    found = read_samples(samples)
    assert found.rows("train") == slice(0, 60) and found.rows("test") == slice(60, 90)
    for part, rows in (("train", slice(0, 60)), ("test", slice(60, 90))):
        assert set(found.parts[rows]) == {part}
        images, labels = found.part(part)
        assert np.shares_memory(images, found.images)  # no copy of what may be large
        assert (images == found.images[rows]).all() and (labels == found.labels[rows]).all()
    says(lambda: found.part("tests"), "'tests'", "'test'")


def test_subset(samples, says):
    found = read_samples(samples)
    drawn = found.subset("test", 10, "key")
    assert (np.diff(drawn) > 0).all() and drawn.min() >= 60
    # One more of the first class, because 10 = 3 * 3 + 1.
    assert np.bincount(found.labels[drawn]).tolist() == [4, 3, 3]
    assert found.subset("test", 10, "key").tolist() == drawn.tolist()
    assert found.subset("test", 30, "key").tolist() == [*range(60, 90)]
    source = found.metadata.source.model_copy(update={"seed": 1})
    found = replace(found, metadata=found.metadata.model_copy(update={"source": source}))
    assert found.subset("test", 10, "key").tolist() != drawn.tolist()
    says(lambda: found.subset("test", 31, "the.key"), "the.key", "31", "11 images of class 'bar0'", "30 or less")


@given(st.lists(st.integers(0, 2), min_size=3, max_size=40), st.data())
def test_balanced(more, data):
    labels = np.array([0, 1, 2, *more])
    least = 3 * int(np.bincount(labels).min())
    count = data.draw(st.integers(3, least))
    drawn = balanced(labels, ["a", "b", "c"], count, [0], "key")
    assert (np.diff(drawn) > 0).all() and len(drawn) == count
    counts = np.bincount(labels[drawn], minlength=3)
    assert counts.max() - counts.min() <= 1 and (np.diff(counts) <= 0).all()
    # A larger draw contains a smaller one.
    assert set(balanced(labels, ["a", "b", "c"], 3, [0], "key")) <= set(drawn)


def test_balanced_refuses(says):
    says(lambda: balanced(np.array([0, 1, 2]), ["a", "b", "c"], 2, [0], "the.key"), "the.key: 2", "3 classes")
    says(lambda: balanced(np.array([0, 0, 1]), ["a", "b"], 4, [0], "the.key"), "class 'b'", "has 1", "2 or less")


@pytest.mark.parametrize("name", ["samples.csv", "samples.json", "images.npy"])
def test_missing_or_empty_file(samples, name, says):
    words = ["no such file", "not valid JSON"] if name == "samples.json" else ["missing", "not readable"]
    samples.with_name(name).write_bytes(b"")
    says(lambda: read_samples(samples), samples.parent, words[1], "boardbench classification samples")
    samples.with_name(name).unlink()
    says(lambda: read_samples(samples), samples.with_name(name), words[0], "boardbench classification samples")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("sample,part,label", "sample,part,labels", ["samples.csv", "column label", "missing"]),
        ("\n1,train,1\n", "\n1,trian,1\n", ["samples.csv", "line 3", "'trian'", "'train'"]),
        ("\n1,train,1\n", "\n1,train,3\n", ["samples.csv", "line 3", "label", "3 is out of range", "0 to 2"]),
        ("\n1,train,1\n", "\n1,train,-1\n", ["line 3", "-1 is out of range"]),
        ("\n1,train,1\n", "\n1,train,\n", ["line 3", "label", "no whole number"]),
        ("\n1,train,1\n", "\n1,train,1.5\n", ["label", "no whole number"]),
        ("\n1,train,1\n", "\n1,train,99999999999999999999\n", ["line 3", "label", "no whole number"]),
        ("\n1,train,1\n", "\n2,train,1\n", ["samples.csv", "order"]),
        ("\n1,train,1\n", "\n1,test,1\n", ["samples.csv", "'train': 59", "'train': 60"]),
        ("\n1,train,1\n", "\n", ["images.npy", "(90, 8, 8, 1)", "(89, 8, 8, 1)", "different runs"]),
    ],
)
def test_bad_rows(samples, old, new, words, says):
    text = samples.read_text()
    assert old in text
    samples.write_text(text.replace(old, new, 1))
    says(lambda: read_samples(samples), *words, "boardbench classification samples")


def test_parts_that_are_mixed(samples, says):
    text = samples.read_text().replace("\n1,train,", "\n1,test,").replace("\n60,test,", "\n60,train,")
    samples.write_text(text)
    says(lambda: read_samples(samples), "samples.csv", "order")


@pytest.mark.parametrize("key", ["classes", "size", "parts", "source"])
def test_facts_without_a_key(samples, key, says):
    file = samples.with_name("samples.json")
    metadata = json.loads(file.read_text())
    del metadata[key]
    file.write_text(json.dumps(metadata))
    says(lambda: read_samples(samples), f"samples.json: field {key} is missing", "boardbench classification samples")


@pytest.mark.parametrize("images", [np.zeros((90, 8, 7, 1), np.uint8), np.zeros((90, 8, 8, 1), np.float32)])
def test_other_images(samples, images, says):
    np.save(samples.with_name("images.npy"), images)
    says(lambda: read_samples(samples), "images.npy", images.dtype, images.shape, "uint8 (90, 8, 8, 1)")


def test_facts_that_are_no_object(samples, says):
    samples.with_name("samples.json").write_text("3")
    says(lambda: read_samples(samples), "samples.json: not a JSON object")
