"""What the exercises ask, what is right, and which mistake a wrong answer shows.

In a notebook::

    from gru_checks import check, progress

    check("ch03.update_gate")

Importing this package loads no question: ``calling`` and ``values`` must be
loadable where the answers may not be.
"""

__all__ = ["check", "progress"]


def __getattr__(name):
    if name in __all__:
        from gru_checks import notebook

        return getattr(notebook, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
