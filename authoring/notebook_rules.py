"""What must hold for every committed notebook, beyond what running it can tell.

nbval compares what a cell gives with what is stored. It never notices that
nothing is stored, that a picture has no description, or that a chapter has
lost one of its parts. These rules do.
"""

import ast
import re
import sys
from pathlib import Path

from authoring.comparison import IGNORED
from authoring.normal_form import normalised, to_text

PARTS = [
    "What you will be able to do",
    "The idea",
    "The equation",
    "The code",
    "The claims, tested",
    "In the cell",
    "In a picture",
    "By hand",
    "What goes wrong",
    "Quiz",
    "Exercise",
    "References",
]
"""The parts of a chapter, in their order. Applications have all but the cell's drawing, and may have more."""

APPLICATIONS = re.compile(r"ch1[0-4]-")
NUMPY_ONLY = re.compile(r"ch0[2-6]-|learning-through-time")
NUMPY_ONLY_IMPORTS = {"numpy", "matplotlib", "gru_ref"}
MOST_EXEMPT_CELLS = 2
FEWEST_CLAIMS = 3
LARGEST_FILE = 2_000_000
KNOWN_TAGS = {IGNORED, "raises-exception", "hide-input", "answer"}
NBVAL_COMMENT = re.compile(r"#\s*(NBVAL|PYTEST_VALIDATE)_\w+")
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")
MACHINE_PATH = re.compile(r"(?<![\w.])/(home|root|Users|tmp|var|usr|work|opt|private)/|[A-Z]:\\Users")
LONG_FRACTION = re.compile(r"\d\.\d{7,}")


def complaints(path, notebook, text):
    """Say what is wrong with a notebook, by the rules of the folder that it lies in.

    Parameters
    ----------
    path : path
        Its folder (book, solutions or exercises) and its name choose the rules.
    notebook : nbformat.NotebookNode
    text : str
        The file as it stands.

    Returns
    -------
    list of str
        One sentence a fault; empty for a good notebook.
    """
    path = Path(path)
    folder = path.parent.name
    found = list(_of_any(notebook, text, with_outputs=folder != "exercises"))
    if folder == "exercises":
        found += _of_an_exercise(notebook)
    else:
        found += _of_the_run(notebook)
    if folder == "book":
        found += _of_a_chapter(path.stem, notebook)
    return found


def _of_any(notebook, text, with_outputs):
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel is not python3"
    ids = [cell.get("id") for cell in notebook.cells]
    if len(set(ids)) < len(ids):
        yield "two cells have the same id"
    if len(text.encode()) > LARGEST_FILE:
        yield f"the file is larger than {LARGEST_FILE:,} bytes"
    if to_text(normalised(notebook, outputs=with_outputs)) != text:
        yield "the file is not in normal form"
    for number, cell in _code_cells(notebook):
        if not cell.source.strip():
            yield f"cell {number} is empty"


def _of_an_exercise(notebook):
    for number, cell in _code_cells(notebook):
        if cell.outputs or cell.execution_count is not None:
            yield f"cell {number} stores the outputs of a run"


