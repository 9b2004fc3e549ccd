import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from boardbench.files import sha256
from boardbench.integrity import record_of
from boardbench.params.placement import Split, Synthesis
from boardbench.placement import synthesis as synthesis_module
from boardbench.placement.data import read_samples
from boardbench.placement.photos import find_displaced, find_photos
from boardbench.placement.samples import NEAR, samples
from boardbench.placement.split import split

FEW = {"images": 20, "test_images": 6, "size": (16, 20), "shift_mm": 0.6, "margin_mm": 0.2, "feather_mm": 0.1}
CHIP = np.array([[24.0, 16.0], [40.0, 16.0], [24.0, 32.0], [40.0, 32.0]])


def photo(path, corners=CHIP, mode="RGB", size=(48, 60), seed=0, **fields):
    """Write a photo of a dark chip on a green board, with its outline beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(80, 100, (*size, 3), dtype=np.uint8)
    (x0, y0), (x1, y1) = np.rint(corners[0]).astype(int), np.rint(corners[3]).astype(int)
    pixels[y0:y1, x0:x1] = 20
    Image.fromarray(pixels).convert(mode).save(path)
    path.with_suffix(".json").write_text(json.dumps({"corners": corners.tolist(), **fields}))


@pytest.fixture
def world(tmp_path):
    """Return a folder of four photos and two displaced, and a function that makes split and samples of it."""
    folder = tmp_path / "raw"
    for index in range(4):
        photo(folder / f"p{index}.png", CHIP + 0.25 * index, seed=index)
    for index in range(2):
        photo(folder / "displaced" / f"d{index}.png", CHIP + np.array([5, -3]), seed=index)

    def make(out="out", protocol="images", mm_per_pixel=0.1, again=True, **params):
        good, wrong = find_photos(folder), find_displaced(folder)
        listed = tmp_path / f"{protocol}.csv"
        if again:
            split(
                photos=[files.photo for files in good.values()],
                displaced=[files.photo for files in wrong.values()],
                out=listed,
                params=Split(protocol=protocol, test=1),
            )
        samples(
            split=listed,
            photos=[files.photo for files in good.values()],
            outlines=[files.outline for files in good.values()],
            displaced=[files.photo for files in wrong.values()],
            displaced_outlines=[files.outline for files in wrong.values()],
            mm_per_pixel=mm_per_pixel,
            out=tmp_path / out / "samples.csv",
            protocol=protocol,
            validation=0.15,
            params=Synthesis(**FEW | params),
        )
        return read_samples(tmp_path / out)

    make.folder, make.root = folder, tmp_path
    return make


def test_what_is_written(world):
    made = world()
    assert made.images.shape == (28, 16, 20, 3) and made.images.dtype == np.uint8
    assert pd.Series(made.parts).value_counts().to_dict() == {"train": 17, "test": 6, "validation": 3, "displaced": 2}
    np.testing.assert_allclose(made.mm_per_pixel, [0.3, 0.3])
    photos = made.metadata.photos
    assert photos["displaced"] == ["d0", "d1"] and len(photos["test"]) == 1
    assert set(photos["validation"]) <= set(photos["train"]) and not set(photos["test"]) & set(photos["train"])
    own = np.mean([CHIP + 0.25 * int(name[1]) for name in photos["train"]], axis=0) / 3
    np.testing.assert_allclose(made.nominal, own, atol=1e-5)
    assert made.metadata.sha256 == sha256(world.root / "out" / "images.npy")
    assert made.metadata.converted == {}
    assert made.metadata.synthesis["shift_mm"] == 0.6
    assert sorted(path.name for path in (world.root / "out").glob("[!.]*")) == [
        "images.npy",
        "samples.csv",
        "samples.json",
    ]


def test_protocol_photos_keeps_photos_apart(world):
    made = world(protocol="photos")
    assert pd.Series(made.parts).value_counts().to_dict() == {"train": 17, "test": 6, "validation": 3, "displaced": 2}
    names = [set(made.frame.photo[made.parts == part]) for part in ("train", "validation", "test")]
    assert sum(map(len, names)) == len(set.union(*names)) == 4


def test_shift_and_rotation_are_those_of_the_corners(world):
    made = world()
    for row, corners in zip(made.frame.itertuples(), made.corners, strict=True):
        centre = 0.3 * (corners.mean(axis=0) - made.nominal.mean(axis=0))
        along = corners[1] - corners[0]
        np.testing.assert_allclose((row.shift_x_mm, row.shift_y_mm), centre, atol=1e-4)
        assert row.rotation_deg == pytest.approx(np.degrees(np.arctan2(along[1], along[0])), abs=2e-3)
        np.testing.assert_allclose(np.linalg.norm(along), 16 / 3, atol=1e-3)


def test_draws_fill_the_limits_and_many_are_near(world):
    frame = world(images=200, test_images=1).frame[lambda table: table.part.isin(["train", "validation"])]
    furthest = frame[["shift_x_mm", "shift_y_mm"]].abs().max(axis=1) / 0.6
    turned = frame.rotation_deg.abs() / 10
    assert 0.9 < furthest.max() < 1.1 and 0.9 < turned.max() <= 1.001
    near = (turned < NEAR).mean()  # one third, and a fifth of the others
    assert 0.36 < near < 0.57


def test_the_chip_lies_where_the_corners_say(world):
    made = world(light=0, noise=0)
    for image, corners in zip(made.images, made.corners, strict=True):
        x, y = corners.mean(axis=0).astype(int)
        assert image[y, x].max() < 40  # dark at the centre
        away = np.array([[0, 0], [19, 0], [0, 15], [19, 15]])
        assert image[away[:, 1], away[:, 0]].min() > 70


def test_displaced_photos_are_only_scaled(world):
    made = world()
    pixels = np.asarray(Image.open(world.folder / "displaced" / "d1.png")).astype(float)
    expected = np.round(pixels.reshape(16, 3, 20, 3, 3).mean(axis=(1, 3)))
    assert np.abs(made.images[-1] - expected).max() <= 1
    np.testing.assert_allclose(made.corners[-1], (CHIP + np.array([5, -3])) / 3, atol=1e-5)


def test_same_seed_same_bytes_and_draws_stand_alone(world):
    first, again, other = world("a"), world("b"), world("c", seed=1)
    for name in ("images.npy", "samples.csv", "samples.json"):
        assert (world.root / "a" / name).read_bytes() == (world.root / "b" / name).read_bytes()
    assert not np.array_equal(first.images, other.images)
    del again
    more = world("d", images=30)  # the test images do not depend on how many others there are
    np.testing.assert_array_equal(first.images[first.parts == "test"], more.images[more.parts == "test"])


def test_large_photos_are_shrunk_first_and_labels_hold(world):
    for path in sorted(world.folder.glob("**/*.png")):
        photo(path, CHIP * 12, size=(576, 720))
    made = world(mm_per_pixel=0.1 / 12, light=0, noise=0)
    np.testing.assert_allclose(made.corners[made.parts == "displaced"][0], CHIP / 3, atol=1e-5)
    for image, corners in zip(made.images, made.corners, strict=True):
        # Missing light is the chip: its centre is the labels', to the noise of the board.
        missing = np.clip(1 - image.mean(axis=-1) / 90, 0, None)
        missing[missing < 0.2] = 0
        x = (missing * (np.arange(20) + 0.5)).sum() / missing.sum()
        y = (missing * (np.arange(16) + 0.5)[:, None]).sum() / missing.sum()
        np.testing.assert_allclose((x, y), corners.mean(axis=0), atol=0.1)


def test_conversions_are_told(world, capsys):
    photo(world.folder / "p0.png", CHIP, "L")
    made = world()
    assert made.metadata.converted == {"p0": "grey to RGB"}
    assert "p0.png: grey to RGB" in capsys.readouterr().out


def test_limits_that_put_the_chip_out_of_the_picture(world, says):
    # 16 pixels of room above, less 2 of margin and 1 of soft edge: 13 without rotation, for p0.
    message = says(lambda: world(shift_mm=1.35, rotation_deg=0), "synthesis.shift_mm 1.35", "'p0'", "Lower", "1.3 or")
    assert "1.30 mm" in message
    says(lambda: world(margin_mm=3), "synthesis.shift_mm", "Even unshifted", "synthesis.margin_mm")
    assert not (world.root / "out").exists()


def test_photos_that_do_not_fit(world, says):
    says(lambda: world(size=(48, 61)), "synthesis.size", "[48, 61]", "[48, 60]", "Lower")
    photo(world.folder / "p1.png", CHIP, mm_per_pixel=0.2)
    says(world, "p1.json, mm_per_pixel: 0.2", "placement.mm_per_pixel is 0.1", "Set")
    photo(world.folder / "p1.png", CHIP, size=(48, 59))
    says(world, "p1.png", "59 x 48", "60 x 48")


def test_split_and_photos_that_do_not_fit(world, says):
    world()
    record_of(world.root / "images.csv").unlink()
    (world.root / "images.csv").write_text("photo,part\np0,train\np1,test\np2,train\np4,train\nd0,displaced\n")
    says(lambda: world(again=False), "images.csv", "'p4' is not among", "again")
    (world.root / "images.csv").write_text("photo,part\np0,train\np1,test\np2,train\nd0,displaced\nd1,displaced\n")
    says(lambda: world(again=False), "p3.png", "not in", "again")
    (world.root / "images.csv").write_text(
        "photo,part\np0,train\np1,test\np2,train\np3,validation\nd0,displaced\nd1,displaced\n"
    )
    says(lambda: world(again=False), "1 photos in part 'validation'", "protocol 'images'", "again")


def test_a_failure_leaves_nothing_and_harms_nothing(world, monkeypatch):
    world()
    before = {path.name: path.read_bytes() for path in (world.root / "out").iterdir()}

    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr("boardbench.placement.samples.resize_photo", fails)
    with pytest.raises(OSError, match="disk full"):
        world(seed=9)
    assert {path.name: path.read_bytes() for path in (world.root / "out").iterdir()} == before
    assert synthesis_module.resize_photo is not fails
