"""CIFAR-10 and CIFAR-100 (A. Krizhevsky, 2009), as the authors pack them: binary, or pickled for Python."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from boardbench.classification.archives.archive import BLOCK, Images, Part, check_counts, check_labels
from boardbench.classification.archives.members import members
from boardbench.classification.archives.parquet import parquet_files, read_parquet
from boardbench.classification.archives.pickles import read_pickle
from boardbench.errors import BoardbenchError, shown
from boardbench.fetch.download import download
from boardbench.params.classification import Archive

SIZE = (32, 32, 3)
_PIXELS = 32 * 32 * 3
_ADDRESS = "https://www.cs.toronto.edu/~kriz/"
_NAMES_LIMIT = 1 << 16
_MISSPELT = {"cra": "crab"}  # as Hugging Face's CIFAR-100 has it
_PICKLED = 1 << 10  # bytes that a pickle may spend on an image besides its pixels: its label and file name


@dataclass(frozen=True)
class Layout:
    """A data set as its authors describe it.

    Attributes:
        kind: its name in params and metadata.
        classes: names in the order of the labels.
        train: images of each class.
        test: likewise.
        batches: files of the training part, then that of the test part; the binary ones end in .bin.
        names: file of the class names, in the binary and in the Python version.
        label_bytes: before the pixels of a binary record; the last one is the label.
        keys: of the labels, and of the class names, in the pickles.
        checksums: name of an archive -> its checksum; the first one is downloaded where params name none.
    """

    kind: str
    classes: tuple[str, ...]
    train: int
    test: int
    batches: tuple[str, ...]
    names: tuple[str, str]
    label_bytes: int
    keys: tuple[bytes, bytes]
    checksums: dict[str, str] = field(hash=False)


CIFAR10 = Layout(
    kind="cifar10",
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    train=5000,
    test=1000,
    batches=("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"),
    names=("batches.meta.txt", "batches.meta"),
    label_bytes=1,
    keys=(b"labels", b"label_names"),
    checksums={
        "cifar-10-binary.tar.gz": "md5:c32a1d4ab5d03f1284b67883e8d87530",
        "cifar-10-python.tar.gz": "md5:c58f30108f718f92721af3b95e74349a",
    },
)
_FINE = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree
wolf woman worm
"""

CIFAR100 = Layout(
    kind="cifar100",
    classes=tuple(_FINE.split()),
    train=500,
    test=100,
    batches=("train", "test"),
    names=("fine_label_names.txt", "meta"),
    label_bytes=2,
    keys=(b"fine_labels", b"fine_label_names"),
    checksums={
        "cifar-100-binary.tar.gz": "md5:03b5dce01913d631647c71ecec9e9cb8",
        "cifar-100-python.tar.gz": "md5:eb9058c3a382ffc7106e4002c42a8d85",
    },
)


@dataclass(frozen=True)
class _Batch:
    """Labels (n,) and pixels (n, 3072) of one file, channel by channel as the authors store them."""

    labels: np.ndarray
    pixels: np.ndarray


def open_cifar10(raw: Path, params: Archive) -> Images:
    """Return CIFAR-10 from where params say, or download it into ``raw``."""
    return _open(CIFAR10, raw, params)


def open_cifar100(raw: Path, params: Archive) -> Images:
    """Return CIFAR-100 with its 100 fine labels from where params say, or download it into ``raw``."""
    return _open(CIFAR100, raw, params)


def _open(layout: Layout, raw: Path, params: Archive) -> Images:
    if params.path is not None and params.url is not None:
        raise BoardbenchError("classification.archive: path and url are both given. Set one of them to null.")
    if params.path is None or params.path.is_file():
        return _open_archive(layout, raw, params)
    if params.checksum is not None:
        raise BoardbenchError(
            f"classification.archive.checksum is that of an archive, but path {params.path} is none. Set checksum to "
            "null, or path to the archive."
        )
    if params.path.is_dir() and parquet_files(params.path):
        return check_published(layout, read_parquet(params.path, list(layout.classes)), params.path)
    return read_cifar(params.path, layout)


def _open_archive(layout: Layout, raw: Path, params: Archive) -> Images:
    """Read an archive once its checksum is right: that of params, or the authors' for its name."""
    first = next(iter(layout.checksums))
    address = params.url or _ADDRESS + first
    name = params.path.name if params.path else Path(urlsplit(address).path).name
    checksum = params.checksum or layout.checksums.get(name)
    if checksum is None:
        raise BoardbenchError(
            f"{params.path or address}: no checksum is known for an archive of this name, and without one it is not "
            f"used. Call it as its authors do ({', '.join(layout.checksums)}), or give classification.archive.checksum "
            "(md5:... or sha256:...)."
        )
    if params.path:
        file = download(str(params.path), params.path, checksum)
    else:
        try:
            file = download(address, raw / name, checksum)
        except BoardbenchError as error:
            raise BoardbenchError(
                f"{error} Or bring the archive by other means, and name it in classification.archive.path."
            ) from None
    images = read_cifar(file, layout)
    images.metadata.update(archive=name, checksum=checksum)
    return images


