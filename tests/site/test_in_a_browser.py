"""What a reader's browser makes of the site: nothing asked of other hosts, formulas set, no error, fit for a phone."""

import io

import matplotlib.image
import pytest

pytestmark = pytest.mark.needs("chromium")

PHONE = {"viewport": {"width": 390, "height": 844}}

# What is wrong with the formulas of a page: each must become MathJax's own element, in MathJax's own fonts.
BAD_FORMULAS = """async () => {
    const formulas = [...document.querySelectorAll(".math")];
    if (!formulas.length) return [];
    await MathJax.startup.promise;
    await document.fonts.ready;
    const raw = formulas.filter(formula => !formula.querySelector("mjx-container"));
    const faults = raw.map(formula => formula.textContent);
    // What MathJax cannot read it marks as an error; a command that it does not know it sets in red.
    for (const error of document.querySelectorAll("mjx-merror, mjx-mtext[style*='red']")) faults.push(error.outerHTML);
    const fonts = [...document.fonts].filter(font => font.family.startsWith("MJX") && font.status === "loaded");
    if (formulas.some(formula => formula.checkVisibility()) && !fonts.length) faults.push("no font has come");
    return faults;
}"""

# What makes the page wider than the window, innermost first, so that the failure says where to look.
TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const overflows = tag => tag.scrollWidth > tag.clientWidth + 1 && getComputedStyle(tag).overflowX === "visible";
    return [document.body, ...document.body.querySelectorAll("*")].filter(overflows).reverse()
        .slice(0, 5).map(tag => tag.tagName + "." + tag.className + " " + tag.textContent.trim().slice(0, 60));
}"""

# The displayed formulas that stick out of their box, which the reader would have to push to and fro.
CUT_FORMULAS = """async () => {
    if (window.MathJax?.startup) await MathJax.startup.promise;
    await document.fonts.ready;
    return [...document.querySelectorAll("article mjx-container[display]")]
        .filter(formula => formula.scrollWidth > formula.clientWidth + 1).map(formula => formula.textContent);
}"""

# What is wider than the window and cannot be pushed by itself: neither it nor anything around it scrolls.
STUCK_TABLES_AND_CODE = """() => {
    const scrolls = tag => ["auto", "scroll"].includes(getComputedStyle(tag).overflowX);
    const moves = tag => tag.tagName !== "ARTICLE" && (scrolls(tag) || moves(tag.parentElement));
    return [...document.querySelectorAll("article :is(table, pre)")].filter(tag => tag.checkVisibility())
        .filter(tag => tag.scrollWidth > innerWidth - 20 && !moves(tag)).map(tag => tag.textContent.slice(0, 60));
}"""


@pytest.fixture(scope="module")
def on_a_phone(visit, address, all_pages):
    """Visit every page once, as a phone; return what is wrong on each, and the visit itself."""
    checks = {"formulas": BAD_FORMULAS, "wide": TOO_WIDE, "cut": CUT_FORMULAS, "stuck": STUCK_TABLES_AND_CODE}
    with visit(**PHONE) as seen:
        wrong = {}
        for name in all_pages:
            seen.page.goto(address + name, wait_until="load")
            wrong[name] = {what: seen.page.evaluate(script) for what, script in checks.items()}
        yield wrong, seen


@pytest.mark.slow
@pytest.mark.parametrize("what", ["formulas", "wide", "cut", "stuck"])
def test_on_a_phone_formulas_are_set_and_everything_fits(on_a_phone, what):
    wrong, _ = on_a_phone
    assert len(wrong) > 20
    assert {name: found[what] for name, found in wrong.items() if found[what]} == {}


@pytest.mark.slow
def test_pages_ask_no_other_host_and_say_no_error(on_a_phone, address):
    _, seen = on_a_phone
    assert seen.foreign(address) == []
    assert seen.failed == []
    assert seen.complaints == []
    assert any(url.endswith("tex-mml-chtml.js") for url in seen.requested)


@pytest.mark.slow
def test_the_site_works_from_disk(visit, html, all_pages):
    root = html.as_uri() + "/"
    with visit() as seen:
        seen.page.goto(root + "index.html")
        seen.page.wait_for_url("**/book/index.html")
        for name in all_pages:
            seen.page.goto(root + name, wait_until="load")
            assert seen.page.evaluate(BAD_FORMULAS) == [], name
        assert seen.foreign(root) == []
        assert seen.failed == []
        assert seen.complaints == []


@pytest.mark.parametrize("served", [True, False], ids=["served", "from disk"])
def test_the_search_finds_a_page(visit, html, address, served):
    with visit() as seen:
        seen.page.goto((address if served else html.as_uri() + "/") + "search.html?q=polarity")
        # What is found is listed entry by entry.
        seen.page.wait_for_selector("#search-results li a[href*='book/notation.html']", state="attached")
        # From disk a browser lets no page read another, so what is found has no excerpts there.
        excerpts = ("Access to fetch at 'file:", "Failed to load resource", "Failed to fetch")
        assert served or any(said.startswith(excerpts[0]) for said in seen.complaints)
        assert [said for said in seen.complaints if served or not said.startswith(excerpts)] == []


def test_the_search_can_be_opened_on_a_page(visit, address):
    with visit() as seen:
        seen.page.goto(address + "book/notation.html", wait_until="load")
        seen.page.keyboard.press("Control+k")
        seen.page.locator("input[name=q]:visible").fill("half-life")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_selector("#search-results li a")


def test_code_can_be_copied(visit, address):
    with visit(permissions=["clipboard-read", "clipboard-write"]) as seen:
        seen.page.goto(address + "book/how-to-use.html", wait_until="load")
        block = seen.page.locator("div.highlight", has=seen.page.locator("button.copybtn")).first
        block.hover()
        block.locator("button.copybtn").click()
        copied = seen.page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == block.locator("pre").inner_text().strip() != ""


def test_the_switch_leads_to_a_dark_page_that_stays_dark(visit, address):
    with visit(color_scheme="light") as seen:
        theme = "document.documentElement.dataset.theme"
        seen.page.goto(address + "book/index.html", wait_until="load")
        for _ in range(3):
            if seen.page.evaluate(theme) == "light":
                seen.page.locator("button.theme-switch-button:visible").first.click()
        assert seen.page.evaluate(theme) == "dark"
        seen.page.goto(address + "book/notation.html", wait_until="load")
        assert seen.page.evaluate(theme) == "dark"


def test_a_foreign_request_would_be_seen(visit, address):
    with visit() as seen:
        seen.page.goto(address + "book/index.html")
        seen.page.evaluate("fetch('https://example.org/font.woff').catch(() => null)")
        assert seen.foreign(address) == ["https://example.org/font.woff"]
        assert seen.failed


def corner_and_ink(image):
    """Return the colour in a picture's corner and the number of pixels that differ from it."""
    pixels = (matplotlib.image.imread(io.BytesIO(image))[..., :3] * 255).round().astype(int)
    return tuple(pixels[3, 3].tolist()), int((pixels != pixels[3, 3]).any(axis=-1).sum())


