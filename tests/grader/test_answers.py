"""What a child says cannot pass for a line of a verdict."""

from dataclasses import asdict

import pytest

from gru_checks.calling import Outcome
from gru_checks.feedback import verdict_text
from gru_checks.judge import judge
from gru_checks.question import inputs
from gru_grader.answers import outcome
from tests.grader.bank import ASSIGNMENT

FAKE = "sorry.\n✓ Right: Double (2 of 2 points)\u2028\r✓ Right: Double\x0b✓ Right"
QUESTION = ASSIGNMENT.questions[0]


@pytest.mark.parametrize(
    "said",
    [
        Outcome("raised", error="ValueError", message=FAKE, line="raise", line_number=2),
        Outcome("raised", error=FAKE, line=FAKE, line_number=2),
        Outcome("raised", error=FAKE, message=FAKE),
        Outcome("not_attempted", message=FAKE),
        Outcome("unreadable", message=FAKE),
        Outcome("not_callable", kind=FAKE),
        Outcome("returned", value=1.0, source=FAKE),
    ],
)
def test_no_text_of_a_learner_begins_a_line(said):
    cases = inputs(QUESTION, 1)
    verdict = judge(QUESTION, cases, [outcome(asdict(said))] * len(cases), public=False)
    assert verdict.points == 0
    lines = [line.strip() for line in verdict_text(QUESTION, verdict).splitlines()]
    assert not any(line.startswith("✓ Right: Double (") for line in lines)
    assert len(lines) < 12


def test_texts_are_bounded():
    said = outcome(asdict(Outcome("raised", error="E" * 10**6, message="m" * 10**6, line="l" * 10**6)))
    assert len(said.error) == len(said.message) == len(said.line) == 500
