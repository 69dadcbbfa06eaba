"""axe-core finds no serious fault on any page, in light and in dark, and the colours of the pictures can be read."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Of the theme and of the list of works, not of our pages: the side bar is no landmark, a list holds bare divisions.
KNOWN = {"region", "aria-required-children"}

# Formulas are looked at as the reader sees them, so they must be set first.
FORMULAS_SET = "async () => { if (window.MathJax?.startup) await MathJax.startup.promise; }"


@pytest.mark.slow
@pytest.mark.timeout(
    1200
)  # A chapter has ten thousand elements, and axe looks at each: ten seconds on an idle machine.
@pytest.mark.needs("chromium")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, address, toc_pages, theme):
    from axe_playwright_python.sync_playwright import Axe

    axe, faults = Axe(), []
    # The pages of source code are all alike: one of them stands for the rest.
    generated = ["genindex", "search", "_modules/index", "_modules/gru_ref/gates"]
    with visit(color_scheme=theme, viewport={"width": 1280, "height": 900}) as seen:
        for name in toc_pages + generated:
            seen.page.goto(f"{address}{name}.html", wait_until="load")
            assert seen.page.evaluate("document.documentElement.dataset.theme") == theme
            seen.page.evaluate(FORMULAS_SET)
            for fault in axe.run(seen.page, options={"resultTypes": ["violations"]}).response["violations"]:
                if fault["impact"] in ("serious", "critical") and fault["id"] not in KNOWN:
                    faults += [f"{name}: {fault['id']}: {node['html'][:160]}" for node in fault["nodes"]]
    assert not faults


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
