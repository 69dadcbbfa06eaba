"""A Sphinx extension that links every page to the public repository, once its address is filled in.

The address is `repository: url` in _config.yml. While it is empty, no page has a link that would lead nowhere.
"""

from urllib.parse import urlsplit

BUTTONS = ("use_repository_button", "use_edit_page_button", "use_issues_button")


def link(app, config):
    """Switch on the theme's links to the repository, and to Colab, which opens what lies on GitHub."""
    options = config.html_theme_options
    url = options.get("repository_url")
    options.update(dict.fromkeys(BUTTONS, bool(url)))
    if url and urlsplit(url).hostname == "github.com":
        options["launch_buttons"]["colab_url"] = "https://colab.research.google.com"


def setup(app):
    app.connect("config-inited", link)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
