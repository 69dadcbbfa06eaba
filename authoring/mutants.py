"""Test the checks: change each model solution a little and see that its check notices.

Usage: ``python -m authoring.mutants``

Each mutant differs from the answer in the solution notebook by one change of
the kind that people make: plus for minus, a term dropped, two arguments
swapped, a transpose too many, an axis, a constant, another activation. A
mutant is killed if it does not get all points, or never ends. One that survives
is either right too, and `authoring.survivors` says why, or the check has a hole.
Questions that train are left out: a little less of a training is a training too,
and each takes long. They bring wrong ways to train of their own.
"""

import ast
import contextlib
import copy
import itertools
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from authoring.normal_form import read
from authoring.survivors import STILL_RIGHT
from gru_checks.calling import perform
from gru_checks.judge import judge
from gru_checks.registry import assignments, inputs

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ("mutants 1", "mutants 2")
SECONDS = 5
"""How long a mutant may take; a loop without end is a mistake too."""
ACTIVATIONS = ("np.tanh", "sigmoid", "np.exp", "np.log", "np.abs", "np.log2", "np.sign")
OPERATORS = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div, ast.Add],
    ast.Div: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Div],
    ast.Mod: [ast.FloorDiv],
}
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
COMMUTATIVE = (ast.Add, ast.Mult)


@dataclass(frozen=True)
class Mutant:
    """A changed model solution: which question, the line as it now reads, and the whole function."""

    question_id: str
    change: str
    source: str


@dataclass(frozen=True)
class Result:
    """What became of a mutant; `reason` says why a survivor is right."""

    mutant: Mutant
    killed: bool
    reason: str = ""


def main():
    """Try all mutants and print the kill rate and the survivors; 1 if one has no reason."""
    results = [result for assignment in assignments() for result in trial(assignment)]
    print(report(results))
    return int(any(not result.killed and not result.reason for result in results))


def report(results):
    """Write the kill rate, then a line for each question, then one for each survivor.

    Parameters
    ----------
    results : list of Result

    Returns
    -------
    str
    """
    survivors = [result for result in results if not result.killed]
    right = sum(bool(result.reason) for result in survivors)
    wrong = len(results) - right
    killed = len(results) - len(survivors)
    lines = [f"mutants: {killed} of {wrong} killed ({killed / wrong:.1%}); {right} more are right answers too"]
    for id, group in itertools.groupby(results, key=lambda result: result.mutant.question_id):
        group = list(group)
        lines.append(f"  {id}: {sum(result.killed for result in group)} of {len(group)}")
    for result in survivors:
        lines.append(f"  survives: {result.mutant.question_id}, {result.mutant.change}: {result.reason or 'A HOLE'}")
    return "\n".join(lines)


def trial(assignment):
    """Judge every mutant of an assignment's model solutions but those that train.

    Parameters
    ----------
    assignment : Assignment

    Returns
    -------
    list of Result
    """
    answers = model_answers(assignment)
    solved = [*given_cells(assignment), *answers.values()]
    results = []
    for question in assignment.questions:
        if question.trains:
            continue
        # Drawn once, so that what the known mistakes give of them is computed once.
        drawn = [inputs(question, seed) for seed in SEEDS]
        for mutant in mutants(question.id, answers[question.id]):
            namespace = run([*solved, mutant.source])
            killed = any(_loses_points(question, cases, namespace) for cases in drawn)
            reason = "" if killed else STILL_RIGHT.get(question.id, {}).get(mutant.change, "")
            results.append(Result(mutant, killed, reason))
    return results


def model_answers(assignment):
    """Source of the model solutions, by question, from the solution notebook.

    Parameters
    ----------
    assignment : Assignment

    Returns
    -------
    dict of str
    """
    marked = ((cell.metadata.get("gru", {}), cell.source) for cell in _cells(assignment))
    return {marks["question"]: source for marks, source in marked if marks.get("part") == "answer"}


def given_cells(assignment):
    """Source of the cells that an exercise gives to its reader, such as a sigmoid to build on.

    Parameters
    ----------
    assignment : Assignment

    Returns
    -------
    list of str
    """
    return [cell.source for cell in _cells(assignment) if "part" not in cell.metadata.get("gru", {})]


def _cells(assignment):
    notebook, _ = read(ROOT / "solutions" / f"{assignment.stem}.ipynb")
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def run(sources):
    """Execute cells one after another, as a notebook would, and give the namespace."""
    namespace = {"__name__": "__main__"}
    for source in sources:
        exec(compile(source, "<answer>", "exec"), namespace)
    return namespace


