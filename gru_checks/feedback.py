"""Show a verdict or the progress in an assignment, as HTML and as the same in plain text.

The HTML takes the text colour and the background of the page, light or dark;
every state has a sign and a word besides its colour. All text is escaped: it
may quote the learner's own.
"""

import html
import textwrap

STATES = {
    "right": ("✓", "Right", "#2e8b57"),
    "partly_right": ("◐", "Partly right", "#c77700"),
    "wrong": ("✗", "Not right yet", "#d1495b"),
    "raised": ("✗", "Stopped with an error", "#d1495b"),
    "unreadable": ("✗", "Not right yet", "#d1495b"),
    "crashed": ("✗", "The process ended", "#d1495b"),
    "timed_out": ("✗", "Out of time", "#d1495b"),
    "missing": ("✗", "No answer came", "#d1495b"),
    "not_attempted": ("○", "Not attempted yet", "#808080"),
    "not_defined": ("○", "Not defined yet", "#808080"),
}
"""Sign, word and colour of each status of a verdict."""
PRE = "margin: 0.3em 1em; overflow: auto; font-family: var(--jp-code-font-family, monospace)"
"""Style of code and of what was printed; JupyterLab shows `pre` in the letters of prose unless it is told."""
WIDTH = 88
BAR = 20
LONGEST_HEADING = 60
"""Of a longer one, as "Claim 2: ...", only what stands before the colon is shown."""


def verdict_text(question, verdict, printed=""):
    """Write a verdict as plain text.

    Parameters
    ----------
    question : Question
    verdict : Verdict
    printed : str, optional
        What the answer printed, after a sentence that says when.

    Returns
    -------
    str
        Lines of at most 88 characters, but for lines of code and for what was printed.
    """
    lines = [f"{_state(verdict)}: {question.title} ({_points(verdict)})"]
    for paragraph in _paragraphs(verdict):
        if paragraph.startswith("    "):
            lines.append(f"    {paragraph}")
        else:
            lines.append(textwrap.fill(paragraph, WIDTH, initial_indent="  ", subsequent_indent="  "))
    if _reads_on(verdict):
        lines.append(f"  Read on: {place(verdict.page)}.")
    if printed:
        said, _, text = printed.partition("\n")
        lines += [f"  {said}", *(f"    | {line}" for line in text.split("\n"))]
    return "\n".join(lines)


def verdict_html(question, verdict, printed=""):
    """Write a verdict as HTML; the same words as `verdict_text`.

    Parameters
    ----------
    question : Question
    verdict : Verdict
    printed : str, optional

    Returns
    -------
    str
    """
    head = f"<strong>{_state(verdict)}</strong>: {html.escape(question.title)} ({_points(verdict)})"
    blocks = [f'<p style="margin: 0">{head}</p>']
    for paragraph in _paragraphs(verdict):
        if paragraph.startswith("    "):
            blocks.append(f'<pre style="{PRE}">{html.escape(paragraph.strip())}</pre>')
        else:
            blocks.append(f'<p style="margin: 0.3em 0 0">{html.escape(paragraph)}</p>')
    if _reads_on(verdict):
        address, words = html.escape(link_to(verdict.page)), html.escape(place(verdict.page))
        link = f'<a style="color: inherit; text-decoration: underline" href="{address}">{words}</a>'
        blocks.append(f'<p style="margin: 0.3em 0 0">Read on: {link}.</p>')
    if printed:
        said, _, text = printed.partition("\n")
        blocks.append(f'<p style="margin: 0.3em 0 0">{html.escape(said)}</p>')
        blocks.append(f'<pre style="{PRE}">{html.escape(text)}</pre>')
    return _box(STATES[verdict.status][2], blocks)


def progress_text(assignment, verdicts):
    """Write the progress in an assignment as plain text.

    Parameters
    ----------
    assignment : Assignment
    verdicts : sequence of Verdict
        One a question, in order.

    Returns
    -------
    str
    """
    titles = [f"{number}. {question.title}" for number, question in enumerate(assignment.questions, 1)]
    width = max(map(len, titles))
    rows = [
        f"  {STATES[verdict.status][0]} {title:<{width}}  {_points(verdict)}"
        for title, verdict in zip(titles, verdicts, strict=True)
    ]
    total, bar = _total(assignment, verdicts)
    return "\n".join([f"{assignment.title}: {total}", f"  {bar}", *rows, f"  {_next_step(assignment, verdicts)}"])


