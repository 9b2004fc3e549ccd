"""References of a capture, by hand: times, darks of their own, values that are not known, the sensor's limit."""

import json

import numpy as np
import pytest
from PIL import Image

from boardbench.captures import calibrate
from boardbench.captures.blocks import reflect
from boardbench.captures.envi import open_cube
from boardbench.captures.references import read_references
from boardbench.captures.reflectance import reflectance
from boardbench.params.segmentation import Reflectance

WHOLE = Reflectance(drop_first=0, size=None)


@pytest.fixture
def scan(tmp_path, write_envi):
    """Write a capture of 4 lines x 2 samples x 3 bands and its references; return their paths.

    ``fields`` are those of all headers, or by kind of file.
    """

    def make(cube=600, white=1100, dark=100, interleave="bil", dtype=np.uint16, **fields):
        made = {}
        for kind, level in {"cube": cube, "white": white, "dark": dark}.items():
            values = level if isinstance(level, np.ndarray) else np.full((4, 2, 3), level)
            path = tmp_path / f"{kind}.hdr"
            made[kind] = write_envi(
                path, values.astype(dtype), interleave, **fields.get(f"{kind}_fields", fields.get("fields", {}))
            )
        return made

    return make


def whole(paths, **more):
    return reflect(**paths, keep=[0, 1, 2], **more)


@pytest.mark.parametrize("key", ["tint", "tint1", "integration time", "shutter"])
def test_integration_times_enter_whatever_their_field(scan, key):
    paths = scan(cube=1100, white=600, cube_fields={key: 20}, fields={key: 5})
    # (1100 - 100) / (600 - 100) * 5 / 20
    np.testing.assert_array_equal(whole(paths), 0.5)


def test_times_of_different_fields_are_not_compared(scan, says):
    paths = scan(white_fields={"shutter": 5}, fields={"tint": 20})
    says(lambda: whole(paths), "different fields", "'shutter'", "'tint'", "white.hdr")


def test_a_capture_may_be_its_own_dark(scan, says, tmp_path):
    values = np.full((6, 2, 3), 600)
    values[4:] = 100
    paths = scan(cube=values)
    paths["dark"] = paths["cube"]
    says(lambda: whole(paths), "cube.hdr", "its own dark reference", "'autodarkstartline'")
    header = paths["cube"]
    header.write_text(header.read_text() + "autodarkstartline = 4\n")
    got = whole(paths)
    assert got.shape == (3, 4, 2)  # two of the six lines show no board
    np.testing.assert_array_equal(got, 0.5)


@pytest.mark.parametrize("lines", [4, 6])
def test_masks_may_have_the_frames_of_the_closed_shutter(scan, tmp_path, lines):
    values = np.full((6, 2, 3), 600)
    values[4:] = 100
    paths = scan(cube=values, cube_fields={"autodarkstartline": 4})
    mask = np.arange(12).reshape(6, 2)[:lines]
    Image.fromarray(mask.astype(np.uint8)).save(tmp_path / "mask.png")
    out = tmp_path / "out.npy"
    reflectance(**paths, mask=tmp_path / "mask.png", classes=12, out=out, params=WHOLE)
    np.testing.assert_array_equal(np.asarray(Image.open(out.with_suffix(".png"))), mask[:4])
    assert json.loads(out.with_suffix(".json").read_text())["shutter_lines"] == 2


def test_frames_of_a_closed_shutter_are_left_out_of_a_white(scan):
    values = np.full((6, 2, 3), 1100)
    values[4:] = 200
    paths = scan(white=values, white_fields={"autodarkstartline": 4})
    # They are the white's own dark: (600 - 100) / (1100 - 200)
    np.testing.assert_allclose(whole(paths), 5 / 9, rtol=1e-3)


