"""The command gru-grader with the tests' own assignment."""

import sys

from gru_grader.__main__ import main
from tests.grader.bank import ASSIGNMENT

if __name__ == "__main__":
    sys.exit(main(assignments=[ASSIGNMENT]))
