"""Labels in the tools' own forms become the masks that they were drawn from."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as runs_of

from boardbench.errors import BoardbenchError
from boardbench.labels.files import read_labels
from boardbench.labels.masks import write_masks
from boardbench.labels.render import render

CLASSES = ["others", "ic", "capacitor"]
SIZE = (9, 12)  # lines, samples

# A rectangle of ic, a capacitor over its corner, and one like an L; the rest others.
TRUTH = np.zeros(SIZE, np.uint8)
TRUTH[1:6, 2:8] = 1
TRUTH[4:8, 6:10] = 2
TRUTH[2:9, 10:11] = 2
TRUTH[8, 8:11] = 2
IC = [[2, 1], [8, 1], [8, 6], [2, 6]]
CAPACITOR = [[6, 4], [10, 4], [10, 8], [6, 8]]
ELL = [[10, 2], [11, 2], [11, 9], [8, 9], [8, 8], [10, 8]]


def labelme(*shapes, size=SIZE, name="b_1.png"):
    rows = [
        {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}}
        for label, kind, points in shapes
    ]
    return {"version": "5.4.1", "flags": {}, "shapes": rows, "imagePath": name, "imageData": None,
            "imageHeight": size[0], "imageWidth": size[1]}  # fmt: skip


def pairs(points):
    return ";".join(f"{x:.2f},{y:.2f}" for x, y in points)


def cvat(shapes, size=SIZE, name="uploads/b_1.png"):
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version><meta/>'
        f'<image id="0" name="{name}" width="{size[1]}" height="{size[0]}"><tag label="seen"/>{shapes}</image>'
        "</annotations>"
    )


def coco(*segmentations, size=SIZE, name="b_1.png"):
    return {
        "images": [{"id": 7, "file_name": name, "height": size[0], "width": size[1]}],
        "categories": [{"id": 1, "name": "ic"}, {"id": 5, "name": "capacitor"}],
        "annotations": [
            {"id": number, "image_id": 7, "category_id": category, "segmentation": segmentation, "iscrowd": 0}
            for number, (category, segmentation) in enumerate(segmentations, 1)
        ],
    }


def flat(*polygons):
    return [[float(value) for point in polygon for value in point] for polygon in polygons]


def compressed(mask):
    coded = runs_of.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": list(coded["size"]), "counts": coded["counts"].decode()}


def counted(mask):
    values = np.concatenate([[0], mask.T.reshape(-1).astype(int)])
    edges = np.flatnonzero(np.diff(np.concatenate([values, [-1]])))
    return {"size": list(mask.shape), "counts": np.diff(np.concatenate([[0], edges])).tolist()}


FORMS = {
    "labelme polygons": labelme(
        ("ic", "polygon", IC), ("capacitor", "polygon", CAPACITOR), ("capacitor", "polygon", ELL)
    ),
    "labelme rectangles": labelme(
        ("ic", "rectangle", [[8, 1], [2, 6]]),
        ("capacitor", "rectangle", [[6, 4], [10, 8]]),
        ("capacitor", "polygon", ELL),
    ),
    "coco polygons": coco((1, flat(IC)), (5, flat(CAPACITOR, ELL))),
    "coco runs": coco((1, compressed(TRUTH == 1)), (5, counted(TRUTH == 2))),
    "cvat": cvat(
        f'<polygon label="capacitor" points="{pairs(CAPACITOR)}" z_order="2"/>'
        f'<box label="ic" xtl="2" ytl="1" xbr="8" ybr="6" z_order="1"/>'
        f'<polygon label="capacitor" points="{pairs(ELL)}" z_order="1"/>'
    ),
    "cvat turned": cvat(
        '<box label="ic" xtl="2.5" ytl="0.5" xbr="7.5" ybr="6.5" rotation="90.0" z_order="0"/>'
        f'<polygon label="capacitor" points="{pairs(CAPACITOR)}" z_order="2"/>'
        '<mask label="capacitor" rle="2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 0, 3" left="8" top="2" width="3" height="7"/>'
    ),
}  # fmt: skip


@pytest.fixture
def capture(tmp_path, write_envi):
    """Write a raw capture ``b_1`` below ``mine``; return its folder."""
    for prefix, level in {"": 900, "WHITEREF_": 3000, "DARKREF_": 100}.items():
        values = np.random.default_rng(1).integers(level, level + 50, (*SIZE, 5)).astype(np.uint16)
        fields = {"wavelength": "{460, 500, 550, 600, 640}"}
        write_envi(tmp_path / "mine" / "b_1" / "capture" / f"{prefix}b_1.hdr", values, **fields)
    return tmp_path / "mine" / "b_1"


def save(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", FORMS)
def test_render_label_import_gives_the_mask_that_was_drawn(capture, tmp_path, form):
    render(captures=[capture], out=tmp_path / "pictures", false_colour=True)
    with (
        Image.open(tmp_path / "pictures" / "b_1.png") as picture,
        Image.open(tmp_path / "pictures" / "b_1_pca.png") as other,
    ):
        assert picture.size == other.size == SIZE[::-1]
        assert picture.mode == other.mode == "RGB"
    labels = save(tmp_path / ("l.xml" if "cvat" in form else "l.json"), FORMS[form])
    write_masks(labels=[labels], root=tmp_path / "mine", classes=CLASSES, rest="others")
    np.testing.assert_array_equal(np.asarray(Image.open(capture / "mask.png")), TRUTH)


def drawn(tmp_path, content, **more):
    labels = save(tmp_path / ("l.xml" if isinstance(content, str) else "l.json"), content)
    write_masks(labels=[labels], root=tmp_path / "mine", classes=CLASSES, **more)
    return np.asarray(Image.open(tmp_path / "mine" / "b_1" / "mask.png"))


def test_pixels_in_no_shape_are_unlabelled_by_default(capture, tmp_path):
    assert (drawn(tmp_path, labelme(("ic", "polygon", IC)))[0] == 255).all()


def test_labels_called_otherwise_are_renamed_or_left_out(capture, tmp_path):
    shapes = labelme(("chip", "polygon", IC[:3]), ("IC", "polygon", IC), ("dirt", "polygon", CAPACITOR))
    found = drawn(tmp_path, shapes, rest="others", rename=["chip=ic", "dirt=unlabelled"])
    expected = np.zeros(SIZE)
    expected[1:6, 2:8], expected[4:8, 6:10] = 1, 255
    np.testing.assert_array_equal(found, expected)


def test_holes_show_what_lies_below(capture, tmp_path):
    ring = np.zeros(SIZE, bool)
    ring[1:8, 1:8] = True
    ring[3:6, 3:6] = False
    found = drawn(tmp_path, coco((5, flat([[0, 0], [12, 0], [12, 9], [0, 9]])), (1, compressed(ring))))
    np.testing.assert_array_equal(found, np.where(ring, 1, 2))


def test_circles_ellipses_and_masks_of_labelme(capture, tmp_path):
    y, x = np.indices(SIZE) + 0.5
    disc = np.hypot(x - 5, y - 4) <= 3
    np.testing.assert_array_equal(
        drawn(tmp_path, labelme(("ic", "circle", [[5, 4], [5, 7]])), rest="others"), disc.astype(int)
    )
    shape = '<ellipse label="ic" cx="5" cy="4" rx="4" ry="2" rotation="90" z_order="0"/>'
    upright = ((x - 5) / 2) ** 2 + ((y - 4) / 4) ** 2 <= 1
    np.testing.assert_array_equal(drawn(tmp_path, cvat(shape), rest="others", replace=True), upright.astype(int))
    small = np.array([[0, 1, 1], [1, 1, 0]], np.uint8)
    file = io.BytesIO()
    Image.fromarray(small * 255).save(file, format="PNG")
    content = labelme(("ic", "mask", [[4, 2], [6, 3]]))
    content["shapes"][0]["mask"] = base64.b64encode(file.getvalue()).decode()
    expected = np.zeros(SIZE, int)
    expected[2:4, 4:7] = small
    np.testing.assert_array_equal(drawn(tmp_path, content, rest="others", replace=True), expected)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (labelme(("ic", "line", [[1, 1], [5, 5]])), ["number 1 ('ic')", "'line' covers no area"]),
        (labelme(("ic", "point", [[1, 1]])), ["'point' covers no area"]),
        (labelme(("ic", "polygon", [[1, 1], [5, 5]])), ["2 points; 3 are needed"]),
        (labelme(("ic", "rectangle", [[1, 1]])), ["1 points; 2 are needed"]),
        (labelme(("ic", "polygon", [[1, 1], [5, "x"], [2, 2]])), ["not pairs of numbers"]),
        (labelme(("ic", "mask", [[1, 1], [2, 2]])), ["mask is no picture"]),
        (labelme(("resistor", "polygon", IC)), ["'resistor' is no class", "--rename"]),
        (labelme(("ic", "polygon", IC), size=(12, 9)), ["lines = 12, samples = 9", "lines = 9, samples = 12"]),
        (labelme(("ic", "polygon", IC), name="C:\\pictures\\b_2.png"), ["no capture 'b_2'", "'b_1'"]),
        ({"version": 1, "shapes": "none"}, ["not a list of shapes"]),
        ({"pictures": []}, ["neither LabelMe's 'shapes' nor COCO's"]),
        (coco((1, [])), ["annotations, id 1 ('ic')", "no segmentation"]),
        (coco((9, flat(IC))), ["category_id 9"]),
        (coco((1, [[1, 2, 3]])), ["x, y, x, y"]),
        (coco((1, {"size": [9, 12], "counts": [5, 5]})), ["runs do not fill"]),
        (coco((1, {"size": [9, 12], "counts": [-5, 113]})), ["runs do not fill"]),
        (coco((1, {"size": [9, 12], "counts": [5.0, 103]})), ["no runs"]),
        (coco((1, {"size": [9, 12], "counts": "zzzz"})), ["no compressed runs"]),
        (coco((1, {"size": [9, 12], "counts": "o"})), ["no compressed runs"]),
        (coco((1, {"size": [9, 12], "counts": "5 "})), ["no compressed runs"]),
        (coco((1, {"size": [12, 9], "counts": "zzzz"})), ["size is [12, 9]"]),
        (cvat('<polyline label="ic" points="1,1;2,2"/>'), ["polyline 'ic'", "covers no area"]),
        (cvat('<polygon label="ic" points="1,1;2;3,3"/>'), ["polygon 'ic'", "not pairs of numbers"]),
        (cvat('<box label="ic" xtl="1" ytl="1" xbr="5"/>'), ["ybr"]),
        (cvat('<mask label="ic" rle="3, 3" left="1" top="1" width="3" height="3"/>'), ["rle: the runs do not fill"]),
        (cvat('<mask label="ic" rle="0, 9" left="11" top="1" width="3" height="3"/>'), ["leaves the picture"]),
        ("<annotations><track/></annotations>", ["CVAT for images 1.1"]),
        ("<annotations>", ["not readable as XML"]),
    ],
)
def test_what_is_no_area_or_no_label_file_is_refused_by_name(capture, tmp_path, says, content, words):
    says(lambda: drawn(tmp_path, content), "l.xml" if isinstance(content, str) else "l.json", *words)
    assert not (capture / "mask.png").exists()


def test_all_problems_are_named_and_nothing_is_replaced(capture, tmp_path, says):
    Image.fromarray(TRUTH).save(capture / "mask.png")
    folder = tmp_path / "labels"
    folder.mkdir()
    save(folder / "a.json", labelme(("ic", "polygon", IC)))
    save(folder / "b.json", labelme(("ic", "polygon", IC), name="b_1_pca.png"))
    save(folder / "c.json", labelme(("ic", "polygon", IC), name="x.png"))
    (folder / "._a.json").write_bytes(b"\0\1")
    said = says(
        lambda: write_masks(labels=[folder], root=tmp_path / "mine", classes=CLASSES), "mask.png: there already", "'x'"
    )
    assert "labelled in" in said and "already. Give one" in said
    np.testing.assert_array_equal(np.asarray(Image.open(capture / "mask.png")), TRUTH)


FIELDS = [
    *("shapes", "points", "label", "shape_type", "imageHeight", "imageWidth", "height", "width", "size", "counts"),
    *("images", "annotations", "categories", "id", "image_id", "category_id", "segmentation"),
]
LEAVES = st.none() | st.integers(-3, 20) | st.floats() | st.text(max_size=4)
ANY = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=ANY)
def test_any_json_is_read_or_refused(tmp_path, content):
    path = save(tmp_path / "l.json", json.dumps(content))
    try:
        for picture in read_labels(path):
            for shape in picture.shapes:
                shape.inside((4, 5))
    except BoardbenchError as error:
        assert "l.json" in str(error)
