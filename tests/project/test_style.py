"""Ruff's rules, the direction of imports, and the doctests."""

import ast
import doctest
import importlib
import pathlib
import pkgutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
# Each package and what of ours it may import.
ALLOWED = {
    "gru_ref": {"gru_ref"},
    "gru_data": {"gru_data"},
    "gru_checks": {"gru_checks", "gru_ref"},
    "gru_grader": {"gru_grader", "gru_checks", "gru_ref"},
}
NUMPY_ONLY = ["gru_ref", "gru_checks"]


def modules(package):
    return sorted((ROOT / package).rglob("*.py"))


def imported(nodes):
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            yield node.module.split(".")[0]


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]])
def test_ruff(arguments):
    done = subprocess.run([sys.executable, "-m", "ruff", *arguments, "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_go_down_only(package):
    assert modules(package)
    for path in modules(package):
        names = set(imported(ast.walk(ast.parse(path.read_text()))))
        wrong = (names & (ALLOWED.keys() | {"authoring", "tests"})) - ALLOWED[package]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


@pytest.mark.parametrize("package", NUMPY_ONLY)
def test_importing_needs_numpy_alone(package):
    for path in modules(package):
        names = set(imported(ast.parse(path.read_text()).body))
        assert names <= {"numpy", *ALLOWED[package], *sys.stdlib_module_names}, path.relative_to(ROOT)


def test_importing_the_checks_loads_no_framework_and_no_jupyter():
    code = "import sys, gru_checks, gru_ref; print({'torch', 'tensorflow', 'IPython', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.slow
def test_the_examples_of_gru_ref_give_what_they_say():
    package = importlib.import_module("gru_ref")
    results = [
        doctest.testmod(importlib.import_module(f"gru_ref.{module.name}"))
        for module in pkgutil.iter_modules(package.__path__)
    ]
    assert sum(result.attempted for result in results) >= 5
    assert sum(result.failed for result in results) == 0
