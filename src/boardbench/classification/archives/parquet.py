"""Labelled images in parquet files, as Hugging Face's data sets lay them out; pixels are decoded when asked for."""

import io
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.classification.archives.archive import Images, Part, check_labels
from boardbench.errors import BoardbenchError
from boardbench.files import parse_json, sha256
from boardbench.params.classification import Archive
from boardbench.pictures import FORMATS

_IMAGES, _LABELS = ("img", "image"), ("label", "fine_label")
_CHANNELS = {"L": 1, "RGB": 3}
_ROWS = 1024  # decoded at a time
_MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG"}
_ENCODINGS = {"JPEG": "JPEG, which changes pixels: not the originals where those were not JPEG", "PNG": "PNG, lossless"}


def open_parquet(raw: Path, params: Archive) -> Images:
    """Return the images of the folder that params name; nothing is read from ``raw``."""
    for key in ("url", "checksum"):
        if getattr(params, key) is not None:
            raise BoardbenchError(
                f"classification.archive.{key}: source 'parquet' takes none; its files' checksums are written to "
                "samples.json. Set it to null."
            )
    if params.path is None:
        raise BoardbenchError("classification.archive.path: missing. Name the folder with train-*.parquet.")
    return read_parquet(params.path)


def parquet_files(folder: Path) -> dict[str, list[Path]]:
    """Return the files of train and test by name, from the folder or one folder in it; {} where there are none.

    Raises:
        BoardbenchError: several folders have such files, a part has none, or a file of a numbered series is missing.
    """
    found = {
        part: sorted(folder.glob(f"{part}-*.parquet")) or sorted(folder.glob(f"*/{part}-*.parquet"))
        for part in ("train", "test")
    }
    files = [file for part in found.values() for file in part]
    if not files:
        return {}
    if len({file.parent for file in files}) > 1:
        raise BoardbenchError(
            f"{folder}: parquet files lie in several folders ({', '.join(sorted({file.parent.name for file in files}))}"
            "). Name one of them in classification.archive.path."
        )
    for part, of_part in found.items():
        if not of_part:
            raise BoardbenchError(f"{folder}: no {part}-*.parquet. Bring the files of both parts, train and test.")
        totals = {match[1] for file in of_part if (match := re.search(r"-of-(\d+)\.parquet$", file.name))}
        if totals and totals != {f"{len(of_part):05d}"}:
            raise BoardbenchError(
                f"{folder}: {len(of_part)} files {part}-*.parquet, but by their names they are {' and '.join(totals)}. "
                "Bring all files of one series, and no other."
            )
    return found


def read_parquet(folder: Path, published: list[str] | None = None) -> Images:
    """Open train-*.parquet and test-*.parquet with columns ``img`` (or ``image``: struct of bytes, path) and ``label``.

    Class names are those of Hugging Face's metadata in the schema; where it has none, ``published`` (names that the
    caller vouches for), or else the labels' numbers; the metadata say which.

    Raises:
        BoardbenchError: no such files; a file that cannot be read or lacks a column; a label that is missing or out of
            range; a class without a training image. And, when pixels are read, naming file and row: an image that
            cannot be decoded, or of another size than the first.
    """
    if not folder.exists():
        raise BoardbenchError(f"{folder}: no such folder. Correct classification.archive.path.")
    files = parquet_files(folder) if folder.is_dir() else {}
    if not files:
        raise BoardbenchError(
            f"{folder}: no train-*.parquet and test-*.parquet in it. Name their folder in classification.archive.path."
        )
    tables = {part: [_File(file) for file in of_part] for part, of_part in files.items()}
    everything = [table for of_part in tables.values() for table in of_part]
    for part, of_part in tables.items():
        if not sum(len(table.labels) for table in of_part):
            raise BoardbenchError(f"{folder}: {part}-*.parquet hold no rows. Bring the files again.")
    classes, told = _classes(everything, published)
    for table in everything:
        check_labels(table.labels, classes, str(table.path))
    present = np.unique(np.concatenate([table.labels for table in tables["train"]]))
    if len(present) < len(classes):
        without = [name for label, name in enumerate(classes) if label not in present]
        raise BoardbenchError(
            f"{folder}: {len(without)} of {len(classes)} classes have no training image: {', '.join(without[:5])}. "
            "Number the labels 0, 1, 2, ... without gaps, and give every class training images."
        )
    size = tables["train"][0].size()
    encodings = sum((table.encodings for table in everything), Counter())
    metadata = {
        "kind": "parquet",
        "form": "parquet",
        "encoding": "; ".join(_ENCODINGS.get(kind, kind) for kind in sorted(encodings)),
        "encodings": dict(sorted(encodings.items())),
        "class_names": told,
        "files": {table.path.name: sha256(table.path) for table in everything},
    }
    train, test = (_part(tables[part], size) for part in ("train", "test"))
    return Images(train, test, classes, size, metadata)


@contextmanager
def _readable(failed: str) -> Iterator[None]:
    """Turn what a damaged file raises, which can be anything, into one message; ``failed`` says where."""
    try:
        yield
    except BoardbenchError:
        raise
    except Exception as error:
        raise BoardbenchError(f"{failed} ({error}). Get the file again.") from None


