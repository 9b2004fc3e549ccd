"""Valid files of every kind that a user brings, as small as they get."""

import base64
import io
import json
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
from PIL import Image

from boardbench.classification.archives import cifar

SIZE = (6, 9)
ENVI = b"""ENVI
description = {a capture}
samples = 9
lines = 6
bands = 3
header offset = 0
data type = 12
interleave = bil
byte order = 0
wavelength units = nm
wavelength = {400.0, 500.0, 600.0}
tint = 5.0
data ignore value = 0
bbl = {1, 1, 0}
ceiling = 4095
"""
SHEET = b"""scene,condition,kind,cube,white,dark,mask
b01,1,raw,c.hdr,c.hdr,c.hdr,mask.png
b02,1,reflectance,c.hdr,,,mask.png
"""
RING = [[1, 1], [7, 1], [7, 5], [1, 5]]
CORNERS = {"corners": RING, "mm_per_pixel": 0.1}
CVAT = b"""<?xml version="1.0"?><annotations><image name="a.png" width="9" height="6">
<polygon label="chip" points="1,1;7,1;7,5;1,5" z_order="0"/>
</image></annotations>"""
CVAT_ALL = CVAT.replace(
    b"</image>",
    b'<box label="ic" xtl="1" ytl="1" xbr="4" ybr="4" rotation="3"/><ellipse label="ic" cx="3" cy="3" rx="2" ry="1"/>'
    b'<mask label="ic" rle="3, 3, 3" left="1" top="1" width="3" height="3"/></image>',
)


def picture(kind: str = "PNG", mode: str = "L", scale: int = 1) -> bytes:
    file = io.BytesIO()
    values = (np.arange(SIZE[0] * SIZE[1]) % 3 * scale).astype(np.uint8).reshape(SIZE)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(values).convert(mode).save(file, kind, **({"exif": exif} if kind != "BMP" else {}))
    return file.getvalue()


def labelme() -> bytes:
    shapes = [
        {"label": "chip", "shape_type": "polygon", "points": RING},
        {"label": "ic", "shape_type": "rectangle", "points": [[1, 1], [4, 4]]},
        {"label": "ic", "shape_type": "circle", "points": [[3, 3], [4, 3]]},
        {
            "label": "ic",
            "shape_type": "mask",
            "points": [[0, 0], [9, 6]],
            "mask": base64.b64encode(picture()).decode(),
        },
    ]
    return json.dumps({"imagePath": "a.png", "imageHeight": 6, "imageWidth": 9, "shapes": shapes}).encode()


def coco() -> bytes:
    row = {"image_id": 1, "category_id": 1}
    areas = [
        [[1, 1, 7, 1, 7, 5]],
        {"size": [6, 9], "counts": [10, 4, 40]},
        {"size": [6, 9], "counts": ":4X1"},
    ]
    return json.dumps(
        {
            "images": [{"id": 1, "file_name": "a.png", "height": 6, "width": 9}],
            "categories": [{"id": 1, "name": "ic"}],
            "annotations": [{"id": n, **row, "segmentation": area} for n, area in enumerate(areas)],
        }
    ).encode()


LAYOUT = replace(
    cifar.CIFAR10, classes=("cat", "dog"), train=1, test=1, batches=("data_batch_1", "test_batch"), checksums={}
)


def cifar_files() -> dict[str, bytes]:
    from tiny_archives import python2

    pixels = np.zeros((2, 3072), np.uint8)
    batch = {b"data": pixels, b"labels": [0, 1]}
    return {name: python2(batch) for name in LAYOUT.batches} | {
        "batches.meta": python2({b"label_names": [b"cat", b"dog"]})
    }


