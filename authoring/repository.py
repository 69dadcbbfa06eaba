"""Write into the notebooks how Colab installs the course, or take it out again.

Usage: ``python -m authoring.repository [--check]``

The address of the public repository stands in one place, `repository` in
_config.yml. While it is empty no notebook names an address. Once it is filled,
every notebook gets a second cell that installs the course from there if the
notebook runs in Colab; anywhere else the cell does nothing, and the pages do
not show it. A notebook that is opened or uploaded there is alone, so the
address has to stand in it.
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import nbformat
import yaml

from authoring.exercises import main as generate_exercises
from authoring.normal_form import NotebookError, normalised, read, to_text, write

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("book", "solutions")
"""The folders whose notebooks are changed; exercises follow from the solutions."""

INSTALL = """\
import subprocess
import sys

if "google.colab" in sys.modules:
    course = "gru-course[data] @ git+{url}@{branch}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, course], check=True)"""

MARK = {"gru": {"installs": "course"}, "mystnb": {"remove_code_outputs": True, "remove_code_source": True}}


class Repository(NamedTuple):
    """Where the course is published."""

    url: str
    branch: str


def repository(config):
    """Read from a configuration where the course is published.

    Parameters
    ----------
    config : path
        The file _config.yml.

    Returns
    -------
    Repository or None
        None while the address is empty.

    Raises
    ------
    ValueError
        If the address is not that of a repository on a host whose links the site knows.
    """
    setting = yaml.safe_load(Path(config).read_text(encoding="utf-8"))["repository"]
    url = setting["url"].rstrip("/").removesuffix(".git")
    if not url:
        return None
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" or not ("github" in host or "gitlab" in host) or len(parts.path.split("/")) != 3:
        raise ValueError(f"repository: url must look like https://github.com/OWNER/NAME (or GitLab), got {url!r}")
    return Repository(url, setting["branch"])


def with_install_cell(notebook, published):
    """Give the notebook with the cell that installs the course, as its second one, or without.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Left as it is.
    published : Repository or None
        None takes the cell out.

    Returns
    -------
    nbformat.NotebookNode
        In normal form. The other cells and their outputs are the same; where
        they were executed they are counted anew, as a run would count them.
    """
    notebook = normalised(notebook)
    executed = any(cell.get("execution_count") for cell in notebook.cells)
    notebook.cells = [cell for cell in notebook.cells if "installs" not in cell.metadata.get("gru", {})]
    if published:
        cell = nbformat.v4.new_code_cell(INSTALL.format(**published._asdict()), metadata=MARK)
        notebook.cells.insert(1, cell)
    if executed:
        code = (cell for cell in notebook.cells if cell.cell_type == "code")
        for count, cell in enumerate(code, start=1):
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    return normalised(notebook)


def changed(root=ROOT):
    """Find the notebooks that do not agree with the setting, and what they should be.

    Parameters
    ----------
    root : path
        Folder that holds _config.yml, book/ and solutions/.

    Returns
    -------
    dict
        New text by path.

    Raises
    ------
    NotebookError, ValueError
    """
    published = repository(root / "_config.yml")
    found = {}
    for path in sorted(path for folder in SOURCES for path in (root / folder).glob("*.ipynb")):
        notebook, text = read(path)
        new_text = to_text(with_install_cell(notebook, published))
        if new_text != text:
            found[path] = new_text
    return found


def main(arguments=None):
    """Bring every notebook into agreement with the setting, or say which do not agree."""
    parser = argparse.ArgumentParser(prog="python -m authoring.repository", description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a notebook would change")
    options = parser.parse_args(arguments)
    try:
        found = changed()
    except (NotebookError, ValueError) as error:
        sys.exit(str(error))
    for path, text in found.items():
        print(path.relative_to(ROOT))
        if not options.check:
            write(path, text)
    if options.check:
        return 1 if found else 0
    return generate_exercises([]) if found else 0


if __name__ == "__main__":
    sys.exit(main())
