"""A Sphinx extension that ships MathJax inside the site, from the installed package sphinx-mathjax-offline.

That package has an extension of its own; it would copy 24 MB into the site after the build.
Here only the one script that the pages load and its fonts are copied, 2 MB.
"""

import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from sphinx.errors import ExtensionError

PACKAGE = "sphinx-mathjax-offline"
SCRIPT = "tex-mml-chtml.js"
FONTS = "output/chtml/fonts/woff-v2"


def mathjax_folder():
    """Return the folder of the installed package that holds MathJax.

    Raises
    ------
    ExtensionError
        If the package is not installed or does not hold what the pages need.
    """
    try:
        folder = Path(distribution(PACKAGE).locate_file(f"{PACKAGE}/static/mathjax"))
    except PackageNotFoundError:
        raise ExtensionError(
            f"The package {PACKAGE}, which holds MathJax, is not installed. Install the extra: pip install '.[book]'"
        ) from None
    for needed in (SCRIPT, FONTS):
        if not (folder / needed).exists():
            raise ExtensionError(
                f"{folder / needed} is missing: another version of {PACKAGE}? Install the one in constraints.txt."
            )
    return folder


def copy_mathjax(app, exception):
    """Copy the script and its fonts into the site that was built."""
    if exception or app.builder.format != "html":
        return
    source = mathjax_folder()
    target = Path(app.outdir) / "_static" / "mathjax"
    (target / FONTS).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / SCRIPT, target / SCRIPT)
    for font in (source / FONTS).glob("*.woff"):
        shutil.copyfile(font, target / FONTS / font.name)


def setup(app):
    mathjax_folder()
    app.config.mathjax_path = f"mathjax/{SCRIPT}"
    app.connect("build-finished", copy_mathjax)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
