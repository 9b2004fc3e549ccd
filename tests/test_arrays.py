"""Arrays on disk that are filled piece by piece."""

import errno
import os

import numpy as np
import pytest

from boardbench.arrays import new_array


def test_an_array_is_what_numpy_saves_and_has_its_room(tmp_path):
    made = new_array(tmp_path / "a.npy", np.uint8, (1000, 300))
    assert (tmp_path / "a.npy").stat().st_blocks * 512 >= made.nbytes
    made[:] = np.arange(300) % 256
    made.flush()
    np.save(tmp_path / "b.npy", np.tile(np.arange(300) % 256, (1000, 1)).astype(np.uint8))
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert new_array(tmp_path / "none.npy", np.float32, (0, 3)).shape == (0, 3)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system takes room as it is written")
def test_a_full_disk_is_told_before_anything_is_written(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        new_array(tmp_path / "a.npy", np.uint8, (4,))
