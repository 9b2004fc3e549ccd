"""Line numbers from a camera's frame ids: what is missing between two of them was lost."""

from boardbench.errors import BoardbenchError
from boardbench.stream.frames import LONGEST_GAP

PERIOD = 65535
"""Ids of GigE Vision have 16 bits and leave 0 out: 1 follows 65535. Cameras with 64-bit ids pass it."""


class Numbers:
    """Numbers of lines, counted from the first frame, by frame ids.

    Args:
        camera: for errors.
        wraps: ids may begin anew behind 65535, as those of GigE Vision do.
    """

    def __init__(self, camera: str, wraps: bool):
        self._camera, self._wraps = camera, wraps
        self._id: int | None = None
        self.last = -1

    def of(self, frame_id: int) -> int:
        """Return the number of the next frame's line.

        Raises:
            BoardbenchError: an id that does not follow the one before.
        """
        self.last += 1 if self._id is None else self._gap(self._id, frame_id)
        self._id = frame_id
        return self.last

    def begin_anew(self, lost: int) -> None:
        """Count on with any id, behind so many lines that are lost: the camera was opened again."""
        self._id, self.last = None, self.last + lost

    def _gap(self, before: int, frame_id: int) -> int:
        short = self._wraps and max(before, frame_id) <= PERIOD
        gap = (frame_id - before) % PERIOD if short else frame_id - before
        # Of ids that wrap, a gap above half of the period would be a frame that came late.
        if not 0 < gap <= (PERIOD // 2 if short else LONGEST_GAP):
            raise BoardbenchError(
                f"camera {self._camera}: frame id {frame_id} follows {before}: frames do not come in order, or the "
                "camera began anew. Start boardbench again; if it happens often, look at the network between them."
            )
        return gap
