"""`check` and `progress` in a notebook, in a terminal and under nbgrader: they show, and they never raise."""

import html.parser
import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbformat import v4

import gru_checks
from authoring.execution import execute
from authoring.mutants import given_cells, model_answers
from gru_checks import feedback, notebook
from gru_checks.judge import Verdict
from gru_checks.registry import assignment, assignments, question

ROOT = Path(__file__).resolve().parents[2]
STEM = "ch03-update-gate"
HEAD = "import numpy as np\nfrom gru_checks import check, progress\n"
TRANSPOSED = """
def sigmoid(a): return 0.5 * np.tanh(0.5 * a) + 0.5
def update_gate(x, h_prev, W_z, U_z, b_z):
    return sigmoid(W_z @ x + U_z.T @ h_prev + b_z)
"""


@pytest.fixture(scope="module")
def solved():
    return "\n".join(model_answers(assignment(STEM)).values())


@pytest.fixture
def shown(capsys, run_cell):
    """Run cells in a plain Python and give what they print."""

    def run(source):
        run_cell(HEAD + source)
        done = capsys.readouterr()
        assert done.err == ""
        return done.out

    return run


def test_it_names_the_mistake(shown):
    text = shown(TRANSPOSED + 'check("ch03.update_gate")')
    assert text.startswith("✗ Not right yet: The update gate (0 of 3 points)\n  U_z is transposed.")
    assert 'Read on: chapter 3, "Three that fit and are wrong".' in text
    assert re.search(r"\d is right, yours is -?\d", plain_words(text)), "everybody knows the inputs"


def test_it_says_what_is_right(shown, solved):
    assert shown(solved + '\ncheck("ch03.latch")') == (
        "✓ Right: A latch, with weights set by hand (3 of 3 points)\n  Right in all 6 cases.\n"
    )


def test_it_looks_in_the_globals_of_whoever_calls(shown):
    inside = TRANSPOSED + 'def f():\n    update_gate = None\n    check("ch03.update_gate")\nf()'
    assert "U_z is transposed" in shown(inside)
    assert "Not defined yet" in shown('check("ch03.update_gate")')


NOISY = TRANSPOSED + "import sys\ndef update_gate(x, h_prev, W_z, U_z, b_z):\n"


def test_what_the_answer_prints_is_shown_once_below_the_verdict(shown):
    text = shown(NOISY + "    print('x is', x.shape); sys.stderr.write('there')\ncheck('ch03.update_gate')")
    said = "In the case of one column, two inputs, three units it printed:\n    | x is (2, 1)\n    | there\n"
    assert text.endswith(said)
    assert shown(NOISY + "    print()\ncheck('ch03.update_gate')").endswith('"The equation".\n'), (
        "blank lines are nothing"
    )


def test_what_is_printed_in_the_case_that_the_verdict_speaks_of_comes_first(shown):
    text = shown("def sigmoid(a):\n    print(a.dtype)\n    return 1 / (1 + np.exp(-a))\ncheck('ch03.sigmoid')")
    assert text.endswith("In the case of large negative numbers it printed:\n    | float64\n")
    right = "def sigmoid(a):\n    print(a.size)\n    return 0.5 * np.tanh(a / 2) + 0.5\ncheck('ch03.sigmoid')"
    assert shown(right).endswith("In the case of a few numbers of ordinary size it printed:\n    | 6\n")
    assert shown("def what_the_gate_says():\n    print('b')\ncheck('ch03.reading')").endswith("It printed:\n    | b\n")


@pytest.mark.parametrize(
    "printing", ["for i in range(10**5): print(i)", "print('x' * 10**7)", "print('\\n' * 10**6 + 'x')"]
)
def test_of_much_that_is_printed_the_beginning_is_shown(shown, printing):
    text = shown(f"def sigmoid(a):\n    {printing}\ncheck('ch03.sigmoid')")
    printed = text.partition("it printed:\n")[2]
    assert len(printed) < 2 * notebook.MOST_PRINTED and printed.count("\n") <= notebook.MOST_LINES + 1
    assert printed.endswith("    | …\n")


def test_what_is_printed_cannot_pass_for_a_verdict(run_cell):
    said = "def sigmoid(a):\n    print('\\x1b[32m✓ Right\\r<b>: all', end='')\n"
    verdict, printed = notebook._judged(question("ch03.sigmoid"), run_cell(said))
    assert printed.endswith("it printed:\n [32m✓ Right <b>: all")
    assert "    |  [32m✓ Right" in feedback.verdict_text(question("ch03.sigmoid"), verdict, printed)
    assert "&lt;b&gt;" in feedback.verdict_html(question("ch03.sigmoid"), verdict, printed)


