"""What a notebook's cells find in place of things that show, ask or check: stand-ins that do nothing.

Pictures and progress bars earn no points, and a grading machine need not have
the libraries that make them. The stand-ins accept whatever is done with them.
"""

import importlib.abc
import importlib.machinery
import shutil
import sys
import types

SHOWING = (
    "matplotlib mpl_toolkits pylab seaborn plotly bokeh altair IPython ipykernel ipywidgets tqdm rich "
    "google.colab nest_asyncio piplite micropip"
).split()
"""Libraries that only show, or belong to the place where a notebook is written; each is replaced, with all its modules,
whether it is installed or not."""
NOT_HERE = {
    "gru_ref": "gru_ref holds the answers; it cannot be imported while a submission is graded",
    "gru_grader": "gru_grader cannot be imported while a submission is graded",
    "gru_data": "gru_data cannot be imported while a submission is graded",
    "gru_checks": "only check and progress of gru_checks are here while a submission is graded",
}


class Anything:
    """Accepts every call, attribute, index and operator, and gives itself back."""

    def __call__(self, *arguments, **named):
        # As a decorator, such as `@interact(x=(0, 1))`, it leaves the function what it is.
        return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], types.FunctionType) else self

    def __await__(self):
        yield from ()
        return self

    def __getattr__(self, name):
        # Python asks objects for its own protocols under such names; answering would promise what is not there.
        if name.startswith("__") and name.endswith("__") or name.startswith(("_repr_", "_ipython_")):
            raise AttributeError(name)
        return _grid if name == "subplots" else self

    def __getitem__(self, key):
        return self

    def __setitem__(self, key, value):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return False

    def __iter__(self):
        # One, for `line, = axes.plot(...)`.
        return iter([self])

    def __len__(self):
        return 1

    def __bool__(self):
        return True

    def __float__(self):
        return 1.0

    def __int__(self):
        return 1

    __index__ = __int__

    def _operator(self, *others):
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _operator
    __floordiv__ = __pow__ = __neg__ = __or__ = __and__ = __iadd__ = _operator


ANYTHING = Anything()


class Bar(Anything):
    """A progress bar: goes through what it is given, shows nothing."""

    def __init__(self, iterable=(), *arguments, **named):
        self._iterable = iterable if iterable is not None else ()

    def __iter__(self):
        return iter(self._iterable)

    def __len__(self):
        return len(self._iterable)

    def __call__(self, *arguments, **named):
        return self

    @staticmethod
    def write(*arguments, **named):
        """Print a line above the bar."""


def _grid(nrows=1, ncols=1, *arguments, squeeze=True, **named):
    """Give what Figure.subplots does: one of something, or an array of it."""
    if nrows == ncols == 1 and squeeze:
        return ANYTHING
    import numpy as np

    axes = np.empty((nrows, ncols), dtype=object)
    # One by one: NumPy would take a stand-in for a sequence, and ask what is in it.
    for place in np.ndindex(axes.shape):
        axes[place] = ANYTHING
    return np.squeeze(axes) if squeeze else axes


def _subplots(*arguments, **named):
    return ANYTHING, _grid(*arguments, **named)


def _figure_and_axes(*arguments, **named):
    return ANYTHING, ANYTHING


def _histogram(*arguments, **named):
    return ANYTHING, ANYTHING, ANYTHING


def _nothing(*arguments, **named):
    return None


def _blank_line(prompt=""):
    return ""


def _no_kernel():
    return ANYTHING


def _bar_of_range(*arguments, **named):
    return Bar(range(*arguments))


SPECIAL = {
    "__version__": "0",
    "subplots": _subplots,
    "subplot_mosaic": _figure_and_axes,
    "hist": _histogram,
    "tqdm": Bar,
    "trange": _bar_of_range,
    "get_ipython": _no_kernel,
}
for _stand_in in (Anything, Bar, _nothing, _blank_line, _no_kernel, *SPECIAL.values()):
    # An answer that shows something on its way uses no package of the course.
    if callable(_stand_in):
        _stand_in.__module__ = "stand_in"


class _Showing(types.ModuleType):
    """A module of a library that only shows."""

    def __getattr__(self, name):
        if name not in SPECIAL and name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return SPECIAL.get(name, ANYTHING)

    def __call__(self, *arguments, **named):
        return ANYTHING


class _ShowingFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        # `google` itself is nobody's, and has to be found before google.colab is.
        if name == "google" or any(f"{name}.".startswith(f"{library}.") for library in SHOWING):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _Showing(spec.name)

    def exec_module(self, module):
        # `from seaborn import *` brings nothing.
        module.__all__ = []


class _Refusing(importlib.abc.MetaPathFinder):
    """Says why a package of the course is not here, instead of that it does not exist."""

    def __init__(self, allowed):
        self._allowed = allowed

    def find_spec(self, name, path=None, target=None):
        package = name.partition(".")[0]
        if package in NOT_HERE and package not in self._allowed:
            raise ModuleNotFoundError(NOT_HERE[package], name=name)
        return None


def _quiet_checks():
    """Make a module gru_checks whose functions record nothing."""
    module = types.ModuleType("gru_checks")
    module.__all__ = ["check", "progress"]
    module.check = module.progress = _nothing
    return module


def install(namespace, allowed):
    """Put the stand-ins where a notebook's cells look for them.

    Parameters
    ----------
    namespace : dict
        Globals of the cells.
    allowed : tuple of str
        Packages of the course that this assignment may import.
    """
    for name in list(sys.modules):
        if name.partition(".")[0] in NOT_HERE and name.partition(".")[0] not in allowed:
            del sys.modules[name]
    sys.modules["gru_checks"] = _quiet_checks()
    sys.meta_path[:] = [_ShowingFinder(), _Refusing(allowed), *sys.meta_path]
    namespace.update(display=_nothing, get_ipython=_no_kernel, input=_blank_line)
    # They fail where a submission may change no file's mode; what is copied has been copied by then.
    shutil.copymode = shutil.copystat = _nothing
