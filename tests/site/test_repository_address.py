"""One setting holds the repository's address: while it is empty nothing leads there, then every page does."""

import contextlib
import io
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from authoring import repository as tool
from authoring.exercises import exercise_from
from authoring.normal_form import read, to_text
from authoring.notebook_rules import complaints
from gru_checks.registry import assignments

ROOT = Path(__file__).parents[2]
URL = "https://github.com/example-owner/example-course"
NOTEBOOKS = [path for folder in ("book", "solutions") for path in sorted((ROOT / folder).glob("*.ipynb"))]
PUBLISHED = tool.Repository(URL, "main")


def configured(folder, url=URL):
    """Write the book's own configuration into a folder, with an address filled in."""
    text = (ROOT / "_config.yml").read_text(encoding="utf-8")
    before, setting, after = text.partition('\n  url: "')
    assert setting
    (folder / "_config.yml").write_text(before + setting + url + after[after.index('"') :], encoding="utf-8")
    return folder / "_config.yml"


def installing(notebook):
    """Return the code cells that install the course."""
    return [cell for cell in notebook.cells if "pip" in cell.source and cell.cell_type == "code"]


@pytest.fixture(scope="module")
def published_site(tmp_path_factory):
    """Build a small book with the course's configuration, a filled address and a notebook in each folder."""
    folder = tmp_path_factory.mktemp("published")
    configured(folder)
    shutil.copytree(ROOT / "book" / "_ext", folder / "book" / "_ext", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "book" / "_static", folder / "book" / "_static")
    (folder / "book" / "references.bib").write_text("")
    (folder / "book" / "index.md").write_text("# A course\n\nWords.\n")
    for place in ("book", "exercises"):
        (folder / place).mkdir(exist_ok=True)
        cells = [nbformat.v4.new_markdown_cell(f"# Of the folder {place}"), nbformat.v4.new_code_cell("1 + 1")]
        notebook = tool.with_install_cell(nbformat.v4.new_notebook(cells=cells), PUBLISHED)
        (folder / place / f"of-{place}.ipynb").write_text(to_text(notebook))
    pages = ["book/index", "book/of-book", "exercises/of-exercises"]
    toc = {"format": "jb-book", "root": pages[0], "chapters": [{"file": page} for page in pages[1:]]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc))
    program = Path(sys.executable).with_name("jupyter-book")
    done = subprocess.run([program, "build", folder, "-W", "-n", "-q"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    html = folder / "_build" / "html"
    return {page: BeautifulSoup((html / f"{page}.html").read_text("utf-8"), "html.parser") for page in pages}


def links(tree):
    """Return the addresses of other hosts that the bar above a page links to, by the name of the button."""
    bar = tree.select_one(".header-article-items")
    found = {link.get_text(" ", strip=True): link["href"] for link in bar.select("a[href^=http]")}
    return {name.split("\n")[0]: unquote(address) for name, address in found.items()}


BUTTONS = ["btn-source-repository-button", "btn-source-edit-button", "btn-source-issues-button"]


@pytest.mark.slow
def test_once_filled_every_page_has_its_links(published_site):
    for page, tree in published_site.items():
        assert all(tree.select(f".{button}") for button in BUTTONS)
        source = page + (".md" if page.endswith("index") else ".ipynb")
        found = links(tree)
        assert found["Repository"] == URL
        assert found["Suggest edit"] == f"{URL}/edit/main/{source}"
        assert found["Open issue"].startswith(f"{URL}/issues/new?title=Issue on page /{page}.html")


@pytest.mark.slow
def test_once_filled_every_notebook_opens_in_colab(published_site):
    opened = {page: links(tree).get("Colab") for page, tree in published_site.items()}
    colab = "https://colab.research.google.com/github/example-owner/example-course/blob/main/"
    assert opened.pop("book/index") is None
    assert opened == {page: f"{colab}{page}.ipynb" for page in opened}


def test_no_page_shows_the_cell_that_installs(published_site):
    for page, tree in published_site.items():
        assert "subprocess" not in tree.article.get_text(), page
    assert "1 + 1" in published_site["book/of-book"].article.get_text()


def test_while_it_is_empty_no_page_has_such_a_link(html, toc_pages):
    if tool.repository(ROOT / "_config.yml"):
        pytest.skip("the address is filled in")
    for page in toc_pages:
        text = (html / f"{page}.html").read_text("utf-8")
        assert not [word for word in (*BUTTONS, "launch-buttons", "colab.") if word in text], page


def test_every_notebook_agrees_with_the_setting():
    assert list(tool.changed(ROOT)) == [], "run python -m authoring.repository"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_published_notebook_installs_first_and_keeps_the_rules(path):
    plain, text = read(path)
    published = tool.with_install_cell(plain, PUBLISHED)
    first = next(cell for cell in published.cells if cell.cell_type == "code")
    assert installing(published) == [first]
    assert f"git+{URL}@main" in first.source
    assert complaints(path, published, to_text(published)) == []
    # Twice is as good as once, and without an address the notebook is what it was.
    assert tool.with_install_cell(published, PUBLISHED) == published
    assert to_text(tool.with_install_cell(published, None)) == to_text(tool.with_install_cell(plain, None))


@pytest.mark.parametrize("assignment", assignments(), ids=lambda assignment: assignment.stem)
def test_the_exercise_of_a_published_solution_installs_first(assignment):
    solution = tool.with_install_cell(read(ROOT / "solutions" / f"{assignment.stem}.ipynb")[0], PUBLISHED)
    exercise = exercise_from(solution, assignment)
    assert installing(exercise) == [next(cell for cell in exercise.cells if cell.cell_type == "code")]


def runs(monkeypatch, modules):
    """Run the cell where these modules are loaded; return the commands that it starts."""
    started = []
    monkeypatch.setattr(subprocess, "run", lambda command, check: started.append(command))
    for name in modules:
        monkeypatch.setitem(sys.modules, name, SimpleNamespace())
    (cell,) = installing(tool.with_install_cell(nbformat.v4.new_notebook(cells=[]), PUBLISHED))
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(cell.source, {})
    assert said.getvalue() == ""
    return started


def test_in_colab_the_cell_installs_the_course(monkeypatch):
    (command,) = runs(monkeypatch, ["google.colab"])
    assert command == [sys.executable, "-m", "pip", "install", "--quiet", f"gru-course[data] @ git+{URL}@main"]


def test_elsewhere_the_cell_does_nothing(monkeypatch):
    assert runs(monkeypatch, []) == []


def test_the_name_that_is_installed_is_the_courses_own():
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '\nname = "gru-course"\n' in settings
    assert "\ndata = [" in settings


def test_an_address_with_a_slash_or_git_at_its_end_is_the_same(tmp_path):
    for ending in ("", "/", ".git"):
        assert tool.repository(configured(tmp_path, URL + ending)) == PUBLISHED
    assert tool.repository(configured(tmp_path, "")) is None


@pytest.mark.parametrize(
    "url", ["example.org", "http://github.com/a/b", "https://github.com/a", "https://example.org/a/b"]
)
def test_an_address_that_leads_nowhere_is_refused(tmp_path, url):
    with pytest.raises(ValueError, match="must look like https://github.com/OWNER/NAME"):
        tool.repository(configured(tmp_path, url))


@pytest.mark.slow
def test_the_tool_changes_notebooks_when_the_address_comes_and_goes(tmp_path):
    for folder in ("book", "solutions"):
        (tmp_path / folder).mkdir()
    for path in NOTEBOOKS:
        shutil.copy(path, tmp_path / path.parent.name)
    before = {path: path.read_text("utf-8") for path in tmp_path.rglob("*.ipynb")}
    configured(tmp_path)
    filled = tool.changed(tmp_path)
    assert filled.keys() == before.keys()
    for path, text in filled.items():
        path.write_text(text, encoding="utf-8")
    assert tool.changed(tmp_path) == {}
    configured(tmp_path, "")
    assert tool.changed(tmp_path) == before
