"""Grade a table of submissions and compare; also a program, for running as another user."""

import json
import sys

from gru_checks.question import inputs
from gru_grader.budget import Limits
from gru_grader.client import Worker
from gru_grader.grade import grade
from gru_grader.notebook import Notebook
from gru_grader.sandbox import NONE
from tests.grader.bank import ASSIGNMENT
from tests.hostile.honest_table import HONEST
from tests.hostile.hostile_table import ATTEMPTS, TABLE

LIMITS = Limits(seconds=0.4, memory=512, disk=16)
SEED = 7
QUESTIONS = [(question, inputs(question, SEED)) for question in ASSIGNMENT.questions]


def statuses(worker, submission):
    """Grade a submission; give the status and the points of every answer."""
    graded = grade(Notebook(tuple(submission.cells), ""), QUESTIONS, worker, LIMITS)
    pairs = zip(ASSIGNMENT.questions, graded.verdicts, strict=True)
    return {question.answer: (verdict.status, verdict.points) for question, verdict in pairs}


def deserved(submission):
    """What `statuses` must give."""
    return {name: (status, 2.0 if status == "right" else 0.0) for name, status in submission.statuses.items()}


def main():
    """Grade both tables in a level, or without one what attempts something; print what differs, as JSON."""
    level = sys.argv[1]
    submissions = ATTEMPTS if level == NONE else [*TABLE, *HONEST]
    differences = {}
    with Worker(level, LIMITS) as worker:
        for submission in submissions:
            found = statuses(worker, submission)
            if found != deserved(submission):
                differences[submission.name] = found
    print(json.dumps({"graded": len(submissions), "differences": differences}))


if __name__ == "__main__":
    main()