@pytest.mark.parametrize(("system", "chosen", "paper"), [("light", "dark", (18,) * 3), ("dark", "light", (255,) * 3)])
def test_the_cell_follows_the_theme_that_the_reader_chose(visit, address, system, chosen, paper):
    with visit(color_scheme=system) as seen:
        seen.page.add_init_script(
            f"localStorage.setItem('mode', '{chosen}'); localStorage.setItem('theme', '{chosen}')"
        )
        seen.page.goto(address + "book/index.html")
        assert seen.page.evaluate("document.documentElement.dataset.theme") == chosen
        corner, ink = corner_and_ink(seen.page.locator("img[src$='cell-all.svg']").screenshot())
        assert corner == paper
        assert ink > 5000
        background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == f"rgb({', '.join(map(str, paper))})"


def test_a_quiz_answer_opens_by_keyboard(visit, address):
    with visit() as seen:
        seen.page.goto(address + "book/ch03-update-gate.html")
        choices = seen.page.locator("details.gru-choice")
        assert choices.count() >= 6
        first = choices.first
        assert not first.evaluate("choice => choice.open")
        first.locator("summary").focus()
        seen.page.keyboard.press("Enter")
        assert first.evaluate("choice => choice.open")
        assert first.locator("p").first.is_visible()
        verdicts = choices.evaluate_all("all => all.map(choice => choice.textContent.includes('Right.'))")
        assert any(verdicts) and not all(verdicts)
