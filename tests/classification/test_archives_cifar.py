import hashlib
import io
import os
import pickle
import tarfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_archives import (
    TINY10,
    TINY100,
    cifar_files,
    encoded,
    pixel,
    planes,
    python2,
    write_files,
    write_parquet,
    write_tar,
)

from boardbench.classification.archives import archive, open_source
from boardbench.classification.archives import cifar as module
from boardbench.classification.archives.cifar import CIFAR10, CIFAR100, read_cifar
from boardbench.classification.archives.pickles import read_pickle
from boardbench.errors import BoardbenchError
from boardbench.fetch import download
from boardbench.params.classification import Archive


def every(part):
    return np.concatenate([*part.read(np.arange(len(part.labels)))])


def brought(path):
    """Return params for an archive at a path, with its checksum."""
    return Archive(path=path, checksum="md5:" + hashlib.md5(path.read_bytes()).hexdigest())


def test_as_published():
    assert CIFAR10.checksums == {
        "cifar-10-binary.tar.gz": "md5:c32a1d4ab5d03f1284b67883e8d87530",
        "cifar-10-python.tar.gz": "md5:c58f30108f718f92721af3b95e74349a",
    }
    assert CIFAR100.checksums == {
        "cifar-100-binary.tar.gz": "md5:03b5dce01913d631647c71ecec9e9cb8",
        "cifar-100-python.tar.gz": "md5:eb9058c3a382ffc7106e4002c42a8d85",
    }
    assert (len(CIFAR10.classes) * CIFAR10.train, len(CIFAR10.classes) * CIFAR10.test) == (50_000, 10_000)
    assert (len(CIFAR100.classes) * CIFAR100.train, len(CIFAR100.classes) * CIFAR100.test) == (50_000, 10_000)
    assert CIFAR10.classes[3] == "cat" and CIFAR10.classes[9] == "truck"
    # The authors number the fine classes alphabetically.
    assert len(set(CIFAR100.classes)) == 100 and list(CIFAR100.classes) == sorted(CIFAR100.classes)


@pytest.mark.parametrize("place", ["tar", "folder", "nested"])
@pytest.mark.parametrize("form", ["binary", "python"])
@pytest.mark.parametrize("layout", [TINY10, TINY100], ids=["10", "100"])
def test_read(tmp_path, layout, form, place, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 7)
    files = cifar_files(layout, form)
    if place == "tar":
        path = write_tar(tmp_path / "x.tar.gz", files)
    else:
        path = write_files(tmp_path / "x" / ("cifar-batches" if place == "nested" else ""), files)
        path = path.parent if place == "nested" else path
    found = read_cifar(path, layout)
    classes = len(layout.classes)
    assert found.size == (32, 32, 3) and found.classes == list(layout.classes)
    number = 0
    for part, count in ((found.train, layout.train), (found.test, layout.test)):
        assert part.labels.dtype == np.int64
        assert part.labels.tolist() == [i % classes for i in range(number, number + count * classes)]
        images = every(part)
        assert images.shape == (count * classes, 32, 32, 3) and images.dtype == np.uint8
        for at in ((0, 0, 0, 0), (3, 31, 0, 1), (9, 5, 17, 2), (count * classes - 1, 31, 31, 2)):
            assert images[at] == pixel(number + at[0], *at[1:])
        number += count * classes
    assert max(len(block) for block in found.train.read(np.arange(20))) <= 7
    assert found.metadata["kind"] == layout.kind and found.metadata["form"] == form
    assert "original pixels" in found.metadata["encoding"]
    assert found.metadata["files"] == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


@given(st.sets(st.integers(0, 49)))
@settings(max_examples=30, deadline=None)
def test_any_images(tiny10, wanted):
    rows = np.array(sorted(wanted), int)
    blocks = list(tiny10.train.read(rows))
    images = np.concatenate([np.empty((0, 32, 32, 3), np.uint8), *blocks])
    expected = planes(rows).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    assert images.tolist() == expected.tolist()


@pytest.fixture(scope="module")
def tiny10(tmp_path_factory):
    return read_cifar(write_files(tmp_path_factory.mktemp("tiny10"), cifar_files(TINY10, "binary")), TINY10)


