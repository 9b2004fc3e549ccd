"""Every reader of files that a user brings: valid files of it, and how they are read."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import valid
import yaml

from boardbench.classification.archives import cifar
from boardbench.params.params import Params, load_params


def _envi(path: Path) -> None:
    from boardbench.captures.envi import open_cube

    cube = open_cube(path)
    _ = cube.tint, cube.full_scale, cube.read(0, cube.lines)


def _sheet(path: Path) -> None:
    from boardbench.captures.sheet import read_sheet

    read_sheet(path)


def _mask(path: Path) -> None:
    from boardbench.captures.masks import read_mask

    read_mask(path, valid.SIZE, 4)


def _board(path: Path) -> None:
    from boardbench.captures.masks import read_board

    read_board(path, valid.SIZE)


def _labels(path: Path) -> None:
    from boardbench.labels.files import read_labels
    from boardbench.labels.shapes import draw

    for picture in read_labels(path):
        draw(picture, valid.SIZE, {"chip": 0, "ic": 1})


def _outline(path: Path) -> None:
    from boardbench.placement.outlines import read_outline, read_scale

    read_outline(path, "a", valid.SIZE)
    read_scale(path)


def _photo(path: Path) -> None:
    from boardbench.placement.photos import open_photo, photo_size

    photo_size(path)
    open_photo(path)


def _cifar_archive(path: Path) -> None:
    images = cifar.read_cifar(path if path.suffix == ".tar" or path.suffix == ".gz" else path.parent, valid.LAYOUT)
    list(images.train.read(np.arange(2)))


def _unpack(path: Path) -> None:
    from boardbench.fetch.unpack import unpack

    unpack(path, path.parent / "out", 10**6)


def _parquet_folder(path: Path) -> None:
    from boardbench.classification.archives.parquet import read_parquet

    images = read_parquet(path.parent)
    for part in (images.train, images.test):
        list(part.read(np.arange(len(part.labels))))


def _params(path: Path) -> None:
    try:
        content = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError, RecursionError, AttributeError):  # Snakemake's to say
        return
    if isinstance(content, dict):
        load_params(content)


def _framed(path: Path) -> None:
    from boardbench.stream.frames import Reader, framed

    target, handle = np.zeros((3, 9), np.uint16), os.open(path, os.O_RDONLY)
    try:
        list(framed(Reader(handle, lambda: False), lambda: target, (3, 9), lambda _: None))
    finally:
        os.close(handle)


def read_onnx(path: Path) -> None:
    """Read an exported file as predict and stream do before they run it."""
    from boardbench.engine.onnxfile import open_onnx, session
    from boardbench.segmentation.inference import OnnxPredictor
    from boardbench.stream.inputs import check_model

    check_model(path, open_onnx(path).metadata)
    OnnxPredictor(path, 1)
    session(path, 1)


def read_model(path: Path) -> None:
    """Read a run of any study, as export does."""
    import boardbench.classification.model
    import boardbench.placement.model
    import boardbench.segmentation.model
    from boardbench.engine.modelfile import study_of
    from boardbench.study import find_study

    getattr(boardbench, find_study(study_of(path), str(path)).name).model.load(path)


def _drift(path: Path) -> None:
    from boardbench.segmentation.drift.watch import read_drift

    read_drift(path)


def _run_json(path: Path) -> None:
    from boardbench.classification.evaluation import _metrics
    from boardbench.report.runs import read_json

    read_json(path, "verb")
    _metrics(path.parent)


def _record(path: Path) -> None:
    from boardbench.fetch.record import record_archives

    (path.parent / "download").mkdir(exist_ok=True)
    record_archives(str(path), path.parent / "download")


@dataclass(frozen=True)
class Reader:
    """One reader: the file that is broken, the valid content of it, and the files beside it."""

    name: str
    file: str
    valid: Callable[[], bytes]
    read: Callable[[Path], None]
    beside: Callable[[], dict[str, bytes]] = field(default=dict)


READERS = [
    Reader("envi", "c.hdr", lambda: valid.ENVI, _envi, lambda: {"c.raw": bytes(6 * 9 * 3 * 2)}),
    Reader("sheet", "captures.csv", lambda: valid.SHEET, _sheet, valid.beside_sheet),
    Reader("mask", "mask.png", valid.picture, _mask),
    Reader("mask-palette", "mask.png", lambda: valid.picture(mode="P"), _mask),
    Reader("board", "board.jpg", lambda: valid.picture("JPEG", scale=100), _board),
    Reader("labelme", "a.json", valid.labelme, _labels),
    Reader("coco", "a.json", valid.coco, _labels),
    Reader("cvat", "a.xml", lambda: valid.CVAT_ALL, _labels),
    Reader("outline", "a.json", lambda: json.dumps(valid.CORNERS).encode(), _outline),
    Reader("outline-labelme", "a.json", valid.labelme, _outline),
    Reader("outline-cvat", "annotations.xml", lambda: valid.CVAT, _outline),
    Reader("photo-png", "a.png", lambda: valid.picture(mode="RGB"), _photo),
    Reader("photo-jpeg", "a.jpg", lambda: valid.picture("JPEG", "RGB"), _photo),
    Reader("photo-tiff", "a.tif", lambda: valid.picture("TIFF", "RGB"), _photo),
    Reader("photo-bmp", "a.bmp", lambda: valid.picture("BMP", "RGB"), _photo),
    Reader("pickle", "data_batch_1", lambda: valid.cifar_files()["data_batch_1"], _cifar_archive, valid.cifar_files),
    Reader(
        "pickle-names", "batches.meta", lambda: valid.cifar_files()["batches.meta"], _cifar_archive, valid.cifar_files
    ),
    Reader("tar", "x.tar", lambda: valid.tar_file("w", valid.cifar_files()), _cifar_archive),
    Reader("tar-gz", "x.tar.gz", lambda: valid.tar_file("w:gz", valid.cifar_files()), _cifar_archive),
    Reader("unpack-tar", "x.tar", lambda: valid.tar_file("w", valid.FILES), _unpack),
    Reader("unpack-xz", "x.tar.xz", lambda: valid.tar_file("w:xz", valid.FILES), _unpack),
    Reader("unpack-zip", "x.zip", lambda: valid.zip_file(valid.FILES), _unpack),
    Reader("parquet", "train-0.parquet", valid.parquet, _parquet_folder, lambda: {"test-0.parquet": valid.parquet()}),
    Reader("params", "params.yaml", lambda: yaml.safe_dump(Params().model_dump(mode="json")).encode(), _params),
    Reader("frames", "lines.bin", valid.frames, _framed),
    Reader(
        "onnx", "model.onnx", lambda: valid.onnx_file({k: json.dumps(v) for k, v in valid.METADATA.items()}), read_onnx
    ),
    Reader("model.pt", "model.pt", lambda: valid.model_file(valid.placement_run()), read_model),
    Reader("drift", "drift.json", lambda: json.dumps(valid.DRIFT).encode(), _drift),
    Reader("metrics", "metrics.json", valid.metrics, _run_json),
    Reader("record", "record", valid.zenodo, _record),
]