def _loses_points(question, cases, namespace):
    try:
        with _time_limit(SECONDS):
            outcomes = [perform(case.call, namespace) for case in cases]
    except _TooLong:
        return True
    verdict = judge(question, cases, outcomes, public=False)
    return verdict.points < verdict.max_points


class _TooLong(KeyboardInterrupt):
    """A mutant takes too long; of this kind because `perform` lets no other pass."""


@contextlib.contextmanager
def _time_limit(seconds):
    def stop(*_):
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def mutants(question_id, source):
    """Make every mutant of a function.

    Parameters
    ----------
    question_id : str
    source : str
        A cell that defines the function.

    Returns
    -------
    list of Mutant
        No two have the same source, and none that of the function itself.
    """
    tree = ast.parse(source)
    original = ast.unparse(tree)
    seen = {original}
    made = []
    for place, node in enumerate(ast.walk(tree)):
        for replacement in _replacements(node):
            changed = ast.unparse(_with(tree, place, replacement))
            if changed not in seen:
                seen.add(changed)
                made.append(Mutant(question_id, _changed_line(original, changed), changed))
    return made


def _with(tree, place, replacement):
    """Copy a tree with the node at a place of the walk replaced."""
    tree = copy.deepcopy(tree)
    target = next(itertools.islice(ast.walk(tree), place, None))

    class Exchange(ast.NodeTransformer):
        def visit(self, node):
            return replacement if node is target else self.generic_visit(node)

    return ast.fix_missing_locations(Exchange().visit(tree))


def _changed_line(before, after):
    lines = zip(before.splitlines(), after.splitlines(), strict=True)
    return next(new.strip() for old, new in lines if old != new)


def _replacements(node):
    """Yield what a node may be mistaken for."""
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            yield left
            yield right
            for other in OPERATORS.get(type(operator), ()):
                yield ast.BinOp(left, other(), right)
            if not isinstance(operator, COMMUTATIVE):
                yield ast.BinOp(right, operator, left)
            if isinstance(operator, ast.MatMult):
                yield ast.BinOp(_transposed(left), operator, right)
                yield ast.BinOp(left, operator, _transposed(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            for other in (value + 1, value - 1, 2 * value, *((0 * value, -value) if value else ())):
                yield ast.Constant(other)
        case ast.Constant(value=str() as value) if len(value) == 1:
            for other in "abcd":
                yield ast.Constant(other)
        case ast.Compare(left=left, ops=[operator], comparators=right) if type(operator) in COMPARISONS:
            yield ast.Compare(left, [COMPARISONS[type(operator)]()], right)
        case ast.Attribute(value=value, attr="T"):
            yield value
        case ast.keyword(arg="axis", value=ast.Constant(value=axis)):
            yield ast.keyword("axis", ast.Constant(1 - axis))
        case ast.Tuple(elts=parts):
            yield from _swaps(node, "elts", parts)
        case ast.Call(args=arguments):
            yield from _swaps(node, "args", arguments)
            yield from _other_activations(node)
        case ast.Return(value=ast.expr() as value):
            yield ast.Return(ast.UnaryOp(ast.USub(), value))
            yield ast.Return(ast.BinOp(ast.Constant(1), ast.Sub(), value))
        case ast.FunctionDef(args=ast.arguments(args=parameters)):
            for swapped in _swaps(node.args, "args", parameters):
                changed = copy.copy(node)
                changed.args = swapped
                yield changed


def _transposed(node):
    return node.value if isinstance(node, ast.Attribute) and node.attr == "T" else ast.Attribute(node, "T", ast.Load())


def _swaps(node, field, parts):
    movable = [place for place, part in enumerate(parts) if getattr(part, "arg", "") != "self"]
    for i, j in itertools.combinations(movable, 2):
        order = list(parts)
        order[i], order[j] = order[j], order[i]
        changed = copy.copy(node)
        setattr(changed, field, order)
        yield changed


def _other_activations(call):
    name = ast.unparse(call.func)
    if name not in ACTIVATIONS or len(call.args) != 1:
        return
    yield call.args[0]
    for other in ACTIVATIONS:
        if other != name:
            yield ast.Call(ast.parse(other, mode="eval").body, call.args, call.keywords)


if __name__ == "__main__":
    sys.exit(main())
