"""Build the site from the notebooks' stored outputs, with every warning an error.

Usage: python -m authoring.site
"""

import pathlib
import shlex
import shutil
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
LOG = ROOT / "_build" / "site.log"


def pages(toc):
    """Give every page of a table of contents, in reading order."""
    if isinstance(toc, list):
        return [page for entry in toc for page in pages(entry)]
    own = [toc[key] for key in ("root", "file") if key in toc]
    return own + [page for key in ("parts", "chapters", "sections") for page in pages(toc.get(key, []))]


def build():
    """Run Jupyter Book and check that every page is there; leave with one sentence where something is wrong."""
    LOG.parent.mkdir(exist_ok=True)
    for left_over in (HTML, HTML.parent / ".doctrees"):
        # An incremental build keeps pages that are gone and source listings that have changed.
        shutil.rmtree(left_over, ignore_errors=True)
    program = pathlib.Path(sys.executable).with_name("jupyter-book")
    command = [str(program), "build", str(ROOT), "-W", "--keep-going", "-n", "-q"]
    with LOG.open("w") as log:
        status = subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT).returncode
    if status:
        lines = LOG.read_text().splitlines()
        told = [line for line in lines if "WARNING" in line or "ERROR" in line] or lines[-15:]
        sys.exit("The site was not built:\n" + "\n".join(told) + f"\n(Everything said: {LOG.relative_to(ROOT)})")
    wanted = pages(yaml.safe_load((ROOT / "_toc.yml").read_text()))
    missing = [page for page in wanted if not (HTML / page).with_suffix(".html").exists()]
    if missing or not (HTML / "index.html").exists():
        sys.exit(f"The site was built without these pages: {', '.join(missing or ['index'])}")
    return len(wanted)


if __name__ == "__main__":
    print("Building the site", flush=True)
    number = build()
    print(f"{number} pages in {HTML.relative_to(ROOT)}. Open {shlex.quote(str(HTML / 'index.html'))} in a browser,")
    print("or run make serve.")
