"""Test the checks: change each model solution a little and see that its check notices.

Usage: ``python -m authoring.mutants``

Each mutant differs from the answer in the solution notebook by one change of
the kind that people make: plus for minus, a term dropped, two arguments
swapped, a transpose too many, an axis, a constant, another activation. A
mutant is killed if it does not get all points. One that survives is either
right too, and `STILL_RIGHT` says why, or the check has a hole.
"""

import ast
import copy
import itertools
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from authoring.normal_form import read
from gru_checks.calling import perform
from gru_checks.judge import judge
from gru_checks.registry import assignments, inputs

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ("mutants 1", "mutants 2")
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

_LATCH = "z stays below 0.00025 with the write line at 0 and above 0.95 with it at 1: a latch"
_AXIS = "axis -1 of a matrix is its axis 1"
STILL_RIGHT = {
    "def limit_biases(U_z, W_z, eps):": "W_z and U_z enter the biases alike, by the sums of their rows",
    "push = np.abs(W_z).sum(axis=-1, keepdims=True) + np.abs(U_z).sum(axis=1, keepdims=True)": _AXIS,
    "push = np.abs(W_z).sum(axis=1, keepdims=True) + np.abs(U_z).sum(axis=-1, keepdims=True)": _AXIS,
    "return (d_a @ x.T, d_a @ h_prev.T, d_a.sum(axis=-1, keepdims=True))": _AXIS,
    "return (np.array([[25.0, 0.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
    "return (np.array([[23.0, 0.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
    "return (np.array([[48.0, 0.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
    "return (np.array([[24.0, 1.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
    "return (np.array([[24.0, -1.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
    "return (np.array([[24.0, -0.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
    "return (np.array([[24.0, 0.0]]), np.zeros((1, 1)), np.array([[-13.0]]))": _LATCH,
    "return (np.array([[24.0, 0.0]]), np.zeros((1, 1)), np.array([[-11.0]]))": _LATCH,
}
"""Changed lines of mutants that are right answers too, each with the reason."""


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
    """Judge every mutant of an assignment's model solutions.

    Parameters
    ----------
    assignment : Assignment

    Returns
    -------
    list of Result
    """
    answers = model_answers(assignment)
    results = []
    for question in assignment.questions:
        for mutant in mutants(question.id, answers[question.id]):
            namespace = run([*answers.values(), mutant.source])
            killed = any(_loses_points(question, seed, namespace) for seed in SEEDS)
            reason = "" if killed else STILL_RIGHT.get(mutant.change, "")
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
    notebook, _ = read(ROOT / "solutions" / f"{assignment.stem}.ipynb")
    return {
        cell.metadata["gru"]["question"]: cell.source
        for cell in notebook.cells
        if cell.metadata.get("gru", {}).get("part") == "answer"
    }


def run(sources):
    """Execute cells one after another, as a notebook would, and give the namespace."""
    namespace = {"__name__": "__main__", "np": np}
    for source in sources:
        exec(compile(source, "<answer>", "exec"), namespace)
    return namespace


def _loses_points(question, seed, namespace):
    cases = inputs(question, seed)
    verdict = judge(question, cases, [perform(case.call, namespace) for case in cases], public=False)
    return verdict.points < verdict.max_points


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
            for other in (value + 1, value - 1, 2 * value, 0 * value, -value):
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
        case ast.Return(value=value):
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
    for i, j in itertools.combinations(range(len(parts)), 2):
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
