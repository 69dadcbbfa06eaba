"""Options and sizes: what they may be, and errors that name the option, what came and what was expected."""

import numbers
import sys

import numpy as np

CONVENTION = {"polarity": ("keep", "update"), "reset": ("after", "before"), "masked_output": ("carry", "zero")}
"""The words that say how a GRU computes, by the option's name."""


def check_choice(name, choice, known):
    """Check an option that is a word; ValueError unless it is one of those known."""
    if not isinstance(choice, str) or choice not in known:
        *others, last = (f'"{word}"' for word in known)
        raise ValueError(f"{name} must be {', '.join(others)} or {last}, got {brief(choice)}")


def check_convention(**choices):
    """Check options of those in `CONVENTION`; ValueError unless each is one of its words."""
    for name, choice in choices.items():
        check_choice(name, choice, CONVENTION[name])


def check_sizes(**sizes):
    """Check sizes and counts; ValueError unless each is a positive integer, Python's or NumPy's."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{name} must be a positive integer, got {brief(size)}")


def check_flags(**flags):
    """Check options that are on or off; ValueError unless each is True or False, so that "no" is not taken for yes."""
    for name, flag in flags.items():
        if not isinstance(flag, bool | np.bool_):
            raise ValueError(f"{name} must be True or False, got {brief(flag)}")


def check_positive(**values):
    """Check numbers such as a learning rate; ValueError unless each is a real number above 0."""
    for name, value in values.items():
        if not isinstance(value, numbers.Real) or not value > 0:
            raise ValueError(f"{name} must be positive, got {brief(value)}")


def check_shares(**values):
    """Check numbers such as a momentum; ValueError unless each is a real number in [0, 1)."""
    for name, value in values.items():
        if not isinstance(value, numbers.Real) or not 0 <= value < 1:
            raise ValueError(f"{name} must lie in [0, 1), got {brief(value)}")


def computing_dtype(dtype):
    """The dtype as NumPy's; ValueError unless it is one that networks compute in, float32 or float64."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if dtype is None or found is None:
        found = brief(dtype)
    if found not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {found}")
    return found


def generator(rng):
    """The random generator that `rng` is or seeds; ValueError if it is neither."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise ValueError(f"rng must be a numpy.random.Generator, a seed or None, got {brief(rng)}") from error


def brief(value):
    """A value as an error shows it: words and numbers as they are, anything else by its type."""
    if value is None or isinstance(value, str | bool | numbers.Number | np.generic):
        return repr(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    package = package_of(value)
    known = package in sys.stdlib_module_names or package == "__main__"
    return type(value).__name__ if known else f"{type(value).__name__} of {package}"


def package_of(value):
    """The package whose class a value is an instance of, such as "torch"; of this package's own the module."""
    module = type(value).__module__
    package = module.split(".")[0]
    return module if package == "gru_ref" else package
