"""What each field of a header means for the numbers: used, harmless or refused, never passed over."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.captures.envi import open_cube, open_dark
from boardbench.captures.header import USED, read_header
from boardbench.captures.header_values import TIMES
from boardbench.errors import BoardbenchError

CUBE = np.arange(1 * 2 * 4, dtype=np.uint16).reshape(1, 2, 4)


@pytest.fixture
def opened(tmp_path, write_envi):
    """Open a small cube whose header has some fields; names are ENVI's own."""

    def make(values=CUBE, **fields):
        return open_cube(write_envi(tmp_path / "x.hdr", values, **fields))

    return make


@pytest.mark.parametrize(
    ("values", "unit", "nm"),
    [
        ("{4000, 5000, 6000, 7000}", "Angstroms", [400, 500, 600, 700]),
        ("{0.0004, 0.0005, 0.0006, 0.0007}", "Millimeters", [400, 500, 600, 700]),
        ("{4e-5, 5e-5, 6e-5, 7e-5}", "Centimeters", [400, 500, 600, 700]),
        ("{4e-7, 5e-7, 6e-7, 7e-7}", "Meters", [400, 500, 600, 700]),
        ("{25000, 20000, 16000, 12500}", "Wavenumber", [400, 500, 625, 800]),
        ("{749481.145, 599584.916, 499654.097, 299792.458}", "GHz", [400, 500, 600, 1000]),
        ("{749481145, 599584916, 499654097, 299792458}", "MHz", [400, 500, 600, 1000]),
        ("{0.4, 0.5, 0.6, 0.7}", "µm", [400, 500, 600, 700]),
    ],
)
def test_units_of_envi_become_nm(opened, values, unit, nm):
    np.testing.assert_allclose(opened(wavelength=values, wavelength_units=unit).wavelengths, nm, rtol=1e-6)


def test_an_index_is_no_wavelength(opened):
    assert opened(wavelength="{1, 2, 3, 4}", wavelength_units="Index").wavelengths is None


@pytest.mark.parametrize(("values", "unit"), [("{400, 500, 600, 700}", "furlongs"), ("{0.4, 0.5, 0.6, 0.7}", "nm")])
def test_units_that_make_no_sense_are_refused(opened, says, values, unit):
    says(lambda: opened(wavelength=values, wavelength_units=unit), "x.hdr", "'wavelength units'", unit)


@pytest.mark.parametrize("key", TIMES)
def test_each_field_for_the_integration_time_is_read(opened, key):
    cube = opened(**{key: "20"})
    assert (cube.tint, cube.tint_field) == (20, key)


@pytest.mark.parametrize(("text", "ms"), [("5 ms", 5), ("5000 us", 5), ("0.005 s", 5), ("{5.0, 5.0}", 5)])
def test_units_of_times(opened, text, ms):
    assert opened(**{"integration time": text}).tint == pytest.approx(ms)


@pytest.mark.parametrize("fields", [{"tint1": 20, "tint2": 5}, {"tint": 5, "exposure": 6}, {"tint": "{5, 6}"}])
def test_times_that_differ_are_refused(opened, says, fields):
    cube = opened(**fields)
    says(lambda: cube.tint, "x.hdr", "differ", "'tint'")


@pytest.mark.parametrize(
    "fields",
    [
        {"tint_vnir": 5},
        {"integration time (us)": 5000},
        {"sensor gain": 2.0},
        {"radiometric offset": "{0, 0, 0, 7}"},
        {"data scale": 100},
        {"nodata value": -1},
        {"data reflectance gain values": "{2, 2, 2, 2}"},
        {"file compression": 1},
        {"bbl": "{1, 0.5, 1, 1}"},
        {"bbl": "{1, 0}"},
        {"data gain values": "{1, 2, 3}"},
        {"data gain values": "{1, 2, 3, x}"},
        {"data ignore value": "none"},
        {"autodarkstartline": "soon"},
        {"autodarkstartline": -3},
    ],
)
def test_fields_that_change_the_numbers_are_refused_by_name(opened, says, fields):
    says(lambda: opened(**fields), "x.hdr", *(f"'{key.replace('_', ' ')}'" for key in fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"sensor gain": "1.0"},
        {"radiometric offset": "{0, 0, 0, 0}"},
        {"gain mode": "high"},
        {"fps": 50, "binning": "{4, 1}", "himg": "{1, 1024}", "temperature": "{25.6}", "errors": "{none}"},
        {"map info": "{UTM, 1, 1, 0, 0}", "description": "{scale = 3, gain of 2}", "x start": 3},
        {"reflectance gain values": "{1, 1, 1, 1}", "file compression": 0, "major frame offsets": "{0, 0}"},
    ],
)
def test_fields_that_change_nothing_pass(opened, fields):
    np.testing.assert_array_equal(opened(**fields).read(0, 1), CUBE)


