"""Every page has what a reader, a screen reader and a search engine need: a title, headings, words for pictures."""

import functools
import json
import re
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

import gru_ref

ROOT = Path(__file__).parents[2]


@functools.cache
def parsed(path):
    """Return the page as a tree."""
    return BeautifulSoup(Path(path).read_text(encoding="utf-8"), "html.parser")


def sentence_fault(alt):
    """Return what keeps an image's words from being a sentence that says what is to be seen, or None."""
    if alt is None:
        return "there is none"
    if re.search(r"[\w-]+[/\\][\w-]+|\.(png|svg|jpe?g|gif)\b", alt, re.I):
        return f"it is a path: {alt!r}"
    if len(alt) < 30 or len(alt.split()) < 5:
        return f"it is too short: {alt!r}"
    if not (alt[0].isupper() and alt.rstrip().endswith((".", "?", "!"))):
        return f"it is not a sentence: {alt!r}"
    return None


@pytest.mark.slow
def test_every_picture_says_in_a_sentence_what_is_to_be_seen(html, all_pages):
    faults = [
        f"{name}: {fault}"
        for name in all_pages
        for image in parsed(html / name).find_all("img")
        if (fault := sentence_fault(image.get("alt")))
    ]
    assert not faults


@pytest.mark.parametrize(
    "alt", [None, "", "../_images/9f2c.png", "cell.svg", "A picture.", "a line that goes up and then comes down again"]
)
def test_an_alternative_text_that_says_nothing_is_noticed(alt):
    assert sentence_fault(alt)


def test_every_page_has_one_title_and_headings_in_order(html, all_pages):
    faults = []
    for name in all_pages:
        if name == "search.html":
            continue  # The theme's own page: a field, and below it what was found.
        tree = parsed(html / name)
        levels = [int(tag.name[1]) for tag in tree.select("article h1, article h2, article h3, article h4")]
        if levels.count(1) != 1 or levels[0] != 1:
            faults.append(f"{name}: headings {levels}")
        elif any(below > above + 1 for above, below in zip(levels, levels[1:], strict=False)):
            faults.append(f"{name}: a level is left out in {levels}")
        if tree.html.get("lang") != "en" or not tree.title.get_text(strip=True):
            faults.append(f"{name}: no language or no title")
    assert not faults


def test_no_two_pages_have_the_same_title(html, all_pages):
    titles = [parsed(html / name).title.get_text(" ", strip=True) for name in all_pages]
    assert sorted(titles) == sorted(set(titles))


def test_every_page_has_a_description_in_words(html, all_pages):
    faults = []
    for name in all_pages:
        tags = parsed(html / name).find_all("meta", attrs={"name": "description"})
        text = tags[0].get("content", "") if len(tags) == 1 else ""
        if not 20 <= len(text) <= 160 or "\\" in text or "<" in text:
            faults.append(f"{name}: {text!r}")
    assert not faults


def test_a_title_names_the_page_and_then_the_course(html, toc_pages):
    course = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["title"]
    for page in toc_pages:
        tree = parsed(html / f"{page}.html")
        heading = tree.select_one("article h1").get_text().removesuffix("#").strip()
        assert tree.title.get_text(" ", strip=True) == f"{heading} — {course}", page


def test_no_two_pages_have_the_same_description(html, toc_pages):
    said = {
        page: parsed(html / f"{page}.html").find("meta", attrs={"name": "description"})["content"] for page in toc_pages
    }
    assert len(set(said.values())) == len(said)


def test_every_page_has_the_courses_own_icon_and_logo(html, all_pages):
    for name in all_pages:
        tree = parsed(html / name)
        shown = [tree.select_one("link[rel~=icon]")["href"], tree.select_one(".navbar-brand img")["src"]]
        for address, file in zip(shown, ("favicon.svg", "logo.svg"), strict=True):
            path = ((html / name).parent / address.split("?")[0]).resolve()
            assert path.read_bytes() == (ROOT / "book" / "_static" / file).read_bytes(), name


def test_previous_and_next_follow_the_contents(html, toc_pages):
    for place, page in enumerate(toc_pages):
        tree = parsed(html / f"{page}.html")
        for selector, other in ((".prev-next-area .left-prev", place - 1), (".prev-next-area .right-next", place + 1)):
            link = tree.select_one(selector)
            if 0 <= other < len(toc_pages):
                assert ((html / page).parent / link["href"]).resolve() == (
                    html / f"{toc_pages[other]}.html"
                ).resolve(), page
            else:
                assert link is None, page


PARTS = ["Start here", "The cell", "Networks", "Applications", "Resources", "Appendices"]


def test_the_parts_stand_in_their_order():
    parts = [part["caption"] for part in yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]]
    assert parts == [part for part in PARTS if part in parts]
    assert {"Start here", "The cell", "Applications", "Appendices"} <= set(parts)


def test_every_page_of_the_course_is_in_the_contents(toc_pages):
    written = [path for folder in ("book", "exercises", "solutions") for path in (ROOT / folder).rglob("*.*")]
    pages = {str(path.relative_to(ROOT).with_suffix("")) for path in written if path.suffix in (".md", ".ipynb")}
    assert {page for page in pages if ".ipynb_checkpoints" not in page} == set(toc_pages)


