"""A framework chosen once is shown on every page, also without a server, also the next time."""

import pytest

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

FIRST = "book/ch01-introduction.html"
CHOSEN = ".sd-tab-set > input:checked + label"
SELECTED = f"() => [...document.querySelectorAll('{CHOSEN}')].map(tag => tag.textContent.trim())"
CODE = f"() => document.querySelector('{CHOSEN} + .sd-tab-content').textContent"
WIDTHS = """() => [...document.querySelectorAll(".sd-tab-content pre")].filter(tag => tag.checkVisibility())
    .map(tag => [tag.clientWidth, tag.scrollWidth])"""


def with_tabs(html):
    """Return the pages that have tabs."""
    pages = sorted(html.glob("book/*.html"))
    return [str(page.relative_to(html)) for page in pages if 'data-sync-group="framework"' in page.read_text("utf-8")]


@pytest.mark.parametrize("served", [True, False], ids=["served", "from disk"])
def test_a_chosen_framework_is_chosen_on_every_page(visit, html, address, served):
    root = address if served else html.as_uri() + "/"
    pages = with_tabs(html)
    assert FIRST in pages
    with visit() as seen:
        seen.page.goto(root + FIRST, wait_until="load")
        assert set(seen.page.evaluate(SELECTED)) == {"NumPy"}
        seen.page.locator(".sd-tab-set > label", has_text="PyTorch").first.click()
        for page in [FIRST, *pages]:
            assert set(seen.page.evaluate(SELECTED)) == {"PyTorch"}, page
            assert "import torch" in seen.page.evaluate(CODE), page
            seen.page.goto(root + page, wait_until="load")
        # Another window of the same reader.
        again = seen.page.context.new_page()
        again.goto(root + pages[-1], wait_until="load")
        assert set(again.evaluate(SELECTED)) == {"PyTorch"}
        assert seen.complaints == []


def test_tabs_are_chosen_by_keyboard(visit, address):
    with visit() as seen:
        seen.page.goto(address + FIRST, wait_until="load")
        seen.page.locator(".sd-tab-set > input").first.focus()
        seen.page.keyboard.press("ArrowRight")
        assert set(seen.page.evaluate(SELECTED)) == {"Keras"}


def test_on_a_phone_the_code_of_every_tab_fits(visit, html, address):
    with visit(viewport={"width": 390, "height": 844}) as seen:
        for page in with_tabs(html):
            seen.page.goto(address + page, wait_until="load")
            for place in range(seen.page.locator(".sd-tab-set > label").count()):
                seen.page.locator(".sd-tab-set > label").nth(place).click()
                for shown, needed in seen.page.evaluate(WIDTHS):
                    assert shown > 300 and needed <= shown, page