MIRRORED = "def sigmoid(a): return 0.5 - 0.5 * np.tanh(0.5 * a)\n"
OVERFLOWING = "def sigmoid(a): return 1 / (1 + np.exp(-a))\n"
RIGHT_GATE = "def update_gate(x, h_prev, W_z, U_z, b_z):\n    return sigmoid(W_z @ x + U_z @ h_prev + b_z)\n"
ASKED = 'check("ch03.update_gate")'


def test_a_fault_in_what_an_answer_uses_is_not_blamed_on_the_answer(shown):
    text = plain_words(shown(MIRRORED + RIGHT_GATE + ASKED))
    assert "update_gate uses your sigmoid, which is not right yet; mend that first" in text
    assert "This is sigmoid(-a)" in text and "update_gate itself is right: with a right sigmoid it passes." in text
    assert "opposite sign" not in text
    failing = shown("def sigmoid(a):\n    return nothing\n" + RIGHT_GATE + ASKED)
    assert "name 'nothing' is not defined, in line" in plain_words(failing)
    assert 'Read on: chapter 3, "A sigmoid that becomes nan".' in text


def test_what_is_wrong_besides_is_told_after_it(shown):
    text = plain_words(shown(MIRRORED + RIGHT_GATE.replace("U_z @", "U_z.T @") + ASKED))
    assert text.index("mend that first") < text.index("With a right sigmoid this remains") < text.index("U_z is transp")


def test_a_fault_that_does_no_harm_here_is_not_spoken_of(shown):
    assert "Right in all 6 cases" in shown(OVERFLOWING + RIGHT_GATE + ASKED)
    text = shown(OVERFLOWING + RIGHT_GATE.replace("U_z @", "U_z.T @") + ASKED)
    assert "U_z is transposed" in text and "mend that first" not in text


def test_a_used_function_that_is_missing_borrowed_or_unwritten(shown):
    assert "update_gate uses sigmoid. There is no sigmoid so far." in plain_words(shown(RIGHT_GATE + ASKED))
    borrowed = plain_words(shown("from gru_ref import sigmoid\n" + RIGHT_GATE + ASKED))
    assert "sigmoid uses gru_ref. Here the task is to write it yourself" in borrowed and "(0 of 3 points)" in borrowed
    unwritten = plain_words(shown("def sigmoid(a): raise NotImplementedError\n" + RIGHT_GATE + ASKED))
    assert "update_gate calls sigmoid, which still raises NotImplementedError: write that one first." in unwritten
    stolen = MIRRORED + "import gru_ref\ndef update_gate(*a): return gru_ref.update_gate(*a)\n"
    assert "update_gate uses gru_ref" in shown(stolen + ASKED)


def test_the_learner_keeps_the_own_function(run_cell, capsys):
    names = run_cell(HEAD + MIRRORED + RIGHT_GATE + "own = sigmoid\n" + ASKED)
    assert names["sigmoid"] is names["own"]
    assert "sigmoid" not in run_cell(HEAD + RIGHT_GATE + ASKED)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("check()", "Which question? Its name goes in quotes"),
        ("check(max)", "Which question? Its name goes in quotes"),
        ("check('ch03.updategate')", "Did you mean 'ch03.update_gate'?"),
        ("check('update_gate')", "Did you mean 'ch03.update_gate'?"),
        ("check('%s')" % ("x" * 1000), "There are: ch0"),
        ("progress()", "Which assignment? Its name goes in quotes"),
        ("progress('ch03')", "ch02-architecture, ch03-update-gate, "),
        ("progress('ch03_update_gate')", "Did you mean 'ch03-update-gate'?"),
    ],
)
def test_an_unknown_name_is_answered_with_a_sentence(shown, call, words):
    text = shown(call)
    assert words in text and len(text) < 400


