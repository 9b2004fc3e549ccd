import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.placement.outlines import outline_of, read_outline, read_scale

CORNERS = [[10, 12], [30, 12], [10, 28], [30, 28]]
RING = [[10, 12], [30, 12], [30, 28], [10, 28]]
SIZE = (40, 50)


@pytest.fixture
def written(tmp_path):
    """Return a writer of JSON (or, as text, anything) that returns the path."""

    def write(content, name="a.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def labelme(*shapes, **more):
    return {"shapes": [{"label": label, "points": points} for label, points in shapes], **more}


def cvat(body, name="a.png", width=50, height=40):
    return (
        f'<annotations><image id="0" name="other.png" width="50" height="40"/>'
        f'<image id="1" name="{name}" width="{width}" height="{height}">{body}</image></annotations>'
    )


def points(ring):
    return ";".join(f"{x},{y}" for x, y in ring)


def test_json_in_any_order(written):
    for order in ([0, 1, 2, 3], [3, 0, 2, 1], [1, 3, 2, 0]):
        path = written({"corners": [CORNERS[index] for index in order], "mm_per_pixel": 0.1})
        np.testing.assert_array_equal(read_outline(path, "a", SIZE), CORNERS)


@given(data=st.data())
def test_every_form_gives_the_same_corners(data, tmp_path_factory):
    number = st.floats(0, 12, allow_nan=False)
    shift, turn = np.array([data.draw(number), data.draw(number)]), np.radians(data.draw(st.floats(-40, 40)))
    box = np.array([[-6, -5], [6, -5], [6, 5], [-6, 5]]) @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    ring = (box + (14 + shift)).tolist()
    first = data.draw(st.integers(0, 3))
    going = (ring[first:] + ring[:first])[:: data.draw(st.sampled_from([1, -1]))]
    folder = tmp_path_factory.mktemp("forms")
    (folder / "own.json").write_text(json.dumps({"corners": ring}))
    (folder / "labelme.json").write_text(json.dumps(labelme(("x", going))))
    (folder / "polygon.xml").write_text(cvat(f'<polygon points="{points(going)}"/>'))
    (folder / "points.xml").write_text(cvat(f'<points points="{points([going[i] for i in (2, 0, 1, 3)])}"/>'))
    expected = np.array(ring)[[0, 1, 3, 2]]
    for path in folder.iterdir():
        np.testing.assert_allclose(read_outline(path, "a", SIZE), expected, atol=1e-9)


def test_labelme_rectangle_and_label(written):
    shapes = [("U2", [[1, 1], [5, 5]]), ("chip", [[30, 28], [10, 12]])]
    path = written(labelme(*shapes, imageWidth=50, imageHeight=40))
    np.testing.assert_array_equal(read_outline(path, "a", SIZE), CORNERS)


def test_cvat_box_with_rotation_and_folder_in_the_name(written):
    path = written(cvat('<box label="x" xtl="10" ytl="12" xbr="30" ybr="28"/>', "boards/a.png"), "annotations.xml")
    np.testing.assert_array_equal(read_outline(path, "a", SIZE), CORNERS)
    path = written(cvat('<box xtl="10" ytl="10" xbr="30" ybr="30" rotation="10.0"/>'), "annotations.xml")
    corners = read_outline(path, "a", SIZE)
    # Clockwise about (20, 20): the top edge falls to the right.
    expected = (
        20
        + np.array([-1, -1])
        @ [[np.cos(np.pi / 18), np.sin(np.pi / 18)], [-np.sin(np.pi / 18), np.cos(np.pi / 18)]]
        * 10
    )
    np.testing.assert_allclose(corners[0], expected)
    assert corners[1, 1] > corners[0, 1]


def test_where_an_outline_is_looked_for(tmp_path, says):
    photo, shared = tmp_path / "a.png", tmp_path / "shared.json"
    says(lambda: outline_of(photo), "a.png", "a.json", "annotations.xml", "placement.outline")
    says(lambda: outline_of(photo, shared), "placement.outline", "shared.json", "does not exist")
    shared.touch()
    assert outline_of(photo, shared) == shared
    (tmp_path / "annotations.xml").touch()
    assert outline_of(photo, shared).name == "annotations.xml"
    (tmp_path / "a.json").touch()
    assert outline_of(photo, shared).name == "a.json"


CROSSED = [RING[0], RING[2], RING[1], RING[3]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"corners": [[10, 12], [60, 12], [10, 28], [60, 28]]}, ["corners", "(60, 12)", "outside", "50 x 40", "Mark"]),
        ({"corners": [[10, -1], [30, 12], [10, 28], [30, 28]]}, ["corners", "(10, -1)", "outside"]),
        ({"corners": CORNERS[:3]}, ["corners", "3 points", "four"]),
        ({"corners": "here"}, ["corners", "pairs of numbers"]),
        ({"corner": CORNERS}, ["neither 'corners' nor", "Expected"]),
        ([1, 2], ["no outline in it", "Expected"]),
        ("{", ["not readable as JSON", "Expected"]),
        ("[" * 100_000, ["not readable as JSON", "Expected"]),
        ('{"corners": ' + "9" * 5000 + "}", ["not readable as JSON", "Expected"]),
        ({"corners": [[10**400, 1], [30, 12], [10, 28], [30, 28]]}, ["corners", "pairs of numbers"]),
        (labelme(("chip", RING), imageWidth=10**400, imageHeight=[[[]]]), ["imageWidth", "1000", "50 x 40"]),
        (labelme(("chip", CROSSED)), ["shapes, points", "crosses itself", "again"]),
        (labelme(("chip", RING[:3])), ["shapes, points", "3 points"]),
        (labelme(("chip", [[1, 2], 3])), ["shapes, points", "pairs of numbers"]),
        (labelme(("chip", None)), ["shapes, points"]),
        (labelme(("a", RING), ("b", RING)), ["shapes", "2 shapes", "'a', 'b'", "label it 'chip'"]),
        (labelme(), ["0 shapes", "none"]),
        ({"shapes": 3}, ["shapes", "not a list"]),
        (labelme(("chip", RING), imageWidth=500, imageHeight=400), ["imageWidth", "500 x 400", "50 x 40", "Draw"]),
    ],
)
def test_json_that_is_refused(content, words, written, says):
    path = written(content)
    says(lambda: read_outline(path, "a", SIZE), path, *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (cvat("", "b.png"), ["no image named 'a'", "other.png, b.png", "a.json"]),
        (cvat(""), ["image 'a.png'", "0 shapes"]),
        (cvat(f'<polygon points="{points(CROSSED)}"/>'), ["image 'a.png'", "polygon", "crosses itself"]),
        (cvat('<polygon points="1,2;3"/>'), ["polygon", "pairs of numbers"]),
        (cvat('<polygon points="1,2;x,4"/>'), ["polygon", "x,y;x,y"]),
        (cvat('<box xtl="1" ytl="2" xbr="x" ybr="9"/>'), ["box", "numbers xtl", "Export"]),
        (cvat(f'<points points="{points(RING)}"/>', width=500), ["width and height", "500 x 40", "50 x 40"]),
        (cvat(f'<points points="{points([[x + 30, y] for x, y in RING])}"/>'), ["points", "outside photo 'a'"]),
        (cvat("").replace("other", "old/a"), ["2 images named 'a'", "once"]),
        ("<annotations>", ["not readable as XML", "Export"]),
    ],
)
def test_cvat_that_is_refused(content, words, written, says):
    path = written(content, "annotations.xml")
    says(lambda: read_outline(path, "a", SIZE), path, *words)


def test_missing_and_binary_outline(tmp_path, says):
    says(lambda: read_outline(tmp_path / "a.json", "a", SIZE), "a.json", "no such outline")
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00\x80")
    says(lambda: read_outline(tmp_path / "a.json", "a", SIZE), "a.json", "not readable as text")


def test_scale(written, says):
    assert read_scale(written({"corners": CORNERS, "mm_per_pixel": 0.1})) == 0.1
    assert read_scale(written({"corners": CORNERS})) is None
    assert read_scale(written(cvat(""), "annotations.xml")) is None
    for wrong in (-1, 0, "0.1", True):
        path = written({"mm_per_pixel": wrong})
        says(lambda path=path: read_scale(path), path, "mm_per_pixel", "such as 0.1")
