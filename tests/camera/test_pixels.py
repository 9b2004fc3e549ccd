import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from boardbench.camera.pixels import FORMATS, decode, format_of

BY_NAME = {kind.name: kind for kind in FORMATS.values()}
# By hand, for 0xABC, 0x123, 0xFFF: Mono12Packed has AB, 3 and C, 12, FF, F; Mono12p has BC, 3 and A, 12, FF, F.
BYTES = {
    "Mono12": [0xBC, 0x0A, 0x23, 0x01, 0xFF, 0x0F],
    "Mono12Packed": [0xAB, 0x3C, 0x12, 0xFF, 0x0F],
    "Mono12p": [0xBC, 0x3A, 0x12, 0xFF, 0x0F],
    "Mono16": [0xBC, 0x0A, 0x23, 0x01, 0xFF, 0x0F],
}


@pytest.mark.parametrize("name", BYTES)
def test_hand_computed_bytes_with_others_behind_them(name):
    counts = np.zeros((3, 1), np.uint16)
    decode(np.uint8([*BYTES[name], 7, 7, 7]), BY_NAME[name], counts)
    assert counts.ravel().tolist() == [0xABC, 0x123, 0xFFF]
    assert BY_NAME[name].size(3) == len(BYTES[name])


def bits(counts, order, depth):
    """Return values as bits, the most significant (-1) or least significant (1) first."""
    return [int(value) >> place & 1 for value in counts.ravel() for place in range(depth)[::order]]


@given(arrays(np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 4095)))
def test_mono12p_is_the_bits_in_a_row(counts):
    packed = np.packbits(bits(counts, 1, 12), bitorder="little")
    found = np.empty_like(counts)
    decode(packed, BY_NAME["Mono12p"], found)
    np.testing.assert_array_equal(found, counts)


@given(arrays(np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 4095)))
def test_mono12packed_swaps_the_halves_of_the_middle_byte(counts):
    values = [int(value) for value in counts.ravel()]
    packed = []
    for first, second in zip(values[0::2], [*values[1::2], 0][: len(values[0::2])], strict=True):
        packed += [first >> 4, (first & 15) + (second % 16) * 16, second >> 4]
    found = np.empty_like(counts)
    decode(np.uint8(packed), BY_NAME["Mono12Packed"], found)
    np.testing.assert_array_equal(found, counts)


@given(arrays(np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_16_bits_are_little_endian(counts):
    found = np.empty_like(counts)
    decode(np.frombuffer(counts.astype("<u2").tobytes(), np.uint8), BY_NAME["Mono16"], found)
    np.testing.assert_array_equal(found, counts)


def test_other_formats_are_refused(says):
    assert format_of(0x010C0047, "FX10").depth == 12
    says(lambda: format_of(0x01080001, "FX10"), "camera FX10", "PixelFormat", "0x01080001", *BY_NAME)