def progress_html(assignment, verdicts):
    """Write the progress in an assignment as HTML; the same words as `progress_text`.

    Parameters
    ----------
    assignment : Assignment
    verdicts : sequence of Verdict
        One a question, in order.

    Returns
    -------
    str
    """
    total, bar = _total(assignment, verdicts)
    rows = "".join(
        f'<tr><td style="text-align: left">{number}. {html.escape(question.title)}</td>'
        f'<td style="text-align: left">{_state(verdict)}</td><td style="text-align: left">{_points(verdict)}</td></tr>'
        for number, (question, verdict) in enumerate(zip(assignment.questions, verdicts, strict=True), 1)
    )
    blocks = [
        f'<p style="margin: 0"><strong>{html.escape(assignment.title)}: {total}</strong>'
        f' <span aria-hidden="true">{bar}</span></p>',
        '<table style="color: inherit"><thead><tr>'
        + "".join(f'<th style="text-align: left">{name}</th>' for name in ("Question", "State", "Points"))
        + f"</tr></thead><tbody>{rows}</tbody></table>",
        f'<p style="margin: 0.3em 0 0">{html.escape(_next_step(assignment, verdicts))}</p>',
    ]
    return _box("#808080", blocks)


def note_html(text):
    """Write a note that is no verdict as HTML."""
    return _box("#808080", [f'<p style="margin: 0">{html.escape(text)}</p>'])


def place(page):
    """Name a place in the book in words.

    Parameters
    ----------
    page : str
        "stem#heading".

    Examples
    --------
    >>> place("ch03-update-gate#What goes wrong")
    'chapter 3, "What goes wrong"'
    >>> place('ch04-reset-gate#"With r = 1 it is a vanilla RNN"')
    'chapter 4, "With r = 1 it is a vanilla RNN"'
    """
    stem, _, heading = page.partition("#")
    chapter = f"chapter {int(stem[2:4])}" if stem[:2] == "ch" and stem[2:4].isdigit() else stem.replace("-", " ")
    name = heading if len(heading) <= LONGEST_HEADING else heading.partition(":")[0]
    return f"{chapter}, {name}" if name.startswith('"') else f'{chapter}, "{name}"'


def link_to(page):
    """Give the relative address of a place in the book, from the folder of the exercises.

    It names the chapter's notebook and the heading. JupyterLab goes to the
    heading in a notebook that is open; one that is not, it opens at the top.

    Parameters
    ----------
    page : str
        "stem#heading".

    Examples
    --------
    >>> link_to("ch03-update-gate#What goes wrong")
    '../book/ch03-update-gate.ipynb#What-goes-wrong'
    """
    stem, _, heading = page.partition("#")
    return f"../book/{stem}.ipynb#{heading.replace(' ', '-')}"


def _reads_on(verdict):
    """Whether to say where to read on: not to somebody who has not begun."""
    return verdict.page and verdict.status not in ("not_attempted", "not_defined")


def _state(verdict):
    sign, word, _ = STATES[verdict.status]
    return f"{sign} {word}"


def _paragraphs(verdict):
    return [*verdict.message.split("\n"), *verdict.remarks]


def _points(verdict):
    return f"{verdict.points:g} of {verdict.max_points:g} point{'' if verdict.max_points == 1 else 's'}"


def _total(assignment, verdicts):
    earned = sum(verdict.points for verdict in verdicts)
    filled = int(BAR * earned / assignment.points)
    return f"{round(earned, 2):g} of {assignment.points} points", "█" * filled + "░" * (BAR - filled)


def _next_step(assignment, verdicts):
    for number, (question, verdict) in enumerate(zip(assignment.questions, verdicts, strict=True), 1):
        if verdict.status != "right":
            return f"Next: question {number}, {question.title}. Its hints are folded under the task."
    return f"All right. {assignment.next_step}"


def _box(colour, blocks):
    style = f"border-left: 4px solid {colour}; padding: 0.2em 0 0.2em 0.8em; margin: 0.4em 0"
    return f'<div style="{style}">{"".join(blocks)}</div>'
