"""A submitted file gives code cells or a sentence that says why not; nothing else ever."""

import errno
import json
import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gru_grader.notebook import MAX_BYTES, MAX_PARTS, NotGradable, read
from tests.grader.bank import notebook_text


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a.ipynb"


def cells_of(file, content):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(file).cells


def test_only_the_source_of_code_cells_is_taken(file):
    notebook = json.loads(notebook_text(["a = 1", "b = 2"], tags=["skip-execution"], nbgrader={"points": 99}))
    notebook["cells"].insert(1, {"cell_type": "markdown", "source": "text"})
    notebook["cells"].append({"cell_type": "code", "source": ["c = 3\n", "d = 4"]})
    notebook["metadata"]["kernelspec"] = {"name": "evil", "argv": ["rm"]}
    assert cells_of(file, json.dumps(notebook)) == ("a = 1", "b = 2", "c = 3\nd = 4")


def test_a_byte_order_mark_does_not_matter(file):
    assert cells_of(file, b"\xef\xbb\xbf" + notebook_text(["a = 1"]).encode()) == ("a = 1",)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_what_other_editors_make_of_the_letters_does_not_matter(file, encoding):
    text = notebook_text(["größe = 1"]).replace("\\u00f6", "ö").replace("\\u00df", "ß")
    assert cells_of(file, text.encode(encoding)) == ("größe = 1",)
    (file.parent / "be.ipynb").write_bytes(b"\xfe\xff" + text.encode("utf-16-be"))
    assert read(file.parent / "be.ipynb").cells == ("größe = 1",)


def test_format_3_is_read(file):
    sheet = {"cells": [{"cell_type": "code", "input": ["a = 1\n", "b = 2"]}, {"cell_type": "heading", "source": "x"}]}
    assert cells_of(file, json.dumps({"nbformat": 3, "worksheets": [sheet]})) == ("a = 1\nb = 2",)


def test_lone_surrogates_are_kept(file):
    assert cells_of(file, notebook_text(["x = '\ud800'"])) == ("x = '\ud800'",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"%PDF-1.7", "not JSON"),
        (b'{"cells": [', "not JSON"),
        (b"\xff\xfe{\x00}\x00", "no cells"),
        (b"\xff\xfe{", "not JSON"),
        (b"[{}," * (MAX_PARTS // 2) + b"[", "more parts"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b"{}", "no cells"),
        (b"[]", "no cells"),
        (b"null", "no cells"),
        (b'{"cells": 5}', "no cells"),
        (b'{"cells": [5]}', "no cells"),
        (b'{"worksheets": 5}', "no cells"),
        (b'{"worksheets": [5]}', "no cells"),
        (b'{"cells": [{"cell_type": "code", "source": {"a": 1}}]}', "no source"),
        (b'{"cells": [{"cell_type": "code", "source": [1, 2]}]}', "no source"),
        (json.dumps({"cells": [{"cell_type": "code", "source": ""}] * 2001}).encode(), "2000 code cells"),
        (notebook_text(["#" * 600_001]).encode(), "600,000 characters"),
    ],
)
def test_what_is_no_notebook_says_why(file, content, why):
    with pytest.raises(NotGradable, match=why):
        cells_of(file, content)


def test_a_large_file_is_not_read(file):
    with open(file, "wb") as opened:
        opened.truncate(100 * 2**20)
    with pytest.raises(NotGradable, match=f"larger than {MAX_BYTES // 2**20} MiB"):
        read(file)


def test_a_link_is_not_followed(file, tmp_path):
    real = tmp_path / "real.ipynb"
    real.write_text(notebook_text(["a = 1"]))
    file.symlink_to(real)
    with pytest.raises(NotGradable, match="link"):
        read(file)


@pytest.mark.timeout(10)
def test_a_pipe_a_device_and_a_folder_are_not_waited_for(tmp_path):
    pipe = tmp_path / "pipe.ipynb"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, "/dev/zero"):
        with pytest.raises(NotGradable, match="not a file"):
            read(path)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.ESTALE])
def test_what_the_machine_lacks_is_no_fault_of_the_file(file, monkeypatch, number):
    """Else its author would be told of it, and the grading would count as done."""
    file.write_bytes(b"{}")

    def refuse(*arguments):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched, pytest.raises(OSError, match=re.escape(os.strerror(number))):
        patched.setattr(os, "open", refuse)
        read(file)


def test_a_file_that_is_not_there_says_so(file):
    with pytest.raises(NotGradable, match="No such file"):
        read(file)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.just("code"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["cells", "cell_type", "source", "worksheets", "input", "nbformat"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(JSON.map(lambda document: json.dumps(document).encode()) | st.binary(max_size=200))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_gives_cells_or_not_gradable(tmp_path, content):
    file = tmp_path / "any.ipynb"
    file.write_bytes(content)
    try:
        cells = read(file).cells
    except NotGradable:
        return
    assert all(type(cell) is str for cell in cells)
