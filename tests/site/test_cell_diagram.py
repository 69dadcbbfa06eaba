"""The pictures of the cell come from one drawing, say in words what they show, and show this course's cell."""

import xml.etree.ElementTree as ET

import pytest

from authoring import cell_diagram

SVG = "{http://www.w3.org/2000/svg}"


def groups(root, name):
    """Return the groups of the drawing that carry a class."""
    return [group for group in root.iter(f"{SVG}g") if name in group.get("class", "").split()]


def words(group):
    """Return the texts in a group, one for each text element."""
    return ["".join(text.itertext()) for text in group.iter(f"{SVG}text")]


def test_the_committed_pictures_are_what_the_drawing_gives():
    assert cell_diagram.stale() == []


def test_a_changed_picture_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cell_diagram, "FOLDER", tmp_path)
    assert cell_diagram.main([]) == 0
    assert cell_diagram.main(["--check"]) == 0
    (tmp_path / "cell-mix.svg").write_text("changed by hand")
    assert cell_diagram.main(["--check"]) == 1
    assert "cell-mix.svg" in capsys.readouterr().err


@pytest.mark.parametrize("part", cell_diagram.TITLES)
def test_a_picture_has_a_role_a_title_and_a_description(part):
    root = ET.fromstring(cell_diagram.draw(part))
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [title.get("id"), description.get("id")]
    assert title.text == cell_diagram.TITLES[part]
    assert len(description.text.split(". ")) >= 4
    assert root.get("data-lit") == part


@pytest.mark.parametrize("part", [part for part in cell_diagram.TITLES if part != "all"])
def test_a_lit_part_exists_and_knows_what_feeds_it(part):
    text = cell_diagram.draw(part)
    root = ET.fromstring(text)
    assert groups(root, part) and groups(root, f"to-{part}")
    assert f"[data-lit={part}] .part:not(.{part})" in text


def test_the_cell_has_update_polarity_and_resets_before_the_product():
    root = ET.fromstring(cell_diagram.draw("all"))
    (share,) = (group for group in groups(root, "mix") if "update" in group.get("class"))
    old, new = (text for text in share.iter(f"{SVG}text"))
    # The old state comes from the left and the candidate from below; so stand the shares in the disc.
    assert (old.text, new.text) == ("1−z", "z")
    assert float(old.get("x")) < float(new.get("x")) and float(old.get("y")) < float(new.get("y"))
    valve = root.find(f".//{SVG}circle[@r='21']")
    product = root.find(f".//{SVG}rect[@width='38']")
    assert float(valve.get("cx")) < float(product.get("x"))
    (candidate,) = (group for group in groups(root, "candidate") if words(group))
    assert words(candidate) == ["Uh", "h", "candidate"]
