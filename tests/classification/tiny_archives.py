"""Tiny archives in the layouts of the originals; with the originals' layouts they come in real size."""

import io
import json
import pickle
import struct
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from boardbench.classification.archives.cifar import CIFAR10, CIFAR100, Layout

TINY10 = replace(CIFAR10, train=5, test=1)
TINY100 = replace(CIFAR100, train=2, test=1)


class _Python2(pickle._Pickler):
    """Protocol 2 as Python 2 wrote it: bytes are its plain strings."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def _string(self, value):
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch[bytes] = _string


def python2(value) -> bytes:
    """Pickle as the authors did, with NumPy's module of that time."""
    file = io.BytesIO()
    _Python2(file, protocol=2).dump(value)
    return file.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def planes(numbers: np.ndarray) -> np.ndarray:
    """Return (n, 3072) pixels as CIFAR stores them: 1024 of red, line by line, then green, then blue."""
    channel, line, sample = np.meshgrid(range(3), range(32), range(32), indexing="ij")
    return ((numbers[:, None] * 7 + (50 * channel + 3 * line + sample).reshape(-1)) % 256).astype(np.uint8)


def pixel(number: int, line: int, sample: int, channel: int) -> int:
    """Return what image ``number`` of a tiny archive has at a place."""
    return (number * 7 + 50 * channel + 3 * line + sample) % 256


def cifar_files(layout: Layout, form: str) -> dict[str, bytes]:
    """Return the files of an archive; image i of a part has label i % classes, test images go on numbering."""
    classes, files, number = len(layout.classes), {}, 0
    for batch in layout.batches:
        test = batch == layout.batches[-1]
        count = classes * (layout.test if test else layout.train) // (1 if test else len(layout.batches) - 1)
        numbers = np.arange(number, number + count)
        labels, pixels = numbers % classes, planes(numbers)
        if form == "binary":
            columns = [labels // 5, labels][-layout.label_bytes :]
            records = np.column_stack([*(column.astype(np.uint8) for column in columns), pixels])
            files[f"{batch}.bin"] = records.tobytes()
        else:
            names = [b"image_%d.png" % i for i in numbers]
            values = {b"data": pixels, layout.keys[0]: labels.tolist(), b"filenames": names, b"batch_label": b"tiny"}
            files[batch] = python2(values)
        number += count
    if form == "binary":
        files[layout.names[0]] = ("\n".join(layout.classes) + "\n\n").encode()
    else:
        files[layout.names[1]] = python2({layout.keys[1]: [name.encode() for name in layout.classes]})
    return files


def write_tar(path: Path, files: dict[str, bytes], folder: str = "cifar-batches/") -> Path:
    """Write a tar.gz, last file first: the originals are in no order either."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=1) as packed:
        for name, content in reversed(files.items()):
            info = tarfile.TarInfo(folder + name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return path


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(file, kind)
    return file.getvalue()


def write_parquet(path: Path, images: list, labels: list, names=None, columns=("img", "label"), rows=None) -> Path:
    """Write images (bytes, or None) and labels as Hugging Face does; ``names`` go to its metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contents = [{"bytes": image, "path": f"{i}.png"} for i, image in enumerate(images)]
    column = pa.array(contents, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    table = pa.table({columns[0]: column, columns[1]: pa.array(labels)})
    if names:
        features = {columns[0]: {"_type": "Image"}, columns[1]: {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, path, row_group_size=rows)
    return path
