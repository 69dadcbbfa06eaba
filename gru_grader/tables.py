"""The tables beside the results: summary.csv, and timings.csv for everything that differs from run to run."""

import csv

from gru_grader.results import whole_file
from gru_grader.text import safe_cell

SUMMARY_FILE = "summary.csv"
TIMINGS_FILE = "timings.csv"
QUESTION_STATUSES = (
    "right",
    "partly_right",
    "wrong",
    "not_attempted",
    "not_defined",
    "raised",
    "unreadable",
    "crashed",
    "timed_out",
    "missing",
)
SUMMARY = (
    "student",
    "assignment",
    "status",
    "score",
    "max_score",
    "chosen_points",
    *QUESTION_STATUSES,
    "reason",
    "not_graded",
)
TIMINGS = ("student", "assignment", "wall_seconds", "processor_seconds", "memory_kib")


def summary_row(record):
    """Make the row of one record: a score where there is one, and how many questions have each status."""
    data = record["extra_data"]
    statuses = [test["extra_data"]["status"] for test in record["tests"]]
    score = "" if record["score"] is None else record["score"]
    counts = [statuses.count(status) if statuses else "" for status in QUESTION_STATUSES]
    row = [data["student"], data["assignment"], data["status"], score]
    row += [data.get("max_score", ""), data.get("chosen_points", "")]
    return [*row, *counts, data.get("reason", ""), "; ".join(data.get("not_graded", ()))]


def write_table(path, head, rows):
    """Write a CSV file whole or not at all, safe to open in a spreadsheet.

    Parameters
    ----------
    path : pathlib.Path
    head : sequence of str
    rows : iterable of list
        Taken one after the other.
    """
    with whole_file(path) as file:
        # A mark by which Excel knows UTF-8.
        file.write("\ufeff")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows([safe_cell(value) for value in row] for row in rows)


def append_row(path, row):
    """Add a row to a CSV file."""
    with open(path, "a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow([safe_cell(value) for value in row])
