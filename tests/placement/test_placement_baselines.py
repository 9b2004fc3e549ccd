"""Rivals: a drawn chip is found where it was drawn, and what cannot be found is said."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from boardbench.params.placement import Tolerance
from boardbench.placement.baselines import BASELINES, baseline
from boardbench.placement.corners import COLUMNS, centre, moved, rotation

SIZE = (64, 72)
NOMINAL = np.array([[24.0, 22], [48, 22], [24, 42], [48, 42]])
LIMITS = {"shift_mm": 1.5, "rotation_deg": 6.0, "margin_mm": 0.5}


def picture(corners, size=SIZE, chip=0.9, board=0.2, scale=(1, 1)):
    """Draw a bright rectangle with a dark quarter, each pixel the mean of 8 x 8 points; corners in mm if scaled."""
    rows, columns = ((np.arange(8 * count) + 0.5) / 8 for count in size)
    points = np.stack(np.meshgrid(columns * scale[0], rows * scale[1]), axis=-1)
    # Places along the top and the left edge, 0 to 1 within the chip.
    along, down = corners[1] - corners[0], corners[2] - corners[0]
    u, v = np.moveaxis((points - corners[0]) @ np.linalg.inv(np.stack([along, down])), -1, 0)
    inside = (abs(u - 0.5) <= 0.5) & (abs(v - 0.5) <= 0.5)
    shade = np.where(inside, np.where((u < 0.5) & (v < 0.5), (chip + board) / 2, chip), board)
    shade = shade.reshape(size[0], 8, size[1], 8).mean(axis=(1, 3))
    return np.repeat((255 * shade).round().astype(np.uint8)[..., None], 3, axis=-1)


def samples(images, corners, parts=None, mm_per_pixel=(0.25, 0.25), nominal=NOMINAL, **limits):
    return SimpleNamespace(
        images=np.stack(images),
        corners=np.stack(corners),
        parts=np.array(parts or ["train"] * len(images)),
        nominal=np.asarray(nominal),
        mm_per_pixel=np.array(mm_per_pixel),
        size=SIZE,
        metadata=SimpleNamespace(synthesis=LIMITS | limits),
    )


def drawn(count, seed=0, shift=5.0, turn=6.0):
    """Return images and corners of chips moved by at most ``shift`` pixels and ``turn`` degrees."""
    random = np.random.default_rng(seed)
    corners = [moved(NOMINAL, random.uniform(-shift, shift, 2), random.uniform(-turn, turn)) for _ in range(count)]
    return [picture(outline) for outline in corners], corners


def fitted(name, *given, **more):
    model = BASELINES[name]()
    model.fit(samples(*given, **more))
    return model


def test_mean_is_the_mean_of_the_training_corners_only():
    corners = [NOMINAL, moved(NOMINAL, (2, 4), 0), NOMINAL + 100]
    model = fitted("mean", [np.zeros((*SIZE, 3), np.uint8)] * 3, corners, parts=["train", "train", "validation"])
    found = model.predict(np.zeros((5, *SIZE, 3), np.uint8))
    np.testing.assert_allclose(found, np.tile(moved(NOMINAL, (1, 2), 0), (5, 1, 1)))


def test_a_moved_and_turned_chip_is_found():
    model = fitted("template", *drawn(30))
    images, corners = drawn(25, seed=1)
    found = model.predict(np.stack(images))
    assert np.abs(centre(found) - centre(corners)).max() < 0.1
    assert np.abs(rotation(found) - rotation(corners)).max() < 0.5
    assert np.abs(found - corners).max() < 0.15
    assert model.missed == 0


def test_one_training_image_is_enough_and_brightness_does_not_matter():
    turned = moved(NOMINAL, (1.3, -0.6), 4)
    model = fitted("template", [picture(turned)], [turned])
    corners = moved(NOMINAL, (-3.7, 2.2), -5)
    found = model.predict(picture(corners, chip=0.5, board=0.3)[None])
    np.testing.assert_allclose(found[0], corners, atol=0.15)


def test_pixels_that_are_not_square():
    # 0.25 mm across, 0.5 mm down: the chip is turned on the board, so it is sheared in the picture.
    scale, size = np.array([0.25, 0.5]), (40, 72)
    on_board = NOMINAL * 0.25

    def shown(shift, turn):
        corners = moved(on_board, shift, turn)
        return picture(corners, size, scale=scale), corners / scale

    images, corners = zip(*[shown((0.1 * step, -0.2 * step), 2 * step) for step in (-2, -1, 0, 1, 2)], strict=True)
    model = fitted("template", images, corners, mm_per_pixel=scale, nominal=on_board / scale)
    image, truth = shown((0.83, 0.57), 5)
    found = model.predict(image[None])[0]
    np.testing.assert_allclose(found * scale, truth * scale, atol=0.08)


def test_a_rotation_beyond_the_search_gets_its_edge():
    model = fitted("template", *drawn(10), rotation_deg=4.0)
    found = model.predict(picture(moved(NOMINAL, (2, 1), 40))[None])[0]
    # 1.5 times 4 degrees on the grid, and what refining may add.
    assert 4 < rotation(found) < 6 + 3 * 1.5 + 0.1
    np.testing.assert_allclose(centre(found), centre(moved(NOMINAL, (2, 1), 0)), atol=1)


def test_limits_of_zero_still_find_a_chip_at_its_place():
    image, corners = picture(NOMINAL), NOMINAL
    model = fitted("template", [image], [corners], shift_mm=0.0, rotation_deg=0.0)
    found = model.predict(picture(moved(NOMINAL, (0.3, -0.4), 0.5))[None])[0]
    np.testing.assert_allclose(found, moved(NOMINAL, (0.3, -0.4), 0.5), atol=0.1)


@pytest.mark.parametrize("train", ["chip", "flat"])
def test_without_contrast_the_answer_is_the_nominal_place(train):
    flat = np.full((*SIZE, 3), 77, np.uint8)
    turned = moved(NOMINAL, (2, 0), 3)
    model = fitted("template", [picture(turned) if train == "chip" else flat], [turned])
    found = model.predict(np.stack([flat, np.zeros_like(flat), picture(turned)]))
    np.testing.assert_array_equal(found[:2], [NOMINAL, NOMINAL])
    assert np.isfinite(found).all()
    assert model.missed == (2 if train == "chip" else 3)


def test_a_large_image_is_searched_coarsely_first():
    size, nominal = (160, 160), np.array([[30.0, 32], [126, 32], [30, 118], [126, 118]])
    images = [picture(moved(nominal, (place, -place), 2 * place), size) for place in (-2, 0, 2)]
    corners = [moved(nominal, (place, -place), 2 * place) for place in (-2, 0, 2)]
    model = fitted("template", images, corners, mm_per_pixel=(0.2, 0.2), nominal=nominal)
    assert [step for step, _ in model.levels] == [pytest.approx(0.4), pytest.approx(0.2)]
    truth = moved(nominal, (7.3, -5.6), -5)
    np.testing.assert_allclose(model.predict(picture(truth, size)[None])[0], truth, atol=0.3)


def written(folder, parts):
    """Write samples as the samples step does, one photo; return samples.csv."""
    images, corners = drawn(len(parts))
    frame = pd.DataFrame({"sample": range(len(parts)), "part": parts, "photo": "p1"})
    frame[["shift_x_mm", "shift_y_mm", "rotation_deg"]] = 0.0
    frame[list(COLUMNS)] = np.reshape(corners, (-1, 8))
    folder.mkdir()
    frame.to_csv(folder / "samples.csv", index=False)
    np.save(folder / "images.npy", np.stack(images))
    metadata = {
        "size": SIZE,
        "photo_size": SIZE,
        "mm_per_pixel": [0.25, 0.25],
        "nominal": NOMINAL.tolist(),
        "photos": {},
        "synthesis": LIMITS,
    }
    (folder / "samples.json").write_text(json.dumps(metadata))
    return folder / "samples.csv"


@pytest.mark.parametrize("name", BASELINES)
def test_a_run_folder_holds_the_parts_there_are(tmp_path, name):
    samples = written(tmp_path / "samples", ["train"] * 6 + ["test"] * 3 + ["displaced"] * 2)
    baseline(name=name, samples=samples, dataset="toy", out=tmp_path / "run", tolerance=Tolerance())
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert {key: metrics[key] for key in ("study", "dataset", "init", "loss", "seed", "training_images")} == {
        **{"study": "placement", "dataset": "toy", "init": name, "loss": "none", "seed": 0},
        "training_images": 6,
    }
    assert list(metrics["parts"]) == ["test", "displaced"]
    assert metrics["missed"] == {"test": 0, "displaced": 0}
    rows = pd.read_csv(tmp_path / "run" / "predictions.csv")
    assert rows["sample"].tolist() == [6, 7, 8, 9, 10]
    truth = pd.read_csv(samples)
    wanted = truth.loc[:5, list(COLUMNS)].mean() if name == "mean" else truth.loc[6:, list(COLUMNS)]
    np.testing.assert_allclose(rows[list(COLUMNS)], np.broadcast_to(wanted, (5, 8)), atol=1e-4 + 0.2 * (name != "mean"))


def test_what_is_refused(tmp_path, says):
    given = {"dataset": "toy", "out": tmp_path / "run", "tolerance": Tolerance()}
    samples = written(tmp_path / "a", ["train", "test"])
    says(
        lambda: baseline(name="tempalte", samples=samples, **given), "placement.baselines", "'tempalte'", "'template'?"
    )
    samples = written(tmp_path / "b", ["validation", "test"])
    says(lambda: baseline(name="mean", samples=samples, **given), samples, "column part", "part train", "samples again")
    samples = written(tmp_path / "c", ["train", "train"])
    says(lambda: baseline(name="mean", samples=samples, **given), samples, "column part", "nothing to score", "again")
    assert not (tmp_path / "run").exists()
