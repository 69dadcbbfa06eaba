"""Networks, inputs and losses on which a GRU of another framework has to equal the NumPy GRU."""

import itertools
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from gru_ref import GRU

CONVENTIONS = list(itertools.product(("keep", "update"), ("after", "before")))
STRUCTURES = {
    "plain": {},
    "reverse": {"reverse": True},
    "stacked": {"num_layers": 3},
    "bidirectional": {"bidirectional": True},
    "stacked, bidirectional, reverse": {"num_layers": 2, "bidirectional": True, "reverse": True},
}
MASKS = {
    "every step": (None, "carry"),
    "gaps, carry": ("gaps", "carry"),
    "gaps, zero": ("gaps", "zero"),
    "lengths, carry": ("lengths", "carry"),
    "lengths, zero": ("lengths", "zero"),
}


def draw_case(seed, polarity, reset, structure, masks, dtype=np.float64):
    """Draw a network with dense weights of size about 1, an input to it, and a loss; and say what gru_ref gives.

    The loss is the sum of outputs and final states, each times a random number, so that
    no gradient is zero by symmetry.
    """
    rng = np.random.default_rng(seed)
    kind, masked_output = MASKS[masks]
    B, T, I, H = rng.integers(3, 6), rng.integers(2, 13), rng.integers(1, 6), rng.integers(2, 10)
    options = {"polarity": polarity, "reset": reset, "masked_output": masked_output, "dtype": dtype}
    gru = GRU(I, H, **options, **STRUCTURES[structure])
    for array in gru.arrays():
        array[:] = rng.standard_normal(array.shape)
    case = SimpleNamespace(gru=gru, mask_arguments={})
    case.x = rng.standard_normal((B, T, I)).astype(dtype)
    case.h0 = rng.uniform(-1, 1, (gru.num_layers * gru.directions, B, H)).astype(dtype)
    if kind == "gaps":
        mask = rng.random((B, T)) < 0.6
        mask[0], mask[1, 0], mask[1, -1] = False, False, True  # a row without any step, one with front padding
        case.mask_arguments = {"mask": mask}
    elif kind == "lengths":
        case.mask_arguments = {"lengths": np.concatenate([[0, T], rng.integers(0, T + 1, B - 2)])}
    trace = gru.trace(case.x, case.h0, **case.mask_arguments)
    case.outputs, case.final = trace.outputs, trace.final
    case.d_outputs = rng.standard_normal(case.outputs.shape).astype(dtype)
    case.d_final = rng.standard_normal(case.final.shape).astype(dtype)
    case.gradients = gru.backward(trace, case.d_outputs, case.d_final)
    return case


def assert_equal_to_rounding(ours, theirs, tolerance, what):
    """Assert agreement relative to the largest entry, and of shape and dtype."""
    ours = np.asarray(ours)
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype, what
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * max(1e-300, np.abs(theirs).max()), err_msg=what)


def assert_case(case, outputs, final, d_x, d_h0, d_parameters, tolerance):
    """Assert that everything a framework computed is what gru_ref gives for the case."""
    assert_equal_to_rounding(outputs, case.outputs, tolerance, "outputs")
    assert_equal_to_rounding(final, case.final, tolerance, "final")
    assert_equal_to_rounding(d_x, case.gradients.x, tolerance, "d_x")
    assert_equal_to_rounding(d_h0, case.gradients.h0, tolerance, "d_h0")
    expected = case.gradients.arrays()
    for row, (ours, theirs) in enumerate(zip(d_parameters, expected, strict=True)):
        assert_equal_to_rounding(ours, theirs, tolerance, f"gradient of array {row} of {len(expected)}")


def crossed(*factors):
    """Every combination of the factors' values, as cases of a test.

    So many of them run always that each value of a factor meets each value of each other; the others are slow.
    """
    cases = list(itertools.product(*factors))
    numbered = list(itertools.product(*(range(len(factor)) for factor in factors)))
    unmet = set().union(*(_meetings(numbers) for numbers in numbered))
    always = set()
    while unmet:
        best = max(numbered, key=lambda numbers: len(_meetings(numbers) & unmet))
        always.add(best)
        unmet -= _meetings(best)
    return [
        pytest.param(*case, marks=[] if numbers in always else pytest.mark.slow)
        for case, numbers in zip(cases, numbered, strict=True)
    ]


def _meetings(numbers):
    """The pairs of two factors' values in a combination."""
    return set(itertools.combinations(enumerate(numbers), 2))


def run_python(source):
    """Run a program in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120)
