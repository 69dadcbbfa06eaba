"""How property tests draw examples, and a quick run of a few cases of each test, to measure coverage."""

import itertools
import os

from hypothesis import settings

FEW = int(os.environ.get("GRU_CASES", "0"))
"""How many cases of each test to run; 0 for all."""

# The same examples in every run, and no time limit that a busy machine could break.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("few", settings.get_profile("repeatable"), max_examples=max(1, FEW))
settings.load_profile("few" if FEW else "repeatable")


def pytest_collection_modifyitems(config, items):
    if not FEW:
        return
    kept = []
    for _, cases in itertools.groupby(items, key=lambda item: item.nodeid.split("[")[0]):
        cases = list(cases)
        kept += cases[:: -(-len(cases) // FEW)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept
