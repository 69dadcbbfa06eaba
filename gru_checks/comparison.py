"""Compare what an answer returned with what is right, and say in words what differs first."""

from dataclasses import dataclass

import numpy as np

AXES = {"B": "example", "T": "time step", "I": "input", "H": "unit"}
"""What an axis counts, by its letter."""
STAGES = ("type", "shape", "dtype", "nonfinite", "value")
"""What may be wrong about a value, in the order in which it is looked at."""
MOST_DIGITS = 6
"""Up to how many digits after the point a rounded answer is known as one."""
OF_HALF = 2e-3
"""How far an answer in float16 may be from what was rounded to it, as a share."""
MOST_LETTERS = 20
"""How much of a wrong choice is quoted."""


@dataclass(frozen=True)
class Finding:
    """What is wrong about a value: one of `STAGES`, and sentences that say it."""

    stage: str
    text: str


def compare(question, case, expected, value, *, public):
    """Find what is wrong about the value that an answer returned in a case.

    Parameters
    ----------
    question : Question
    case : Case
    expected, value : plain values
        What the reference returned, and the answer.
    public : bool
        Whether the inputs are known to the learner: then amounts are told,
        otherwise only places.

    Returns
    -------
    Finding or None
        None if nothing is wrong.
    """
    if question.kind == "choice":
        return _choice(question.choices, expected, value)
    if question.kind != "behaviour":
        return _parts(question, case, expected, value, public)
    finding = _parts(question, case, expected, value, public, values=False)
    if finding is not None:
        return finding
    with np.errstate(all="ignore"):  # a learner's numbers may be of any size
        observed, wanted = (question.behaviour.observe(as_arrays(v), case) for v in (value, expected))
    return _entries(question.behaviour.part, question, case, wanted, observed, public)


def agrees(question, case, expected, value):
    """Whether `compare` would find nothing wrong about a value, without looking for the words.

    Parameters
    ----------
    question : Question
    case : Case
    expected, value : plain values
        What is expected, and the answer.

    Returns
    -------
    bool
    """
    if question.kind in ("choice", "behaviour"):
        return compare(question, case, expected, value, public=False) is None
    # A known mistake may return another number of parts than the question asks for.
    if len(question.returns) == 1 or type(expected) is not tuple:
        return _same_part(question, case, expected, value)
    if type(value) not in (tuple, list) or len(value) != len(expected):
        return False
    return all(_same_part(question, case, *pair) for pair in zip(expected, value, strict=True))


def _same_part(question, case, expected, value):
    right, array = _as_array(expected), _as_array(value)
    if right is None or array is None or array.shape != right.shape:
        return False
    if array.dtype.kind == "b" and right.dtype.kind != "b":
        return False
    if _loses_dtype(question, right, value, array):
        return False
    # Most parts of a known mistake are right to the bit.
    return np.array_equal(right, array) or bool(_close(question.tolerance, right, array, case.call.all_arguments).all())


def _choice(choices, expected, value):
    if type(value) is not str:
        return Finding("type", f'It returned {_kind(value)}; a letter in quotes is expected, as in return "a".')
    value = value.strip(" \t\n().")
    if value.lower() == expected:
        return None
    if value.lower() not in choices:
        quoted = repr(value if len(value) <= MOST_LETTERS else f"{value[:MOST_LETTERS]}...")
        hint = " The letter alone is asked for." if len(value) > 1 else ""
        return Finding("value", f"{quoted} is none of the choices {', '.join(choices)}.{hint}")
    return Finding("value", f"{value} is not the right choice.")


def _parts(question, case, expected, value, public, values=True):
    """Compare part by part; without `values` only types, shapes and finiteness."""
    if len(question.returns) == 1:
        if type(value) is tuple and len(value) > 1 and _holds_arrays(value, np.asarray(expected)):
            return _several(question.returns[0], expected, value)
        expected, value = (expected,), (value,)
    elif type(value) not in (tuple, list) or len(value) != len(question.returns):
        names = ", ".join(part.name for part in question.returns)
        return Finding(
            "type", f"It returned {_kind(value)}; the {len(question.returns)} parts are expected: return {names}."
        )
    findings = [
        _part(part, question, case, *pair, public, values)
        for part, *pair in zip(question.returns, expected, value, strict=True)
    ]
    findings = [finding for finding in findings if finding is not None]
    return min(findings, key=lambda finding: STAGES.index(finding.stage), default=None)


def _part(part, question, case, expected, value, public, values):
    expected = np.asarray(expected)
    array = _as_array(value)
    if array is None:
        return Finding("type", _wrong_type(part, value, expected))
    if array.shape != expected.shape:
        return Finding("shape", _wrong_shape(part, expected.shape, array.shape, computed=question.kind != "behaviour"))
    if not values:
        if np.isfinite(array).all():
            return None
        place = _first(~np.isfinite(array))
        return Finding("nonfinite", f"{_entry(part, place)} is {array[place]}; a finite number is expected.")
    if _loses_dtype(question, expected, value, array):
        return Finding("dtype", f"{part.name} has dtype {array.dtype} where the input has {expected.dtype}.")
    return _entries(part, question, case, expected, array, public)


