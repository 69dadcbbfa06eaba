"""Every link, picture and script of the built site leads to something that is there, on any host."""

import functools
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ADDRESSES = {"a": "href", "link": "href", "script": "src", "img": "src", "source": "src", "object": "data"}


class Reader(HTMLParser):
    """Collect what a page refers to, and the places in it that a link can lead to."""

    def __init__(self, text):
        super().__init__()
        self.references, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if address := values.get(ADDRESSES.get(tag)):
            self.references.append((tag, address))
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}


@functools.cache
def read(page):
    """Return the references and the anchors of a page."""
    return Reader(page.read_text(encoding="utf-8"))


@functools.cache
def entries(folder):
    """Return the names in a folder, exactly as they are written: some hosts and all URLs know upper from lower case."""
    return frozenset(os.listdir(folder))


def exists_exactly(path, root):
    """Say whether the path is below the root with every name in the right case."""
    try:
        parts = path.relative_to(root).parts
    except ValueError:
        return False
    folder = root
    for part in parts:
        if not folder.is_dir() or part not in entries(folder):
            return False
        folder = folder / part
    return folder.is_file()


def broken(page, root):
    """Return what is wrong with the references of one page, one sentence each."""
    faults = []
    for tag, address in read(page).references:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") or address.startswith("//"):
            if tag != "a":
                faults.append(f"{tag} loads {address} from another host")
            continue
        if parts.scheme in ("mailto", "data") or address in ("#", ""):
            continue
        if parts.path.startswith("/"):
            faults.append(f"{address} is absolute: it breaks in a sub-folder and from disk")
            continue
        target = Path(os.path.normpath(page.parent / unquote(parts.path))) if parts.path else page
        if not exists_exactly(target, root):
            faults.append(f"{address} leads to no file")
        elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in read(target).anchors:
            faults.append(f"{address} leads to no place in {target.name}")
    return faults


def test_every_reference_leads_to_something(html, all_pages):
    faults = {name: found for name in ["index.html", *all_pages] if (found := broken(html / name, html))}
    assert not faults


def test_the_root_leads_to_the_first_page(html):
    text = (html / "index.html").read_text(encoding="utf-8")
    target = re.search(r"""http-equiv="?refresh"?[^>]*url='?([^'" >]+)""", text, re.I)[1]
    assert exists_exactly(html / target, html)


# What Jupyter Book and its extensions would load from elsewhere, or lead to.
REMNANTS = ["thebe", "unpkg", "jsdelivr", "cdnjs", "polyfill", "googleapis", "mybinder", "executablebooks/"]


@pytest.mark.parametrize("remnant", REMNANTS)
def test_no_page_names_a_service_of_others(html, all_pages, remnant):
    assert [name for name in all_pages if remnant in (html / name).read_text(encoding="utf-8").lower()] == []


def test_style_sheets_load_nothing_from_elsewhere(html):
    foreign = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//[^)"']*""")
    found = {path.name: foreign.findall(path.read_text(encoding="utf-8")) for path in html.rglob("*.css")}
    assert not {name: hits for name, hits in found.items() if hits}


def test_only_the_used_part_of_mathjax_is_shipped(html):
    files = [path for path in (html / "_static" / "mathjax").rglob("*") if path.is_file()]
    assert len([path for path in files if path.suffix == ".woff"]) == 23
    assert sum(path.stat().st_size for path in files) < 3_000_000


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="there.html#known">', None),
        ('<a href="https://example.org">', None),
        ('<a href="There.html">', "leads to no file"),
        ('<a href="there.html#unknown">', "leads to no place"),
        ('<img src="/there.html">', "is absolute"),
        ('<script src="https://example.org/x.js">', "another host"),
        ('<a href="../outside.html">', "leads to no file"),
    ],
)
def test_the_crawler_sees_a_broken_link(tmp_path, body, fault):
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "outside.html").write_text("<p>not part of the site")
    (site / "there.html").write_text('<p id="known">')
    (site / "page.html").write_text(body)
    found = broken(site / "page.html", site)
    assert (fault is None and not found) or fault in found[0]
