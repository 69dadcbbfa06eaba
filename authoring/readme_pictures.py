"""Take the README's three pictures from the real things: a page, a check, a graded folder.

Usage: python -m authoring.readme_pictures

Needs the built site, chromium and the extra `all`. The notebook in the picture
is the exercise with one right and one wrong answer, executed in JupyterLab's
own kernel; the terminal shows what the grader printed.
"""

import contextlib
import html
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import nbclient
import nbformat
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parent.parent
PICTURES = ROOT / "book" / "_static" / "readme"
STEM = "ch03-update-gate"
SIZE = {"width": 1180, "height": 720}
BROWSER = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
# The transposed U_z is the mistake that no shape warns of.
ANSWERS = {
    "sigmoid": "    return 0.5 * np.tanh(0.5 * a) + 0.5",
    "update_gate": "    return sigmoid(W_z @ x + U_z.T @ h_prev + b_z)",
}
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #1b1f24; color: #f4f6f8; font: 14px/1.45 "DejaVu Sans Mono", monospace; }}
pre {{ margin: 0; padding: 24px 28px; white-space: pre-wrap; }} b {{ color: #4aa3ff; font-weight: normal; }}
</style><pre>{}</pre>"""


def attempted(answers):
    """Give the exercise with some of its functions written."""
    notebook = nbformat.read(ROOT / "exercises" / f"{STEM}.ipynb", as_version=4)
    for cell in notebook.cells:
        for name, body in answers.items():
            if cell.cell_type == "code" and f"def {name}(" in cell.source:
                head, _, _ = cell.source.rpartition("\n")
                cell.source = f"{head}\n{body}"
    return notebook


@contextlib.contextmanager
def running(command, folder, address):
    """Run a server until it answers, and stop it at the end."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(120):
                try:
                    urllib.request.urlopen(address).close()
                    break
                except OSError:
                    time.sleep(0.5)
            yield
        finally:
            server.terminate()


def free_port():
    """Ask the system for a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read(page):
    """Photograph the chapter where the equation and the cell stand."""
    page.goto((ROOT / "_build" / "html" / "book" / f"{STEM}.html").as_uri())
    page.wait_for_timeout(2000)
    page.locator("#in-the-cell").evaluate("element => element.scrollIntoView()")
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / "read.png")


def learn(page, folder):
    """Photograph JupyterLab with a check that names the mistake."""
    notebook = attempted(ANSWERS)
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    path = folder / f"{STEM}.ipynb"
    nbformat.write(notebook, path)
    program = pathlib.Path(sys.executable).with_name("jupyter")
    subprocess.run([program, "trust", path], check=True, capture_output=True)
    port = free_port()
    options = ["--no-browser", f"--port={port}", "--ServerApp.token=", "--allow-root"]
    address = f"http://127.0.0.1:{port}/"
    with running([program, "lab", *options], folder, address + "api"):
        page.goto(f"{address}doc/tree/{path.name}")
        page.wait_for_selector(".jp-Notebook", timeout=60_000)
        page.wait_for_timeout(4000)
        news = page.get_by_role("button", name="No", exact=True)
        if news.is_visible():  # JupyterLab asks once whether to fetch its news
            news.click()
        page.get_by_text("U_z is transposed").first.scroll_into_view_if_needed()
        page.mouse.move(SIZE["width"] / 2, SIZE["height"] / 2)
        page.mouse.wheel(0, -180)
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURES / "learn.png")


def teach(page, folder):
    """Photograph a terminal in which a folder is graded and one result is read."""
    notebooks = {
        "ada": nbformat.read(ROOT / "solutions" / f"{STEM}.ipynb", as_version=4),
        "emil": attempted(ANSWERS),
        "noor": attempted({}),
    }
    for student, notebook in notebooks.items():
        (folder / "submissions" / student).mkdir(parents=True)
        nbformat.write(notebook, folder / "submissions" / student / f"{STEM}.ipynb")
    shown = []
    for arguments in (
        ["grade", "submissions", "--out", "results", "--seed", "7"],
        ["show", "emil", STEM, "--out", "results"],
    ):
        program = pathlib.Path(sys.executable).with_name("gru-grader")
        done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True)
        printed = html.escape(done.stdout.rstrip())
        shown.append(f"<b>$ gru-grader {html.escape(' '.join(arguments))}</b>\n{printed}\n")
        if arguments[0] == "grade":
            rows = (folder / "results" / "summary.csv").read_text(encoding="utf-8-sig").splitlines()
            table = "\n".join(",".join(row.split(",")[:5]) for row in rows)
            shown.append(f"<b>$ cut -d, -f1-5 results/summary.csv</b>\n{html.escape(table)}\n")
    page.set_content(TERMINAL.format("\n".join(shown)))
    page.screenshot(path=PICTURES / "teach.png")


def main():
    """Take all three."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("chromium is needed and was not found")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        page = browser.new_page(viewport=SIZE)
        learn(page, pathlib.Path(folder))
        teach(page, pathlib.Path(folder))
        read(page)
        browser.close()


if __name__ == "__main__":
    main()
