"""Messages come back as they were sent, and nothing that is no message does anything but raise WireError."""

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gru_checks.values import identical
from gru_grader import wire
from gru_grader.notebook import MAX_SOURCE

DTYPES = st.sampled_from(["?", "i1", "u1", "i4", "i8", "u8", "f2", "f4", "f8"])
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
SCALARS = st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)


def parts(message):
    header, arrays = wire.sizes(message[: wire.PREFIX.size])
    start = wire.PREFIX.size
    assert len(message) == start + header + arrays
    return message[start : start + header], message[start + header :]


def decoded(tree, descriptions=(), content=b""):
    return wire.decode(json.dumps([tree, list(descriptions)]).encode(), content)


@given(VALUES)
@settings(deadline=None)
def test_a_value_comes_back_identical(value):
    assert identical(wire.decode(*parts(wire.encode(value))), value)


@given(st.binary(min_size=wire.PREFIX.size, max_size=wire.PREFIX.size), st.binary(max_size=300), st.binary(max_size=64))
@settings(deadline=None, max_examples=300)
def test_any_bytes_give_a_value_or_a_wire_error(prefix, header, content):
    for read in (lambda: wire.sizes(prefix), lambda: wire.decode(header, content)):
        try:
            read()
        except wire.WireError:
            pass


JSON = st.recursive(
    SCALARS | st.sampled_from(["<f8", "|b1", "|O", "<U4", "t", "d", "a"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["t", "d", "a", "x"]), inner, max_size=2)
    ),
    max_leaves=12,
)


@given(JSON, JSON, st.binary(max_size=64))
@settings(deadline=None, max_examples=500)
def test_any_json_gives_a_value_or_a_wire_error(tree, descriptions, content):
    try:
        wire.decode(json.dumps([tree, descriptions]).encode(), content)
    except wire.WireError:
        pass


@given(VALUES, st.data())
@settings(deadline=None)
def test_a_damaged_message_gives_a_value_or_a_wire_error(value, data):
    header, content = parts(wire.encode(value))
    damaged = bytearray(header)
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] = data.draw(st.integers(0, 255))
    try:
        wire.decode(bytes(damaged), content)
    except wire.WireError:
        pass


@pytest.mark.parametrize(
    ("tree", "descriptions", "content"),
    [
        ({"a": 0}, [["<f8", [2]]], bytes(8)),
        ({"a": 0}, [["<f8", [1]]], bytes(16)),
        ({"a": 0}, [["<f8", [2**62]]], b""),
        ({"a": 0}, [["<f8", [0, 2**62]]], b""),
        ({"a": 0}, [["<f8", [0] + [2**39] * 31]], b""),
        ({"a": 0}, [["|O", [1]]], bytes(8)),
        ({"a": 0}, [["<U4", [1]]], bytes(16)),
        ({"a": 0}, [["<f8", [True]]], bytes(8)),
        ({"a": 0}, [["<f8", [-1]]], b""),
        ({"a": 1}, [["<f8", [1]]], bytes(8)),
        ({"a": True}, [["<f8", [1]], ["<f8", [1]]], bytes(16)),
        ({"a": 0, "t": []}, [["<f8", [1]]], bytes(8)),
        ({"d": []}, [], b""),
        ({}, [], b""),
    ],
)
def test_what_encode_never_writes_is_refused(tree, descriptions, content):
    with pytest.raises(wire.WireError):
        decoded(tree, descriptions, content)


def test_depth_and_count_are_bounded():
    deep = []
    for _ in range(50):
        deep = [deep]
    with pytest.raises(wire.WireError):
        decoded(deep)
    with pytest.raises(wire.WireError):
        decoded([0] * 300_000)
    with pytest.raises(wire.WireError):
        wire.decode(b"[" * 100_000, b"")


def test_size_is_known_before_anything_is_read():
    prefix = wire.PREFIX.pack(wire.SIGNATURE, wire.MAX_HEADER + 1, 0)
    with pytest.raises(wire.WireError, match="too large"):
        wire.sizes(prefix)
    with pytest.raises(wire.WireError, match="too large"):
        wire.sizes(wire.PREFIX.pack(wire.SIGNATURE, 0, wire.MAX_ARRAYS + 1))
    with pytest.raises(wire.WireError, match="too large"):
        wire.encode(np.zeros(wire.MAX_ARRAYS // 8 + 1))


def test_values_are_counted_by_who_sends_and_by_who_receives():
    most = [[0.5] * (wire.MAX_VALUES // 2 - 1)] * 2
    assert wire.decode(*parts(wire.encode(most[0]))) == most[0]
    with pytest.raises(wire.WireError, match="too many values"):
        wire.encode(most)
    with pytest.raises(wire.WireError, match="too many values"):
        decoded(most)


def test_parts_of_an_answer_are_counted_before_they_are_made():
    header = json.dumps([[{}] * 1000, []]).encode()
    tracemalloc.start()
    with pytest.raises(wire.WireError, match="too many values"):
        wire.decode(header, b"", 1000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2 * len(header) + 2000
    with pytest.raises(wire.WireError, match="another form"):
        wire.decode(header, b"", 1003)


def test_the_longest_notebook_can_be_sent_whatever_its_characters():
    for character in ("\U0001f600", "\ud800", "\x01", '"'):
        cells = [character * MAX_SOURCE]
        assert wire.decode(*parts(wire.encode(cells))) == cells


def test_booleans_are_zero_and_one():
    array = decoded({"a": 0}, [["|b1", [3]]], bytes([0, 1, 77]))
    assert array.view(np.uint8).tolist() == [0, 1, 1]


def test_a_decoded_array_is_one_s_own():
    content = bytearray(np.ones(2).tobytes())
    array = decoded({"a": 0}, [["<f8", [2]]], bytes(content))
    array += 1
    assert array.tolist() == [2, 2]


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j, np.array([1j]), np.array(["text"]), b"bytes"])
def test_only_plain_values_are_sent(value):
    with pytest.raises(wire.WireError):
        wire.encode(value)