@pytest.fixture
def tiny(monkeypatch):
    """Let the sources expect the tiny numbers."""
    monkeypatch.setattr(module, "CIFAR10", TINY10)
    monkeypatch.setattr(module, "CIFAR100", TINY100)
    monkeypatch.setattr(download, "PAUSE", 0.0)


@pytest.mark.parametrize(("source", "layout"), [("cifar10", TINY10), ("cifar100", TINY100)])
def test_source(tmp_path, tiny, source, layout):
    path = write_tar(tmp_path / "mine.tar.gz", cifar_files(layout, "binary"))
    params = brought(path)
    metadata = open_source(source, tmp_path / "raw", params).metadata
    assert (metadata["archive"], metadata["checksum"]) == ("mine.tar.gz", params.checksum)
    # The path holds on this machine only.
    assert str(tmp_path) not in str(metadata)
    folder = write_files(tmp_path / "unpacked", cifar_files(layout, "python"))
    assert open_source(source, tmp_path / "raw", Archive(path=folder)).metadata["form"] == "python"
    assert not (tmp_path / "raw").exists()


def test_download(tmp_path, tiny, server, monkeypatch):
    content = write_tar(tmp_path / "there.tar.gz", cifar_files(TINY10, "binary")).read_bytes()
    server.files["/cifar-10-binary.tar.gz"] = content
    server.cuts = [len(content) // 2]
    checksum = "md5:" + hashlib.md5(content).hexdigest()
    monkeypatch.setitem(TINY10.checksums, "cifar-10-binary.tar.gz", checksum)
    monkeypatch.setattr(module, "_ADDRESS", server.address + "/")
    raw = tmp_path / "raw"
    found = open_source("cifar10", raw, Archive())
    assert len(found.train.labels) == 50 and len(server.requests) == 2
    assert [file.name for file in raw.iterdir()] == ["cifar-10-binary.tar.gz"]
    # There already: not asked for again. And by url it is the same.
    open_source("cifar10", raw, Archive(url=server.address + "/cifar-10-binary.tar.gz"))
    assert len(server.requests) == 2


def test_no_network(tmp_path, tiny, says, monkeypatch):
    monkeypatch.setattr(module, "_ADDRESS", "http://127.0.0.1:9/")
    message = says(
        lambda: open_source("cifar100", tmp_path / "raw", Archive()),
        "http://127.0.0.1:9/cifar-100-binary.tar.gz",
        "check the network",
        "classification.archive.path",
    )
    assert "cifar-10-" not in message


def test_checksum(tmp_path, tiny, server, says):
    files = cifar_files(TINY10, "binary")
    named = write_tar(tmp_path / "cifar-10-binary.tar.gz", files)
    authors = CIFAR10.checksums[named.name]
    says(lambda: open_source("cifar10", tmp_path, Archive(path=named)), named, "checksum is md5:", authors)
    assert named.is_file()
    other = write_tar(tmp_path / "mine.tar.gz", files)
    says(
        lambda: open_source("cifar10", tmp_path, Archive(path=other)),
        other,
        "no checksum is known",
        "cifar-10-binary.tar.gz",
        "classification.archive.checksum",
    )
    says(lambda: open_source("cifar10", tmp_path, Archive(path=other, checksum="12")), other, "'12'", "md5:")
    server.files["/mine.tar.gz"] = other.read_bytes()
    wrong = Archive(url=server.address + "/mine.tar.gz", checksum=authors)
    says(lambda: open_source("cifar10", tmp_path / "raw", wrong), "mine.tar.gz.wrong", authors, "is not used")
    assert not (tmp_path / "raw" / "mine.tar.gz").exists()


def test_params_that_contradict(tmp_path, tiny, says):
    folder = write_files(tmp_path / "unpacked", cifar_files(TINY10, "binary"))
    both = Archive(path=folder, url="http://127.0.0.1:9/x.tar.gz")
    says(lambda: open_source("cifar10", tmp_path, both), "classification.archive", "path and url", "null")
    summed = Archive(path=folder, checksum=CIFAR10.checksums["cifar-10-binary.tar.gz"])
    says(lambda: open_source("cifar10", tmp_path, summed), "classification.archive.checksum", folder, "null")
    nowhere = Archive(path=tmp_path / "nowhere")
    says(lambda: open_source("cifar10", tmp_path, nowhere), "nowhere", "no such", "classification.archive.path")
    says(lambda: open_source("cifar11", tmp_path, Archive()), "'cifar11'", "cifar10")


@pytest.mark.parametrize("share", [0.1, 0.6, 0.99])
def test_cut_short(tmp_path, share, says):
    path = write_tar(tmp_path / "x.tar.gz", cifar_files(TINY10, "binary"))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    says(lambda: read_cifar(path, TINY10), path, "broken or was cut short", "get it again")


def test_no_archive(tmp_path, says):
    path = tmp_path / "x.tar.gz"
    path.write_text("<html>not found</html>")
    says(lambda: read_cifar(path, TINY10), path, "broken or was cut short")
    (tmp_path / "empty").mkdir()
    says(lambda: read_cifar(tmp_path / "empty", TINY10), "empty", "data_batch_1", "missing", "cifar-10-binary.tar.gz")


@pytest.mark.parametrize("name", ["data_batch_3.bin", "test_batch.bin", "batches.meta.txt"])
def test_missing_member(tmp_path, name, says):
    files = cifar_files(TINY10, "binary")
    del files[name]
    says(lambda: read_cifar(write_tar(tmp_path / "x.tar.gz", files), TINY10), "x.tar.gz", f"{name} missing")


def changed(name, change, form="binary"):
    files = cifar_files(TINY10, form)
    files[name] = change(files[name])
    return files


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (changed("data_batch_2.bin", lambda old: old[:-1]), ["data_batch_2.bin", "30729 bytes", "records of 3073"]),
        (changed("data_batch_2.bin", lambda _: b""), ["data_batch_2.bin", "0 bytes"]),
        (changed("data_batch_2.bin", lambda old: old * 99), ["data_batch_2.bin", "more than", "Get it again"]),
        (changed("test_batch.bin", lambda old: b"\x0a" + old[1:]), ["test_batch.bin", "row 0", "label: 10", "0 to 9"]),
        (
            changed("data_batch_1.bin", lambda old: old[:3073] + b"\x00" + old[3074:]),
            ["training part", "airplane 6", "automobile 4", "5 of each class", "source 'parquet'"],
        ),
        (changed("test_batch.bin", lambda old: old[3073:]), ["test part", "airplane 0"]),
        (
            changed("batches.meta.txt", lambda old: old.replace(b"cat", b"cow")),
            ["bird, cow", "bird, cat", "classification.archive.path"],
        ),
    ],
)
@pytest.mark.parametrize("tar", [True, False])
def test_bad_binary(tmp_path, files, words, tar, says):
    path = write_tar(tmp_path / "x.tar.gz", files) if tar else write_files(tmp_path / "x", files)
    says(lambda: read_cifar(path, TINY10), tmp_path, *words)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (changed("data_batch_4", lambda old: old[:-9], "python"), ["data_batch_4", "pickle is broken"]),
        (changed("data_batch_4", lambda _: python2([1]), "python"), ["data_batch_4", "'data'"]),
        (changed("batches.meta", lambda _: python2({}), "python"), ["batches.meta", "'label_names'"]),
    ],
)
def test_bad_pickle(tmp_path, files, words, says):
    says(lambda: read_cifar(write_files(tmp_path / "x", files), TINY10), tmp_path, *words, "Get the archive again")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({b"labels": None}, ["no list 'labels'"]),
        ({b"labels": [0, 1]}, ["data", "uint8 (10, 3072)", "(2, 3072)"]),
        ({b"labels": [0.0] * 10}, ["row 0, label: 0.0", "whole number from 0 to 9"]),
        ({b"labels": [0] * 9 + [10]}, ["row 9, label: 10", "from 0 to 9"]),
        ({b"labels": [0] * 9 + [1 << 80]}, ["row 9"]),
        ({b"labels": [0] * 9 + [1 << 20000]}, ["row 9", "type int"]),
        ({b"data": np.zeros((10, 3072))}, ["'numpy.dtype, f8'", "binary version"]),
        ({b"data": np.array([None])}, ["'numpy.dtype, O8'", "binary version"]),
        ({b"data": b"text"}, ["data: bytes", "expected uint8"]),
    ],
)
def test_bad_values_in_pickle(tmp_path, values, words, says):
    files = changed("data_batch_5", lambda old: python2(pickle.loads(old, encoding="bytes") | values), "python")
    says(lambda: read_cifar(write_files(tmp_path, files), TINY10), tmp_path, "data_batch_5", *words)