@pytest.mark.slow
def test_no_formula_stands_as_its_source(html, toc_pages):
    faults = {}
    for page in toc_pages:
        article = BeautifulSoup((html / f"{page}.html").read_text(encoding="utf-8"), "html.parser").article
        for tag in article.select("pre, code, script, .math"):
            tag.decompose()
        if found := re.findall(r"[^\n]*\$[^\n]*", article.get_text()):
            faults[page] = found
    assert not faults


def test_every_page_of_the_contents_is_built(html, toc_pages):
    assert [page for page in toc_pages if not (html / f"{page}.html").exists()] == []


def test_a_notebook_page_offers_the_notebook_itself(html, toc_pages):
    notebooks = [page for page in toc_pages if (ROOT / f"{page}.ipynb").exists()]
    assert notebooks
    for page in notebooks:
        source = html / "_sources" / f"{page}.ipynb"
        assert json.loads(source.read_text(encoding="utf-8")) == json.loads((ROOT / f"{page}.ipynb").read_text("utf-8"))
        links = [link["href"] for link in parsed(html / f"{page}.html").select("a.btn-download-source-button")]
        assert [link for link in links if link.endswith(f"_sources/{page}.ipynb")], page


def test_every_page_has_its_buttons(html, toc_pages):
    for page in toc_pages:
        tree = parsed(html / f"{page}.html")
        assert tree.select(".btn-fullscreen-button") and tree.select(".theme-switch-button"), page
        assert tree.select(".search-button-field, .search-button"), page


def test_every_public_name_of_the_reference_is_described(html):
    described = {tag["id"] for tag in parsed(html / "book/api/gru_ref.html").select("dt[id]")}
    assert {f"gru_ref.{name}" for name in gru_ref.__all__} <= described


def test_no_constant_has_its_first_words_taken_for_a_type(html, toc_pages):
    """Napoleon takes what stands before a colon in the first line of a constant's docstring for its type."""
    faults = [
        f"{page}: {constant.dt.get_text(' ', strip=True)}"
        for page in toc_pages
        for constant in parsed(html / f"{page}.html").select("dl.py.data")
        if constant.select("dl.field-list")
    ]
    assert not faults


def chapter_stems(toc_pages):
    """Return the stems of the chapters, in reading order."""
    return [Path(page).name for page in toc_pages if re.match(r"book/ch\d\d-", page)]


def test_the_side_bar_numbers_every_chapter(html, toc_pages):
    links = {link.get("href", ""): link.get_text(strip=True) for link in parsed(html / "genindex.html").select("nav a")}
    for stem in chapter_stems(toc_pages):
        number = int(stem[2:4])
        assert links[f"book/{stem}.html"].startswith(f"Chapter {number}: ")


def test_after_a_chapter_comes_its_exercise(html, toc_pages):
    with_exercise = [stem for stem in chapter_stems(toc_pages) if f"exercises/{stem}" in toc_pages]
    assert with_exercise
    for stem in with_exercise:
        following = parsed(html / "book" / f"{stem}.html").select_one("a.right-next")["href"]
        assert following == f"../exercises/{stem}.html"
        assert toc_pages.index(f"solutions/{stem}") == toc_pages.index(f"exercises/{stem}") + 1


def test_exercise_and_solution_link_each_others_pages(html, toc_pages):
    stems = [Path(page).name for page in toc_pages if page.startswith("exercises/")]
    assert stems
    for stem in stems:
        for folder, other in (("exercises", "solutions"), ("solutions", "exercises")):
            links = parsed(html / folder / f"{stem}.html").select("article section a[href]")
            assert f"../{other}/{stem}.html" in [link["href"] for link in links], (folder, stem)


def test_the_bibliography_is_sorted_by_the_name_of_the_first_author(html):
    text = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    names = {}
    for entry in re.split(r"^(?=@)", text, flags=re.M)[1:]:
        plain = re.sub(r"[{}]", "", entry)
        title = re.search(r"^\s*title\s*= (.{,20})", plain, re.M)[1].rstrip(",").lower()
        names[title] = re.search(r"^\s*author\s*= (.+?)(,| and )", plain, re.M)[1].lower()
    shown = []
    for tag in parsed(html / "book/bibliography.html").select(".citation"):
        work = tag.get_text().lower()
        shown += [name for title, name in names.items() if f". {title}" in work]
    assert len(shown) > 5
    assert shown == sorted(shown)


def test_the_contents_name_no_file_twice(toc_pages):
    assert len(toc_pages) == len(set(toc_pages))
    assert yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["only_build_toc_files"] is True


def test_every_citation_key_is_written_once_and_complete():
    text = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{(\w+),", text, re.M)
    assert keys == sorted(set(keys))
    for entry in re.split(r"^(?=@)", text, flags=re.M)[1:]:
        assert all(re.search(rf"^\s*{field}\s*=", entry, re.M) for field in ("author", "title", "year")), entry
