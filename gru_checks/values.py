"""Plain values: what may come back from a learner's function and be judged.

A plain value is None, a bool, an int, a float, a str, a NumPy array of
booleans, integers or floating-point numbers, or a list, a tuple or a dict with
str keys of these, within bounds. Everything else that stands for such a value
(a NumPy scalar, a subclass, a tensor of PyTorch or TensorFlow) is rebuilt as
one, from its bytes, so that no method of the original takes part in judging it.
"""

import sys

import numpy as np

MAX_DEPTH = 8
"""How deeply lists, tuples and dicts may be nested."""
MAX_ITEMS = 100_000
"""How many values they may hold in all."""
MAX_BYTES = 64 * 2**20
"""How many bytes the arrays and strings may have in all."""
MAX_INTEGER_BITS = 1024
"""Larger integers would not fit into a float."""


class NotPlain(ValueError):  # noqa: N818 - it says what the value is
    """The value is not plain; the message says what it is, to follow "it returned"."""


def plain(value):
    """Rebuild a value as a plain one that shares no memory with it.

    Parameters
    ----------
    value : object

    Returns
    -------
    None, bool, int, float, str, numpy.ndarray, list, tuple or dict
        Exactly one of these types, at every level. Arrays are in C order and
        native byte order; a NumPy scalar becomes an array of shape (). More
        precise floats than float64 are rounded to it.

    Raises
    ------
    NotPlain
        If it stands for no plain value or is too large.

    Examples
    --------
    >>> plain({"z": np.float32(0.5)})
    {'z': array(0.5, dtype=float32)}
    >>> plain([1, 2j])
    Traceback (most recent call last):
        ...
    gru_checks.values.NotPlain: a complex number (inside a list)
    """
    return _Rebuilding().rebuild(value, 0)


def identical(a, b):
    """Whether two plain values are the same to the last bit, types and shapes included.

    Parameters
    ----------
    a, b : plain values

    Returns
    -------
    bool
        NaN is identical to NaN.
    """
    if type(a) is not type(b):
        return False
    if type(a) is np.ndarray:
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(identical(x, y) for x, y in zip(a, b, strict=True))
    if type(a) is dict:
        return list(a) == list(b) and all(identical(a[key], b[key]) for key in a)
    return a == b or (a != a and b != b)


class _Rebuilding:
    """One call of `plain`: the count of what was met so far."""

    def __init__(self):
        self.items = 0
        self.bytes = 0

    def rebuild(self, value, depth):
        self.items += 1
        if self.items > MAX_ITEMS:
            raise NotPlain(f"more than {MAX_ITEMS:,} values, too many to judge")
        # type(value) and not isinstance: an object may lie about its __class__.
        kind = type(value)
        if value is None or kind is bool:
            return value
        if issubclass(kind, np.ndarray):
            return self._array(value)
        if issubclass(kind, np.generic):
            return self._scalar(value, kind)
        if issubclass(kind, int):
            value = int.__int__(value)
            if value.bit_length() > MAX_INTEGER_BITS:
                raise NotPlain("an integer that is too large to judge")
            return value
        if issubclass(kind, float):
            return float.__float__(value)
        if issubclass(kind, str):
            return self._string(str.__str__(value))
        if issubclass(kind, (list, tuple, dict)):
            return self._container(value, kind, depth)
        return self._foreign(value, kind)

    def _count_bytes(self, count):
        self.bytes += count
        if self.bytes > MAX_BYTES:
            raise NotPlain(f"more than {MAX_BYTES // 2**20} MiB, too much to judge")

    def _array(self, value):
        # The base class's own method: a subclass may have overridden everything else.
        base = np.ndarray.view(value, np.ndarray)
        _require_real(base.dtype, "an array")
        self._count_bytes(base.nbytes)
        with np.errstate(over="ignore"):
            return np.array(base, dtype=_kept(base.dtype), order="C", copy=True)

    def _scalar(self, value, kind):
        dtype = np.dtype(next(base for base in kind.__mro__ if base.__module__ == "numpy"))
        _require_real(dtype, "a value")
        return self._array(np.frombuffer(value, dtype=dtype).reshape(()))

    def _string(self, value):
        self._count_bytes(len(value))
        return value

    def _container(self, value, kind, depth):
        base = next(base for base in (list, tuple, dict) if issubclass(kind, base))
        if depth >= MAX_DEPTH:
            raise NotPlain(f"a {base.__name__} nested more than {MAX_DEPTH} deep")
        if base.__len__(value) > MAX_ITEMS:
            raise NotPlain(f"a {base.__name__} of more than {MAX_ITEMS:,} values, too many to judge")
        try:
            if base is dict:
                entries = list(dict.items(value))
                if any(type(key) is not str for key, _ in entries):
                    raise NotPlain("a dict with a key that is not a str")
                return {key: self.rebuild(entry, depth + 1) for key, entry in entries}
            return base(self.rebuild(entry, depth + 1) for entry in list(base.__iter__(value)))
        except NotPlain as error:
            if depth > 0 or " (inside " in str(error):
                raise
            raise NotPlain(f"{error} (inside a {base.__name__})") from None

    def _foreign(self, value, kind):
        """Read a tensor or another array type; refuse anything else."""
        torch = sys.modules.get("torch")
        try:
            if torch is not None and issubclass(kind, torch.Tensor):
                value = value.detach().cpu().numpy()
            elif hasattr(kind, "__array__"):
                value = np.asarray(value)
        except Exception as error:
            raise NotPlain(f"{_with_article(kind.__name__)} that cannot be read as numbers") from error
        if not issubclass(type(value), np.ndarray):
            raise NotPlain(_described(value, kind))
        return self._array(value)


def _kept(dtype):
    """Give the dtype in which numbers of another are kept: its own in native byte order, float64 for longer floats."""
    return np.dtype(np.float64) if dtype.kind == "f" and dtype.itemsize > 8 else dtype.newbyteorder("=")


def _require_real(dtype, what):
    if dtype.kind not in "biuf":
        name = {"O": "object", "U": "str", "S": "bytes", "c": "complex"}.get(dtype.kind, str(dtype))
        raise NotPlain(f"{what} of dtype {name}")


def _described(value, kind):
    if kind is complex:
        return "a complex number"
    if kind.__name__ in ("generator", "map", "filter", "zip"):
        return f"a {kind.__name__}; list(...) around it gives the values"
    if callable(value):
        return "a function or a class itself; parentheses after its name would call it"
    return _with_article(kind.__name__)


def _with_article(name):
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"