class _Call:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("function", "argument", "name"),
    [
        (os.system, "touch {}", ".system"),
        (eval, "open('{}', 'w')", ".eval"),
        (np.load, "{}", ".load"),
        (np.fromfile, "{}", ".fromfile"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_forbidden_pickle(tmp_path, function, argument, name, protocol, says):
    victim = tmp_path / "victim"
    content = pickle.dumps({"data": _Call(function, argument.format(victim))}, protocol)
    files = changed("data_batch_1", lambda _: content, "python")
    path = write_tar(tmp_path / "x.tar.gz", files)
    says(lambda: read_cifar(path, TINY10), path, "data_batch_1", name, "nothing was run", "binary version")
    assert not victim.exists()


# GLOBAL numpy.ndarray, called on a shape, the type of objects, and bytes that are taken for their addresses.
_FORGED = b"cnumpy\nndarray\n((I1\ntcnumpy\ndtype\n(S'%s'\nI0\nI1\ntRS'AAAAAAAA'\ntR."


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (_FORGED % b"O8", "numpy.dtype, b'O8'"),
        (_FORGED % b"u1", "numpy.ndarray"),
        (pickle.dumps(np.dtype([("a", "u1")])), "numpy.dtype, V1"),
        (pickle.dumps(np.dtype("u1", metadata={"a": 1})), "a state"),
        (b"cnumpy\nndarray\n(N}S'__defaults__'\nI1\nstb.", "a state"),  # attributes of a function
        (b"cnumpy\nndarray\n)R.", "numpy.ndarray"),
        (b"I1\n)R.", "a call"),
    ],
)
def test_no_pickle_reaches_numpy(content, name, says):
    says(lambda: read_pickle(content, "here"), f"here: the pickle asks for '{name}'", "nothing was run")


