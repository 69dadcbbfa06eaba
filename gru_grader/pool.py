"""Several workers at once, with the face of concurrent.futures."""

import threading
from concurrent.futures import ThreadPoolExecutor

from gru_grader.child import WorkerError
from gru_grader.client import Worker


class WorkerPool:
    """Runs functions that need a worker; as many at a time as there are workers.

    The work is done in the workers' processes; each is driven by a thread, so
    that nothing has to be sent from the trusted process to another one.

    Parameters
    ----------
    jobs : int
    level : str
    limits : gru_grader.budget.Limits

    Examples
    --------
    ``pool.submit(function, 1, 2)`` calls ``function(worker, 1, 2)`` and returns
    a future of what it returns.
    """

    def __init__(self, jobs, level, limits):
        self._level = level
        self._limits = limits
        self._workers = {}
        self._users = {}
        self._lock = threading.Lock()
        self._stopped = False
        self._threads = ThreadPoolExecutor(jobs)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def submit(self, function, *arguments, packages=()):
        """Have a function called with a worker and further arguments.

        A worker that fails is replaced, and the function called once more.

        Parameters
        ----------
        function : callable
        *arguments : object
        packages : tuple of str, optional
            What the worker's submissions may import besides the usual.

        Returns
        -------
        concurrent.futures.Future
        """
        return self._threads.submit(self._run, packages, function, arguments)

    def stop(self):
        """Drop what has not begun and end what has."""
        with self._lock:
            self._stopped = True
            workers, self._workers = self._workers, {}
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in workers.values():
            worker.close()
        self._threads.shutdown(wait=True)

    def close(self):
        """Wait for what was submitted, then end the workers."""
        self._threads.shutdown(wait=True)
        for worker in self._workers.values():
            worker.close()
        self._workers = {}

    def _run(self, packages, function, arguments):
        key = threading.get_ident(), packages
        try:
            return function(self._worker(key), *arguments)
        except WorkerError:
            with self._lock:
                worker = self._workers.pop(key, None)
                if self._stopped:
                    raise
            if worker is not None:
                worker.close()
            with self._lock:
                self._users.pop(key, None)
            return function(self._worker(key), *arguments)

    def _worker(self, key):
        if key not in self._workers:
            with self._lock:
                if self._stopped:
                    raise WorkerError("stopped")
                avoid = frozenset(self._users.values())
                worker = Worker(self._level, self._limits, packages=key[1], avoid=avoid)
                self._workers[key], self._users[key] = worker, worker.user
        return self._workers[key]
