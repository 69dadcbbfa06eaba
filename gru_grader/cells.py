"""Run the code cells of a notebook as a kernel would, and go on after each error."""

import __future__

import ast
import builtins
import inspect
import linecache
import os
import re
import traceback
from dataclasses import dataclass, field

MAGIC = re.compile(r"\s*[%!?]|.*\?\s*$")
"""A line that means something to IPython and nothing to Python."""
TIMED = re.compile(r"(\s*)%time\s+(?=\S)")
ASSIGNED = re.compile(r"(\s*[^=\n]*[^=!<>\n])=\s*[%!]")
TIMING_CELL = ("%%time", "%%timeit", "%%capture", "%%prun")
"""Cell magics whose cell is Python all the same; a cell of any other holds another language."""
IMPORT = re.compile(r"^(import|from)\b|;\s*(import|from)\b", re.MULTILINE)
"""What may be an import at the top level of a cell."""
MAX_MAGICS = 200
F_STRING = re.compile(r"""(?<!\w)(?:[fF][rR]?|[rR][fF])(["'])(?!\1)""")
"""How an f-string on one line begins."""
AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
"""A kernel awaits at the top level of a cell."""
FUTURE = __future__.annotations.compiler_flag
EVERYTHING, DEFINITIONS, QUICK_DEFINITIONS, BARE_DEFINITIONS = range(4)
"""How much of a cell is run. Definitions are imports, functions, classes and assignments; quick ones call nothing
that the notebook itself may have written, bare ones assign nothing that is the result of a call."""


@dataclass
class SoFar:
    """What the cells so far leave to the next besides their names.

    Parameters
    ----------
    flags : int
        Of the compiler: annotations stay unread from the cell on that imports them so from `__future__`.
    missing : set of str
        Names that imports, and statements that need them, would have defined, had they not failed.
    """

    flags: int = 0
    missing: set = field(default_factory=set)


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
    elif (changed := _with_other_quotes(line)) != line:
        lines[number] = changed
    else:
        return False
    return True


def _with_other_quotes(line):
    """Write f-strings as Python before 3.12 reads them: without their own quotes inside their braces."""
    start = 0
    while found := F_STRING.search(line, start):
        own = found[1]
        other = "'" if own == '"' else '"'
        depth, place = 0, found.end()
        while place < len(line) and (depth or line[place] != own):
            if line[place] == "\\" or line.startswith(("{{", "}}"), place) and not depth:
                place += 1
            elif line[place] in "{}":
                depth += 1 if line[place] == "{" else -1
            elif line[place] == own:
                line = line[:place] + other + line[place + 1 :]
            place += 1
        start = place + 1
    return line


def run_cell(number, source, namespace, part=EVERYTHING, leading=False, so_far=None):
    """Run one cell, or its definitions.

    An import that fails at the top level of the cell does not end it, and
    neither does a statement that needs what was to be imported: a library that
    is missing where a notebook is graded costs only what really uses it.

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
    so_far : SoFar, optional
        Of the notebook; none is the first cell's.

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
        so_far = so_far or SoFar()
        waiting = _pieces(source, name, part, leading, so_far)
        while waiting:
            code, statements = waiting.pop(0)
            try:
                _execute(code, namespace)
            except ImportError as error:
                errors.append(error)
                if not isinstance(statements[0], (ast.Import, ast.ImportFrom)):
                    break
                so_far.missing |= {each.asname or each.name.partition(".")[0] for each in statements[0].names}
            except NameError as error:
                errors.append(error)
                if error.name not in so_far.missing:
                    break
                following = _following(error, statements, name)
                # What the statement would have defined is missing, too.
                so_far.missing |= _bound(statements[: len(statements) - len(following)][-1:])
                waiting[:0] = _split(following, name, so_far.flags)
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


def _pieces(source, name, part, leading, so_far):
    """Compile a cell in pieces, each with its statements: imports one by one, and what is between them."""
    try:
        whole = compile(source, name, "exec", AWAIT | so_far.flags, dont_inherit=True)
    except SyntaxError:
        source = python_source(source)
        whole = compile(source, name, "exec", AWAIT | so_far.flags, dont_inherit=True)
    so_far.flags |= whole.co_flags & FUTURE
    if part == EVERYTHING and not leading and not IMPORT.search(source) and not so_far.missing:
        return [(whole, [whole])]
    tree = compile(source, name, "exec", AWAIT | ast.PyCF_ONLY_AST | so_far.flags, dont_inherit=True)
    return _split(_chosen(tree.body, part, leading), name, so_far.flags)


def _split(statements, name, flags):
    pieces, stretch = [], []

    def finish(statements):
        if statements:
            module = ast.Module(statements, [])
            pieces.append((compile(module, name, "exec", AWAIT | flags, dont_inherit=True), statements))

    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            finish(stretch)
            finish([statement])
            stretch = []
        else:
            stretch.append(statement)
    finish(stretch)
    return pieces


def _following(error, statements, name):
    """List the statements after the one that raised an error."""
    frames = traceback.walk_tb(error.__traceback__)
    lines = (line for frame, line in frames if (frame.f_code.co_filename, frame.f_code.co_name) == (name, "<module>"))
    line = next(lines, float("inf"))
    return [statement for statement in statements if _first_line_of(statement) > line]


def _bound(statements):
    """Give the names that statements define or assign to."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    assigned = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return assigned | {statement.name for statement in statements if hasattr(statement, "name")}


def _first_line_of(statement):
    return min(part.lineno for part in (statement, *getattr(statement, "decorator_list", ())))


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
