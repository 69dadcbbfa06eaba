"""Results in words, for a terminal."""

import textwrap

from gru_grader import records
from gru_grader.text import safe, safe_line, without_signs

STATUS_WORDS = {
    records.GRADED: "graded",
    records.NOT_ATTEMPTED: "not attempted",
    records.NOT_GRADABLE: "not gradable",
    records.ERROR: "grader error",
}
WIDTH = 100
MOST_UNSURE = 5
"""So many examples show what was understood."""


def full(record):
    """Write a whole result, as its learner gets it.

    Parameters
    ----------
    record : dict

    Returns
    -------
    str
    """
    data = record["extra_data"]
    # Without an assignment where none was recognised.
    names = filter(None, (without_signs(safe_line(data["student"])), data["assignment"]))
    head = f"{', '.join(names)}: {score(record)}"
    blocks = [head, *[test["output"] for test in record["tests"]], record["output"]]
    if data["status"] in (records.GRADED, records.NOT_ATTEMPTED):
        limits = data["limits"]
        blocks.append(
            f"Graded by version {data['grader_version']} with seed {data['seed']}, isolation {data['isolation']},"
            f" {limits['seconds']:g} s and {limits['memory']} MiB."
        )
    return "\n\n".join(safe(block, 100_000) for block in blocks)


def line(record):
    """Write a result as one line."""
    data = record["extra_data"]
    return f"{safe_line(data['student'])}  {data['assignment']}  {score(record)}"


def score(record):
    """Write the score, or why there is none."""
    status = record["extra_data"]["status"]
    if record["score"] is None:
        return STATUS_WORDS[status]
    points = f"{record['score']:g} of {record['extra_data']['max_score']:g} points"
    return points if status == records.GRADED else f"{points}, {STATUS_WORDS[status]}"


def closing(summary, out):
    """Write what a grading came to, with everything a teacher has to look at.

    Parameters
    ----------
    summary : gru_grader.grading.Summary
    out : str

    Returns
    -------
    str
    """
    graded, mean = summary.counts[records.GRADED], summary.mean
    others = [
        f"{number} {STATUS_WORDS[status]}"
        for status in (records.NOT_ATTEMPTED, records.NOT_GRADABLE, records.ERROR)
        if (number := summary.counts[status])
    ]
    joined = f"{graded} graded"
    if graded:
        joined += f", mean {mean:.3g} point{'' if mean == 1 else 's'}"
    if others:
        joined += (", which leaves out: " if graded else "; ") + ", ".join(others)
    lines = [joined + (f" ({summary.kept} from an earlier run)." if summary.kept else ".")]
    for status, title in ((records.NOT_GRADABLE, "Not gradable"), (records.ERROR, "The grader failed on")):
        if failed := [rest for found, *rest in summary.failed if found == status]:
            lines.append(f"{title}:")
            lines += [f"  {safe_line(student)}, {stem}: {safe_line(reason)}" for student, stem, reason in failed]
    if summary.earlier and not summary.interrupted:
        lines.append("In the table as error from earlier runs; grade these again:")
        lines += ["  " + safe_line(f"{student}, {stem}: {reason}", 600) for student, stem, reason in summary.earlier]
    nothing_else = len({item.student for item in summary.unplaced if item.student})
    if summary.unplaced:
        lines.append("Not taken for a submission:")
        lines += [f"  {safe_line(item.path)}: {safe_line(item.reason)}" for item in summary.unplaced]
        if nothing_else:
            rows = "one more row" if nothing_else == 1 else f"{nothing_else} more rows"
            lines.append(f"  For students of whom nothing else is there, the table has {rows}, without a score.")
    if summary.elsewhere:
        lines.append("Handed in something, but not for this assignment:")
        lines += [f"  {safe_line(student)}" for student in summary.elsewhere]
    if summary.unsure:
        lines.append("Graded for the student on the left; if that is a folder of students, grade it by itself:")
        files = {submission.student: submission.unsure for submission in summary.unsure}
        lines += [f"  {safe_line(student)}: {safe_line(file)}" for student, file in [*files.items()][:MOST_UNSURE]]
        lines += [f"  and {more} more of this kind"] if (more := len(files) - MOST_UNSURE) > 0 else []
    if summary.alike:
        lines.append("Graded as different students, though their names look alike:")
        lines += ["  " + ", ".join(ascii(name) for name in names) for names in summary.alike]
    if summary.interrupted:
        lines.append("Stopped. What is finished is kept; the same command goes on.")
    earlier = summary.rows - summary.counts.total() - nothing_else
    # Of a run that was stopped some are in the table that it did not come to count.
    more = f", with {earlier} more from earlier runs" if earlier > 0 and not summary.interrupted else ""
    table = f"; the table is summary.csv{more}" if summary.rows else ""
    lines.append(f"Results: {safe_line(str(out))}{table}.")
    return "\n".join(lines)


def isolation(reports):
    """Write what the self-test found.

    Parameters
    ----------
    reports : sequence of gru_grader.selftest.Report
        From the strongest level down.

    Returns
    -------
    str
    """
    lines = []
    for report in reports:
        if report.failure:
            lines.append(f"{report.level}: not available. {report.failure}")
            continue
        lines.append(f"{report.level}: {'holds' if report.holds else 'DOES NOT HOLD'}")
        if report.open:
            lines.append(_listed("a submission could:", report.open))
        lines.append(_listed("tried and refused:", report.refused))
        if report.limitation:
            lines.append(_listed("but:", [report.limitation]))
    best = next((report.level for report in reports if report.holds), None)
    if best is None:
        lines.append("Submissions cannot be isolated on this machine: gru-grader grade will refuse.")
    else:
        lines.append(f"gru-grader grade will use: {best}")
    return "\n".join(lines)


def _listed(head, items):
    return textwrap.fill(f"{head} {'; '.join(items)}", WIDTH, initial_indent="  ", subsequent_indent="    ")
