"""Plain values: what is rebuilt, exactly, and what is refused, with a sentence."""

import collections
import sys
import types

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gru_checks import values
from gru_checks.values import NotPlain, identical, plain

DTYPES = st.one_of(hnp.boolean_dtypes(), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(), hnp.floating_dtypes())
ARRAYS = hnp.arrays(DTYPES.filter(lambda dtype: dtype.itemsize <= 8), hnp.array_shapes(min_dims=0, min_side=0))
LEAVES = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats() | st.text(max_size=20) | ARRAYS
NESTED = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


def native(value):
    """The same value with arrays in native byte order, the one thing that rebuilding changes."""
    if type(value) is np.ndarray:
        return value.astype(value.dtype.newbyteorder("="))
    if type(value) in (list, tuple):
        return type(value)(map(native, value))
    return {key: native(part) for key, part in value.items()} if type(value) is dict else value


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NESTED)
def test_plain_values_are_rebuilt_exactly(value):
    assert identical(plain(value), native(value))


@settings(deadline=None)
@given(ARRAYS)
def test_the_copy_shares_no_memory(array):
    assert not np.shares_memory(plain(array), array)


class Liar(np.ndarray):
    """Says that it equals everything and has another shape, dtype and contents."""

    def __array_function__(self, function, types, arguments, keywords):
        return True

    def __array_ufunc__(self, *arguments, **keywords):
        return True

    def __eq__(self, other):
        return True

    shape = property(lambda self: (99,))
    dtype = property(lambda self: np.dtype("O"))

    def tobytes(self):
        return b""

    def view(self, *arguments):
        return self


def test_a_lying_subclass_becomes_the_array_that_it_is():
    rebuilt = plain(np.arange(6.0).reshape(2, 3).view(Liar))
    assert type(rebuilt) is np.ndarray
    assert identical(rebuilt, np.arange(6.0).reshape(2, 3))


def test_numpy_scalars_become_arrays_of_no_axis():
    for scalar in (np.float64(0.5), np.float32(0.5), np.int16(3), np.bool_(True)):
        rebuilt = plain(scalar)
        assert identical(rebuilt, np.array(scalar))
        assert rebuilt.shape == () and rebuilt.dtype == scalar.dtype


def test_subclasses_of_builtins_become_their_base():
    Point = collections.namedtuple("Point", "x y")
    rebuilt = plain([Point(1, 2), collections.OrderedDict(a=1), type("Text", (str,), {})("t")])
    assert [type(part) for part in rebuilt] == [tuple, dict, str]
    assert rebuilt == [(1, 2), {"a": 1}, "t"]


def test_who_lies_about_its_class_is_not_believed():
    class Claims:
        __class__ = float

    with pytest.raises(NotPlain, match="a Claims"):
        plain(Claims())


def test_fortran_order_broadcast_and_byte_order_do_not_matter():
    array = np.arange(6.0).reshape(2, 3)
    for other in (np.asfortranarray(array), array.astype(">f8"), array[::-1][::-1], np.ma.array(array)):
        assert identical(plain(other), array)
    assert plain(np.broadcast_to(1.0, (2, 2))).flags.writeable


@pytest.mark.needs("torch")
def test_torch_tensors_become_arrays():
    import torch

    tensor = torch.tensor([[1.0, 2.0]], requires_grad=True)
    assert identical(plain({"z": tensor}), {"z": np.array([[1, 2]], dtype=np.float32)})
    with pytest.raises(NotPlain, match="a Tensor that cannot be read as numbers"):
        plain(torch.eye(2).to_sparse())


@pytest.mark.needs("tensorflow")
@pytest.mark.slow
def test_tensorflow_tensors_become_arrays():
    import tensorflow as tf

    for tensor in (tf.constant([1.0, 2.0]), tf.Variable([1.0, 2.0])):
        assert identical(plain(tensor), np.array([1, 2], dtype=np.float32))


def test_no_framework_is_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    plain(np.ones(2))
    with pytest.raises(NotPlain):
        plain(object())
    assert not {"torch", "tensorflow"} & set(sys.modules)


def test_a_forged_torch_does_no_harm(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(Tensor="no class"))
    with pytest.raises(NotPlain, match="an object that cannot be read"):
        plain(object())


class Grumpy:
    def __array__(self, *arguments, **keywords):
        raise RuntimeError("no")


def cyclic():
    value = []
    value.append(value)
    return value


def nested(depth):
    value = 0
    for _ in range(depth):
        value = [value]
    return value


REFUSED = [
    (np.array([1, None]), "an array of dtype object"),
    (np.array(["a"]), "an array of dtype str"),
    (np.array([1j]), "an array of dtype complex"),
    (np.array(["2020-01-01"], dtype="M8[D]"), "datetime64"),
    (np.complex64(1), "a value of dtype complex"),
    (1j, "a complex number"),
    ({1, 2}, "a set"),
    ({1: 2}, "a key that is not a str"),
    (b"ab", "a bytes"),
    (len, "parentheses after its name"),
    (dict, "parentheses after its name"),
    ((x for x in "ab"), "a generator; list"),
    (map(abs, [1, 2]), "a map; list"),
    (Grumpy(), "a Grumpy that cannot be read"),
    (2**1025, "an integer that is too large"),
    (nested(9), "nested more than 8 deep"),
    (cyclic(), "nested more than 8 deep"),
    ([0] * (values.MAX_ITEMS + 1), "more than 100,000 values"),
    ([[0] * 60_000] * 2, "more than 100,000 values"),
    (np.broadcast_to(0.0, (10**6, 10**6)), "more than 64 MiB"),
    ([np.zeros(5 * 2**20)] * 2, "more than 64 MiB"),
    ("x" * (64 * 2**20 + 1), "more than 64 MiB"),
]


@pytest.mark.parametrize(
    ("value", "sentence"), REFUSED, ids=lambda part: part if type(part) is str and len(part) < 80 else ""
)
def test_what_is_not_plain_is_refused_with_what_it_is(value, sentence):
    with pytest.raises(NotPlain, match=sentence):
        plain(value)


def test_a_refused_part_says_what_it_was_inside_of():
    with pytest.raises(NotPlain, match=r"^a complex number \(inside a tuple\)$"):
        plain((1, [2, 3j]))


def test_the_bounds_themselves_are_allowed():
    assert len(plain([0] * (values.MAX_ITEMS - 1))) == values.MAX_ITEMS - 1
    assert plain(nested(8)) == nested(8)
    assert plain(np.zeros(8 * 2**20)).nbytes == values.MAX_BYTES


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        (True, 1),
        (np.zeros(2), np.zeros(2, dtype=np.float32)),
        (np.zeros((1, 2)), np.zeros((2, 1))),
        (np.array([0.0]), np.array([-0.0])),
        ([1], (1,)),
        ({"a": 1}, {"b": 1}),
        ([1, 2], [1]),
    ],
    ids=str,
)
def test_different_values_are_not_identical(a, b):
    assert not identical(a, b)


def test_nan_is_identical_to_nan():
    assert identical([float("nan"), np.array([np.nan])], [float("nan"), np.array([np.nan])])


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="a long double is a float64 here")
def test_longer_floats_are_rounded():
    third, huge = np.longdouble(1) / 3, np.longdouble(10) ** 400
    assert plain(huge) == np.inf
    for value in (third, np.full((2, 3), third)):
        rebuilt = plain(value)
        assert rebuilt.dtype == np.float64 and rebuilt.shape == np.shape(value)
        np.testing.assert_array_equal(rebuilt, np.float64(third))
