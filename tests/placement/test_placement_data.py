import json

import numpy as np
import pytest

from boardbench.placement.data import read_samples


@pytest.fixture
def folder(tmp_path):
    """Write two samples of 4 x 6 pixels by hand."""
    np.save(tmp_path / "images.npy", np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3))
    metadata = {
        "size": [4, 6],
        "photo_size": [64, 64],
        "mm_per_pixel": [0.5, 0.4],
        "nominal": [[1, 1], [5, 1], [1, 3], [5, 3]],
        "photos": {},
    }
    (tmp_path / "samples.json").write_text(json.dumps(metadata))
    (tmp_path / "samples.csv").write_text(
        "sample,part,photo,shift_x_mm,shift_y_mm,rotation_deg,c1x,c1y,c2x,c2y,c3x,c3y,c4x,c4y\n"
        "0,train,007,0,0,0,1,1,5,1,1,3,5,3\n1,test,b,0,0.5,0,1,2,5,2,1,4,5,4\n"
    )
    return tmp_path


def test_reading(folder):
    for path in (folder, folder / "samples.csv"):
        read = read_samples(path)
        np.testing.assert_array_equal(read.corners[1], [[1, 2], [5, 2], [1, 4], [5, 4]])
        assert read.parts.tolist() == ["train", "test"]
        assert read.frame.photo.tolist() == ["007", "b"]
        assert read.size == (4, 6) and read.mm_per_pixel.tolist() == [0.5, 0.4]
        assert isinstance(read.images, np.memmap) and read.images[1, 0, 0, 0] == 72
        assert read.nominal.shape == (4, 2) and read.metadata.photos == {}


def change(path, old, new):
    path.write_text(path.read_text().replace(old, new))


def test_what_is_refused(folder, says):
    table = folder / "samples.csv"
    kept = table.read_text()
    for old, new, words in (
        ("c4y", "c5y", ["column c4y missing", "boardbench placement samples"]),
        ("1,test", "1,tset", ["line 3, part", "'tset'", "'test'"]),
        ("1,test", "2,test", ["sample", "not as it was written"]),
        ("0,1,2,5", "0,x,2,5", ["corners", "not as it was written"]),
    ):
        table.write_text(kept.replace(old, new))
        assert table.read_text() != kept
        says(lambda: read_samples(folder), table, *words)
    table.write_text(kept + "2,test,b,0,0.5,0,1,2,5,2,1,4,5,4\n")
    says(lambda: read_samples(folder), "images.npy", "uint8 (2, 4, 6, 3)", "(3, 4, 6, 3)", "different runs")
    table.write_text(kept)
    kept = (folder / "samples.json").read_text()
    change(folder / "samples.json", "nominal", "nominale")
    says(lambda: read_samples(folder), "samples.json: field nominal is missing", "boardbench placement samples")
    (folder / "samples.json").write_text(kept)
    (folder / "images.npy").write_bytes(b"no array")
    says(lambda: read_samples(folder), "not readable", "boardbench placement samples")
    (folder / "images.npy").unlink()
    says(lambda: read_samples(folder), "images.npy: missing", "boardbench placement samples")