@pytest.mark.parametrize(
    "content",
    [
        b"I1\nr\xff\xff\xff\x7f.",  # a memo of 16 GB, were it an array
        b"]" * 100_000 + b"a" * 99_999 + b".",
        b"(inumpy\nndarray\n.",
        b"\x80\x04cnumpy\nndarray\n)\x81.",
        b"Ppersistent\n.",
        b"\x82\x01.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x0f.",
        pickle.dumps(np.zeros(6, np.uint8), 2).replace(b"K\x06\x85", b"K\x07\x85"),
        b"I" + b"9" * 5000 + b"\n.",
    ],
)
def test_a_pickle_that_asks_for_too_much_is_plain_or_refused(content):
    try:
        read_pickle(content, "here")
    except BoardbenchError as error:
        assert str(error).startswith("here: the pickle")


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_in_either_order(order):
    array = np.asarray(np.arange(6, dtype=np.uint8).reshape(2, 3), order=order)
    assert (read_pickle(python2({b"data": array}), "here")[b"data"] == array).all()


def test_allowed_pickle():
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    for content in (python2([array, b"x"]), pickle.dumps([array, b"x"], 4)):
        found = read_pickle(content, "here")
        assert (found[0] == array).all() and found[1] == b"x"
    assert b"numpy.core.multiarray" in python2(array)


@given(st.binary(max_size=60))
def test_any_bytes_as_a_pickle(content):
    try:
        found = read_pickle(content, "here")
    except BoardbenchError as error:
        assert str(error).startswith("here: the pickle")
    else:
        assert not callable(found)


@pytest.mark.parametrize("kind", ["link", "twice"])
def test_odd_members(tmp_path, kind, says):
    files = cifar_files(TINY10, "binary")
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as packed:
        for number in range(2):
            info = tarfile.TarInfo(f"{number}/test_batch.bin")
            if kind == "link":
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
                packed.addfile(info)
            else:
                info.size = len(files["test_batch.bin"])
                packed.addfile(info, io.BytesIO(files["test_batch.bin"]))
    words = {"link": "no plain file", "twice": "there twice"}[kind]
    says(lambda: read_cifar(path, TINY10), path, "test_batch.bin", words, "Do not trust")


