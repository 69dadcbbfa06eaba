"""Call a learner's function with copies of the inputs and record what happened.

It knows no question and no answer: the learner's kernel loads it, and so does
the grader's worker.
"""

import copy
import dis
import functools
import itertools
import linecache
import types
import warnings
from dataclasses import dataclass, field

import numpy as np

from gru_checks.values import NotPlain, identical, plain

COURSE_PACKAGES = ("gru_ref", "gru_checks", "gru_grader")
"""Packages of the course that hold answers or lead to them."""
MAX_TEXT = 500
"""How many characters of a learner's text an outcome keeps."""


@dataclass(frozen=True, eq=False)
class Call:
    """A call to make, as data.

    Parameters
    ----------
    name : str
        The function or class, looked up in the namespace of the learner.
    arguments : tuple of plain values
    errors : dict of str, optional
        Keyword arguments of `numpy.errstate` during the call, for example
        ``{"over": "raise"}``; what is not named is ignored.
    steps : tuple of (str, tuple), optional
        For a class: methods to call one after another on the object that it
        makes, each with its arguments. What they return, as a tuple, is what
        the call returns; a single one's value comes by itself.
    """

    name: str
    arguments: tuple = ()
    errors: dict[str, str] = field(default_factory=dict)
    steps: tuple = ()

    @property
    def all_arguments(self):
        """Arguments of the call and of its steps."""
        return sum((tuple(given) for _, given in self.steps), self.arguments)

    def carried_out(self, function, arguments):
        """Call a function, or make an object of a class and call its methods.

        Parameters
        ----------
        function : callable
        arguments : tuple
            Those of the call or copies of them; the steps' own are copied here.

        Returns
        -------
        object

        Raises
        ------
        NotPlain
            If a method returns what is no plain value, besides all that the function raises.
        """
        value = function(*arguments)
        if not self.steps:
            return value
        # Plain at once: an object may return its own array and change it in the next step.
        values = tuple(plain(getattr(value, method)(*copy.deepcopy(given))) for method, given in self.steps)
        return values if len(values) > 1 else values[0]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a call.

    Parameters
    ----------
    status : str
        "returned", "not_defined", "not_callable", "not_attempted" (the stub's
        NotImplementedError), "raised", "unreadable" (what came back is not
        plain). A grader adds "crashed", "timed_out" and "missing".
    value : plain value
        What was returned.
    error : str
        Name of the exception's type.
    message : str
        The exception's text; for "unreadable" what came back; for
        "not_attempted" the name of the function that is still to be written.
    line : str
        The line of the learner's own code where the exception passed.
    line_number : int
        Its number in its cell, from 1; 0 if there is none.
    changed : tuple of int
        Positions of the arguments that the call altered.
    source : str
        Package the function was defined in, "__main__" in a notebook; a
        package of the course if the function calls it.
    kind : str
        Name of the type of what came back.
    """

    status: str
    value: object = None
    error: str = ""
    message: str = ""
    line: str = ""
    line_number: int = 0
    changed: tuple[int, ...] = ()
    source: str = ""
    kind: str = ""


def perform(call, namespace):
    """Make a call in a namespace; never raise.

    The function gets deep copies of the arguments, so that whatever it does to
    them is seen and harms nobody.

    Parameters
    ----------
    call : Call
    namespace : dict
        Globals of the learner's notebook.

    Returns
    -------
    Outcome

    Raises
    ------
    KeyboardInterrupt
        Alone, so that a learner can stop an endless loop.
    """
    if call.name not in namespace:
        return Outcome("not_defined")
    function = namespace[call.name]
    source = _or_blank(_source, function, namespace)
    kind = _or_blank(_kind, function)
    if not callable(function):
        return Outcome("not_callable", source=source, kind=kind)
    arguments = copy.deepcopy(call.arguments)
    try:
        with warnings.catch_warnings(), np.errstate(**{"all": "ignore", **call.errors}):
            warnings.simplefilter("ignore")
            value = call.carried_out(function, arguments)
    except KeyboardInterrupt:
        raise
    except NotPlain as error:
        return Outcome("unreadable", message=_clean(str(error)), source=source)
    except BaseException as error:
        return _raised(error, namespace, source, _changed(call.arguments, arguments))
    changed = _changed(call.arguments, arguments)
    kind = _or_blank(_kind, value)
    try:
        return Outcome("returned", value=plain(value), changed=changed, source=source, kind=kind)
    except NotPlain as error:
        return Outcome("unreadable", message=_clean(str(error)), changed=changed, source=source, kind=kind)
    except Exception:
        message = f"a {kind} that cannot be read"
        return Outcome("unreadable", message=message, changed=changed, source=source, kind=kind)


def _changed(before, after):
    return tuple(place for place, (a, b) in enumerate(zip(before, after, strict=True)) if not _same(a, b))


def _same(before, after):
    try:
        return identical(before, plain(after)) if isinstance(before, np.ndarray) else identical(before, after)
    except Exception:
        return False


def _raised(error, namespace, source, changed):
    own, innermost = _own_frame(error, namespace)
    if isinstance(error, NotImplementedError) and own is not None and innermost:
        return Outcome("not_attempted", message=_clean(own.tb_frame.f_code.co_name), changed=changed, source=source)
    line, number = "", 0
    if own is not None:
        number = own.tb_lineno
        frame = own.tb_frame
        line = linecache.getline(frame.f_code.co_filename, number, frame.f_globals).strip()
    return Outcome(
        "raised",
        error=_clean(type(error).__name__),
        message=_clean(_or_blank(str, error)),
        line=_clean(line),
        line_number=number,
        changed=changed,
        source=source,
    )


def _own_frame(error, namespace):
    """Find the innermost frame of the learner's code, and whether it is the innermost of all."""
    own, innermost = None, False
    step = error.__traceback__
    while step is not None:
        innermost = step.tb_frame.f_globals is namespace
        if innermost:
            own = step
        step = step.tb_next
    return own, innermost


