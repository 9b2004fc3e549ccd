"""Class maps as ENVI classification: what is written is what Spectral Python reads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from spectral.io import envi

from boardbench.captures.envi import open_cube
from boardbench.captures.envi_classmap import write_classification

NAMES = ["others", "ic", "capacitor"]
COLOURS = {1: (230, 159, 0), 2: (86, 180, 233)}


@settings(max_examples=25, deadline=None)
@given(classes=arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 2)))
def test_round_trip(tmp_path_factory, classes):
    header = tmp_path_factory.mktemp("map") / "classes.hdr"
    write_classification(header, classes, NAMES, COLOURS)
    image = envi.open(str(header))
    assert (np.asarray(image.load())[:, :, 0] == classes).all()
    assert image.shape == (*classes.shape, 1)
    assert np.array_equal(open_cube(header).data[:, :, 0], classes)


def test_the_header_line_by_line(tmp_path):
    classes = np.array([[0, 1, 2], [0, 0, 1]], np.uint8)
    capture = {
        "map info": ["UTM", "1.000", "1.000", "500000.0", "4500000.0", "0.5", "0.5", "33", "North", "WGS-84"],
        "coordinate system string": ['PROJCS["UTM_33N"', 'GEOGCS["WGS 84"]', 'UNIT["Meter"', "1.0]]"],
        "x start": "12",
        "y start": "0",
        "bands": "224",
        "wavelength": ["400", "410"],
    }
    write_classification(tmp_path / "classes.hdr", classes, NAMES, COLOURS, capture, "by {me}\ntoday")
    lines = dict(line.split(" = ", 1) for line in (tmp_path / "classes.hdr").read_text().splitlines() if " = " in line)
    assert lines["file type"] == "ENVI Classification"
    assert [lines[key] for key in ("lines", "samples", "bands", "data type", "interleave")] == [
        "2",
        "3",
        "1",
        "1",
        "bsq",
    ]
    assert (lines["byte order"], lines["header offset"], lines["classes"]) == ("0", "0", "3")
    assert lines["class names"] == "{ others , ic , capacitor }"
    assert lines["class lookup"].replace(" ", "") == "{0,0,0,230,159,0,86,180,233}"
    assert lines["map info"] == "{UTM,1.000,1.000,500000.0,4500000.0,0.5,0.5,33,North,WGS-84}"
    assert lines["coordinate system string"] == '{PROJCS["UTM_33N",GEOGCS["WGS 84"],UNIT["Meter",1.0]]}'
    assert (lines["x start"], lines["y start"]) == ("12", "0")
    assert "wavelength" not in lines
    assert (tmp_path / "classes.img").read_bytes() == bytes([0, 1, 2, 0, 0, 1])
    again = envi.read_envi_header(str(tmp_path / "classes.hdr"))
    assert again["description"] == "by -me- today"
    assert again["map info"] == capture["map info"]


def test_names_that_a_header_cannot_hold(tmp_path):
    write_classification(tmp_path / "c.hdr", np.zeros((1, 1)), ["a, b", "c{d}"], {})
    assert envi.open(str(tmp_path / "c.hdr")).metadata["class names"] == ["a- b", "c-d-"]


def test_bad_maps_are_refused(tmp_path, says):
    header = tmp_path / "c.hdr"
    says(lambda: write_classification(header, np.array([[3]]), NAMES, {}), "c.hdr", "index 3", "3 classes", "Name")
    says(lambda: write_classification(header, np.array([[-1]]), NAMES, {}), "c.hdr", "index -1")
    many = [str(index) for index in range(257)]
    says(lambda: write_classification(header, np.zeros((1, 1)), many, {}), "257 classes", "256")
    assert not header.exists()


def test_an_older_map_is_replaced(tmp_path):
    for value in (0, 2):
        write_classification(tmp_path / "c.hdr", np.full((2, 2), value), NAMES, COLOURS)
    assert open_cube(tmp_path / "c.hdr").data.max() == 2
    with pytest.raises(Exception, match="such file"):
        open_cube(tmp_path / "d.hdr")
