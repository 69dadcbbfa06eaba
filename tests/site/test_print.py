"""On paper a page is light, whole, and nothing but the page."""

import pytest

from gru_checks.registry import assignment

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

# Registered after the page's own listener, so it sees what that has done.
NOTE_WHAT_IS_PRINTED = """() => addEventListener("beforeprint", () => { window.printed = {
    theme: document.documentElement.dataset.theme,
    folded: document.querySelectorAll("article details:not([open])").length,
    choices: document.querySelectorAll("article details.gru-choice[open]").length,
}; })"""

SHOWN = """selector => [...document.querySelectorAll(selector)].filter(tag => tag.checkVisibility()).length"""

# The paper's width between its margins, in the pixels that a browser takes for it.
A4 = {"viewport": {"width": 657, "height": 970}}

AROUND = (
    ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .prev-next-footer, .bd-footer"
    ", .copybtn, .headerlink"
)

CUT = """() => [...document.querySelectorAll("article :is(pre, table, img, mjx-container[display])")]
    .filter(tag => tag.checkVisibility() && tag.getBoundingClientRect().right > innerWidth + 1)
    .map(tag => tag.textContent.slice(0, 60))"""

PAGES = ["book/ch01-introduction", "book/ch03-update-gate", "book/rosetta", "solutions/ch03-update-gate"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_printing_opens_what_is_folded_and_puts_it_back(visit, address, theme):
    with visit(color_scheme=theme) as seen:
        seen.page.goto(f"{address}book/ch03-update-gate.html", wait_until="load")
        before = seen.page.evaluate(SHOWN, "article details[open]")
        seen.page.evaluate(NOTE_WHAT_IS_PRINTED)
        assert seen.page.pdf().startswith(b"%PDF")
        printed = seen.page.evaluate("window.printed")
        assert printed["theme"] == "light"
        assert printed["folded"] == 0 and printed["choices"] >= 10
        assert seen.page.evaluate("document.documentElement.dataset.theme") == theme
        assert seen.page.evaluate(SHOWN, "article details[open]") == before


def test_only_the_page_is_printed_and_nothing_is_cut(visit, address):
    with visit(**A4) as seen:
        for name in PAGES:
            seen.page.goto(f"{address}{name}.html", wait_until="load")
            seen.page.evaluate("async () => { if (window.MathJax?.startup) await MathJax.startup.promise; }")
            assert seen.page.evaluate(SHOWN, "article details summary, button.copybtn") > 0, name
            seen.page.emulate_media(media="print")
            seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
            assert seen.page.evaluate(SHOWN, AROUND) == 0, name
            assert seen.page.evaluate(CUT) == [], name
            seen.page.emulate_media(media="screen")


def test_every_framework_of_a_tab_set_is_printed(visit, address):
    with visit(**A4) as seen:
        seen.page.goto(f"{address}book/ch01-introduction.html", wait_until="load")
        assert seen.page.evaluate(SHOWN, ".sd-tab-content pre") == 1
        seen.page.emulate_media(media="print")
        assert seen.page.evaluate(SHOWN, ".sd-tab-content pre") == 3


def test_a_solutions_answers_are_folded_and_all_printed(visit, address):
    with visit(**A4) as seen:
        seen.page.goto(f"{address}solutions/ch03-update-gate.html", wait_until="load")
        code = ".cell.tag_answer .cell_input pre"
        assert seen.page.locator(code).count() == len(assignment("ch03-update-gate").questions)
        assert seen.page.evaluate(SHOWN, code) == 0
        seen.page.emulate_media(media="print")
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert seen.page.evaluate(SHOWN, code) == seen.page.locator(code).count()


def test_no_address_is_written_behind_a_link(visit, address):
    with visit(**A4) as seen:
        seen.page.goto(f"{address}book/bibliography.html", wait_until="load")
        seen.page.emulate_media(media="print")
        links = seen.page.locator("article a[href]")
        said = links.evaluate_all("all => all.map(link => getComputedStyle(link, '::after').content)")
        assert len(said) > 5 and set(said) <= {"none", "normal"}
