"""A Sphinx extension that gives every page a description: its first sentence or two, unless the page names its own."""

from html import escape

from docutils import nodes

LENGTH = 160

# Pages that Sphinx makes from no document of ours.
MADE = {
    "genindex": "Every name in the course's packages, from A to Z.",
    "search": "Search the whole course, without a connection.",
}

# Pages that begin with the same words, one as the other; their titles differ.
ASSIGNMENTS = ("exercises/", "solutions/")


def first_paragraph(doctree):
    """Return the text of the first paragraph of plain prose, without formulas, or an empty string."""
    for paragraph in doctree.findall(nodes.paragraph):
        prose = isinstance(paragraph.parent, nodes.section | nodes.document)
        if prose and not any(paragraph.findall(nodes.math)):
            text = " ".join(paragraph.astext().split())
            if text.endswith((".", "!", "?", ":")):
                return text
    return ""


def shorten(text, length=LENGTH):
    """Cut a longer text after the last whole word that fits, and mark the cut."""
    if len(text) <= length:
        return text
    return text[: length - 2].rsplit(" ", 1)[0].rstrip(",;:") + " …"


def describe(app, pagename, templatename, context, doctree):
    """Add the description to the page's meta tags."""
    if 'name="description"' in context.get("metatags", ""):
        return
    text = first_paragraph(doctree) if doctree is not None else MADE.get(pagename)
    if text and pagename.startswith(ASSIGNMENTS):
        text = f"{next(doctree.findall(nodes.title)).astext()}. {text}"
    text = text or f"{context.get('title', pagename)}: a page of the course “{app.config.html_title}”."
    tag = f'<meta name="description" content="{escape(shorten(text))}" />'
    context["metatags"] = context.get("metatags", "") + "\n" + tag


def setup(app):
    app.connect("html-page-context", describe)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
