"""What stands in the repository: the fixed top level, one stem a topic, and words that do not belong into it."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
TOP = ["book", "exercises", "solutions", "gru_ref", "tests", "_config.yml", "_toc.yml", "README.md"]
LARGEST = 1_000_000


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


@pytest.mark.parametrize("name", TOP)
def test_the_top_level_has(name):
    assert (ROOT / name).exists()


def test_no_machine_path_and_no_package_registry_is_named():
    # Written so that this file does not match itself.
    machine = re.compile(r"/(?:work|root|home/[a-z]+)/[a-z]|/opt/(?:wheels|pypi)")
    registry = re.compile(r"(?:https?://)?(?:files\.python" r"hosted|py" r"pi|registry\.npm" r"js|deb\.debian)\.org")
    for path in tracked():
        if path.suffix in (".png", ".ico"):
            continue
        text = path.read_text(encoding="utf-8")
        for pattern in (machine, registry):
            found = pattern.search(text)
            assert not found, f"{path.relative_to(ROOT)}: {found.group()}"


def test_no_file_is_large():
    for path in tracked():
        assert path.stat().st_size < LARGEST, path.relative_to(ROOT)


def test_a_topic_has_one_stem():
    stems = {path.stem for path in (ROOT / "solutions").glob("*.ipynb")}
    assert stems
    assert {path.stem for path in (ROOT / "exercises").glob("*.ipynb")} == stems
    assert stems <= {path.stem for path in (ROOT / "book").glob("*.ipynb")}
    questions = {path.stem for path in (ROOT / "gru_checks" / "questions").glob("*.py")} - {"__init__"}
    assert {stem.replace("-", "_") for stem in stems} <= questions


def test_the_commands_of_the_documents_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        used = set(re.findall(r"^\s*(?:\$ )?make ([a-z-]+)|`make ([a-z-]+)", (ROOT / name).read_text(), re.MULTILINE))
        used = {word for pair in used for word in pair if word}
        assert used, name
        assert used <= targets, f"{name} names {used - targets}"


def test_local_links_of_the_documents_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md"):
        for link in re.findall(r"\]\(([^)#\s]+)", (ROOT / name).read_text()):
            if not link.startswith("http"):
                assert (ROOT / link).exists(), f"{name}: {link}"
