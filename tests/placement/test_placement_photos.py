import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from boardbench.errors import BoardbenchError
from boardbench.placement.photos import check_sizes, find_displaced, find_photos, open_photo, photo_size, read_photo

RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
CORNERS = {"corners": [[1, 1], [5, 1], [1, 4], [5, 4]]}


def save(path, mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RGB).convert(mode).save(path, **options)
    return path


def png16(path, values):
    """Write a 16-bit PNG, grey or RGB, which Pillow itself cannot."""
    colour = {1: 0, 3: 2}[values.shape[2]]

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, colour, 0, 0, 0)
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return path


def test_rgb_is_read_as_it_is(tmp_path):
    pixels, converted = open_photo(save(tmp_path / "a.png"))
    np.testing.assert_array_equal(pixels, RGB)
    assert (pixels.dtype, converted) == (np.uint8, "")


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("L", "grey to RGB"),
        ("LA", "grey with alpha to RGB"),
        ("P", "palette to RGB"),
        ("1", "black and white to RGB"),
        ("RGBA", "alpha dropped"),
    ],
)
def test_other_modes_are_converted_and_said(mode, said, tmp_path):
    pixels, converted = open_photo(save(tmp_path / "a.png", mode))
    assert converted == said
    expected = RGB if mode == "RGBA" else np.asarray(Image.fromarray(RGB).convert(mode).convert("RGB"))
    np.testing.assert_array_equal(pixels, expected)


def test_16_bits_keep_their_upper_8(tmp_path):
    values = np.random.default_rng(1).integers(0, 65536, (6, 9, 3), dtype=np.uint16)
    pixels, converted = open_photo(png16(tmp_path / "rgb.png", values))
    np.testing.assert_array_equal(pixels, values >> 8)
    assert converted == "16 bits to 8"
    pixels, converted = open_photo(png16(tmp_path / "grey.png", values[..., :1]))
    np.testing.assert_array_equal(pixels, np.repeat(values[..., :1] >> 8, 3, axis=2))
    assert converted == "16 bits to 8, grey to RGB"


def test_12_bits_in_16_are_refused_not_read_as_black(tmp_path, says):
    path = png16(tmp_path / "a.png", np.full((6, 9, 1), 4095, np.uint16))
    says(lambda: open_photo(path), path, "16 bits", "4096 of 65535", "Stretch")


def test_floating_point_is_refused(tmp_path, says):
    path = save(tmp_path / "a.tif", "F")
    says(lambda: open_photo(path), path, "floating point", "8 bits")


def test_exif_orientation_turns_picture_and_size(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    path = save(tmp_path / "a.png", exif=exif)
    pixels, converted = open_photo(path)
    np.testing.assert_array_equal(pixels, np.rot90(RGB, -1))
    assert converted == "turned upright as its EXIF orientation says"
    assert photo_size(path) == (9, 6) == pixels.shape[:2]


def test_pages_beside_the_first_are_said(tmp_path):
    page = Image.fromarray(RGB)
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page])
    assert open_photo(tmp_path / "a.tif")[1] == "first of 2 pages"


def test_what_is_no_picture(tmp_path, says):
    (tmp_path / "a.png").write_text("no picture")
    says(lambda: open_photo(tmp_path / "a.png"), "a.png", "not a readable picture", "Save")
    says(lambda: photo_size(tmp_path / "b.png"), "b.png", "no such photo")
    whole = save(tmp_path / "c.bmp").read_bytes()
    (tmp_path / "c.bmp").write_bytes(whole[:-40])
    says(lambda: open_photo(tmp_path / "c.bmp"), "c.bmp", "not a readable picture")


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of truncated data
def test_a_photo_that_was_cut_anywhere_is_read_or_refused(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a.png", "a.jpg", "a.tif", "a.bmp"):
        path = save(tmp_path / name, **({} if name == "a.bmp" else {"exif": exif}))
        whole, refused = path.read_bytes(), []
        for end in range(0, len(whole), 7):
            path.write_bytes(whole[:end])
            for read in (photo_size, open_photo):
                try:
                    read(path)
                except BoardbenchError as error:
                    refused.append(str(error))
        assert len(refused) > 10 and all(text.startswith(f"{path}: not a readable picture") for text in refused)


def test_read_photo(tmp_path):
    path = save(tmp_path / "board.png", "L")
    outline = tmp_path / "board.json"
    outline.write_text(json.dumps(CORNERS))
    photo = read_photo(path, outline)
    assert (photo.name, photo.pixels.shape, photo.converted) == ("board", (6, 9, 3), "grey to RGB")
    np.testing.assert_array_equal(photo.corners, CORNERS["corners"])
    assert read_photo(path).corners is None


def test_photos_of_a_folder(tmp_path):
    for name in ("b.PNG", "a.jpg", "displaced/d.png"):
        save(tmp_path / name)
        (tmp_path / name).with_suffix(".json").touch()
    (tmp_path / "notes.txt").touch()
    save(tmp_path / ".b-123.png")
    found = find_photos(tmp_path)
    assert {name: files.photo.name for name, files in found.items()} == {"a": "a.jpg", "b": "b.PNG"}
    assert found["b"].outline == tmp_path / "b.json"
    assert list(find_displaced(tmp_path)) == ["d"]
    assert find_displaced(tmp_path / "displaced") == {}


def test_one_outline_serves_all_but_no_displaced_chip(tmp_path, says):
    shared = tmp_path / "chip.json"
    shared.touch()
    save(tmp_path / "boards" / "a.png")
    save(tmp_path / "boards" / "displaced" / "d.png")
    assert find_photos(tmp_path / "boards", shared)["a"].outline == shared
    says(lambda: find_displaced(tmp_path / "boards"), "d.png", "no outline", "d.json")


def test_folders_that_are_refused(tmp_path, says):
    says(lambda: find_photos(tmp_path / "none"), "none", "no such folder")
    says(lambda: find_photos(tmp_path), tmp_path, "no photo", ".png")
    save(tmp_path / "a.png")
    says(lambda: find_photos(tmp_path), "a.png", "no outline of the chip", "a.json")
    (tmp_path / "a.json").touch()
    save(tmp_path / "a.jpg")
    says(lambda: find_photos(tmp_path), tmp_path, "a.jpg and a.png", "one name", "rename")


def test_photos_of_different_sizes(tmp_path, says):
    paths = [save(tmp_path / f"{name}.png") for name in "abc"]
    assert check_sizes(paths) == (6, 9)
    Image.fromarray(RGB[:, :8]).save(paths[0])
    says(lambda: check_sizes(paths), "a.png", "8 x 6", "9 x 6", "fixed camera")