class _File:
    """One parquet file: its labels and encodings at once, its images when asked for."""

    def __init__(self, path: Path):
        self.path = path
        with _readable(f"{path}: not readable as parquet"):
            self._open(path)

    def _open(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._file = pq.ParquetFile(path)
        schema = self._file.schema_arrow
        self.metadata = schema.metadata or {}
        self._image, self._label = self._column(schema, _IMAGES), self._column(schema, _LABELS)
        kind = schema.field(self._image).type
        fields = [field.name for field in kind] if pa.types.is_struct(kind) else []
        if "bytes" not in fields or not any(
            test(kind.field("bytes").type) for test in (pa.types.is_binary, pa.types.is_large_binary)
        ):
            raise BoardbenchError(
                f"{path}, column {self._image}: {kind}, expected a struct of bytes and path, as Hugging Face writes "
                "images. Save the data set with its Image feature."
            )
        if not pa.types.is_integer(schema.field(self._label).type):
            raise BoardbenchError(
                f"{path}, column {self._label}: {schema.field(self._label).type}, expected whole numbers. Save the "
                "data set with its ClassLabel feature."
            )
        labels, self.encodings = [np.empty(0, np.int64)], Counter()
        for first, batch in self._batches([self._label, self._image]):
            column = batch.column(self._label)
            for row in np.flatnonzero(column.is_null())[:1]:
                raise BoardbenchError(f"{path}, row {first + row}, label: missing (null). Give every image a label.")
            labels.append(column.to_numpy().astype(np.int64))
            self.encodings.update(_encoding(image) for image in _bytes(batch.column(self._image)))
        self.labels = np.concatenate(labels)

    def _column(self, schema: Any, names: tuple[str, ...]) -> str:
        for name in names:
            if name in schema.names:
                return name
        raise BoardbenchError(
            f"{self.path}: no column {' or '.join(names)}, it has {', '.join(schema.names)}. Rename the column, or "
            "give other files."
        )

    def _batches(self, columns: list[str]) -> Iterator[tuple[int, Any]]:
        """Yield number of the first row and rows."""
        first = 0
        batches = self._file.iter_batches(_ROWS, columns=columns, use_threads=False)
        while True:
            with _readable(f"{self.path}, after row {first}: damaged"):
                batch = next(batches, None)
            if batch is None:
                return
            yield first, batch
            first += batch.num_rows

    def size(self) -> tuple[int, int, int]:
        """Return lines, samples and channels of the first image."""
        return next(self.read(np.array([0]), None)).shape[1:]

    def read(self, rows: np.ndarray, size: tuple[int, int, int] | None) -> Iterator[np.ndarray]:
        """Decode the images of ascending rows, in blocks; all must have the size, where it is given."""
        for first, batch in self._batches([self._image]):
            here = rows[(rows >= first) & (rows < first + batch.num_rows)]
            if len(here):
                with _readable(f"{self.path}, after row {first}: damaged"):
                    images = _bytes(batch.column(self._image).take(here - first))
                yield np.stack([self._decode(image, row, size) for row, image in zip(here, images, strict=True)])

    def _decode(self, content: bytes | None, row: int, size: tuple[int, int, int] | None) -> np.ndarray:
        from PIL import Image

        where = f"{self.path}, row {row}, {self._image}"
        if content is None:
            raise BoardbenchError(f"{where}: no bytes. Save the data set with its images embedded.")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                    channels = _CHANNELS.get(image.mode)
                    found = (image.height, image.width, channels)
                    if channels and size in (None, found):
                        return np.asarray(image).reshape(found)
                    mode = image.mode
        except Exception as error:  # a damaged image can raise anything
            raise BoardbenchError(
                f"{where}: the image cannot be decoded ({type(error).__name__}: {error}). Get the file again."
            ) from None
        if channels is None:
            raise BoardbenchError(f"{where}: mode {mode}, expected {' or '.join(_CHANNELS)}. Convert the images.")
        raise BoardbenchError(
            f"{where}: {found} lines, samples, channels, but the first image has {size}. Bring all images to one size."
        )


def _bytes(column: Any) -> list[bytes | None]:
    # to_pylist of the struct would make a dictionary an image; field() alone forgets the nulls of the struct.
    contents = column.field("bytes").to_pylist()
    return [None if null else content for content, null in zip(contents, column.is_null().to_pylist(), strict=True)]


def _encoding(content: bytes | None) -> str:
    return next((kind for magic, kind in _MAGIC.items() if content and content.startswith(magic)), "unknown")


def _classes(tables: list[_File], published: list[str] | None) -> tuple[list[str], str]:
    """Return the class names and where they come from."""
    told = []
    for table in tables:
        try:
            features = parse_json(table.metadata[b"huggingface"])["info"]["features"]
            told.append([str(name) for name in features[table._label]["names"]])
        except (KeyError, ValueError, TypeError):
            told.append(None)
    if any(names != told[0] for names in told):
        raise BoardbenchError(
            f"{tables[0].path.parent}: the files name different classes in their metadata. Bring files of one data set."
        )
    if told[0]:
        return told[0], "from the files"
    if published:
        return published, "the authors' (the files name none)"
    greatest = max(int(table.labels.max(initial=-1)) for table in tables)
    return [str(label) for label in range(greatest + 1)], "by number (the files name none)"


def _part(tables: list[_File], size: tuple[int, int, int]) -> Part:
    def read(wanted: np.ndarray) -> Iterator[np.ndarray]:
        first = 0
        for table in tables:
            end = first + len(table.labels)
            yield from table.read(wanted[(wanted >= first) & (wanted < end)] - first, size)
            first = end

    return Part(np.concatenate([table.labels for table in tables]), read)
