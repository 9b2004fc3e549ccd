import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from tiny_archives import TINY10, cifar_files, encoded, pixel, write_parquet, write_tar

from boardbench.classification import samples as module
from boardbench.classification.archives import cifar
from boardbench.classification.data import read_samples
from boardbench.classification.samples import samples
from boardbench.errors import BoardbenchError
from boardbench.params.classification import Archive

_TEST = "test-00000-of-00001.parquet"


def made(out, source, **params):
    samples(source=source, raw=out / "raw", out=out / "samples.csv", params=Archive(**params))
    return read_samples(out)


def contents(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.glob("[!.]*"))}


def test_all_of_a_binary_archive(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cifar, "CIFAR10", TINY10)
    path = write_tar(tmp_path / "x.tar.gz", cifar_files(TINY10, "binary"))
    checksum = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    found = made(tmp_path / "out", "cifar10", path=path, checksum=checksum)
    assert "50 training and 10 test images of (32, 32, 3), 10 classes" in capsys.readouterr().out
    assert found.images.shape == (60, 32, 32, 3)
    for number in (0, 10, 49, 50, 59):
        assert found.images[number, 9, 20, 2] == pixel(number, 9, 20, 2)
    assert found.labels.tolist() == [i % 10 for i in range(60)]
    assert (tmp_path / "out/samples.csv").read_text().startswith("sample,part,label\n0,train,0\n1,train,1\n")
    metadata = json.loads((tmp_path / "out/samples.json").read_text())
    assert metadata["classes"] == list(TINY10.classes) and metadata["size"] == [32, 32, 3]
    assert metadata["parts"] == {"train": 50, "test": 10}
    assert metadata["source"]["kind"] == "cifar10" and metadata["source"]["checksum"] == checksum
    assert metadata["source"]["images"] == metadata["parts"] and metadata["source"]["taken"] == {
        "train": None,
        "test": None,
    }
    content = (tmp_path / "out/images.npy").read_bytes()
    assert metadata["sha256"] == hashlib.sha256(hashlib.sha256(content).digest()).hexdigest()
    assert str(tmp_path) not in json.dumps(metadata)
    assert sorted(contents(tmp_path / "out")) == ["images.npy", "samples.csv", "samples.json"]


def test_a_part_of_the_digits(tmp_path):
    everything = made(tmp_path / "all", "digits")
    assert everything.metadata.parts == {"train": 1437, "test": 360}
    found = made(tmp_path / "some", "digits", train_images=103, test_images=20)
    labels = found.part("train")[1]
    assert np.bincount(labels).tolist() == [11, 11, 11, 10, 10, 10, 10, 10, 10, 10]
    assert np.bincount(found.part("test")[1]).tolist() == [2] * 10
    # Each is one of the archive's, in its order.
    for part in ("train", "test"):
        known = {image.tobytes(): i for i, image in enumerate(everything.part(part)[0])}
        numbers = [known[image.tobytes()] for image in found.part(part)[0]]
        assert numbers == sorted(numbers)
        assert everything.part(part)[1][numbers].tolist() == found.part(part)[1].tolist()
    assert found.metadata.source.images == {"train": 1437, "test": 360}
    assert found.metadata.source.taken == {"train": 103, "test": 20}


def test_same_seed_same_bytes(tmp_path, pictures):
    folder, _ = pictures
    for source, params in (("digits", {"train_images": 50}), ("parquet", {"path": folder, "train_images": 3})):
        found = []
        for number, seed in enumerate((1, 1, 2, 3, 4)):
            made(tmp_path / f"{source}{number}", source, seed=seed, **params)
            found.append(contents(tmp_path / f"{source}{number}"))
        assert found[0] == found[1]
        assert len({files["images.npy"] for files in found}) > 1


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"train_images": 1400}, ["classification.archive.train_images", "1400", "class '8'", "null for all"]),
        ({"test_images": 9}, ["classification.archive.test_images", "9", "10 classes"]),
    ],
)
def test_too_many_or_too_few(tmp_path, params, words, says):
    says(lambda: made(tmp_path / "out", "digits", **params), *words)
    assert not (tmp_path / "out").exists()


def test_nothing_half_written(tmp_path, pictures, says):
    folder, pixels = pictures
    out = tmp_path / "out"
    made(out, "parquet", path=folder)
    before = contents(out)
    good = [encoded(image) for image in pixels[:2]]
    write_parquet(folder / _TEST, [*good, b"damaged"], [0, 1, 2])
    says(lambda: made(out, "parquet", path=folder), _TEST, "row 2", "cannot be decoded")
    assert contents(out) == before
    says(lambda: made(tmp_path / "fresh", "parquet", path=folder), "row 2")
    assert contents(tmp_path / "fresh") == {}
    # The damaged image does not matter to who does not take it.
    write_parquet(folder / _TEST, [*good, encoded(pixels[2]), b"damaged"], [0, 1, 2, 2])
    with_seed = [seed for seed in range(8) if _works(tmp_path / f"seed{seed}", folder, seed)]
    assert 0 < len(with_seed) < 8


def _works(out, folder, seed):
    try:
        return made(out, "parquet", path=folder, seed=seed, test_images=3) is not None
    except BoardbenchError:
        return False


def test_failure_while_the_table_is_written(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="disk full"):
        made(tmp_path / "out", "digits")
    assert contents(tmp_path / "out") == {}


def test_no_room(tmp_path, pictures, says, monkeypatch):
    folder, _ = pictures
    asked = []
    monkeypatch.setattr(module, "need_space", lambda *given: asked.append(given))
    made(tmp_path / "out", "parquet", path=folder)
    assert asked == [(tmp_path / "out", 9 * 4 * 5 * 3, "images.npy")]
