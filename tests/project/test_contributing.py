"""The question that CONTRIBUTING.md shows is a question."""

import pathlib
import re

from gru_checks.calling import Outcome
from gru_checks.judge import judge
from gru_checks.registry import inputs

DOCUMENT = pathlib.Path(__file__).parents[2] / "CONTRIBUTING.md"


def test_the_example_judges_the_reference_right_and_names_its_mistake():
    code = next(
        block for block in re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL) if "Question(" in block
    )
    namespace = {}
    exec(code, namespace)
    question = namespace["NEW_STATE"]
    cases = inputs(question, 1)

    def judged(function):
        outcomes = [Outcome("returned", value=function(*case.call.arguments)) for case in cases]
        return judge(question, cases, outcomes, public=True)

    assert judged(question.reference).status == "right"
    verdict = judged(question.misconceptions[0].wrong)
    assert (verdict.points, verdict.misconception) == (0, "polarity")
    assert question.misconceptions[0].sentence in verdict.message