def test_a_field_there_twice_is_refused_where_its_values_differ(tmp_path, write_envi, says):
    header = write_envi(tmp_path / "x.hdr", CUBE, tint=5)
    header.write_text(header.read_text() + "TINT = 5\n")
    assert open_cube(header).tint == 5
    header.write_text(header.read_text() + "tint = 6\n")
    says(lambda: open_cube(header), "x.hdr", "'tint' is there twice")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_texts_as_recorders_write_them(tmp_path, write_envi, encoding):
    fields = {"wavelength": "{0.4, 0.5, 0.6, 0.7}", "wavelength units": "µm", "operator": "Jürgen"}
    header = write_envi(tmp_path / "x.hdr", CUBE, **fields)
    text = header.read_text()
    header.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    cube = open_cube(header)
    assert cube.metadata["operator"] == "Jürgen"
    np.testing.assert_allclose(cube.wavelengths, [400, 500, 600, 700])


def test_byte_order_that_is_absent_is_little_endian(opened):
    np.testing.assert_array_equal(opened(byte_order=None).read(0, 1), CUBE)


def test_counts_for_exported_files_have_0_where_nothing_is_known(opened, says):
    cube = opened(**{"data ignore value": 5})
    np.testing.assert_array_equal(cube.read(0, 1)[0, 1], [4, 5, 6, 7])
    np.testing.assert_array_equal(cube.counts(0, 1)[0, 1], [4, 0, 6, 7])
    scaled = opened(**{"data gain values": "{1, 1, 1, 2}"})
    says(lambda: scaled.counts(0, 1), "x.hdr", "'data gain values'", "--run")


@pytest.mark.parametrize("interleave", ["bil", "bip", "bsq"])
def test_frames_of_a_closed_shutter_are_no_lines(tmp_path, write_envi, interleave):
    values = np.full((6, 2, 3), 1000, np.uint16)
    values[4:] = 100
    values[:, 1, 2] += np.arange(6, dtype=np.uint16)
    header = write_envi(tmp_path / "x.hdr", values, interleave, autodarkstartline=4)
    cube, dark = open_cube(header), open_dark(header)
    assert (cube.shape, cube.shutter_lines, dark.shape) == ((4, 2, 3), 2, (2, 2, 3))
    for one, expected in ((cube, values[:4]), (dark, values[4:])):
        np.testing.assert_array_equal(one.read(0, one.lines), expected)
        np.testing.assert_array_equal(one.read(1, 2), expected[1:2])
        np.testing.assert_array_equal(one.data, expected)


def test_a_shutter_that_never_closed_and_one_that_never_opened(tmp_path, write_envi, says):
    for start in (6, 3000):  # cropped files keep the field
        header = write_envi(tmp_path / "x.hdr", np.ones((6, 2, 3), np.uint16), autodarkstartline=start)
        assert open_cube(header).lines == open_dark(header).lines == 6
    header = write_envi(tmp_path / "x.hdr", np.ones((6, 2, 3), np.uint16), autodarkstartline=0)
    says(lambda: open_cube(header), "x.hdr", "'autodarkstartline' is 0")
    assert open_dark(header).lines == 6


@pytest.mark.parametrize(("fields", "limit"), [({}, None), ({"ceiling": 4080}, 4080), ({"bit depth": 14}, 16383)])
def test_the_sensors_limit(opened, fields, limit):
    assert opened(**fields).full_scale == limit


def test_the_documentation_lists_every_field_that_is_used():
    page = (Path(__file__).parents[2] / "docs/own-data.md").read_text()
    assert [key for key in USED if f"`{key}`" not in page] == []


@given(
    text=st.text(st.characters(blacklist_categories=["Cs"]), max_size=60),
    key=st.sampled_from(["tint", "bbl", "wavelength", "data gain values", "foo", "data ignore value", "ceiling"]),
)
def test_no_text_brings_anything_but_a_clear_error(tmp_path_factory, text, key):
    header = tmp_path_factory.mktemp("fuzz") / "x.hdr"
    body = f"ENVI\nsamples = 2\nlines = 1\nbands = 4\ndata type = 12\ninterleave = bil\n{key} = {text}\n"
    header.write_text(body, encoding="utf-8")
    header.with_suffix(".raw").write_bytes(CUBE.tobytes())
    try:
        read_header(header)
        cube = open_cube(header)
        cube.tint, cube.full_scale, cube.read(0, 1)
    except BoardbenchError as error:
        assert "x.hdr" in str(error)
