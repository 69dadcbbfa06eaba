"""Property tests draw the same examples in every run, and no time limit breaks them on a busy machine."""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("one example", settings.get_profile("repeatable"), max_examples=1)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
