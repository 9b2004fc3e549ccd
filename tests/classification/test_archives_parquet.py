import io
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_archives import encoded, write_parquet

from boardbench.classification.archives import open_source, parquet
from boardbench.classification.archives.parquet import read_parquet
from boardbench.params.classification import Archive

_NAME = "-00000-of-00001.parquet"
_REAL = Path(os.environ.get("BOARDBENCH_CIFAR10", Path(__file__).parents[3] / "shared/data/cifar10"))


def every(part):
    return np.concatenate([*part.read(np.arange(len(part.labels)))])


def test_read(pictures):
    folder, pixels = pictures
    found = read_parquet(folder)
    assert found.size == (4, 5, 3)
    assert found.train.labels.dtype == np.int64 and found.train.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert (every(found.train) == pixels[:6]).all() and (every(found.test) == pixels[6:]).all()
    assert found.classes == ["0", "1", "2"] and found.metadata["class_names"] == "by number (the files name none)"
    assert found.metadata["kind"] == "parquet" and found.metadata["encodings"] == {"PNG": 9}
    assert found.metadata["encoding"] == "PNG, lossless"
    assert list(found.metadata["files"]) == [f"train{_NAME}", f"test{_NAME}"]


@given(wanted=st.sets(st.integers(0, 5)), rows=st.integers(1, 7))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
def test_any_images_in_blocks(pictures, wanted, rows):
    folder, pixels = pictures
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROWS", rows)
        chosen = np.array(sorted(wanted), int)
        blocks = list(read_parquet(folder).train.read(chosen))
    assert all(len(block) <= rows for block in blocks)
    assert np.concatenate([pixels[:0], *blocks]).tolist() == pixels[chosen].tolist()


def test_several_files_one_folder_down_other_names(tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (5, 3, 6, 1), dtype=np.uint8)
    contents = [encoded(image) for image in grey]
    folder = tmp_path / "data"
    columns = ("image", "fine_label")
    write_parquet(folder / "train-00000-of-00002.parquet", contents[:1], [0], ["a", "b"], columns)
    write_parquet(folder / "train-00001-of-00002.parquet", contents[1:3], [1, 0], ["a", "b"], columns)
    write_parquet(folder / "test-00000-of-00001.parquet", contents[3:], [1, 1], ["a", "b"], columns)
    found = open_source("parquet", tmp_path, Archive(path=tmp_path))
    assert found.size == (3, 6, 1) and found.classes == ["a", "b"]
    assert found.metadata["class_names"] == "from the files"
    assert found.train.labels.tolist() == [0, 1, 0]
    assert (every(found.train) == grey[:3]).all() and (every(found.test) == grey[3:]).all()


def test_jpeg_is_told(pictures):
    folder, pixels = pictures
    content = encoded(pixels[0], "JPEG")
    write_parquet(folder / f"test{_NAME}", [content, encoded(pixels[1])], [0, 1])
    found = read_parquet(folder)
    assert found.metadata["encodings"] == {"JPEG": 1, "PNG": 7}
    assert "JPEG, which changes pixels" in found.metadata["encoding"]
    with Image.open(io.BytesIO(content)) as image:
        assert (every(found.test)[0] == np.asarray(image)).all()


def test_names_of_the_caller_stand_behind_those_of_the_files(pictures):
    folder, pixels = pictures
    assert read_parquet(folder, ["x", "y", "z"]).classes == ["x", "y", "z"]
    for part in ("train", "test"):
        write_parquet(folder / f"{part}{_NAME}", [encoded(image) for image in pixels[:3]], [0, 1, 2], ["p", "q", "r"])
    assert read_parquet(folder, ["x", "y", "z"]).classes == ["p", "q", "r"]


def png(shape=(4, 5, 3)):
    return encoded(np.zeros(shape, np.uint8))


def other_mode(mode):
    file = io.BytesIO()
    Image.new(mode, (5, 4)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b"no picture", ["cannot be decoded", "Get the file again"]),
        (png()[:-30], ["cannot be decoded"]),
        (None, ["no bytes"]),
        (png((5, 4, 3)), ["(5, 4, 3)", "(4, 5, 3)", "one size"]),
        (png((4, 5, 1)), ["(4, 5, 1)", "(4, 5, 3)"]),
        (other_mode("P"), ["mode P", "L or RGB", "Convert"]),
        (other_mode("RGBA"), ["mode RGBA"]),
        (other_mode("I;16"), ["mode I;16"]),
    ],
)
@pytest.mark.parametrize("part", ["train", "test"])
def test_bad_image(pictures, bad, words, part, says):
    folder, _ = pictures
    file = write_parquet(folder / f"{part}{_NAME}", [png(), png(), png(), png(), bad], [0, 1, 2, 0, 1], rows=2)
    found = read_parquet(folder)
    says(lambda: every(getattr(found, part)), file, "row 4", "img", *words)
    # Images that are not asked for are not decoded.
    assert sum(len(block) for block in getattr(found, part).read(np.arange(4))) == 4


def test_bomb(pictures, says, monkeypatch):
    folder, _ = pictures
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 15)
    says(lambda: read_parquet(folder), f"train{_NAME}", "row 0", "DecompressionBombWarning")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1, None], ["row 2", "label", "null"]),
        ([0.0, 1.0, 2.0], ["column label", "double", "whole numbers"]),
        (["a", "b", "c"], ["column label", "string"]),
        ([0, -1, 2], ["row 1", "label: -1", "0 to 2"]),
        ([0, 1, 3], ["row 2", "label: 3", "3 classes (0 to 2)"]),
    ],
)
def test_bad_labels(pictures, labels, words, says):
    folder, _ = pictures
    for part in ("train", "test"):
        file = write_parquet(folder / f"{part}{_NAME}", [png()] * 3, [0, 1, 2], ["a", "b", "c"])
    write_parquet(file, [png()] * 3, labels, ["a", "b", "c"])
    says(lambda: read_parquet(folder), file, *words)


def test_classes_without_images(pictures, says):
    folder, _ = pictures
    write_parquet(folder / f"train{_NAME}", [png()] * 3, [0, 1, 5])
    says(lambda: read_parquet(folder), folder, "3 of 6 classes", "2, 3, 4", "without gaps")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (("picture", "label"), ["no column img or image", "picture, label", "Rename"]),
        (("img", "class"), ["no column label", "img, class"]),
    ],
)
def test_without_the_columns(pictures, columns, words, says):
    folder, _ = pictures
    file = write_parquet(folder / f"train{_NAME}", [png()] * 3, [0, 1, 2], columns=columns)
    says(lambda: read_parquet(folder), file, *words)


@pytest.mark.parametrize(
    "images", [pa.array([b"1", b"2"]), pa.array([{"path": "x"}] * 2), pa.array([{"bytes": 1}] * 2)]
)
def test_images_of_another_type(pictures, images, says):
    folder, _ = pictures
    file = folder / f"test{_NAME}"
    pq.write_table(pa.table({"img": images, "label": [0, 1]}), file)
    says(lambda: read_parquet(folder), file, "column img", "struct of bytes and path")


def test_null_in_place_of_the_struct(pictures, says):
    folder, _ = pictures
    file = folder / f"test{_NAME}"
    images = pa.array([{"bytes": png()}, None], pa.struct([("bytes", pa.binary())]))
    pq.write_table(pa.table({"img": images, "label": [0, 1]}), file)
    found = read_parquet(folder)
    assert found.metadata["encodings"]["unknown"] == 1
    says(lambda: every(found.test), file, "row 1", "no bytes")


def test_files(pictures, tmp_path, says):
    folder, _ = pictures
    says(lambda: read_parquet(tmp_path / "no"), tmp_path / "no", "no such folder", "classification.archive.path")
    (tmp_path / "empty").mkdir()
    says(lambda: read_parquet(tmp_path / "empty"), "empty", "no train-*.parquet", "classification.archive.path")
    write_parquet(folder / f"test{_NAME}", [], pa.array([], pa.int64()))
    says(lambda: read_parquet(folder), folder, "test-*.parquet hold no rows")
    (folder / f"test{_NAME}").unlink()
    says(lambda: read_parquet(folder), folder, "no test-*.parquet", "both parts")
    write_parquet(folder / "test-00000-of-00003.parquet", [png()], [0])
    says(lambda: read_parquet(folder), folder, "1 files test-*.parquet", "00003", "one series")


def test_several_folders(pictures, says):
    folder, _ = pictures
    for name in ("plain", "other"):
        for part in ("train", "test"):
            write_parquet(folder.parent / "both" / name / f"{part}{_NAME}", [png()], [0])
    says(lambda: read_parquet(folder.parent / "both"), "both", "other, plain", "classification.archive.path")


def test_different_names(pictures, says):
    folder, _ = pictures
    write_parquet(folder / f"test{_NAME}", [png()], [0], ["a", "b", "c"])
    says(lambda: read_parquet(folder), folder, "different classes", "one data set")


@pytest.mark.parametrize("change", [lambda old: old[:200], lambda old: b"PAR1" * 9, lambda old: b""])
def test_no_parquet(pictures, change, says):
    folder, _ = pictures
    file = folder / f"train{_NAME}"
    file.write_bytes(change(file.read_bytes()))
    says(lambda: read_parquet(folder), file, "not readable as parquet", "Get the file again")


def test_damage_inside(pictures, says):
    folder, _ = pictures
    file = folder / f"train{_NAME}"
    content = bytearray(file.read_bytes())
    content[4:60] = b"\xff" * 56
    file.write_bytes(content)
    says(lambda: read_parquet(folder), file, "after row 0", "damaged", "Get the file again")


@pytest.mark.parametrize("key", ["url", "checksum"])
def test_params_that_mean_nothing_here(pictures, key, says):
    folder, _ = pictures
    params = Archive(path=folder, **{key: "x"})
    says(lambda: open_source("parquet", folder, params), f"classification.archive.{key}", "null")


def test_no_path(tmp_path, says):
    says(lambda: open_source("parquet", tmp_path, Archive()), "classification.archive.path", "missing")


@pytest.mark.skipif(not list(_REAL.glob("*.parquet")), reason="no CIFAR-10 at hand")
def test_real_cifar10(tmp_path):
    found = open_source("cifar10", tmp_path, Archive(path=_REAL))
    assert np.bincount(found.train.labels).tolist() == [5000] * 10
    assert np.bincount(found.test.labels).tolist() == [1000] * 10
    assert found.classes[3] == "cat" and found.metadata["encodings"] == {"JPEG": 60_000}
    images = np.concatenate([*found.test.read(np.array([0, 5000, 9999]))])
    assert images.shape == (3, 32, 32, 3) and images.std() > 20
