"""The site's two small extensions, and what they say when something is missing."""

import importlib.util
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from sphinx.errors import ExtensionError

EXTENSIONS = Path(__file__).parents[2] / "book" / "_ext"


def load(name):
    """Import an extension from its file, as Sphinx does."""
    spec = importlib.util.spec_from_file_location(name, EXTENSIONS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mathjax = load("offline_mathjax")
description = load("page_description")


def test_a_missing_mathjax_package_is_an_error_that_says_what_to_install(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(mathjax, "distribution", missing)
    with pytest.raises(ExtensionError, match=r"sphinx-mathjax-offline.*not installed.*pip install"):
        mathjax.setup(SimpleNamespace())


def test_a_package_with_another_layout_is_an_error_that_names_the_file(monkeypatch, tmp_path):
    monkeypatch.setattr(mathjax, "distribution", lambda name: SimpleNamespace(locate_file=lambda path: tmp_path / path))
    with pytest.raises(ExtensionError, match=r"tex-mml-chtml\.js is missing"):
        mathjax.mathjax_folder()


def test_nothing_is_copied_after_a_failed_build(tmp_path):
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path)
    mathjax.copy_mathjax(app, RuntimeError("the build failed"))
    assert list(tmp_path.iterdir()) == []


def page(*paragraphs):
    """Return a document with one section that holds the paragraphs."""
    return nodes.document(None, None, "", nodes.section("", *paragraphs))


def described(context, doctree=None, name="page"):
    """Return the meta tags that a page gets."""
    app = SimpleNamespace(config=SimpleNamespace(html_title="The course"))
    description.describe(app, name, f"{name}.html", context, doctree)
    return context["metatags"]


def test_the_description_is_the_first_paragraph_without_a_formula():
    formula = nodes.paragraph("", "", nodes.Text("Here is "), nodes.math("", "h_t"), nodes.Text("."))
    prose = nodes.paragraph("", "A gate is a number between 0 & 1.")
    tags = described({"title": "Gates", "metatags": ""}, page(formula, prose))
    assert tags.strip() == '<meta name="description" content="A gate is a number between 0 &amp; 1." />'


def test_a_page_keeps_its_own_description():
    own = '<meta name="description" content="Mine." />'
    assert described({"title": "Gates", "metatags": own}, page(nodes.paragraph("", "Other words."))) == own


def test_an_exercise_is_described_by_its_title_first():
    exercise = page(nodes.title("", "Exercise: the gate"), nodes.paragraph("", "Write a function."))
    assert 'content="Exercise: the gate. Write a function."' in described({}, exercise, "exercises/gate")


def test_a_page_without_prose_is_described_by_its_title():
    assert 'content="Index: a page of the course “The course”."' in described({"title": "Index"})


def test_a_long_description_ends_at_a_word():
    short = description.shorten("word " * 60)
    assert len(short) <= 160 and short.endswith("word …")
