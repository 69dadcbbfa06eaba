"""From untrusted submissions to marks: notebooks run in a sandbox, answers judged outside of it."""


def __getattr__(name):
    # Late, because what finds it out takes longer to import than all that the command does before it heeds Ctrl-C.
    if name == "__version__":
        import importlib.metadata

        return importlib.metadata.version("gru-course")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