def read_cifar(path: Path, layout: Layout) -> Images:
    """Read the binary or the Python version, from the archive or from the folder it was unpacked to.

    Raises:
        BoardbenchError: a file is missing or not of the right length; class names, labels or numbers of images that
            are not the published ones; a pickle that asks for more than arrays.
    """
    binary = [f"{name}.bin" for name in layout.batches] + [layout.names[0]]
    python = [*layout.batches, layout.names[1]]
    images = len(layout.classes) * max(layout.train, layout.test)
    limits = dict.fromkeys(binary[:-1], images * (_PIXELS + layout.label_bytes))
    limits |= dict.fromkeys(python[:-1], images * (_PIXELS + _PICKLED) + _NAMES_LIMIT)
    limits |= dict.fromkeys(layout.names, _NAMES_LIMIT)
    found, sums = {}, {}
    for name, content in members(path, limits):
        where = f"{path}, {name}"
        sums[name] = hashlib.sha256(content).hexdigest()
        if name in layout.names:
            found[name] = _classes(name, content, layout, where)
        else:
            read = _binary if name.endswith(".bin") else _python
            found[name] = read(content, layout, where)
    form, files = ("binary", binary) if any(name in found for name in binary) else ("python", python)
    missing = [name for name in files if name not in found]
    if missing:
        raise BoardbenchError(
            f"{path}: {', '.join(missing)} missing. Give {layout.kind}'s archive or the folder it was unpacked to: "
            f"{' or '.join(layout.checksums)}."
        )
    batches = [found[name] for name in files[:-1]]
    metadata = {
        "kind": layout.kind,
        "form": form,
        "encoding": "uncompressed, the original pixels",
        "class_names": "from the files",
        "files": {name: sums[name] for name in files},
    }
    return check_published(
        layout, Images(_part(batches[:-1]), _part(batches[-1:]), found[files[-1]], SIZE, metadata), path
    )


def check_published(layout: Layout, images: Images, path: Path) -> Images:
    """Return images that are, by size, class names and numbers, those the authors describe.

    Raises:
        BoardbenchError: naming what differs.
    """
    images = replace(images, classes=[_MISSPELT.get(name, name) for name in images.classes])
    if images.size != SIZE or images.classes != list(layout.classes):
        what = f"images of {images.size}" if images.size != SIZE else f"classes {', '.join(images.classes)}"
        expected = SIZE if images.size != SIZE else ", ".join(layout.classes)
        raise BoardbenchError(
            f"{path}: {what}, but {layout.kind} has {expected}. Correct classification.archive.path or source."
        )
    for part, labels, expected in (
        ("training part", images.train.labels, layout.train),
        ("test part", images.test.labels, layout.test),
    ):
        check_counts(labels, images.classes, expected, f"{path}, {part}")
    images.metadata["kind"] = layout.kind
    return images


def _binary(content: bytes, layout: Layout, where: str) -> _Batch:
    length = layout.label_bytes + _PIXELS
    if len(content) % length or not content:
        raise BoardbenchError(
            f"{where}: {len(content)} bytes, no whole number of records of {length} (label and pixels). Get the "
            "archive again."
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, length)
    labels = records[:, layout.label_bytes - 1].astype(np.int64)
    check_labels(labels, list(layout.classes), where)
    return _Batch(labels, records[:, layout.label_bytes :])


def _python(content: bytes, layout: Layout, where: str) -> _Batch:
    values = read_pickle(content, where)
    pixels, labels = _entry(values, b"data", where), _entry(values, layout.keys[0], where)
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape != (len(labels), _PIXELS):
        found = f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise BoardbenchError(
            f"{where}, data: {found}, expected uint8 {(len(labels), _PIXELS)}, a row a label. Get the archive again."
        )
    last = len(layout.classes) - 1
    for row, label in enumerate(labels):
        if type(label) is not int or not 0 <= label <= last:
            raise BoardbenchError(
                f"{where}, row {row}, label: {shown(label)} is no whole number from 0 to {last}. Get the archive again."
            )
    return _Batch(np.array(labels, np.int64), pixels)


def _entry(values: Any, key: bytes, where: str) -> Any:
    found = values.get(key) if isinstance(values, dict) else None
    if found is None or (key != b"data" and not isinstance(found, list)):
        raise BoardbenchError(f"{where}: no list '{key.decode()}' in the pickle. Get the archive again.")
    return found


def _classes(name: str, content: bytes, layout: Layout, where: str) -> list[str]:
    if name == layout.names[1]:
        names = _entry(read_pickle(content, where), layout.keys[1], where)
        return [word.decode(errors="replace") if isinstance(word, bytes) else shown(word) for word in names]
    return content.decode(errors="replace").split()


def _part(batches: list[_Batch]) -> Part:
    def read(wanted: np.ndarray) -> Iterator[np.ndarray]:
        first = 0
        for batch in batches:
            end = first + len(batch.labels)
            rows = wanted[(wanted >= first) & (wanted < end)] - first
            for start in range(0, len(rows), BLOCK):
                planes = batch.pixels[rows[start : start + BLOCK]].reshape(-1, SIZE[2], *SIZE[:2])
                yield planes.transpose(0, 2, 3, 1)
            first = end

    return Part(np.concatenate([batch.labels for batch in batches]), read)
