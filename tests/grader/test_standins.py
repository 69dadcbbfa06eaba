"""What stands in for plotting can be taken apart in all the ways that notebooks do."""

import numpy as np
import pytest

from gru_grader.standins import ANYTHING, _Showing

plt = _Showing("matplotlib.pyplot")


@pytest.mark.parametrize(
    ("arguments", "named", "shape"),
    [
        ((2,), {}, (2,)),
        ((1, 2), {}, (2,)),
        ((2, 1), {}, (2,)),
        ((2, 2), {}, (2, 2)),
        ((2, 2, True), {"figsize": (8, 4)}, (2, 2)),
        ((), {"nrows": 2, "ncols": 3}, (2, 3)),
        ((), {"squeeze": False}, (1, 1)),
        ((1, 2), {"squeeze": False}, (1, 2)),
    ],
)
def test_subplots_give_an_array_of_axes(arguments, named, shape):
    figure, axes = plt.subplots(*arguments, **named)
    for grid in (axes, figure.subplots(*arguments, **named)):
        assert isinstance(grid, np.ndarray) and grid.shape == shape
        assert all(axis is ANYTHING for axis in grid.flat) and all(axis is ANYTHING for axis in grid.ravel())


def test_subplots_can_be_unpacked():
    figure, axis = plt.subplots()
    assert axis is ANYTHING
    _, (left, right) = plt.subplots(1, 2)
    _, ((a, b), (c, d)) = plt.subplots(2, 2)
    _, axes = plt.subplots(1, 2, squeeze=False)
    assert {id(x) for x in (left, right, a, b, c, d, axes[0, 1], *figure.subplots(2))} == {id(ANYTHING)}
    left.set(title="z").set_xlabel("t")
    figure, axes = plt.subplot_mosaic([["a", "b"]])
    axes["a"].plot([1])