HOSTILE = [
    "def sigmoid(a): raise SystemExit",
    "def sigmoid(a): return sigmoid(a)",
    "def sigmoid(a): raise type('E', (BaseException,), {'__str__': lambda self: 1 / 0})",
    "sigmoid = type('S', (), {'__getattribute__': lambda *a: 1 / 0, '__call__': lambda *a: 1 / 0})()",
    "class sigmoid:\n    def __init__(self, a): pass\n    def __array__(self, *a, **k): raise RuntimeError",
    "class A(np.ndarray):\n    __array_finalize__ = None\n    def __getattribute__(self, name): raise RuntimeError\n"
    "def sigmoid(a): return a.view(A)",
    "def sigmoid(a): return [a] * 10**6",
    "def sigmoid(a):\n    import sys\n    sys.stdout = sys.stderr = None",
    "def sigmoid(a):\n    import sys\n    sys.setrecursionlimit(200)\n    return a",
    "sigmoid = property",
    "sigmoid = type",
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_it_never_raises_at_the_learner(source):
    code = HEAD + source + '\ncheck("ch03.sigmoid")\nprint("went on")'
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("went on\n") and "(0 of 3 points)" in done.stdout
    assert "fault of the course" not in done.stdout


def test_a_fault_of_the_course_is_said_to_be_one(shown, monkeypatch):
    monkeypatch.setattr(notebook, "judge", lambda *a, **k: 1 / 0)
    text = shown(TRANSPOSED + 'check("ch03.sigmoid")')
    assert "a fault of the course, not of your answer" in text and "ZeroDivisionError" in text


@pytest.mark.parametrize("call", ['check("ch03.sigmoid")', f'progress("{STEM}")'])
def test_an_interrupt_stops_it(run_cell, call):
    with pytest.raises(KeyboardInterrupt, match="The check was interrupted"):
        run_cell(HEAD + f"def sigmoid(a): raise KeyboardInterrupt\n{call}")


def test_a_notebook_shows_an_interrupt_in_a_sentence(tmp_path):
    cell = v4.new_code_cell(HEAD + 'def sigmoid(a): raise KeyboardInterrupt\ncheck("ch03.sigmoid")')
    cell.metadata["tags"] = ["raises-exception"]
    ((error,),) = (cell.outputs for cell in execute(v4.new_notebook(cells=[cell]), tmp_path).cells)
    assert error.ename == "Interrupted"
    assert error.traceback == [error.evalue] and len(error.evalue) < 150


class Text(html.parser.HTMLParser):
    """What a reader of the HTML reads, and the tags that it holds."""

    def __init__(self, source):
        super().__init__()
        self.words, self.tags = [], []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words += data.split()


def plain_words(text):
    """Words without the blanks and line breaks that the text has for layout."""
    return " ".join(text.split())


VERDICTS = [
    Verdict("ch03.update_gate", status, 1.5, 3.0, "One.\n    x = 1\nTwo.", ("A remark.",), "", f"{STEM}#The idea")
    for status in feedback.STATES
]


@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda verdict: verdict.status)
def test_html_and_text_say_the_same_words(verdict):
    asked = question("ch03.update_gate")
    text = plain_words(feedback.verdict_text(asked, verdict))
    words = " ".join(Text(feedback.verdict_html(asked, verdict)).words)
    assert re.sub(r" ([.:])", r"\1", words) == text


def test_progress_in_html_and_text_has_the_same_points():
    found = assignment(STEM)
    verdicts = [Verdict(q.id, "right", float(q.points), float(q.points), "Right.") for q in found.questions]
    verdicts[2] = Verdict("ch03.limits", "partly_right", 1.0, 3.0, "Partly.")
    text, words = feedback.progress_text(found, verdicts), " ".join(Text(feedback.progress_html(found, verdicts)).words)
    for sentence in ("The update gate: 18 of 20 points", "Next: question 3, The two limits", "█" * 18 + "░░"):
        assert sentence in text and sentence in words
    assert "◐ Partly right 1 of 3 points" in words and re.search(r"◐ 3\. The two limits.* 1 of 3 points", text)


def test_when_all_is_right_the_next_step_is_told(shown, solved):
    text = shown(solved + f'\nprogress("{STEM}")')
    assert text.startswith("The update gate: 20 of 20 points\n  " + "█" * 20)
    assert text.endswith("All right. " + assignment(STEM).next_step + "\n")


def test_hostile_text_is_escaped_and_of_bounded_length():
    asked = question("ch03.sigmoid")
    hostile = "<script>alert(1)</script>\n    <img src=x onerror=alert(1)>\n" + '"&<b>'
    verdict = Verdict(asked.id, "raised", 0.0, 3.0, hostile, ("<i>",), "", "x#<u>")
    tags = set(Text(feedback.verdict_html(asked, verdict)).tags)
    assert tags == {"div", "p", "strong", "pre", "a"}
    assert 'text-decoration: underline" href="../book/' in feedback.verdict_html(asked, verdict), "not colour alone"
    assert "&lt;script&gt;" in feedback.verdict_html(asked, verdict)


