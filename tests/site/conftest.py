"""The built site, served over HTTP from a sub-folder, and one browser that looks at it."""

import contextlib
import fcntl
import functools
import http.server
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from authoring import site as builder

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever a page asks of another host is recorded, and fails.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def sources():
    """Yield every file that the site is made of."""
    yield from (ROOT / "_config.yml", ROOT / "_toc.yml")
    for folder in ("book", "exercises", "solutions", "gru_ref", "gru_data", "gru_checks", "gru_grader"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
                yield path


def is_current(html=HTML):
    """Say whether a site stands that is newer than everything it is made of."""
    built = html / "searchindex.js"
    return built.exists() and built.stat().st_mtime > max(path.stat().st_mtime for path in sources())


@pytest.fixture(scope="session")
def html():
    """Return the folder of the built site; build it if it is missing or older than a source."""
    lock = ROOT / "_build" / "site.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        # Two processes may run these tests at once: one builds, the other waits and finds the site current.
        fcntl.flock(file, fcntl.LOCK_EX)
        if not is_current():
            builder.build()
    return HTML


@pytest.fixture(scope="session")
def toc_pages():
    """Return the pages of the table of contents, as paths without a suffix."""
    return builder.pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def all_pages(html):
    """Return every page of the built site, as a path below its root; the redirect at the root is left out."""
    found = (path.relative_to(html) for path in sorted(html.rglob("*.html")) if "_static" not in path.parts)
    return [str(path) for path in found if str(path) != "index.html"]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files and say nothing."""

    def log_message(self, format, *arguments):
        pass


@pytest.fixture(scope="session")
def address(html, tmp_path_factory):
    """Serve the site below a sub-folder, as a project page would be, and return its address."""
    root = tmp_path_factory.mktemp("host")
    (root / "courses").mkdir()
    (root / "courses" / "gru").symlink_to(html, target_is_directory=True)
    handler = functools.partial(QuietHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/courses/gru/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    """Start one headless Chromium for a module's tests.

    Playwright keeps an event loop running in its thread until it is stopped, and ``asyncio.run`` is refused meanwhile:
    kept for the session, it would break the tests of other modules that happen to come later in the same process.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=SWITCHES)
        yield browser
        browser.close()


@dataclass
class Visit:
    """What a page asked for and complained about while it was looked at."""

    page: object
    requested: list
    failed: list
    complaints: list

    def foreign(self, address):
        """Return the requests that left the site."""
        inline = ("data:", "blob:", "about:")
        return [url for url in self.requested if not url.startswith((address, *inline))]


@contextlib.contextmanager
def visiting(browser, **context):
    """Open a browser page whose every request, failure and complaint is recorded."""
    with contextlib.closing(browser.new_context(reduced_motion="reduce", **context)) as window:
        window.set_default_timeout(120_000)  # for a busy machine
        page = window.new_page()
        visit = Visit(page, [], [], [])

        def note_failure(request):
            if request.failure != "net::ERR_ABORTED":  # so ends what is under way when the page is left
                visit.failed.append(f"{request.url}: {request.failure}")

        def note_answer(answer):
            if answer.status >= 400:
                visit.failed.append(f"{answer.url}: {answer.status}")

        window.on("request", lambda request: visit.requested.append(request.url))
        page.on("websocket", lambda socket: visit.requested.append(socket.url))
        window.on("requestfailed", note_failure)
        window.on("response", note_answer)
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
        yield visit


@pytest.fixture(scope="module")
def visit(browser):
    """Return a function that opens a recorded browser page."""
    return functools.partial(visiting, browser)