def _loses_dtype(question, expected, value, array):
    """Whether a precision was to be kept and is another one; a list has none to keep."""
    both_floats = array.dtype.kind == expected.dtype.kind == "f"
    return question.keeps_dtype and both_floats and type(value) is np.ndarray and expected.dtype != array.dtype


def _entries(part, question, case, expected, array, public):
    """Compare two arrays of the same shape."""
    if expected.shape != array.shape:
        raise ValueError(f"{question.id} observes shapes {expected.shape} and {array.shape}")
    if array.dtype.kind == "b" and expected.dtype.kind != "b":
        return Finding("dtype", f"{part.name} holds True and False; numbers are expected.")
    # Many right answers are right to the bit, and that is found sooner than a bound.
    if np.array_equal(expected, array):
        return None
    bad = ~np.isfinite(array) & np.isfinite(expected)
    if bad.any():
        return Finding("nonfinite", _non_finite(part, case, array, bad, public))
    bad = ~_close(question.tolerance, expected, array, case.call.all_arguments)
    if not bad.any():
        return None
    if array.dtype.kind in "iu" and expected.dtype.kind == "f" and question.kind != "value":
        text = f"{part.name} holds whole numbers ({array.dtype}); the part after the point was cut off."
        return Finding("dtype", text)
    if array.dtype == np.float16 != expected.dtype and np.allclose(array, expected, rtol=OF_HALF, atol=1e-6):
        text = f"{part.name} is right to the three digits that {array.dtype} keeps; more are expected."
        return Finding("dtype", text)
    place = _first(bad)
    share = "" if bad.size == 1 else f" in {'all' if bad.all() else f'{bad.sum()} of'} {bad.size} entries"
    share = " in both entries" if bad.size == 2 and bad.all() else share
    text, rounded = f"It differs from the right answer{share}, first {_entry(part, place)}", _rounded(expected, array)
    if not public:
        return Finding("value", f"{text}.{rounded}")
    if question.kind == "value":
        text = f"With {givens(question, case)} {part.name} differs from the right answer"
    words = question.behaviour.words if question.behaviour else {}
    pair = expected[place], array[place]
    digits = 6 if _number(pair[0], 6) != _number(pair[1], 6) else 15
    right, yours = (words.get(number.item()) or _number(number, digits) for number in pair)
    return Finding("value", f"{text}: {right} is right, yours is {yours}.{rounded}")


def givens(question, case):
    """Name what a value is computed from, as in "I = 3, H = 5"."""
    pairs = zip(question.parameters, case.call.arguments, strict=True)
    return ", ".join(
        f"{name} = {value:.6g}" if type(value) is float else f"{name} = {value!r}" for name, value in pairs
    )


def _rounded(expected, array):
    """Say that an array is the right one rounded, if it is; values that are hardly any prove nothing."""
    if expected.dtype.kind != "f" or array.dtype.kind != "f":
        return ""
    with np.errstate(invalid="ignore"):
        near = np.abs(expected.astype(np.float64) - array).max() <= 0.05
    if not near:
        return ""
    for digits in range(1, MOST_DIGITS + 1):
        rounded = np.round(expected.astype(np.float64), digits)
        if np.unique(rounded).size > 1 and np.allclose(rounded, array, rtol=4 * np.finfo(array.dtype).eps, atol=0):
            return f" It is right but for rounding to {digits} decimal place{'s'[: digits > 1]}; leave all digits."
    return ""


def _close(tolerance, expected, array, arguments):
    """Entry by entry; how closely, the least precise array says, among the inputs too.

    With an input in float32 an intermediate step may have rounded to it, even
    where NumPy has made the result float64. What is precise enough is not for
    the answer to say: in float16, zeros would pass for many a small number.
    """
    arrays = [expected, *(argument for argument in arguments if type(argument) is np.ndarray)]
    floats = [each.dtype for each in arrays if each.dtype.kind == "f"]
    floats += [array.dtype] if array.dtype.kind == "f" and array.dtype.itemsize >= 4 else []
    dtype = min(floats, key=lambda dtype: dtype.itemsize, default=np.dtype(np.float64))
    bound = tolerance.bound(expected, dtype)
    expected, array = expected.astype(np.float64), array.astype(np.float64)
    finite = np.isfinite(expected) & np.isfinite(array)
    with np.errstate(all="ignore"):
        near = finite & (np.abs(array - expected) <= bound)
    return near | (array == expected) | (np.isnan(array) & np.isnan(expected))


def _as_array(value):
    """Read a number, an array or nested lists as an array; None if it is something else."""
    if type(value) is np.ndarray:
        return value
    if not _numbers_alone(value):
        return None
    try:
        array = np.array(value)
    except (ValueError, OverflowError):
        return None
    return array if array.dtype.kind in "biuf" else None


def _numbers_alone(value):
    """Whether nothing but numbers and arrays is in it: NumPy gives each of many strings the room of the longest."""
    if type(value) in (list, tuple):
        return all(map(_numbers_alone, value))
    return type(value) in (bool, int, float, np.ndarray)


