import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from boardbench.params.placement import Simulate
from boardbench.simulate import assembly
from boardbench.simulate import photos as module
from boardbench.simulate.assembly import CHIP_AT, FIELD, draw, make_design
from boardbench.simulate.photos import GOOD, WRONG, displaced_names, photo_names, photos, render
from boardbench.simulate.raster import Canvas, Frame

SMALL = {"photos": 2, "displaced": 6, "size": 64}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    photos(out=folder, params=Simulate(**SMALL))
    return folder


def test_names_have_the_digits_of_the_last():
    assert photo_names(Simulate(photos=2)) == ["photo01", "photo02"]
    assert displaced_names(Simulate(displaced=100))[::99] == ["displaced001", "displaced100"]
    assert displaced_names(Simulate(displaced=0)) == []


def test_what_is_written(written):
    assert sorted(path.name for path in written.iterdir()) == [
        "displaced",
        "photo01.json",
        "photo01.png",
        "photo02.json",
        "photo02.png",
    ]
    assert len(list((written / "displaced").iterdir())) == 12
    picture = Image.open(written / "photo01.png")
    assert (picture.mode, picture.size) == ("RGB", (64, 64))
    content = json.loads((written / "photo01.json").read_text())
    assert content["mm_per_pixel"] == FIELD / 64
    assert np.shape(content["corners"]) == (4, 2)


def test_same_seed_same_bytes_however_many(written, tmp_path):
    photos(out=tmp_path, params=Simulate(**SMALL | {"displaced": 1}))
    for name in ("photo02.png", "photo02.json", "displaced/displaced01.png"):
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes()
    assert (written / "photo01.png").read_bytes() != (written / "photo02.png").read_bytes()


def test_another_seed_is_another_design():
    assert make_design(0) == make_design(0)
    assert make_design(0).traces != make_design(1).traces


def test_good_chips_sit_right_and_displaced_ones_on_both_sides_of_a_tolerance(written):
    def off(path):
        corners = np.array(json.loads(path.read_text())["corners"]) * FIELD / 64
        along = corners[1] - corners[0]
        return np.abs(corners.mean(axis=0) - (CHIP_AT.x, CHIP_AT.y)).max(), abs(
            np.degrees(np.arctan2(along[1], along[0]))
        )

    for path in written.glob("*.json"):
        shift, turn = off(path)
        assert shift < GOOD[0] + 0.15 and turn < GOOD[1] + 0.2  # the station's play comes on top
    shifts, turns = np.transpose([off(path) for path in sorted((written / "displaced").glob("*.json"))])
    near = np.arange(6) % 3 == 0
    assert (shifts < WRONG[0] + 0.15).all() and (turns < WRONG[1] + 0.2).all()
    assert (shifts[near] < 0.45).all() and (turns[near] < 2.2).all()
    assert shifts[~near].max() > 0.5


@pytest.mark.parametrize("limits", [GOOD, WRONG])
def test_the_corners_written_are_those_of_the_body_drawn(limits, monkeypatch):
    """The body alone, white on black, against another rasterizer's polygon of the corners, 32 times finer."""

    def body_alone(canvas, frame, w, h, body):
        canvas.pixels[:] = 0
        canvas.box(frame, w, h, (1, 1, 1))

    monkeypatch.setattr(assembly, "_package", body_alone)
    monkeypatch.setattr(Canvas, "disc", lambda *_, **__: None)
    monkeypatch.setattr(Canvas, "text", lambda *_, **__: None)
    monkeypatch.setattr(module, "_dust", lambda *_: None)
    monkeypatch.setattr(module, "_expose", lambda scene, _: scene[..., 0])
    design = make_design(0)
    for index in range(3):
        drawn, corners = render(design, 64, np.random.default_rng(index), limits)
        fine = Image.new("L", (64 * 32, 64 * 32))
        ring = (corners[[0, 1, 3, 2]] * 32 - 0.5).ravel().tolist()
        ImageDraw.Draw(fine).polygon(ring, fill=255)
        expected = np.asarray(fine).reshape(64, 32, 64, 32).mean(axis=(1, 3)) / 255
        assert np.abs(drawn - expected).max() < 0.06
        assert abs((drawn - expected).sum()) < 0.03 * 4 * 17.5  # edges lie right to 0.03 pixels on average


def test_corners_do_not_depend_on_the_size():
    design = make_design(0)
    _, small = render(design, 64, np.random.default_rng(3), WRONG)
    _, large = render(design, 128, np.random.default_rng(3), WRONG)
    np.testing.assert_allclose(2 * small, large)


def test_pads_under_a_misplaced_chip_show():
    design = make_design(0)
    seen = []
    for shift in (0.0, 1.5):
        canvas = Canvas(256, FIELD / 256, over=2)
        draw(canvas, design, Frame(), Frame(shift, 0.0, 0.0), np.random.default_rng(1))
        # Heels of the left pads, 3.45 mm from the chip's place: under its body, unless it lies 1.5 mm to the right
        column = int((CHIP_AT.x - 3.45) * 10)
        lines = slice(int((CHIP_AT.y - 2.5) * 10), int((CHIP_AT.y + 2.5) * 10))
        seen.append(canvas.mean()[lines, column].mean(axis=-1))
    assert seen[0].max() < 0.1 < 0.25 < seen[1].max()


def test_photos_differ_in_light_and_shade(written):
    first, second = (np.asarray(Image.open(written / f"photo0{i}.png")).astype(float) for i in (1, 2))
    assert 2 < np.abs(first - second).mean() < 40
    assert first[..., 1].mean() > first[..., 0].mean()  # a green board
