"""What stands in for plotting can be taken apart in all the ways that notebooks do."""

import asyncio

import numpy as np
import pytest

from gru_checks.calling import Call, perform
from gru_grader.standins import ANYTHING, Bar, _no_kernel, _nothing, _Showing

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


def test_an_answer_that_shows_something_uses_no_package_of_the_course():
    source = (
        "def answer(x):\n    display(get_ipython())\n    bar.update(1)\n    Bar.write('')\n    ax.plot(x)\n    return x"
    )
    namespace = {"display": _nothing, "get_ipython": _no_kernel, "bar": Bar(), "Bar": Bar, "ax": ANYTHING}
    namespace["__name__"] = "__main__"
    exec(source, namespace)
    outcome = perform(Call("answer", (1,)), namespace)
    assert (outcome.status, outcome.source) == ("returned", "__main__")


def test_as_a_decorator_it_leaves_the_function_alone():
    widgets = _Showing("ipywidgets")

    @widgets.interact(x=(0, 1))
    @widgets.Output().capture()
    def answer(x):
        return x

    assert answer(3) == 3


def test_it_can_be_awaited_and_says_a_version():
    async def install():
        return await ANYTHING.install("numpy")

    assert asyncio.run(install()) is ANYTHING
    assert tuple(map(int, plt.__version__.split("."))) == (0,)
    assert not hasattr(plt, "__path_of_nothing__")
