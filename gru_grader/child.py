"""One process that runs one submission, seen from the trusted side: what it is asked, and what it answers.

Whatever it sends that is not the answer to the last request ends it. Time is
measured here, on its processor clock; it is ended with a signal that it cannot
refuse.
"""

import itertools
import math
import secrets
import select
import time

from gru_checks.values import NotPlain
from gru_grader import answers, machine, wire
from gru_grader.budget import Budget
from gru_grader.progress import Progress

START_SECONDS = 60
"""How long a worker may take to import its packages, and a child to shut itself in; no submission runs then."""
MAX_ERRORS = 100
"""Errors of cells that are kept, whatever a child says; an honest one sends fewer."""
MAX_PARTS = 20 * wire.MAX_VALUES
"""Brackets and braces in an answer. There are several a value, and those in its texts; each takes memory."""
OTHERS_SHARE = 0.1
"""A cell is told that it alone used up the time if those before it used no more than this share."""


class WorkerError(Exception):
    """The grader's own part failed; no submission is to blame."""


class CannotIsolate(WorkerError):  # noqa: N818 - it says what follows
    """This machine does not give the isolation that was asked for; the message says what failed."""


class Ended(Exception):  # noqa: N818 - it is no error of ours
    """The child is gone before it answered.

    Parameters
    ----------
    status : str
        "crashed", "timed_out", or "missing" (it sent something that is no answer).
    reason : str
        What happened, a clause for the learner.
    """

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Child:
    """One process that runs one submission. Made by `Worker.fork`."""

    def __init__(self, worker, channel, pipe, handle):
        self._worker = worker
        self._channel = channel
        self._channel.setblocking(False)
        self._progress = Progress(pipe)
        self._handle = handle
        self._pid = None if handle is None else machine.process_number(handle)
        self._news, self._room = select.poll(), select.poll()
        self._news.register(channel, select.POLLIN)
        self._room.register(channel, select.POLLOUT)
        self._pending = bytearray()
        self.ended = None
        """How it ended, as an Ended, once it has."""
        self.usage = (0.0, 0)
        """Processor seconds and largest memory in KiB, once it has ended."""
        try:
            state = self._receive(Budget(math.inf, START_SECONDS, self._used))
        except Ended as ended:
            raise WorkerError(f"a child did not start: {ended.reason}") from None
        if state != {"state": "ready"}:
            self._stop()
            raise CannotIsolate(answers.text(state, "reason") or "a child did not start")

    def run(self, sources, skip, limits, parts=(), leading=(), singly=False):
        """Run the code cells.

        Parameters
        ----------
        sources : sequence of str
        skip : collection of int
            Cells to leave out, counted from 1.
        limits : Limits
        parts : sequence of int, optional
            How much of each cell to run, as gru_grader.cells names it.
        leading : collection of int, optional
            Cells of which only the definitions before anything else are run.
        singly : bool, optional
            Ask for each cell by itself, which is slower: then it is certain which one sent what is no answer.

        Returns
        -------
        list of gru_grader.answers.CellError

        Raises
        ------
        Ended
            With an attribute `cell`, the one that was running, 0 for none.
        """
        chosen = [number for number in range(1, len(sources) + 1) if number not in skip]
        budget = Budget(limits.seconds, limits.wall_seconds, self._used)
        self._progress.follow(chosen, budget)
        running, errors = [], []
        try:
            for running in [[number] for number in chosen] if singly else [chosen]:
                others = [number for number in range(1, len(sources) + 1) if number not in running]
                errors += self._run_some(sources, others, list(parts), sorted(leading), budget)
            return errors[:MAX_ERRORS]
        except Ended as ended:
            ended.cell = running[0] if singly and running else self._progress.cell
            if ended.status == "timed_out" and self._progress.before[budget.is_late()] > OTHERS_SHARE:
                ended.reason = budget.excess_of_many()
            raise
        finally:
            self._progress.close()

    def _run_some(self, sources, others, parts, leading, budget):
        id, request = self._request("run", cells=list(sources), skip=others, parts=parts, leading=leading)
        self._send(request, budget)
        reply = self._reply(id, budget)
        if type(reply.get("errors")) is not list or len(reply) != 2:
            raise self._end("missing", "it sent a message that is no answer")
        return [answers.cell_error(error, len(sources)) for error in reply["errors"][:MAX_ERRORS]]

    def budget(self, limits):
        """Start the budget of a question."""
        return Budget(limits.seconds, limits.wall_seconds, self._used)

    def call(self, call, budget):
        """Have a function of the submission called: `calls` for one."""
        (outcome,) = self.calls([call], budget)
        return outcome

    def calls(self, calls, budget):
        """Have functions of the submission called, one after the other.

        They are sent together, and answered together as far as the answers go
        into one message.

        Parameters
        ----------
        calls : sequence of gru_checks.calling.Call
        budget : object
            From `budget`, shared by the calls of one question.

        Returns
        -------
        list of gru_checks.calling.Outcome

        Raises
        ------
        Ended
        """
        outcomes = []
        for id, message, number in self._requests(calls):
            self._send(message, budget)
            end = len(outcomes) + number
            while len(outcomes) < end:
                outcomes += self._outcomes(id, end - len(outcomes), budget)
        return outcomes

    def _requests(self, calls):
        """Make as few requests of the calls as they go into, each with its number and how many calls it is."""
        try:
            id, message = self._request("call", calls=[list(vars(call).values()) for call in calls])
        except wire.WireError:
            if len(calls) == 1:
                raise
            half = len(calls) // 2
            return [*self._requests(calls[:half]), *self._requests(calls[half:])]
        return [(id, message, len(calls))]

    def _outcomes(self, id, most, budget):
        """Read one message of outcomes, at least one and no more than are missing."""
        reply = self._reply(id, budget)
        try:
            said = reply["outcomes"]
            if type(said) is not list or not 1 <= len(said) <= most:
                raise ValueError("number")
            return [answers.outcome(fields) for fields in said]
        except (KeyError, NotPlain, TypeError, ValueError):
            raise self._end("missing", "it sent a message that is no answer") from None

    def end(self):
        """Have the child end, without waiting for it."""
        if self.ended is None and self._handle is not None:
            machine.kill(self._handle)

    def close(self):
        """End the child, if it still runs."""
        if self.ended is None:
            self._stop()

    def _request(self, what, **content):
        """Make a request, with the number that its answer must have."""
        id = secrets.token_hex(8)
        return id, wire.encode({"id": id, "do": what, **content})

    def _send(self, message, budget):
        waiting = memoryview(message)
        while waiting:
            try:
                waiting = waiting[self._channel.send(waiting) :]
            except BlockingIOError:
                self._wait(self._room, budget)
            except OSError:
                raise self._cut_off() from None

    def _reply(self, id, budget):
        reply = self._receive(budget)
        if type(reply) is not dict or reply.get("id") != id:
            raise self._end("missing", "it sent a message that is no answer")
        return reply

    def _receive(self, budget):
        try:
            header, content = wire.sizes(self._read(wire.PREFIX.size, budget))
            return wire.decode(self._read(header, budget), self._read(content, budget), MAX_PARTS)
        except wire.WireError:
            raise self._end("missing", "it sent a message that is no answer") from None

    def _read(self, size, budget):
        while len(self._pending) < size:
            self._wait(self._news, budget)
            try:
                part = self._channel.recv(2**18)
            except BlockingIOError:
                continue
            except OSError:
                part = b""
            if not part:
                raise self._cut_off()
            self._pending += part
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def _wait(self, poll, budget):
        for looks in itertools.count():
            self._progress.look()
            left = budget.left()
            if left <= 0:
                raise self._end("timed_out", budget.excess())
            # Files without a name are looked for where there is time: most answers come at once.
            if self._worker.scratch_is_full(self._pid if looks else None):
                raise self._end("crashed", "it wrote more files than it may")
            # Several threads use up processor time faster than it passes.
            if poll.poll(max(1, min(left, 0.1) * 1000)):
                return

    def _used(self):
        if self._pid is None:
            return 0.0
        try:
            return time.clock_gettime(machine.processor_clock(self._pid))
        except OSError:
            return 0.0

    def _cut_off(self):
        """End a child that closed its channel; before that, wait a moment for one that is ending by itself."""
        if self._handle is None:
            return self._end("crashed", None)
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return self._end("crashed", None if poll.poll(200) else "it closed what it sends answers through")

    def _end(self, status, reason):
        """End the child and make the Ended that says why."""
        code = self._stop()
        self.ended = Ended(status, reason or answers.how_it_ended(code))
        return self.ended

    def _stop(self):
        self.ended = self.ended or Ended("crashed", "it was ended")
        try:
            code, self.usage = self._worker.end_child(self._handle)
            return code
        finally:
            self._channel.close()
            self._progress.close()
