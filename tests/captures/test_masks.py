"""PNG masks as editors and programs that make PNGs smaller write them."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from boardbench.captures.masks import read_board, read_mask

IDS = np.array([[0, 1, 2, 3], [3, 2, 1, 255], [0, 0, 1, 1]], np.uint8)


def png(path, rows, depth, colour, palette=None):
    """Write a PNG whose rows are given as packed bytes; ``colour`` is 0 (grey) or 3 (palette)."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    lines, samples = rows.shape
    bits = np.unpackbits(rows[..., None], axis=-1)[..., 8 - depth :].reshape(lines, -1)
    body = b"".join(b"\0" + np.packbits(row).tobytes() for row in bits)
    head = struct.pack(">IIBBBBB", samples, lines, depth, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", head), *([chunk(b"PLTE", bytes(palette))] if palette else [])]
    parts += [chunk(b"IDAT", zlib.compress(body)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_grey_of_any_depth_is_read_as_stored(tmp_path, depth):
    ids = np.minimum(IDS, 2**depth - 1)
    got = read_mask(png(tmp_path / "m.png", ids, depth, 0), IDS.shape, 16)
    np.testing.assert_array_equal(got, ids)


def test_16_bit_grey_and_grey_colours(tmp_path):
    Image.fromarray(IDS.astype(np.uint16)).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", IDS.shape, 4), IDS)
    Image.fromarray(np.repeat(IDS[..., None], 3, axis=2)).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", IDS.shape, 4), IDS)
    opaque = np.dstack([np.repeat(IDS[..., None], 3, axis=2), np.full_like(IDS, 255)])
    Image.fromarray(opaque).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", IDS.shape, 4), IDS)


@pytest.mark.parametrize("depth", [4, 8])
def test_a_palette_of_colours_gives_its_indices(tmp_path, depth):
    voc = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0, 128, 128, 128]  # black and grey among them
    ids = np.minimum(IDS, 4)
    np.testing.assert_array_equal(read_mask(png(tmp_path / "m.png", ids, depth, 3, voc), IDS.shape, 5), ids)


@pytest.mark.parametrize("depth", [4, 8])
def test_a_palette_of_greys_gives_the_greys(tmp_path, depth):
    order = [2, 255, 0, 1, 3]  # as a program may sort them
    indices = np.array([order.index(value) for value in IDS.flat], np.uint8).reshape(IDS.shape)
    path = png(tmp_path / "m.png", indices, depth, 3, [grey for grey in order for _ in range(3)])
    np.testing.assert_array_equal(read_mask(path, IDS.shape, 4), IDS)


def test_greys_that_are_neither_indices_nor_ids_are_refused(tmp_path, says):
    greys = [grey for grey in (0, 85, 170, 255) for _ in range(3)]
    path = png(tmp_path / "m.png", np.minimum(IDS, 3), 8, 3, greys)
    says(lambda: read_mask(path, IDS.shape, 4), path, "palette", "1 is grey 85", "Save the mask as 8-bit grey")


def test_colours_are_refused(tmp_path, says):
    Image.fromarray(np.dstack([IDS, IDS, 255 - IDS])).save(tmp_path / "m.png")
    says(lambda: read_mask(tmp_path / "m.png", IDS.shape, 4), "m.png", "has colours")


def test_an_envi_mask_says_what_is_unlabelled(tmp_path, write_envi, says):
    header = write_envi(tmp_path / "m.hdr", IDS[..., None], **{"data ignore value": 0})
    np.testing.assert_array_equal(read_mask(header, IDS.shape, 4), np.where(IDS == 0, 255, IDS))
    header = write_envi(tmp_path / "m.hdr", IDS[..., None], **{"data gain values": "{2}"})
    says(lambda: read_mask(header, IDS.shape, 4), "m.hdr", "'data gain values'")


@pytest.mark.parametrize("place", [11, 12, 20, 30, 45])
def test_a_damaged_png_is_one_clear_error(tmp_path, says, place):
    Image.fromarray(IDS).save(tmp_path / "m.png")
    content = bytearray((tmp_path / "m.png").read_bytes())
    content[place] ^= 0x55  # 11: the length of the first chunk
    (tmp_path / "m.png").write_bytes(bytes(content))
    says(lambda: read_mask(tmp_path / "m.png", IDS.shape, 4), "m.png")


def chunk(name, content, length=None, checksum=None):
    length = len(content) if length is None else length
    return struct.pack(">I", length) + name + content + struct.pack(">I", checksum or zlib.crc32(name + content))


HEAD = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 3, 8, 0, 0, 0, 0))
BODY = chunk(b"IDAT", zlib.compress(bytes(15))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "parts",
    [
        chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)) + BODY,
        chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 1, 0, 0, 0, 0)) + BODY,
        chunk(b"IHDR", struct.pack(">IIBBBB", 4, 3, 8, 0, 0, 0)) + BODY,
        chunk(b"IHDR", b"") + BODY,
        HEAD,
        HEAD + chunk(b"IDAT", b"no zlib") + chunk(b"IEND", b""),
        HEAD + chunk(b"IDAT", zlib.compress(bytes(15))[:9], length=2**31 - 1),
        HEAD
        + chunk(b"iCCP", b"")
        + chunk(b"cHRM", b"1")
        + chunk(b"pHYs", b"")
        + chunk(b"tRNS", b"")
        + chunk(b"zTXt", b"a"),
        HEAD + chunk(b"acTL", b"\0") + chunk(b"fcTL", b"\0") + BODY,
        b"",
    ],
)
def test_a_broken_png_is_refused_by_name(tmp_path, says, parts):
    path = tmp_path / "m.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    says(lambda: read_mask(path, (3, 4), 4), path, "not a readable PNG")
    says(lambda: read_board(path, (3, 4)), path, "not a readable picture")
