"""From untrusted submissions to marks: notebooks run in a sandbox, answers judged outside of it."""

import importlib.metadata

__version__ = importlib.metadata.version("gru-course")