def _source(function, namespace):
    """Name the package a function was defined in, or the package of the course that it uses."""
    # Most functions use no such package, and for that the names of their attributes need not be told from the rest.
    used = _course_package(function, namespace, _mentioned) and _course_package(function, namespace, _names)
    return used or _package(function)


def _course_package(function, namespace, names):
    """Name a package of the course that a function was defined in or uses, as far as `names` tells; "" for none."""
    seen = set()
    waiting = [function]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        package = _package(part)
        if package in COURSE_PACKAGES:
            return package
        waiting.extend(_used_by(part, namespace, names))
    return ""


def _package(part):
    name = part.__name__ if isinstance(part, types.ModuleType) else getattr(part, "__module__", None)
    return name.partition(".")[0] if isinstance(name, str) else ""


def _used_by(part, namespace, names):
    """List what a function of the learner's own refers to; nothing of libraries is searched."""
    if isinstance(part, functools.partial):
        return [part.func, *part.args]
    if isinstance(part, types.MethodType):
        return [part.__func__]
    if isinstance(part, type) and part.__module__ == namespace.get("__name__"):
        return [*vars(part).values(), *part.__bases__]
    if not isinstance(part, types.FunctionType) or part.__globals__ is not namespace:
        return []
    used = [cell.cell_contents for cell in part.__closure__ or () if _filled(cell)]
    used += [*(part.__defaults__ or ()), *(part.__kwdefaults__ or {}).values(), *vars(part).values()]
    for name in names(part.__code__):
        if name.partition(".")[0] in COURSE_PACKAGES:
            used.append(types.ModuleType(name))
        elif name in part.__globals__:
            used.append(part.__globals__[name])
    return [thing for thing in used if callable(thing) or isinstance(thing, types.ModuleType)]


def _filled(cell):
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _mentioned(code):
    """List all names that a code object, and those inside it, have, attributes' too: more than `_names`, and sooner."""
    inner = (_mentioned(constant) for constant in code.co_consts if isinstance(constant, types.CodeType))
    return [*code.co_names, *itertools.chain.from_iterable(inner)]


def _names(code):
    """List the names that a code object, and those inside it, look up in the globals or import."""
    looking = ("LOAD_GLOBAL", "LOAD_NAME", "IMPORT_NAME")
    names = [instruction.argval for instruction in dis.get_instructions(code) if instruction.opname in looking]
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names += _names(constant)
    return names


def _kind(value):
    return _clean(type(value).__name__)


def _or_blank(read, *things):
    """Read something off an object of the learner's, which may object in any way."""
    try:
        return read(*things)
    except Exception:
        return ""


def _clean(text):
    """Cut a learner's text to a bounded length and take terminal codes and control characters out."""
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in str(text)[: 2 * MAX_TEXT]).strip()
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
