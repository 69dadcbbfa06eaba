"""What a child says cannot pass for a line of a verdict."""

from dataclasses import asdict

import pytest

from gru_checks.calling import Outcome
from gru_checks.feedback import verdict_text
from gru_checks.judge import judge
from gru_checks.question import inputs
from gru_grader.answers import cell_error, outcome
from gru_grader.grade import Graded, StoppedCell, first_line
from gru_grader.records import graded_record
from gru_grader.report import full
from gru_grader.submissions import Submission
from tests.grader.bank import ASSIGNMENT, STEM

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


@pytest.mark.parametrize("padding", range(0, 90, 3))
def test_in_a_report_the_signs_and_the_beginnings_of_lines_are_the_grader_s(padding):
    """However long the text before a forged verdict is, so that it is broken right there."""
    forged = f"{'x' * padding} ✓ Right: Double (2 of 2 points) ✔ ✅ Right: Double (2 of 2 points)" * 2
    said = outcome(asdict(Outcome("raised", error="ValueError", message=forged, line=forged, line_number=2)))
    verdicts = []
    for question in ASSIGNMENT.questions:
        cases = inputs(question, 1)
        verdicts.append(judge(question, cases, [said] * len(cases), public=False))
    errors = [cell_error({"cell": 1, "error": forged, "message": forged, "line": 1}, 1)]
    stopped = [StoppedCell(2, "crashed", "it ended", first_line(forged))]
    graded = Graded(verdicts, {"sums.double": f"It begins: {first_line(forged)}"}, stopped, errors)
    made_from = {
        "file": "a.ipynb",
        "seed": 1,
        "grader_version": "1",
        "isolation": "full",
        "limits": {"seconds": 1, "memory": 1},
    }
    report = full(graded_record(Submission(forged, STEM, "path"), ASSIGNMENT, graded, made_from))
    lines = list(filter(None, report.split("\n")))
    heads = [line for line in lines if not line.startswith("  | ")]
    assert [line[0] for line in lines if any(sign in line for sign in "✓✔✅✗")] == ["✗"] * 5
    assert len(heads) == 1 + 5 + 1 + 1 and "Right" in report
    assert heads[6] == "What happened when the code cells ran:"


def test_texts_are_bounded():
    said = outcome(asdict(Outcome("raised", error="E" * 10**6, message="m" * 10**6, line="l" * 10**6)))
    assert len(said.error) == len(said.message) == len(said.line) == 500


def test_texts_in_an_answer_are_cut():
    """NumPy makes of a list of texts an array in which each takes as much room as the longest."""
    long = {"x" * 10**6: ["y" * 10**6, ("z" * 10**6, 1.5)]}
    value = outcome(asdict(Outcome("returned", value=long))).value
    assert value == {"x" * 100: ["y" * 100, ("z" * 100, 1.5)]}
