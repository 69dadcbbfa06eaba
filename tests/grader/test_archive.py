"""A zip of submissions: graded as the folder it was made of, and harmless whatever is in it."""

import io
import stat
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gru_grader import __main__ as command_line
from gru_grader import archive
from gru_grader.archive import CannotUnpack, unpack
from gru_grader.budget import Limits
from gru_grader.grading import CannotStart, Grading
from gru_grader.notebook import MAX_BYTES, NotGradable, read
from tests.grader.bank import ASSIGNMENT, RIGHT, STEM, cells, notebook_text

RIGHT_NOTEBOOK = notebook_text(cells(RIGHT))


def zipped(path, members, **options):
    """Write an archive; a member's name may be a ZipInfo."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def unpacked(tmp_path, *members):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    left_out = unpack(zipped(tmp_path / "in.zip", members), folder)
    return {str(path.relative_to(folder)): path for path in folder.rglob("*")}, dict(left_out)


def test_only_notebooks_and_the_names_of_others_come_out(tmp_path):
    found, left_out = unpacked(
        tmp_path,
        ("anna/ch03.ipynb", "{}"),
        ("bo/report.pdf", "%PDF"),
        ("__MACOSX/anna/._ch03.ipynb", "x"),
        ("anna/.ipynb_checkpoints/ch03.ipynb", "x"),
        ("cem\\ch03.ipynb", "{}"),
        ("dana/", ""),
        ("eva/CH03.IPYNB", "{}"),
    )
    files = {name: path.read_text() for name, path in found.items() if path.is_file()}
    assert files == {"anna/ch03.ipynb": "{}", "bo/report.pdf": "", "cem/ch03.ipynb": "{}", "eva/CH03.IPYNB": "{}"}
    assert found.keys() - files.keys() == {"anna", "bo", "cem", "dana", "eva"}
    assert left_out == {}


@pytest.mark.parametrize(
    "name", ["../evil.ipynb", "/tmp/evil.ipynb", "a/../../evil.ipynb", "C:/evil.ipynb", "..\\e.ipynb"]
)
def test_a_name_that_leads_out_is_left_out(tmp_path, name):
    found, left_out = unpacked(tmp_path, (name, "{}"), ("anna/ch03.ipynb", "{}"))
    assert sorted(found) == ["anna", "anna/ch03.ipynb"]
    assert left_out == {name: "its name leads out of the archive"}
    assert not list(tmp_path.parent.rglob("evil.ipynb"))


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40), max_size=8
    )
)
@settings(deadline=None)
def test_nothing_is_written_outside_the_folder_whatever_the_names(tmp_path_factory, names):
    outer = tmp_path_factory.mktemp("outer")
    folder = outer / "a" / "b"
    folder.mkdir(parents=True)
    unpack(zipped(outer / "in.zip", [(f"{name}.ipynb", "{}") for name in dict.fromkeys(names)]), folder)
    assert {path for path in outer.rglob("*") if not path.is_relative_to(folder)} == {outer / "in.zip", outer / "a"}
    assert all(path.is_dir() or path.read_text() == "{}" for path in folder.rglob("*"))


def test_links_duplicates_and_secrets_are_left_out(tmp_path):
    link = zipfile.ZipInfo("anna/link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.warns(UserWarning, match="Duplicate name"):
        found, left_out = unpacked(
            tmp_path,
            (link, "/etc/passwd"),
            ("anna/ch03.ipynb", "first"),
            ("anna/ch03.ipynb", "second"),
            ("anna/ch03.ipynb/inner.ipynb", "third"),
            (f"{'x' * 300}.ipynb", "long"),
        )
    assert found["anna/ch03.ipynb"].read_text() == "first"
    assert list(left_out.values()) == [
        "it is a link, which is not followed",
        "the archive has another file of this name before it",
        "the archive has a file where its folder should be",
        "this system allows no file of such a name",
    ]


def test_folders_in_folders_without_end_are_left_out(tmp_path):
    deep = [("a/" * 2000 + "ch03.ipynb", "{}"), ("b/" * 2000, "")]
    found, left_out = unpacked(tmp_path, *deep, ("anna/ch03.ipynb", "{}"), ("c/" * 19 + "ch03.ipynb", "{}"))
    assert {name for name in found if name.endswith(".ipynb")} == {"anna/ch03.ipynb", "c/" * 19 + "ch03.ipynb"}
    assert left_out == {name: "it lies more than 20 folders deep" for name, _ in deep}


def test_what_needs_more_memory_than_there_is_counts_as_damaged(tmp_path, monkeypatch):
    path = zipped(tmp_path / "in.zip", [("anna/ch03.ipynb", RIGHT_NOTEBOOK)])

    def fail(self, size):
        raise MemoryError

    monkeypatch.setattr(zipfile.ZipExtFile, "read", fail)
    (tmp_path / "out").mkdir()
    assert unpack(path, tmp_path / "out") == []
    with pytest.raises(NotGradable, match="Was the download interrupted"):
        read(tmp_path / "out/anna/ch03.ipynb")


def test_an_encrypted_member_is_left_out(tmp_path):
    content = bytearray(zipped(tmp_path / "plain.zip", [("anna/ch03.ipynb", "{}")]).read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    (tmp_path / "in.zip").write_bytes(content)
    (tmp_path / "out").mkdir()
    assert unpack(tmp_path / "in.zip", tmp_path / "out") == [("anna/ch03.ipynb", "it is encrypted")]


def test_what_is_damaged_or_too_large_is_said_to_its_author(tmp_path):
    path = zipped(tmp_path / "in.zip", [("anna/ch03.ipynb", RIGHT_NOTEBOOK), ("bo/ch03.ipynb", " " * (MAX_BYTES + 2))])
    content = bytearray(path.read_bytes())
    content[content.index(b"ch03.ipynb") + 30] ^= 0xFF
    path.write_bytes(content)
    (tmp_path / "out").mkdir()
    assert unpack(path, tmp_path / "out") == []
    with pytest.raises(NotGradable, match="not JSON. Was the download interrupted"):
        read(tmp_path / "out" / "anna" / "ch03.ipynb")
    with pytest.raises(NotGradable, match="larger than 16 MiB"):
        read(tmp_path / "out" / "bo" / "ch03.ipynb")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_notebook_costs_nobody_else_s(tmp_path, method):
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("anna/ch03.ipynb", RIGHT_NOTEBOOK)
        file.writestr("bo/ch03.ipynb", RIGHT_NOTEBOOK)
    content = path.read_bytes()
    begin = content.index(b"ch03.ipynb") + len(b"ch03.ipynb")
    for position in range(begin, begin + 40):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
        folder = tmp_path / str(position)
        folder.mkdir()
        assert unpack(path, folder) == []
        assert (folder / "bo" / "ch03.ipynb").read_text() == RIGHT_NOTEBOOK
        # Not every byte matters.
        if (folder / "anna" / "ch03.ipynb").read_text() != RIGHT_NOTEBOOK:
            with pytest.raises(NotGradable):
                read(folder / "anna" / "ch03.ipynb")


def test_an_archive_of_a_later_kind_is_refused(tmp_path):
    path = zipped(tmp_path / "in.zip", [("anna/ch03.ipynb", "{}")])
    content = bytearray(path.read_bytes())
    # The version that is needed to extract the file, in the directory of the archive.
    content[content.index(b"PK\x01\x02") + 6] = 255
    path.write_bytes(content)
    with pytest.raises(CannotUnpack, match="unpack it yourself"):
        unpack(path, tmp_path / "out")


def test_names_of_macos_are_read(tmp_path):
    """It writes UTF-8 without saying so, which by the rules is the code page of the first PCs."""
    name = "Zoë Müller/ch03.ipynb"
    stand_in = "x" * len(name.encode())
    path = zipped(tmp_path / "in.zip", [(stand_in, "{}")])
    path.write_bytes(path.read_bytes().replace(stand_in.encode(), name.encode()))
    (tmp_path / "out").mkdir()
    assert unpack(path, tmp_path / "out") == []
    assert (tmp_path / "out" / name).read_text() == "{}"


def test_names_of_old_windows_are_read(tmp_path):
    name = "Zoë Müller/ch03.ipynb"
    path = zipped(tmp_path / "in.zip", [("x" * len(name), "{}")])
    path.write_bytes(path.read_bytes().replace(b"x" * len(name), name.encode("cp437")))
    (tmp_path / "out").mkdir()
    unpack(path, tmp_path / "out")
    assert (tmp_path / "out" / name).read_text() == "{}"


def test_the_whole_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_TOTAL", 10)
    with pytest.raises(CannotUnpack, match="unpack it yourself"):
        unpacked(tmp_path, ("anna/ch03.ipynb", "x" * 11))
    monkeypatch.setattr(archive, "MAX_MEMBERS", 1)
    with pytest.raises(CannotUnpack, match="more than 1 files"):
        unpack(zipped(tmp_path / "two.zip", [("a", ""), ("b", "")]), tmp_path)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_whatever_is_no_archive_is_said_to_be_none(tmp_path_factory, noise):
    whole = io.BytesIO()
    zipped(whole, [("anna/ch03.ipynb", "{}")])
    folder = tmp_path_factory.mktemp("noise")
    for content in (noise, noise + whole.getvalue()[:-7], whole.getvalue()[:60] + noise + whole.getvalue()[60:]):
        (folder / "in.zip").write_bytes(content)
        try:
            unpack(folder / "in.zip", folder / "out")
        except CannotUnpack as error:
            assert "in.zip is no zip archive, or a damaged one" in str(error)


def place(source, tmp_path):
    grading = Grading(source, tmp_path / "results", [ASSIGNMENT], "full", Limits())
    return [(s.student, s.stem) for s in grading.submissions], {item.path: item.reason for item in grading.unplaced}


@pytest.mark.parametrize(
    "names",
    [
        [f"anna/{STEM}.ipynb", f"bo/{STEM}.ipynb"],
        [f"class/anna/{STEM}.ipynb", f"class/bo/{STEM}.ipynb"],
        [f"submitted/anna/{STEM}/x.ipynb", f"submitted/bo/{STEM}/x.ipynb"],
        [f"course/submitted/anna/{STEM}/x.ipynb", f"course/submitted/bo/{STEM}/x.ipynb"],
        [f"anna_{STEM}.ipynb", f"bo_{STEM}.ipynb"],
        [
            f"class/anna/{STEM}.ipynb",
            f"class/bo/{STEM}.ipynb",
            "__MACOSX/class/._x.ipynb",
            "class/.DS_Store",
            "list.csv",
        ],
    ],
)
def test_every_layout_is_found_in_a_zip(tmp_path, names):
    source = zipped(tmp_path / "in.zip", [(name, RIGHT_NOTEBOOK) for name in names])
    assert place(source, tmp_path) == ([("anna", STEM), ("bo", STEM)], {})


def test_what_was_left_out_of_a_zip_is_listed(tmp_path):
    source = zipped(tmp_path / "in.zip", [(f"anna/{STEM}.ipynb", RIGHT_NOTEBOOK), ("../bo.ipynb", "{}")])
    assert place(source, tmp_path) == ([("anna", STEM)], {"../bo.ipynb": "its name leads out of the archive"})


def test_a_file_that_is_no_zip_is_refused(tmp_path):
    (tmp_path / "in.tar").write_bytes(b"no zip")
    with pytest.raises(CannotStart, match="in.tar is no zip archive, or a damaged one; unpack it yourself"):
        place(tmp_path / "in.tar", tmp_path)
    (tmp_path / "ch03.ipynb").write_text(RIGHT_NOTEBOOK)
    with pytest.raises(CannotStart, match="ch03.ipynb is one notebook; give the folder"):
        place(tmp_path / "ch03.ipynb", tmp_path)


def test_who_handed_in_no_notebook_is_named_in_a_zip_as_in_a_folder(tmp_path):
    names = [f"anna/{STEM}.ipynb", "bo/report.pdf", f"cy_{STEM}.py", "doe_512_90344_essay.pdf", "list.csv", "eva/w.zip"]
    (tmp_path / "folder").mkdir()
    for name in names:
        (tmp_path / "folder" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "folder" / name).write_text(RIGHT_NOTEBOOK)
    expected = {
        "bo": "there is no notebook in it, only report.pdf",
        f"cy_{STEM}.py": "it is no notebook",
        "doe_512_90344_essay.pdf": "it is no notebook",
        "eva": "there is no notebook in it, only w.zip, which has to be unpacked",
    }
    assert place(tmp_path / "folder", tmp_path) == ([("anna", STEM)], expected)
    source = zipped(tmp_path / "in.zip", [(name, RIGHT_NOTEBOOK) for name in names])
    assert place(source, tmp_path) == ([("anna", STEM)], expected)


@pytest.mark.needs("sandbox")
def test_a_zip_is_graded_as_its_folder_is_and_goes_on_where_it_stopped(tmp_path, capsys):
    def grade(source, out):
        arguments = ["grade", str(source), "--out", str(tmp_path / out), "--seed", "7", "--jobs", "1"]
        assert command_line.main(arguments, assignments=[ASSIGNMENT]) == 0
        return (tmp_path / out / "anna" / STEM / "results.json").read_bytes()

    path = tmp_path / "in" / "anna" / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(RIGHT_NOTEBOOK)
    source = zipped(tmp_path / "in.zip", [(f"anna/{STEM}.ipynb", RIGHT_NOTEBOOK)])
    assert grade(source, "from zip") == grade(tmp_path / "in", "from folder") == grade(source, "from zip")
    assert "(1 from an earlier run)" in capsys.readouterr().out
