"""axe-core finds no serious fault on any page, in light and in dark, and the colours of the pictures can be read."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Of the theme and of the list of works, not of our pages: the side bar is no landmark, a list holds bare divisions.
KNOWN = {"region", "aria-required-children"}

# Formulas are looked at as the reader sees them, so they must be set first.
FORMULAS_SET = "async () => { if (window.MathJax?.startup) await MathJax.startup.promise; }"

# A colour that is on its way to another is not what the reader sees.
AT_ONCE = "*, ::before, ::after { transition: none !important; animation: none !important; }"

# What the theme's own switch does.
SWITCH = "theme => { document.documentElement.dataset.theme = theme; }"

# The colours of the pieces of code and formulas, each with the ground that it stands on. (Of formulas axe sees nothing:
# their signs are no text, but what a style sheet puts before an element.)
COLOURS = """() => {
    const ground = tag => {
        const colour = tag ? getComputedStyle(tag).backgroundColor : "rgb(255, 255, 255)";
        return colour === "rgba(0, 0, 0, 0)" ? ground(tag.parentElement) : colour;
    };
    const pieces = [...document.querySelectorAll("article .highlight pre *, article mjx-container *")];
    return [...new Set(pieces.map(tag => getComputedStyle(tag).color + " on " + ground(tag)))];
}"""

# A chapter has ten thousand such pieces, and axe takes a millisecond for each: minutes for a book. It gets those of the
# first formulas and blocks of code; of the others, which one program made alike, it gets the outside and the words.
THIN_OUT = """() => {
    for (const formula of [...document.querySelectorAll("mjx-container")].slice(6)) formula.replaceChildren();
    for (const code of [...document.querySelectorAll(".highlight pre")].slice(6)) code.textContent = code.textContent;
}"""

# Three of every combination of colour, size, weight and all that lies behind it are enough to judge its contrast.
MARK_ALIKE = """() => {
    const behind = new Map([[null, ""]]);
    const look = tag => {
        if (!behind.has(tag)) {
            const { backgroundColor, backgroundImage, opacity, filter, mixBlendMode } = getComputedStyle(tag);
            const own = [backgroundColor, backgroundImage, opacity, filter, mixBlendMode].join(" ");
            const above = look(tag.parentElement);
            behind.set(tag, own === "rgba(0, 0, 0, 0) none 1 none normal" ? above : above + " / " + own);
        }
        return behind.get(tag);
    };
    const seen = new Map();
    for (const tag of document.body.querySelectorAll("*")) {
        const { color, fontSize, fontWeight, textShadow, position } = getComputedStyle(tag);
        const shown = tag.checkVisibility() && tag.getClientRects().length > 0;
        const words = [...tag.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
        const key = [shown, words, color, fontSize, fontWeight, textShadow, position, look(tag)].join(" ");
        seen.set(key, (seen.get(key) ?? 0) + 1);
        tag.toggleAttribute("data-alike", seen.get(key) > 3);
    }
}"""

RUN = """async rules => {
    axe.configure({ rules: [{ id: "color-contrast", selector: "*:not([data-alike])" }] });
    return (await axe.run(document, { resultTypes: ["violations"], ...rules })).violations;
}"""


def serious(name, violations):
    """Return the faults of a page that count, one line each."""
    return [
        f"{name}: {fault['id']}: {node['html'][:160]}"
        for fault in violations
        if fault["impact"] in ("serious", "critical") and fault["id"] not in KNOWN
        for node in fault["nodes"]
    ]


def faint(name, colours):
    """Return the colours of code and formulas that can hardly be read, one line each."""
    faults = []
    for pair in colours:
        both = re.findall(r"rgb\((\d+), (\d+), (\d+)\)", pair)
        assert len(both) == 2, f"{pair}: one that shines through would need the colours behind it"
        ink, ground = ("#" + "".join(f"{int(channel):02x}" for channel in colour) for colour in both)
        if contrast(ink, ground) < 4.5:
            faults.append(f"{name}: color-contrast: {pair}")
    return faults


def look_at(page, name):
    """Return the faults of an open page: by all rules in light, by those on colours in dark."""
    from axe_playwright_python.base import AXE_SCRIPT

    faults = []
    page.evaluate(FORMULAS_SET)
    page.add_style_tag(content=AT_ONCE)
    for theme in ("dark", "light"):
        page.evaluate(SWITCH, theme)
        faults += faint(f"{name} ({theme})", page.evaluate(COLOURS))
    page.evaluate(THIN_OUT)
    page.evaluate(AXE_SCRIPT)
    for theme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast", "link-in-text-block"]})):
        page.evaluate(SWITCH, theme)
        page.evaluate(MARK_ALIKE)
        faults += serious(f"{name} ({theme})", page.evaluate(RUN, rules))
    return faults


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.needs("chromium")
def test_axe_finds_nothing_serious(visit, address, toc_pages):
    faults = []
    # The pages of source code are all alike: one of them stands for the rest.
    generated = ["genindex", "search", "_modules/index", "_modules/gru_ref/gates"]
    with visit(color_scheme="light", viewport={"width": 1280, "height": 900}) as seen:
        for name in toc_pages + generated:
            seen.page.goto(f"{address}{name}.html", wait_until="load")
            assert seen.page.evaluate("document.documentElement.dataset.theme") == "light"
            faults += look_at(seen.page, name)
    assert not faults


# The last of its kind on the page, the colours that it gets, and the themes in which they cannot be read.
FAULTS = {
    "a word of code": ("article .highlight pre .k", {"color": "#b0b0b0"}, {"light"}),
    "a formula": ("article mjx-container", {"color": "#c8c8c8"}, {"light"}),
    "a paragraph": ("article section > p", {"opacity": "0.3"}, {"light", "dark"}),
    "a ground": ("article td > p, article td", {"background": "rgb(60, 60, 60)"}, {"light"}),
    "dark alone": ("article section > p", {"color": "#3c3c3c"}, {"dark"}),
}


@pytest.mark.slow
@pytest.mark.needs("chromium")
@pytest.mark.parametrize(("selector", "style", "themes"), FAULTS.values(), ids=FAULTS)
def test_one_spoilt_colour_among_thousands_is_found(visit, address, selector, style, themes):
    with visit(color_scheme="light", viewport={"width": 1280, "height": 900}) as seen:
        page = seen.page
        page.goto(f"{address}book/ch02-architecture.html", wait_until="load")
        page.evaluate(FORMULAS_SET)
        page.locator(selector).last.evaluate("(tag, style) => Object.assign(tag.style, style)", style)
        found = look_at(page, "spoilt")
        told = {re.match(r"spoilt \((\w+)\): color-contrast", fault)[1] for fault in found}
        assert told == themes


@pytest.mark.slow
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_code_can_be_read(visit, address, html, theme):
    with visit(color_scheme=theme) as seen:
        seen.page.goto(f"{address}book/how-to-use.html")
        ground = seen.page.evaluate("getComputedStyle(document.querySelector('div.highlight pre')).backgroundColor")
    ground = "#" + "".join(f"{int(channel):02x}" for channel in re.findall(r"\d+", ground))
    sheet = (html / "_static" / "pygments.css").read_text(encoding="utf-8")
    rules = re.findall(
        rf'^html\[data-theme="{theme}"\] \.highlight (\.\w+) .*[{{ ]color: (#[0-9A-Fa-f]{{6}})', sheet, re.M
    )
    assert len(rules) > 50
    assert {name: colour for name, colour in rules if contrast(colour, ground) < 4.5} == {}


def luminance(colour):
    """Return the relative luminance of a colour "#rrggbb" as the Web Content Accessibility Guidelines define it."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """Return the contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def palettes():
    """Return the light and the dark colours of the drawing of the cell, by name."""
    drawing = (ROOT / "authoring" / "cell.svg").read_text(encoding="utf-8")
    light, dark = drawing.split("@media (prefers-color-scheme:dark)")
    colours = re.compile(r"--([a-z-]+):(#[0-9a-f]{6})")
    return dict(colours.findall(light)), dict(colours.findall(dark.split("}}")[0]))


def test_contrast_has_the_known_values():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark"])
def test_every_word_of_the_cell_can_be_read(palette):
    for name in ("ink", "dim", "x", "z", "r", "candidate"):
        assert contrast(palette[name], palette["paper"]) >= 4.5, name
    for name in ("z", "r", "candidate"):
        assert contrast(palette[name], palette[f"{name}-tint"]) >= 4.5, name


def test_figures_and_cell_have_the_same_colours():
    style = (ROOT / "gru_ref" / "course.mplstyle").read_text(encoding="utf-8")
    cycle = re.search(r"axes\.prop_cycle.*", style)[0]
    light, _ = palettes()
    in_order = [light[name] for name in ("z", "r", "candidate", "ink", "x")]
    assert ["#" + colour.lower() for colour in re.findall(r"[0-9a-fA-F]{6}", cycle)] == in_order