def test_a_white_with_a_dark_of_its_own(scan, tmp_path, write_envi):
    paths = scan() | {"white_dark": write_envi(tmp_path / "wd.hdr", np.full((4, 2, 3), 300, np.uint16))}
    # (600 - 100) / (1100 - 300)
    np.testing.assert_array_equal(whole(paths), 0.625)
    arrays = (np.full((1, 2, 3), level) for level in (600, 1100, 100))
    found, *_ = calibrate(*arrays, None, None, None, white_dark=np.full((1, 2, 3), 300))
    np.testing.assert_array_equal(found, np.full((1, 2, 3), 0.625, np.float32))
    # Readers that take one dark get a white that gives the same: (600 - 100) / (900 - 100)
    white, dark = read_references(
        open_cube(paths["cube"]), *(paths[k] for k in ("white", "dark", "white_dark"))
    ).counts()
    assert (set(white.flat), set(dark.flat)) == ({900.0}, {100.0})


@pytest.mark.parametrize("interleave", ["bil", "bip", "bsq"])
@pytest.mark.parametrize(("dtype", "ignored"), [(np.uint16, 65535), (np.int16, -9999), (np.float32, 1e34)])
def test_values_that_are_not_known_are_0_and_counted(scan, tmp_path, interleave, dtype, ignored):
    values = np.full((4, 2, 3), 600, np.float64)
    values[1, 0, 2] = values[3, 1, 0] = ignored
    paths = scan(cube=values, interleave=interleave, dtype=dtype, fields={"data ignore value": f"{ignored:g}"})
    Image.fromarray(np.zeros((4, 2), np.uint8)).save(tmp_path / "mask.png")
    out = tmp_path / "out.npy"
    reflectance(**paths, mask=tmp_path / "mask.png", classes=1, out=out, params=WHOLE)
    expected = np.full((3, 4, 2), 0.5)
    expected[2, 1, 0] = expected[0, 3, 1] = 0
    np.testing.assert_array_equal(np.load(out), expected)
    metadata = json.loads(out.with_suffix(".json").read_text())
    assert (metadata["invalid"], metadata["saturated"], metadata["clipped_high"], metadata["clipped_low"]) == (
        2,
        0,
        0,
        0,
    )


def test_values_of_references_that_are_not_known(scan):
    white = np.full((4, 2, 3), 1100)
    white[1, 0, 0] = 65535  # one of four: left out
    white[:, 1, 2] = 65535  # all of them: nothing is known there
    paths = scan(white=white, fields={"data ignore value": 65535})
    expected = np.full((3, 4, 2), 0.5)
    expected[2, :, 1] = 0
    np.testing.assert_array_equal(whole(paths), expected)
    assert read_references(open_cube(paths["cube"]), paths["white"], paths["dark"]).full_scale == 4095


def test_gains_of_the_header_are_applied(scan, tmp_path, write_envi):
    stored = np.arange(10, 34, dtype=np.float32).reshape(4, 2, 3)
    header = write_envi(
        tmp_path / "r.hdr", stored, data_gain_values="{0.01, 0.01, 0.02}", data_offset_values="{0, 0.1, 0}"
    )
    expected = stored * [0.01, 0.01, 0.02] + [0, 0.1, 0]
    np.testing.assert_allclose(reflect(cube=header, keep=[0, 1, 2]), expected.transpose(2, 0, 1), atol=3e-4)
    # Of counts, gains of one file only: (2 * 300 - 100) / (1100 - 100)
    paths = scan(cube=300, cube_fields={"data gain values": "{2, 2, 2}"})
    np.testing.assert_array_equal(whole(paths), 0.5)


@pytest.mark.parametrize(
    ("white", "fields", "given", "limit"),
    [
        (1100, {}, None, 4095),
        (40000, {}, None, 65520),
        (40000, {"bit depth": 16}, None, 65535),
        (1100, {"ceiling": 1023}, None, 1023),
        (40000, {"ceiling": 1023}, 16383, 16383),
    ],
)
def test_the_sensors_limit_follows_params_header_and_counts(scan, white, fields, given, limit):
    paths = scan(white=white, fields=fields)
    found = read_references(open_cube(paths["cube"]), paths["white"], paths["dark"], full_scale=given)
    assert found.full_scale == limit
