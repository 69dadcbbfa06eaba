"""Settings for every test: what a test needs from the machine, and the environment of notebook kernels."""

import importlib.util
import os
import shutil
import signal
import sys

import pytest

from authoring.kernel_environment import KERNEL_ENVIRONMENT


def _module(name):
    return lambda: importlib.util.find_spec(name) is not None


def _sandbox():
    if sys.platform != "linux":
        return False
    from gru_grader.selftest import strongest_level

    return strongest_level() == "full"


def _data():
    import gru_data

    return gru_data.is_fetched()


def _gpu():
    import torch

    return torch.cuda.is_available()


# What a test may need, what is missing without it, and how to find out.
NEEDS = {
    "chromium": ("the browser chromium", lambda: shutil.which("chromium") or shutil.which("chromium-browser")),
    "node": ("the program node", lambda: shutil.which("node")),
    "bubblewrap": ("the program bwrap (bubblewrap)", lambda: shutil.which("bwrap")),
    "tensorflow": ("the extra tensorflow", _module("tensorflow")),
    "torch": ("the extra torch", _module("torch")),
    "sandbox": ("a Linux that lets the grader isolate submissions", _sandbox),
    "onnx": ("the extra onnx", lambda: _module("onnx")() and _module("onnxruntime")()),
    "data": ("the data: run python -m gru_data fetch", _data),
    "gpu": ("a GPU", _gpu),
}


def _hear_signals():
    """Let what tests start be ended as always, also below nohup or behind a script's `&`, where signals are ignored.

    Programs inherit that a signal is ignored; a function that is called instead, they do not.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        # The tests themselves go on when the terminal is closed, as nohup is to have it.
        signal.signal(signal.SIGHUP, lambda *arguments: None)


def pytest_configure(config):
    _hear_signals()
    if config.getoption("nbval", False):
        # The kernels that nbval starts inherit this: the stored outputs were made in the same environment.
        os.environ.update(KERNEL_ENVIRONMENT)


def pytest_collection_modifyitems(items):
    required = set(filter(None, os.environ.get("GRU_REQUIRE", "").split(",")))
    unknown = required - NEEDS.keys()
    if unknown:
        raise pytest.UsageError(f"GRU_REQUIRE names {', '.join(sorted(unknown))}; known: {', '.join(NEEDS)}")
    present = {}
    for item in items:
        if hasattr(item, "output_timeout"):
            # nbval waits five seconds for a cell's outputs, too short on a busy machine.
            item.output_timeout = 60
        for name in (name for mark in item.iter_markers("needs") for name in mark.args):
            what, probe = NEEDS[name]
            if name not in present:
                present[name] = bool(probe())
            if not present[name]:
                item.add_marker(pytest.mark.skip(reason=f"needs {what}"))
                item.user_properties.append(("missing", name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn the skip of a test into a failure where GRU_REQUIRE demands what it needs."""
    report = yield
    required = os.environ.get("GRU_REQUIRE", "").split(",")
    missing = [name for key, name in item.user_properties if key == "missing" and name in required]
    if report.skipped and missing:
        report.outcome = "failed"
        report.longrepr = f"GRU_REQUIRE demands {', '.join(missing)}, and this machine lacks {NEEDS[missing[0]][0]}"
    return report


def pytest_terminal_summary(terminalreporter):
    """Print what tests measured: record_property("report", line) reaches here from every worker."""
    for report in terminalreporter.stats.get("passed", []):
        for key, line in report.user_properties:
            if key == "report":
                terminalreporter.write_line(line)
