"""Run the code cells of a notebook as a kernel would, and go on after each error."""

import ast
import builtins
import inspect
import linecache
import os
import re

MAGIC = re.compile(r"\s*[%!?]|.*\?\s*$")
"""A line that means something to IPython and nothing to Python."""
TIMED = re.compile(r"(\s*)%time\s+(?=\S)")
ASSIGNED = re.compile(r"(\s*[^=\n]*[^=!<>\n])=\s*[%!]")
TIMING_CELL = ("%%time", "%%timeit", "%%capture", "%%prun")
"""Cell magics whose cell is Python all the same; a cell of any other holds another language."""
IMPORT = re.compile(r"^(import|from)\b|;\s*(import|from)\b", re.MULTILINE)
"""What may be an import at the top level of a cell."""
MAX_MAGICS = 200
AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
"""A kernel awaits at the top level of a cell."""
EVERYTHING, DEFINITIONS, QUICK_DEFINITIONS, BARE_DEFINITIONS = range(4)
"""How much of a cell is run. Definitions are imports, functions, classes and assignments; quick ones call nothing
that the notebook itself may have written, bare ones assign nothing that is the result of a call."""


def python_source(source):
    """Turn a cell into Python: take out what only IPython understands, and keep the line numbers.

    Parameters
    ----------
    source : str

    Returns
    -------
    str
    """
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    # IPython takes the first line's indentation off all lines.
    indentation = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    lines = [line.removeprefix(indentation) for line in lines]
    if lines[first].lstrip().startswith("%%"):
        if lines[first].split()[0] not in TIMING_CELL:
            return ""
        lines[first] = ""
    # Only a line at which Python gives up can be a magic: `% b)` may as well continue a calculation.
    for _ in range(MAX_MAGICS):
        try:
            compile("\n".join(lines), "<cell>", "exec", AWAIT, dont_inherit=True)
            break
        except SyntaxError as error:
            number = (error.lineno or 0) - 1
            if not 0 <= number < len(lines) or not _drop_magic(lines, number):
                break
    return "\n".join(lines)


def _drop_magic(lines, number):
    line = lines[number]
    if TIMED.match(line):
        lines[number] = TIMED.sub(r"\1", line, count=1)
    elif MAGIC.match(line):
        indentation = line[: len(line) - len(line.lstrip())]
        lines[number] = f"{indentation}pass"
    elif assigned := ASSIGNED.match(line):
        lines[number] = f"{assigned[1]}= None"
    else:
        return False
    return True


def run_cell(number, source, namespace, part=EVERYTHING, leading=False):
    """Run one cell, or its definitions.

    An import that fails at the top level of the cell does not end it: a library
    that is missing where a notebook is graded costs only what really uses it.

    Parameters
    ----------
    number : int
        Place of the cell among the notebook's code cells, from 1.
    source : str
    namespace : dict
        Globals, shared by all cells.
    part : int, optional
        EVERYTHING, DEFINITIONS, QUICK_DEFINITIONS or BARE_DEFINITIONS.
    leading : bool, optional
        Stop before the first statement that is no definition.

    Returns
    -------
    list of BaseException
        What the cell raised, without the tracebacks of what called it.
    """
    errors = []
    try:
        name = f"<cell {number}>"
        # Tracebacks show the lines of cells from here.
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        for code, imports in _pieces(source, name, part, leading):
            try:
                _execute(code, namespace)
            except ImportError as error:
                errors.append(error)
                if not imports:
                    break
    except BaseException as error:
        errors.append(error)
    return errors


def _execute(code, namespace):
    waiting = eval(code, namespace)
    if code.co_flags & inspect.CO_COROUTINE:
        loop = _event_loop()
        try:
            loop.run_until_complete(waiting)
        finally:
            loop.close()


def _event_loop():
    """Make an event loop that is woken through a pipe: a submission may not make sockets."""
    import asyncio

    if not hasattr(os, "pipe2"):
        return asyncio.new_event_loop()

    class Loop(asyncio.SelectorEventLoop):
        def _make_self_pipe(self):
            self._woken, self._waking = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            self._add_reader(self._woken, lambda: os.read(self._woken, 2**10))

        def _write_to_self(self):
            try:
                os.write(self._waking, b"w")
            except OSError:
                # Full, so that it wakes anyway, or closed.
                pass

        def _close_self_pipe(self):
            self._remove_reader(self._woken)
            os.close(self._woken)
            os.close(self._waking)

    return Loop()


def _pieces(source, name, part, leading):
    """Compile a cell in pieces, each with whether it is one import: imports one by one, and what is between them."""
    try:
        whole = compile(source, name, "exec", AWAIT, dont_inherit=True)
    except SyntaxError:
        source = python_source(source)
        whole = compile(source, name, "exec", AWAIT, dont_inherit=True)
    if part == EVERYTHING and not leading and not IMPORT.search(source):
        return [(whole, False)]
    pieces, stretch = [], []

    def finish(statements, imports):
        if statements:
            code = compile(ast.Module(statements, []), name, "exec", AWAIT, dont_inherit=True)
            pieces.append((code, imports))

    tree = compile(source, name, "exec", AWAIT | ast.PyCF_ONLY_AST, dont_inherit=True)
    for statement in _chosen(tree.body, part, leading):
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            finish(stretch, False)
            finish([statement], True)
            stretch = []
        else:
            stretch.append(statement)
    finish(stretch, False)
    return pieces


def _chosen(statements, part, leading):
    if part == EVERYTHING and not leading:
        return statements
    part = max(part, DEFINITIONS)
    chosen = []
    for statement in statements:
        if _defines(statement, part):
            chosen.append(statement)
        elif leading and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            break
    return chosen


def _defines(statement, part):
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return True
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return False
    if part == DEFINITIONS or isinstance(statement.value, ast.Lambda):
        return True
    calls = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
    if part == BARE_DEFINITIONS:
        return not calls
    return not any(isinstance(call, ast.Name) and not _is_quick(call.id) for call in calls)


def _is_quick(name):
    # By custom, a name with a capital is a class.
    return hasattr(builtins, name) or name[:1].isupper()
