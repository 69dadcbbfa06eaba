"""What a submission may use, and what is left of it."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Parameters
    ----------
    seconds : float
        Processor time for all cells together, and again for each question;
        five times as much may pass on the wall clock.
    memory : int
        Address space, MiB, besides what Python and the libraries take.
    disk : int
        Scratch files, MiB.
    threads : int
    files : int
        Open at a time.
    """

    seconds: float = 10.0
    memory: int = 1024
    disk: int = 64
    threads: int = 64
    files: int = 64

    @property
    def wall_seconds(self):
        """What may pass on the wall clock."""
        return 5 * self.seconds


class Budget:
    """Processor and wall time that one request may take."""

    def __init__(self, seconds, wall_seconds, clock):
        self._clock = clock
        self._seconds = seconds
        self._wall_seconds = wall_seconds
        self._start = clock()
        self._deadline = time.monotonic() + wall_seconds

    def left(self):
        """Seconds after which to look again; 0 when there are none left."""
        wall = self._deadline - time.monotonic()
        processor = self._seconds - (self._clock() - self._start)
        return max(0.0, min(wall, processor))

    def spent(self):
        """Give the shares of processor and wall time that are used up, each from 0 to 1."""
        wall = 1 - (self._deadline - time.monotonic()) / self._wall_seconds
        return (self._clock() - self._start) / self._seconds, wall

    def is_late(self):
        """Whether it is wall time that was used up."""
        return time.monotonic() >= self._deadline

    def excess(self):
        """Say which of the two was used up."""
        if self.is_late():
            return f"it did not finish within {self._wall_seconds:g} s"
        return f"it used up {self._seconds:g} s of processor time"

    def excess_of_many(self):
        """Say the same of all cells together."""
        if self.is_late():
            return f"the cells together took more than {self._wall_seconds:g} s, and this one was running"
        return f"the cells together used up {self._seconds:g} s of processor time, and this one was running"
