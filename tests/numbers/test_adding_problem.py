"""A GRU in NumPy alone learns the adding problem: layer, gradients, clipping and Adam together."""

import time

import numpy as np
import pytest

from gru_ref import GRU, Adam, clip_by_norm
from gru_ref.tasks import adding_problem

STEPS, UNITS, BATCH = 100, 64, 50
TRIVIAL_ERROR = 1 / 6  # of always answering 1


def test_two_steps_are_marked_one_in_each_half_and_their_numbers_add_up():
    x, y = adding_problem(200, 11, np.random.default_rng(0))
    assert (x[:, :5, 1].sum(axis=1) == 1).all() and (x[:, 5:, 1].sum(axis=1) == 1).all()
    assert set(np.unique(x[:, :, 1])) == {0.0, 1.0}
    assert np.allclose([sum(row[row[:, 1] == 1, 0]) for row in x], y)
    assert abs(((y - 1) ** 2).mean() - TRIVIAL_ERROR) < 0.03


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((3, 1, 0), "steps must be at least 2, one for each marked number; got 1"),
        ((3.0, 10, 0), "batch must be a positive integer, got 3.0"),
        ((3, "10", 0), "steps must be a positive integer, got '10'"),
        ((3, 10, "seed"), "rng must be a numpy.random.Generator, a seed or None, got 'seed'"),
        ((3, 10, 0, int), "dtype must be float32 or float64, got int64"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, told):
    with pytest.raises(ValueError, match=told):
        adding_problem(*arguments)


@pytest.mark.slow
def test_a_gru_in_numpy_solves_the_adding_problem_within_a_minute_of_cpu(record_property):
    rng = np.random.default_rng(0)
    gru = GRU(2, UNITS, rng=rng, dtype=np.float32)
    readout = rng.uniform(-1, 1, UNITS).astype(np.float32) / np.sqrt(UNITS).astype(np.float32)
    bias = np.zeros(1, np.float32)
    adam = Adam([*gru.arrays(), readout, bias], learning_rate=2e-3)
    x_test, y_test = adding_problem(1000, STEPS, np.random.default_rng(1), np.float32)
    start = time.process_time()
    for step in range(1, 3001):
        x, y = adding_problem(BATCH, STEPS, rng, np.float32)
        trace = gru.trace(x)
        h = trace.final[0]
        d_answer = 2 / BATCH * (h @ readout + bias - y)
        gradients = gru.backward(trace, np.zeros_like(trace.outputs), d_answer[None, :, None] * readout)
        clipped, _ = clip_by_norm([*gradients.arrays(), h.T @ d_answer, d_answer.sum(keepdims=True)], 1.0)
        adam.step(clipped)
        if step % 50 == 0:
            error = float(((gru(x_test)[1][0] @ readout + bias - y_test) ** 2).mean())
            if error < 0.01:
                break
    seconds = time.process_time() - start
    record_property("report", f"adding problem: test error {error:.4f} after {step} steps, {seconds:.1f} CPU-seconds")
    assert error < 0.01
    assert seconds < 60
