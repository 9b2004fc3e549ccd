import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardbench.camera.numbers import Numbers
from boardbench.errors import BoardbenchError


def numbers(ids, wraps=True):
    found = Numbers("FX10", wraps)
    return [found.of(number) for number in ids]


def test_gaps_and_wraps_by_hand():
    assert numbers([7, 8, 10, 11]) == [0, 1, 3, 4]
    assert numbers([65534, 65535, 1, 2]) == [0, 1, 2, 3]
    assert numbers([65534, 2]) == [0, 3]  # 65535 and 1 are lost; there is no 0
    assert numbers([65535, 65536, 65538, 105538]) == [0, 1, 3, 40003]  # ids of 64 bits do not wrap
    assert numbers([0, 1, 4], wraps=False) == [0, 1, 4]


@given(st.integers(1, 65535), st.lists(st.integers(1, 32767), max_size=50))
def test_16_bit_ids_of_any_losses(first, steps):
    truth = [0]
    for step in steps:
        truth.append(truth[-1] + step)
    assert numbers([(first - 1 + line) % 65535 + 1 for line in truth]) == truth


@given(st.integers(0, 2**63), st.lists(st.integers(1, 100_000), max_size=50))
def test_64_bit_ids_of_any_losses(first, steps):
    truth = [0]
    for step in steps:
        truth.append(truth[-1] + step)
    assert numbers([first + line for line in truth], wraps=False) == truth


@pytest.mark.parametrize(
    ("ids", "wraps"), [((5, 5), True), ((9, 8), True), ((9, 8), False), ((5, 5), False), ((1, 100_002), False)]
)
def test_ids_out_of_order_are_an_error(ids, wraps):
    with pytest.raises(BoardbenchError) as caught:
        numbers(ids, wraps)
    for word in ("camera FX10", f"frame id {ids[1]} follows {ids[0]}"):
        assert word in str(caught.value)


def test_it_counts_on_with_a_camera_that_was_opened_again():
    found = Numbers("FX10", True)
    assert [found.of(500), found.of(501)] == [0, 1]
    found.begin_anew(10)
    assert [found.of(1), found.of(2), found.of(4)] == [12, 13, 15]