def tar_file(mode: str, files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as packed:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return file.getvalue()


def zip_file(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return file.getvalue()


def parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = [{"bytes": picture(), "path": f"{n}.png"} for n in range(2)]
    images = pa.array(content, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    names = {"info": {"features": {"label": {"names": ["cat", "dog"]}}}}
    table = pa.table({"img": images, "label": pa.array([0, 1])}).replace_schema_metadata(
        {"huggingface": json.dumps(names)}
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def frames() -> bytes:
    from boardbench.stream.frames import frame

    return b"".join(frame(number, np.ones((3, 9), np.uint16)) for number in (4, 5, 7))


SENSOR = {"kind": "raw", "bands": 3, "wavelengths": [400.0, 500.0, 600.0], "keep": [0, 2], "panel": 1.0}
PROFILE = {
    "mean": [0.5, 0.5],
    "axes": [[1.0, 0.0]],
    "variance": [1.0],
    "residual": 1.0,
    "far": 3.0,
    "centre": [0.0],
    "precision": [[1.0]],
}
DRIFT = {
    "profile": PROFILE,
    "references": [{"white": [1.0, 1.0], "line": [1.0] * 9, "dark": 2.0, "span": 3.0, "timed": True}],
    "thresholds": {"strange": 0.1, "shifted": 1.0, "clipped": 0.1},
    "false_alarms": 0.01,
}
METADATA = {
    "boardbench": "1",
    "study": "segmentation",
    "dataset": "d",
    "backbone": "unet",
    "strategy": "scrb",
    "width": 4,
    "seed": 0,
    "classes": ["others", "ic"],
    "size": None,
    "resize": "bilinear",
    "precision": "float32",
    "sensor": SENSOR,
    "drift": DRIFT,
}


def onnx_file(fields: dict[str, str]) -> bytes:
    """Return an ONNX file that gives its input, with metadata as texts."""
    import onnx
    from onnx import TensorProto, helper

    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("a", "b")]
    graph = helper.make_graph([helper.make_node("Identity", ["a"], ["b"])], "graph", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, fields)
    assert isinstance(model, onnx.ModelProto)
    return model.SerializeToString()


def model_file(content: object) -> bytes:
    """Return what torch saves of a content."""
    import torch

    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def placement_run() -> dict:
    """Return the content of a model.pt of the placement study, as small as it gets."""
    from boardbench.placement.network import build_network

    network = build_network(0.05, (32, 32), "random")
    plain = {"init": "random", "loss": "corners", "width": 0.05, "dataset": "d", "seed": 0}
    pairs = {"size": [32, 32], "photo_size": [64, 64], "mm_per_pixel": [0.1, 0.1]}
    return {"study": "placement", **plain, **pairs, "nominal": RING, "state_dict": network.state_dict()}


def segmentation_run() -> dict:
    """Return the content of a model.pt of the segmentation study."""
    from boardbench.segmentation.networks import build_network

    network = build_network("unet", "scrb", 2, 2, 2)
    plain = {key: METADATA[key] for key in ("dataset", "backbone", "strategy", "seed", "classes", "size", "resize")}
    plain |= {"width": 2, "patch": None, "board_mask": False, "in_bands": 2, "normalization": None, "reduction": None}
    return plain | {"sensor": SENSOR, "state_dict": network.state_dict()}


def classification_run() -> dict:
    """Return the content of a model.pt of the classification study."""
    from boardbench.classification.networks import build_network

    built = {"network": "resnet18", "width": 0.05, "stem": "cifar", "reduction": 4, "settings": None}
    network = build_network(classes=2, in_channels=1, **built)
    scaling = {"name": "standardize", "offset": 0.0, "scale": 1.0}
    plain = {"name": "a", "seed": 0, "dataset": "d", "classes": ["cat", "dog"], "pruning": None, "size": [8, 8, 1]}
    fields = plain | {"settings": built, "normalization": scaling, "study": "classification"}
    return fields | {"state_dict": network.state_dict()}


def beside_sheet() -> dict[str, bytes]:
    return {"c.hdr": ENVI, "c.raw": bytes(6 * 9 * 3 * 2), "mask.png": picture()}


def metrics() -> bytes:
    return json.dumps({"study": "classification", "kind": "network", "dataset": "d", "epochs": [1.0]}).encode()


def zenodo() -> bytes:
    entry = {"key": "a.zip", "size": 3, "checksum": "md5:" + "0" * 32, "links": {"self": "https://x/a.zip"}}
    return json.dumps({"files": [entry]}).encode()


FILES = {"a/1.hdr": b"ENVI\n", "a/1": bytes(range(99)), "b": b""}