def test_paths_that_lead_outside_are_only_read(tmp_path):
    path = write_tar(tmp_path / "in" / "x.tar.gz", cifar_files(TINY10, "binary"), "../../out/")
    assert len(read_cifar(path, TINY10).train.labels) == 50
    assert [file.name for file in tmp_path.rglob("*")] == ["in", "x.tar.gz"]


def test_file_in_two_folders(tmp_path, says):
    files = cifar_files(TINY10, "binary")
    for name in ("a", "b"):
        write_files(tmp_path / name, files)
    says(lambda: read_cifar(tmp_path, TINY10), tmp_path, "there twice", "a/data_batch_1.bin", "archive.path")


def test_parquet_of_cifar10(tmp_path, tiny, says):
    """Files of Hugging Face's copy are CIFAR-10 if their numbers are."""
    images = planes(np.arange(60)).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    contents = [encoded(image) for image in images]
    labels = [i % 10 for i in range(60)]
    write_parquet(tmp_path / "train-00000-of-00001.parquet", contents[:50], labels[:50])
    write_parquet(tmp_path / "test-00000-of-00001.parquet", contents[50:], labels[50:])
    found = open_source("cifar10", tmp_path, Archive(path=tmp_path))
    assert found.classes == list(CIFAR10.classes)
    assert (found.metadata["kind"], found.metadata["form"]) == ("cifar10", "parquet")
    assert "authors'" in found.metadata["class_names"]
    assert (every(found.train) == images[:50]).all()
    write_parquet(tmp_path / "test-00000-of-00001.parquet", contents[51:], labels[51:])
    says(lambda: open_source("cifar10", tmp_path, Archive(path=tmp_path)), "test part", "airplane 0")
    write_parquet(tmp_path / "train-00000-of-00001.parquet", [encoded(image[:16]) for image in images], labels)
    says(lambda: open_source("cifar10", tmp_path, Archive(path=tmp_path)), "(16, 32, 3)", "(32, 32, 3)", "source")


def test_digits(says):
    found = open_source("digits", None, Archive(seed=3))
    assert found.size == (8, 8, 1) and found.classes == [str(i) for i in range(10)]
    assert (len(found.train.labels), len(found.test.labels)) == (1437, 360)
    train, test = every(found.train), every(found.test)
    from sklearn.datasets import load_digits

    original = load_digits()
    # 0 to 16 become 0 to 255: a count is 15.9375, so 1 -> 16, 8 -> 128 (127.5), 16 -> 255.
    scale = {0: 0, 1: 16, 2: 32, 8: 128, 15: 239, 16: 255}
    both = np.concatenate([train, test])[..., 0]
    assert set(scale.values()) <= set(np.unique(both).tolist()) and len(np.unique(both)) == 17
    order = {image.tobytes(): i for i, image in enumerate(original.images)}
    back = {round(count * 255 / 16): count for count in range(17)}
    numbers = [order[np.vectorize(back.get)(image).astype(float).tobytes()] for image in both]
    assert sorted(numbers) == [*range(1797)]
    assert numbers[:1437] == sorted(numbers[:1437]) and numbers[1437:] == sorted(numbers[1437:])
    assert original.target[numbers].tolist() == [*found.train.labels, *found.test.labels]
    # One in five of each class, to within rounding.
    np.testing.assert_allclose(np.bincount(found.test.labels), np.bincount(original.target) / 5, atol=1)
    assert every(open_source("digits", None, Archive(seed=3)).test).tobytes() == test.tobytes()
    assert every(open_source("digits", None, Archive(seed=4)).test).tobytes() != test.tobytes()


def test_check_of_labels(says):
    says(lambda: archive.check_labels(np.array([0, -1]), ["a"], "file"), "file, row 1", "-1", "1 classes", "0 to 0")


def test_a_name_that_hugging_face_misspells_is_put_right(tmp_path):
    names = ["cra" if name == "crab" else name for name in CIFAR100.classes]
    pixels = encoded(np.zeros((32, 32, 3), np.uint8))
    for part, each in (("train", TINY100.train), ("test", TINY100.test)):
        labels = [label for label in range(100) for _ in range(each)]
        write_parquet(tmp_path / f"{part}-00000-of-00001.parquet", [pixels] * len(labels), labels, names)
    images = module.check_published(TINY100, module.read_parquet(tmp_path), tmp_path)
    assert images.classes == list(CIFAR100.classes) and images.metadata["kind"] == "cifar100"
