"""The mistake that the first page shows is answered by the real check in the words that the page gives."""

import re
from pathlib import Path

import numpy as np

from gru_checks import feedback, registry
from gru_checks.notebook import verdict_on

PAGE = (Path(__file__).parents[2] / "book" / "index.md").read_text(encoding="utf-8")


def test_the_check_says_what_the_first_page_shows():
    namespace = {"sigmoid": lambda a: 0.5 * np.tanh(0.5 * a) + 0.5}
    exec(re.search(r"```python\n(.*?)```", PAGE, re.S)[1], namespace)
    asked = registry.question("ch03.update_gate")
    said = feedback.verdict_text(asked, verdict_on(asked, namespace)).split("Read on:")[0]
    shown = " ".join(line.removeprefix(">") for line in PAGE.splitlines() if line.startswith(">"))
    assert shown.split() == said.split()
