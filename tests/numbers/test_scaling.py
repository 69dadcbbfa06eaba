"""What a GRU needs of memory as sequences grow."""

import tracemalloc

import numpy as np
import pytest

from gru_ref import GRU

BATCH, INPUTS, UNITS = 4, 8, 32


def peak(function):
    """Largest number of bytes that numpy held at once during a call, and what the call returned."""
    tracemalloc.start()
    try:
        result = function()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("reset", ["after", "before"])
def test_a_forward_run_needs_no_more_than_its_outputs_and_a_constant(reset):
    gru = GRU(INPUTS, UNITS, reset=reset, rng=0)
    beyond = {}
    for steps in (1000, 4000):
        x = np.zeros((BATCH, steps, INPUTS))
        used, (outputs, _) = peak(lambda x=x: gru(x))
        beyond[steps] = used - outputs.nbytes
    assert beyond[4000] < 1.05 * beyond[1000]


@pytest.mark.slow
@pytest.mark.parametrize("reset", ["after", "before"])
def test_a_trace_and_its_gradient_need_memory_in_proportion_to_the_outputs(reset):
    gru = GRU(INPUTS, UNITS, reset=reset, rng=0)
    used = {}
    for steps in (1000, 4000):
        x = np.zeros((BATCH, steps, INPUTS))

        def run(x=x):
            trace = gru.trace(x)
            return gru.backward(trace, trace.outputs)

        used[steps] = peak(run)[0]
    outputs = BATCH * 4000 * UNITS * 8
    assert used[4000] < 4.1 * used[1000]
    assert used[4000] < 10.5 * outputs
