"""Messages between the trusted process and a submission's: plain values, as a JSON header and raw array bytes.

A message is 4 bytes of signature, the lengths of its two parts, the header and
the arrays' bytes. Nothing is ever unpickled; sizes are known and bounded before
anything is read; whatever is not exactly such a message raises WireError.

In the header, None, booleans, numbers, strings and lists stand for themselves;
``{"t": [...]}`` is a tuple, ``{"d": {...}}`` a dict, ``{"a": 3}`` array 3.
"""

import json
import math
import struct

import numpy as np

from gru_checks.values import MAX_DEPTH

SIGNATURE = b"GRU1"
PREFIX = struct.Struct("<4sIQ")
"""Signature, length of the header, length of the arrays' bytes."""
MAX_HEADER = 4 * 2**20
"""Bytes; a request to run the longest notebook fits, whatever its characters are."""
MAX_ARRAYS = 4 * 2**20
"""Bytes, a hundred times those of any answer: a submission's answers wait together in the trusted process."""
MAX_VALUES = 10_000
"""Values in a message, each array counted as one; what a comparison costs the trusted process grows with them."""
DTYPES = {np.dtype(code).str for code in "?bBhHiIlLqQefd"}
"""Booleans, integers and floating-point numbers of this machine's byte order."""

_DEPTH = MAX_DEPTH + 8
"""A value inside a message may be nested as deeply as a value may be, and the message around it a little."""
_LONGEST_AXIS = 2**40


class WireError(ValueError):
    """The bytes are no message, or the message is larger than one may be."""


def encode(message):
    """Write a message.

    Parameters
    ----------
    message : plain value

    Returns
    -------
    bytes

    Raises
    ------
    WireError
        If it is too large, or no plain value.
    """
    packing = _Packing()
    try:
        tree, arrays = packing.tree(message), packing.arrays
        header = json.dumps([tree, [[array.dtype.str, list(array.shape)] for array in arrays]], ensure_ascii=False)
        # Notebooks may hold halves of surrogate pairs.
        header = header.encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError(f"not a plain value: {error}") from None
    size = sum(array.nbytes for array in arrays)
    if len(header) > MAX_HEADER or size > MAX_ARRAYS:
        raise WireError("the message is too large")
    return b"".join([PREFIX.pack(SIGNATURE, len(header), size), header, *[array.tobytes() for array in arrays]])


class _Packing:
    """One call of `encode`: the arrays, and the count of values met so far."""

    def __init__(self):
        self.arrays = []
        self.count = 0

    def tree(self, value):
        self.count += 1
        if self.count > MAX_VALUES:
            raise WireError("too many values")
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        if kind is list:
            return [self.tree(entry) for entry in value]
        if kind is tuple:
            return {"t": [self.tree(entry) for entry in value]}
        if kind is dict:
            return {"d": {str(key): self.tree(entry) for key, entry in value.items()}}
        if kind is np.ndarray and value.dtype.str in DTYPES:
            self.arrays.append(value)
            return {"a": len(self.arrays) - 1}
        raise TypeError(f"a {kind.__name__}")


def sizes(prefix):
    """Read how long the two parts of a message are.

    Parameters
    ----------
    prefix : bytes
        The first PREFIX.size bytes.

    Returns
    -------
    header, arrays : int

    Raises
    ------
    WireError
        If no message starts so, or it would be too large.
    """
    signature, header, arrays = PREFIX.unpack(prefix)
    if signature != SIGNATURE:
        raise WireError("no message starts like this")
    if header > MAX_HEADER or arrays > MAX_ARRAYS:
        raise WireError("the message is too large")
    return header, arrays


def decode(header, content, most=None):
    """Read a message from its two parts.

    Parameters
    ----------
    header, content : bytes
    most : int, optional
        How many brackets and braces the header may have, counted before it is read; by default any number.

    Returns
    -------
    plain value
        Its arrays share no memory with `content`.

    Raises
    ------
    WireError
        If the two are anything but a message that `encode` could have written.
    """
    header = bytes(header)
    if most is not None and header.count(b"[") + header.count(b"{") > most:
        raise WireError("too many values")
    try:
        whole = json.loads(header.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"the header is not JSON: {type(error).__name__}") from None
    if type(whole) is not list or len(whole) != 2 or type(whole[1]) is not list:
        raise WireError("the header has another form")
    tree, descriptions = whole
    return _Unpacking(_arrays(descriptions, content)).value(tree, 0)


def _arrays(descriptions, content):
    if len(descriptions) > MAX_VALUES:
        raise WireError("too many arrays")
    arrays, start = [], 0
    for description in descriptions:
        dtype, shape = _description(description)
        end = start + dtype.itemsize * math.prod(shape)
        if end > len(content):
            raise WireError("an array is longer than the message")
        array = np.frombuffer(content, dtype, math.prod(shape), start).reshape(shape)
        # Booleans of other bytes than 0 and 1 are unequal to both.
        arrays.append(np.asarray(array.view(np.uint8) != 0) if dtype.kind == "b" else array.copy())
        start = end
    if start != len(content):
        raise WireError("bytes that belong to no array")
    return arrays


def _description(description):
    if type(description) is not list or len(description) != 2:
        raise WireError("an array's description has another form")
    code, shape = description
    if type(code) is not str or code not in DTYPES:
        raise WireError("an array of a dtype that is not sent")
    if type(shape) is not list or len(shape) > 32:
        raise WireError("an array's shape has another form")
    if not all(type(length) is int and 0 <= length < _LONGEST_AXIS for length in shape):
        raise WireError("an array's shape has another form")
    if math.prod(length or 1 for length in shape) >= _LONGEST_AXIS:
        raise WireError("an array's shape is too large")
    return np.dtype(code), tuple(shape)


class _Unpacking:
    """One call of `decode`: the arrays, and the count of values met so far."""

    def __init__(self, arrays):
        self.arrays = arrays
        self.count = 0

    def value(self, tree, depth):
        self.count += 1
        if self.count > MAX_VALUES or depth > _DEPTH:
            raise WireError("too many values, or too deeply nested")
        if tree is None or type(tree) in (bool, int, float, str):
            return tree
        if type(tree) is list:
            return [self.value(entry, depth + 1) for entry in tree]
        if len(tree) != 1:
            raise WireError("a value of another form")
        ((tag, content),) = tree.items()
        if tag == "t" and type(content) is list:
            return tuple(self.value(entry, depth + 1) for entry in content)
        if tag == "d" and type(content) is dict:
            return {key: self.value(entry, depth + 1) for key, entry in content.items()}
        if tag == "a" and type(content) is int and 0 <= content < len(self.arrays):
            return self.arrays[content]
        raise WireError("a value of another form")
