"""Run a notebook from top to bottom in a fresh kernel, the same way on every machine."""

import copy
import os
import subprocess
import tempfile
from pathlib import Path

import matplotlib
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from authoring.kernel_environment import KERNEL_ENVIRONMENT

CELL_TIMEOUT = 600
"""Seconds that one cell may take."""


class CellError(Exception):
    """A cell raised, took too long, or took the kernel down; the message says which cell and why."""


def execute(notebook, folder, cell_timeout=CELL_TIMEOUT):
    """Execute a copy of a notebook and give it back with its new outputs.

    The kernel starts in the fixed environment, with IPython's and Matplotlib's
    own defaults, so that nobody's personal settings show in the outputs. What
    compiled code writes past Python, straight to the process's own stderr
    (process numbers, times of day), is no output of a cell and is not kept.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Left as it is.
    folder : path
        Where the notebook lies: the kernel's working directory.
    cell_timeout : float
        Seconds that one cell may take.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    CellError
        If a cell raises (and is not tagged ``raises-exception``), takes longer
        than `cell_timeout`, or ends the kernel.
    """
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    begun = []
    client = NotebookClient(
        notebook,
        on_cell_start=lambda cell, cell_index: begun.append(cell_index),
        extra_arguments=["--log-level=ERROR", "--IPKernelApp.capture_fd_output=False"],
        timeout=cell_timeout,
        iopub_timeout=60,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    with tempfile.TemporaryDirectory() as ipython_folder:
        environment = os.environ | KERNEL_ENVIRONMENT
        environment["IPYTHONDIR"] = ipython_folder
        environment["MATPLOTLIBRC"] = str(Path(matplotlib.get_data_path(), "matplotlibrc"))
        try:
            client.execute(env=environment, stderr=subprocess.DEVNULL)
        except CellExecutionError as error:
            raise CellError(f"{_named(notebook, begun)} raises {error.ename}: {error.evalue}") from error
        except CellTimeoutError as error:
            raise CellError(f"{_named(notebook, begun)} takes longer than {cell_timeout:g} s") from error
        except DeadKernelError as error:
            raise CellError(f"{_named(notebook, begun)} ends the kernel") from error
    return notebook


def _named(notebook, begun):
    """Name the cell at which a run stopped: the last one that was begun."""
    if not begun:
        return "no cell was reached: the kernel"
    line = notebook.cells[begun[-1]].source.partition("\n")[0]
    return f"cell {begun[-1] + 1} ({line[:60]!r})"