def as_arrays(value):
    """Read an answer of the right type as an array, or as a tuple of arrays, one a part."""
    return tuple(_as_array(part) for part in value) if type(value) in (tuple, list) else _as_array(value)


def _kind(value):
    """Name what came back, with its article or size."""
    if value is None:
        return "None (is the line with return missing?)"
    if type(value) is np.ndarray:
        return f"one array of shape {value.shape}"
    if type(value) in (tuple, list, dict):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{'an' if type(value) is int else 'a'} {type(value).__name__}"


def _wrong_type(part, value, expected):
    wanted = "a number" if expected.shape == () else f"an array of shape {expected.shape}"
    if type(value) in (list, tuple) and _ragged(value):
        return f"{part.name} is a {type(value).__name__} whose rows differ in length; {wanted} is expected."
    what = "a list that does not hold numbers alone" if type(value) is list else _kind(value)
    return f"{part.name} is {what}; {wanted} is expected."


def _ragged(value):
    rows = [row for row in value if type(row) in (np.ndarray, list, tuple)]
    return len({np.shape(row) if type(row) is np.ndarray else len(row) for row in rows}) > 1


def _holds_arrays(value, expected):
    """Whether a tuple is several results where one is expected, and not that one result in another form."""
    array = _as_array(value)
    return all(type(each) is np.ndarray for each in value) and (array is None or array.ndim > expected.ndim)


def _several(part, expected, value):
    shapes = " and ".join(str(each.shape) for each in value)
    wanted = f"{_letters(part)}{np.shape(expected)}"
    return Finding("shape", f"It returned {len(value)} arrays, of shapes {shapes}; one of shape {wanted} is expected.")


def _letters(part):
    """Name the axes of a part as a shape is written, as in "(T,) = "; nothing if they have no letters."""
    return f"({', '.join(part.axes)}{',' if len(part.axes) == 1 else ''}) = " if part.axes else ""


def _wrong_shape(part, expected, got, computed):
    text = f"{part.name} has shape {got}; {_letters(part)}{expected} is expected."
    remedy = _shape_remedy(part.axes, expected, got, computed)
    return f"{text} {remedy}" if remedy else text


def _shape_remedy(axes, expected, got, computed):
    """Say how such a shape comes about; numbers that were chosen by hand were not `computed` from anything."""
    if len(got) == len(expected) == 2 and got == expected[::-1]:
        return "It is the transpose of what is expected."
    if len(got) == len(expected) - 1:
        for axis, size in enumerate(expected):
            if expected[:axis] + expected[axis + 1 :] == got and (size == 1 or expected.count(size) == 1):
                what = f"the axis of the {AXES[axes[axis]]}s" if axes and axes[axis] in AXES else "an axis of one"
                remedy = "keepdims=True or reshape(-1, 1) keeps it" if axis else "a second pair of brackets adds it"
                remedy = remedy if computed or not axis else "a pair of brackets around each number adds it"
                return f"{what.capitalize()} is missing (axis {axis}){f'; {remedy}' if size == 1 else ''}."
    if computed and axes in ("H1", "HB") and got == (expected[0],) * 2:
        if expected[1] == 1:
            return "A column (H, 1) and a row (H,) broadcast to (H, H) without any error: which of them is here?"
        return "A product of matrices that adds up over the examples has this shape: is @ where * is meant?"
    if computed and len(got) == len(expected) and all(e in (1, g) for e, g in zip(expected, got, strict=True)):
        return "A sum over an axis is missing."
    if tuple(size for size in got if size != 1) == tuple(size for size in expected if size != 1):
        return "The numbers of entries agree; only axes of length 1 differ."
    return ""


def _non_finite(part, case, array, bad, public):
    place = _first(bad)
    text = f"{_entry(part, place)} is {array[place]}; a finite number is expected."
    source = case.call.arguments[0] if case.call.arguments else None
    if part.axes is None and type(source) is np.ndarray and source.shape == array.shape:
        amount = f" {_number(source[place])}" if public else ""
        return f"{text} It came from the input{amount} at {list(place)}."
    return text


def _first(mask):
    return tuple(int(i) for i in np.argwhere(mask)[0]) if mask.ndim else ()


def _entry(part, place):
    """Name an entry as Python writes it, and what its indexes count."""
    if not place:
        return part.name
    indexes = ", ".join(map(str, place))
    # An answer is compared with known mistakes too, which may have as many axes as they like.
    axes = part.axes if part.axes and len(part.axes) == len(place) else ""
    counted = [f"{AXES[letter]} {i}" for letter, i in zip(axes, place, strict=bool(axes)) if letter in AXES]
    if not part.name.isidentifier():
        return f"{part.name} at {', '.join(counted) or f'[{indexes}]'}"
    return f"{part.name}[{indexes}]" + (f" ({', '.join(counted)})" if counted else "")


def _number(value, digits=6):
    return f"{value + 0.0:.{digits}g}" if value.dtype.kind == "f" else str(value)  # -0.0 + 0.0 is 0.0
