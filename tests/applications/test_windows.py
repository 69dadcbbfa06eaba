"""Windows and fills: laws that keep the future out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_data.windows import forward_fill, issue_times, windows

values_with_gaps = st.lists(st.just(float("nan")) | st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(values_with_gaps, st.data())
def test_a_fill_knows_nothing_of_later_values(values, data):
    n = data.draw(st.integers(1, len(values)))
    np.testing.assert_array_equal(forward_fill(values)[:n], forward_fill(values[:n]))


@given(values_with_gaps)
def test_a_fill_changes_no_measured_value_and_leaves_gaps_at_the_start_alone(values):
    values, filled = np.array(values), forward_fill(values)
    measured = ~np.isnan(values)
    np.testing.assert_array_equal(filled[measured], values[measured])
    assert np.isnan(filled).sum() == (np.argmax(measured) if measured.any() else len(values))


def test_a_fill_takes_the_last_value_not_the_nearest():
    assert forward_fill([1.0, np.nan, np.nan, 9.0])[2] == 1.0


@given(st.integers(0, 40), st.integers(0, 80), st.integers(1, 30), st.integers(1, 30))
def test_window_and_target_lie_inside_the_part_and_none_is_left_out(start, length, steps, horizon):
    stop = start + length
    found = issue_times(start, stop, steps, horizon).tolist()
    fits = [t for t in range(stop + 50) if t - steps + 1 >= start and t + horizon <= stop - 1]
    assert found == fits


@given(st.integers(1, 30), st.integers(1, 30), st.integers(20, 80))
def test_two_parts_share_neither_window_nor_target(steps, horizon, border):
    before, after = issue_times(0, border, steps, horizon), issue_times(border, 160, steps, horizon)
    if before.size and after.size:
        assert before.max() + horizon < after.min() - steps + 1


@given(st.integers(1, 12), st.integers(12, 40), st.data())
def test_a_window_is_its_rows_in_order(steps, n, data):
    features = np.arange(n * 3).reshape(n, 3)
    times = data.draw(st.lists(st.integers(steps - 1, n - 1), max_size=5))
    cut = windows(features, times, steps)
    assert cut.shape == (len(times), steps, 3)
    for window, t in zip(cut, times, strict=True):
        np.testing.assert_array_equal(window, features[t - steps + 1 : t + 1])


@given(st.integers(1, 12), st.integers(13, 40), st.data())
def test_a_window_does_not_change_with_its_future(steps, n, data):
    features = np.random.default_rng(n).normal(size=(n, 2))
    t = data.draw(st.integers(steps - 1, n - 2))
    changed = features.copy()
    changed[t + 1 :] = -1e9
    np.testing.assert_array_equal(windows(features, [t], steps), windows(changed, [t], steps))


def test_a_window_is_a_copy():
    features = np.zeros((5, 1))
    windows(features, [3], 2)[:] = 1.0
    assert not features.any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: forward_fill(np.zeros((2, 2))), r"values must have shape \(N,\); got \(2, 2\)"),
        (lambda: issue_times(0, 10, 0, 1), "steps must be at least 1; got 0"),
        (lambda: issue_times(0, 10, 1, 0), "horizon must be at least 1; got 0"),
        (lambda: issue_times(-1, 10, 1, 1), "start must be at least 0; got -1"),
        (lambda: windows(np.zeros(5), [3], 2), r"features must have shape \(N, F\); got \(5,\)"),
        (lambda: windows(np.zeros((5, 1)), [0], 2), "must lie from 1 .* to 4 .*; got 0 to 0"),
        (lambda: windows(np.zeros((5, 1)), [2, 5], 2), "must lie from 1 .* to 4 .*; got 2 to 5"),
    ],
)
def test_what_does_not_fit_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
