import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardbench.captures import open_cube

CUBE = np.arange(2 * 3 * 4, dtype=np.uint16).reshape(2, 3, 4)


@pytest.mark.parametrize("interleave", ["bil", "bip", "bsq", "BIL", "Bsq"])
@pytest.mark.parametrize("dtype", ["<u2", ">u2", "u1", "<f4", ">f8", "<i2"])
def test_every_form_gives_lines_samples_bands(tmp_path, write_envi, interleave, dtype):
    header = write_envi(tmp_path / "x.hdr", CUBE.astype(dtype), interleave)
    cube = open_cube(header)
    assert cube.shape == cube.data.shape == (2, 3, 4)
    np.testing.assert_array_equal(cube.data, CUBE)
    np.testing.assert_array_equal(cube.read(1, 2), CUBE[1:2])
    assert not cube.data.flags.writeable


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    interleave=st.sampled_from(["bil", "bip", "bsq"]),
    offset=st.integers(0, 9),
    cut=st.data(),
)
def test_blocks_are_slices_of_the_map(tmp_path, write_envi, shape, interleave, offset, cut):
    values = np.random.default_rng(0).integers(0, 4096, shape, np.uint16)
    header = write_envi(tmp_path / "x.hdr", values, interleave, header_offset=offset)
    raw = tmp_path / "x.raw"
    raw.write_bytes(b"#" * offset + raw.read_bytes())
    first = cut.draw(st.integers(0, shape[0] - 1))
    last = cut.draw(st.integers(first + 1, shape[0]))
    cube = open_cube(header)
    np.testing.assert_array_equal(cube.read(first, last), values[first:last])
    np.testing.assert_array_equal(cube.data, values)


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ("x.hdr", "x.raw"),
        ("x.HDR", "x"),
        ("x.hdr", "x.dat"),
        ("x.hdr", "x.img"),
        ("x.hdr", "x.bil"),
        ("x.raw.hdr", "x.raw"),
        ("x.hdr", "x.RAW"),
        ("x.hdr.hdr", "x.raw"),
    ],
)
def test_header_and_data_are_found_from_either(tmp_path, write_envi, header, data):
    made = write_envi(tmp_path / "made" / "m.hdr", CUBE)
    shutil.copy(made, tmp_path / header)
    shutil.copy(made.with_suffix(".raw"), tmp_path / data)
    asked = [header] if header == "x.hdr.hdr" else [header, data]
    for name in asked:
        cube = open_cube(str(tmp_path / name))
        assert (cube.header.name, cube.path.name) == (header, data)
        np.testing.assert_array_equal(cube.data, CUBE)


def test_upper_case_keys_are_accepted_without_a_warning(tmp_path, write_envi, recwarn):
    header = write_envi(tmp_path / "x.hdr", CUBE, tint=5.5, sensor_type="FX10 , Lumo - Recorder")
    header.write_text("\n".join(["ENVI", *(line.upper() for line in header.read_text().splitlines()[1:])]))
    cube = open_cube(header)
    assert cube.tint == 5.5
    assert cube.metadata["sensor type"].startswith("FX10")
    assert not recwarn.list


@pytest.mark.parametrize(
    ("values", "unit", "nm"),
    [
        ("{400, 500.5, 600, 700}", "nm", [400, 500.5, 600, 700]),
        ("{0.4, 0.5, 0.6, 0.7}", "Micrometers", [400, 500, 600, 700]),
        ("{0.4, 0.5, 0.6, 0.7}", None, [400, 500, 600, 700]),
        ("{400, 500,\n 600, 700}", "Nanometers", [400, 500, 600, 700]),
    ],
)
def test_wavelengths_are_nm(tmp_path, write_envi, values, unit, nm):
    header = write_envi(tmp_path / "x.hdr", CUBE, wavelength=values, wavelength_units=unit)
    np.testing.assert_allclose(open_cube(header).wavelengths, nm)


def test_no_wavelengths_and_no_tint_are_none(tmp_path, write_envi):
    cube = open_cube(write_envi(tmp_path / "x.hdr", CUBE))
    assert cube.wavelengths is None
    assert cube.tint is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"lines": 0}, ["'lines'", "'0'", ">= 1"]),
        ({"samples": "many"}, ["'samples'", "'many'"]),
        ({"bands": None}, ["'bands' is missing", "Add"]),
        ({"byte order": 3}, ["'byte order'", "'3'", "little-endian"]),
        ({"data type": "{12}"}, ["data type", "not supported"]),
        ({"data type": 6}, ["data type '6'", "not supported", "12 (uint16)"]),
        ({"interleave": "tiles"}, ["interleave 'tiles'", "bil, bip or bsq"]),
        ({"wavelength": "{400, 500}"}, ["'wavelength' has 2 values", "bands = 4"]),
        ({"wavelength": "{400, x, 600, 700}"}, ["'wavelength'", "'x'"]),
        ({"wavelength": "{400, 500"}, ["not a readable ENVI header", "'{'"]),
        ({"major frame offsets": "{1, 0}"}, ["frame offsets", "Export"]),
        ({"header offset": -1}, ["'header offset'", "'-1'"]),
    ],
)
def test_bad_headers_are_refused(tmp_path, write_envi, says, fields, words):
    header = write_envi(tmp_path / "x.hdr", CUBE, **fields)
    says(lambda: open_cube(header), header, *words)


@pytest.mark.parametrize("tint", ["0", "-1", "nan", "fast"])
def test_bad_integration_time_is_refused(tmp_path, write_envi, says, tint):
    cube = open_cube(write_envi(tmp_path / "x.hdr", CUBE, tint=tint))
    says(lambda: cube.tint, cube.header, "'tint'", tint, "ms")


@pytest.mark.parametrize(("lines", "hint"), [(3, "exactly 2 lines"), (1, "exactly 2 lines")])
def test_size_that_disagrees_names_both_sizes_and_remedies(tmp_path, write_envi, says, lines, hint):
    header = write_envi(tmp_path / "x.hdr", CUBE, lines=lines)
    expected = f"expects {lines * 24} bytes"
    says(lambda: open_cube(header), tmp_path / "x.raw", expected, "has 48", "copy it again", "correct lines", hint)


def test_missing_files_are_named(tmp_path, write_envi, says):
    says(lambda: open_cube(tmp_path / "no.hdr"), tmp_path / "no.hdr", "no such file")
    header = write_envi(tmp_path / "x.hdr", CUBE)
    header.with_suffix(".raw").unlink()
    says(lambda: open_cube(header), header, "data file is missing", ".raw", "Copy")
    (tmp_path / "y.raw").write_bytes(b"")
    says(lambda: open_cube(tmp_path / "y.raw"), "y.raw", "no ENVI header", "y.hdr", "Copy")
    (tmp_path / "z.hdr").write_bytes(b"\xff\xfe\x00ENVI")
    (tmp_path / "z.raw").write_bytes(b"")
    says(lambda: open_cube(tmp_path / "z.hdr"), "z.hdr", "not a readable ENVI header")