def _of_the_run(notebook):
    """Whether it ran once, from top to bottom, without a fault, and left nothing of its machine behind."""
    counts = [cell.execution_count for _, cell in _code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield "the execution counts are not 1, 2, 3, ... in order: it was not run from top to bottom"
    exempt = 0
    for number, cell in _code_cells(notebook):
        tags = cell.metadata.get("tags", [])
        for tag in set(tags) - KNOWN_TAGS:
            yield f"cell {number} has the unknown tag {tag!r}"
        if NBVAL_COMMENT.search(cell.source):
            yield f"cell {number} steers nbval by a comment; use the tag {IGNORED} and give a reason"
        if IGNORED in tags:
            exempt += 1
            if len(cell.metadata.get("gru", {}).get("reason", "").split()) < 4:
                yield f"cell {number} is exempt from comparison and gives no reason"
        for output in cell.outputs:
            if output.get("name") == "stderr":
                yield f"cell {number} wrote to stderr"
            if output.output_type == "error" and "raises-exception" not in tags:
                yield f"cell {number} raised {output.ename}"
        shown = "\n".join(_texts(cell))
        for pattern, what in (
            (ADDRESS, "a memory address"),
            (MACHINE_PATH, "a path of the machine"),
            (LONG_FRACTION, "more than six decimals"),
        ):
            if pattern.search(shown):
                yield f"cell {number} shows {what}"
    if exempt > MOST_EXEMPT_CELLS:
        yield f"{exempt} cells are exempt from comparison, {MOST_EXEMPT_CELLS} are allowed"


def _of_a_chapter(stem, notebook):
    compared = [cell for _, cell in _code_cells(notebook) if IGNORED not in cell.metadata.get("tags", [])]
    if not any(text.strip() for cell in compared for text in _texts(cell)):
        yield "no cell has a text that nbval could compare"
    yield from _of_the_pictures(notebook)
    yield from _of_the_parts(stem, notebook)
    yield from _of_the_claims(notebook)
    yield from _of_the_quiz(notebook)
    if NUMPY_ONLY.match(stem):
        for number, cell in _code_cells(notebook):
            for name in _imported(cell.source) - NUMPY_ONLY_IMPORTS - sys.stdlib_module_names:
                yield f"cell {number} imports {name}; this chapter does with {', '.join(sorted(NUMPY_ONLY_IMPORTS))}"


def _of_the_pictures(notebook):
    for number, cell in _code_cells(notebook):
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        if len(pictures) > 1:
            yield f"cell {number} shows {len(pictures)} pictures; the description belongs to one"
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if pictures and not _is_sentence(alt):
            yield f"cell {number} shows a picture whose description is no sentence: {alt!r}"
    for number, cell in _markdown_cells(notebook):
        for tag in re.findall(r"<img\b[^>]*>", cell.source):
            alt = re.search(r'\balt="([^"]*)"', tag)
            if not alt or not _is_sentence(alt[1]):
                yield f"cell {number} has a picture whose description is no sentence"
        for alt in re.findall(r"!\[([^\]]*)\]\(", cell.source):
            if not _is_sentence(alt):
                yield f"cell {number} has a picture whose description is no sentence: {alt!r}"


def _of_the_parts(stem, notebook):
    levels = [(level, title) for _, level, title in _headings(notebook)]
    if [place for place, (level, _) in enumerate(levels) if level == 1] != [0]:
        yield "there must be one heading of level 1, and it must come first"
    parts = [title for level, title in levels if level == 2]
    if APPLICATIONS.match(stem):
        needed = [part for part in PARTS if part != "In the cell"]
        parts = [part for part in parts if part in needed]
    else:
        needed = PARTS
    if parts != needed:
        missing = [part for part in needed if part not in parts]
        yield f"the chapter's parts are not all there in their order{f'; missing: {missing}' if missing else ''}"


def _of_the_claims(notebook):
    """In the part on claims, each claim must have code that asserts, and there must be some claims."""
    inside, waiting, proven = False, None, 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for level, title in _headings_of(cell):
                if waiting:
                    yield f"no assert follows {waiting!r}"
                    waiting = None
                if level == 2:
                    inside = title == "The claims, tested"
                elif inside and title.startswith("Claim"):
                    waiting = title
        elif inside and any(isinstance(node, ast.Assert) for node in ast.walk(_tree(cell.source))):
            proven, waiting = proven + 1, None
    if proven < FEWEST_CLAIMS:
        yield f"{proven} claims are tested, {FEWEST_CLAIMS} are the least"


def _of_the_quiz(notebook):
    """Every choice must say whether and why it is right, and every question must have one right choice."""
    text = "\n\n".join(cell.source for _, cell in _markdown_cells(notebook))
    if "\n## Quiz" not in text:
        return
    quiz = re.split(r"\n## ", text.split("\n## Quiz", 1)[1])[0]
    questions = re.split(r"^\*\*\d+\. ", quiz, flags=re.MULTILINE)[1:]
    if not 5 <= len(questions) <= 7:
        yield f"the quiz has {len(questions)} questions; five to seven are the rule"
    for number, question in enumerate(questions, start=1):
        choices = question.split('<details class="gru-choice">')[1:]
        verdicts = [re.search(r"</summary>\n\n\*\*(Right|Not so)\.\*\* \S+ \S+", choice) for choice in choices]
        if len(choices) < 2 or not all(verdicts):
            yield f"question {number} has a choice without a verdict and its reason"
        elif [verdict[1] for verdict in verdicts].count("Right") != 1:
            yield f"question {number} has not exactly one right choice"
        if any("$" in choice.split("</summary>")[0] for choice in choices):
            yield f"question {number} has a formula in the line of a choice, where it is not set"


def _code_cells(notebook):
    return [(number, cell) for number, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code"]


def _markdown_cells(notebook):
    return [(number, cell) for number, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "markdown"]


def _texts(cell):
    """Give every text that a cell shows."""
    for output in cell.outputs:
        yield output.get("text", "")
        yield from (value for kind, value in output.get("data", {}).items() if kind in ("text/plain", "text/markdown"))


def _headings(notebook):
    return [(number, *heading) for number, cell in _markdown_cells(notebook) for heading in _headings_of(cell)]


def _headings_of(cell):
    outside_code = re.sub(r"^```.*?^```", "", cell.source, flags=re.MULTILINE | re.DOTALL)
    return [(len(marks), title) for marks, title in re.findall(r"^(#{1,6}) +(.+?) *$", outside_code, re.MULTILINE)]


def _is_sentence(alt):
    return len(alt) >= 30 and alt[0].isupper() and alt.endswith(".") and len(alt.split()) >= 6


def _tree(source):
    """Parse a cell; one that is no Python (a magic, say) has nothing in it to look for."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module([], [])


def _imported(source):
    """Name the top-level packages that a cell imports."""
    names = set()
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names
