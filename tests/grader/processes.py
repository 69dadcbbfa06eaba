"""Which processes run below another one, and waiting for their end."""

import time
from pathlib import Path


def below(pid):
    """Find all processes that a process started, and theirs."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, parent = int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(number)
    found = list(children.get(pid, ()))
    for number in found:
        found += children.get(number, ())
    return found


def end_of(pids):
    """Wait until none of some processes runs any more."""
    end = time.monotonic() + 20
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < end, "a process goes on"
        time.sleep(0.02)


def wait_until(condition):
    """Wait for something that another process brings about."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.02)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
