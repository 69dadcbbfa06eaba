"""Which cell of a submission is running, as its process says."""

import contextlib
import os

MAX_PROGRESS = 2**14
"""Bytes of a child's progress that are read at a time."""


class Progress:
    """Which cell is running.

    For each cell that begins, the child writes a byte into a pipe. Nobody waits
    for it: it is read now and then, and when the child has ended.

    Parameters
    ----------
    pipe : int
        The end to read from; it is closed here.
    """

    def __init__(self, pipe):
        self._pipe = pipe
        self._cells, self._budget = (), None
        self._count = 0
        self._spent = (0.0, 0.0)
        self.cell = 0
        """The cell that is running, 0 before the first."""
        self.before = (0.0, 0.0)
        """What was spent of the budget before it began, as far as that is known."""

    def follow(self, cells, budget):
        """Begin to look at these cells, which run in this order."""
        self._cells, self._budget = cells, budget

    def look(self):
        """See which cell is running, if any are."""
        if self._pipe is None or not self._cells:
            return
        with contextlib.suppress(BlockingIOError):
            if new := len(os.read(self._pipe, MAX_PROGRESS)):
                self._count = min(self._count + new, len(self._cells))
                self.cell = self._cells[self._count - 1]
                self.before = self._spent
        self._spent = self._budget.spent()

    def close(self):
        """Look a last time."""
        self.look()
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