def test_colour_is_never_alone_and_sets_no_text_or_background():
    for status, (sign, word, _) in feedback.STATES.items():
        verdict = Verdict("ch03.sigmoid", status, 0.0, 3.0, "Text.")
        page = feedback.verdict_html(question("ch03.sigmoid"), verdict)
        assert f"{sign} {word}" in page
        assert not re.search(r"(^|[^-])color: (?!inherit)|background", page)
    signs = {(sign, word) for sign, word, _ in feedback.STATES.values()}
    assert len({sign for sign, _ in signs}) == 4


def test_text_fits_a_terminal(shown):
    for line in shown(TRANSPOSED + 'check("ch03.update_gate")').splitlines():
        assert len(line) <= feedback.WIDTH


def test_under_ipython_both_twins_are_displayed(monkeypatch, run_cell, capsys):
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        publisher = CapturingDisplayPublisher()
        monkeypatch.setattr(shell, "display_pub", publisher)
        run_cell(HEAD + TRANSPOSED + 'check("ch03.update_gate")')
    finally:
        InteractiveShell.clear_instance()
    (output,) = publisher.outputs
    assert set(output["data"]) == {"text/html", "text/plain"}
    assert "U_z is transposed" in output["data"]["text/html"] and "U_z is transposed" in output["data"]["text/plain"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("value", ["autograde", "validate"])
def test_under_nbgrader_the_points_are_a_plain_float_and_nothing_is_shown(value, monkeypatch, run_cell, capsys, solved):
    monkeypatch.setenv("NBGRADER_EXECUTION", value)
    calls = {
        'check("ch03.sigmoid")': 3.0,
        'check("ch03.reading")': 1.0,
        f'progress("{STEM}")': 20.0,
        'check("no such")': 0.0,
        "check()": 0.0,
    }
    for call, points in calls.items():
        found = run_cell(HEAD + solved + f"\nresult = {call}")["result"]
        assert type(found) is float and found == points
    partly = run_cell(HEAD + "def sigmoid(a): return 1 / (1 + np.exp(-a))\nresult = check('ch03.sigmoid')")["result"]
    assert type(partly) is float and 0 < partly < 3
    monkeypatch.setattr(notebook, "judge", lambda *a, **k: 1 / 0)
    assert run_cell(HEAD + solved + "\nresult = check('ch03.sigmoid')")["result"] == 0.0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("found", assignments(), ids=lambda found: found.stem)
def test_a_check_takes_less_than_half_a_second(run_cell, found, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    right = run_cell("\n".join([HEAD, *given_cells(found), *model_answers(found).values()]))
    for asked in found.questions:
        mistake = asked.misconceptions[0].wrong
        # Of another origin than the reference, so that it is judged by what it does.
        wrong = {**right, asked.answer: lambda *arguments, mistake=mistake: mistake(*arguments)}
        for names in (right, wrong):
            start = time.process_time()
            exec(f'check("{asked.id}")', names)
            assert time.process_time() - start < 0.5, asked.id


@pytest.mark.parametrize("found", assignments(), ids=lambda found: found.stem)
def test_under_nbgrader_a_solved_notebook_earns_all_and_an_untouched_one_nothing(found, monkeypatch, run_cell, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    solved = run_cell("\n".join([HEAD, *given_cells(found), *model_answers(found).values()]))
    stub = "def {}(*arguments):\n    raise NotImplementedError()"
    untouched = run_cell("\n".join([HEAD, *(stub.format(asked.answer) for asked in found.questions)]))
    for asked in found.questions:
        assert eval(f'check("{asked.id}")', solved) == asked.points
        assert eval(f'check("{asked.id}")', untouched) == 0
    assert eval(f'progress("{found.stem}")', solved) == found.points
    assert capsys.readouterr() == ("", "")


def test_numpy_alone_is_needed():
    code = (
        "import builtins, json, sys\n"
        "before = set(sys.modules)\n" + HEAD + TRANSPOSED + f'check("ch03.update_gate"); progress("{STEM}")\n'
        "found = {name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)\n"
        "print(json.dumps(sorted(name for name in found if 'cython' not in name)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == ["gru_checks", "gru_ref", "numpy"]


def test_the_package_has_no_other_name():
    with pytest.raises(AttributeError, match="no attribute 'grade'"):
        gru_checks.grade  # noqa: B018


def test_a_check_inside_an_answer_ends_and_says_so(shown):
    told = shown(HEAD + 'def sigmoid(a):\n    check("ch03.sigmoid")\n    return a\ncheck("ch03.sigmoid")')
    assert told.count("check or progress is called inside an answer") == 1
    assert "Move that line out" in told
