"""Submissions written with PyTorch or TensorFlow: warm processes of their own, as well shut in as that of NumPy."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from gru_checks.calling import Call
from gru_grader import __main__ as command_line
from gru_grader import grading, libraries
from gru_grader.budget import Limits
from gru_grader.client import Worker
from tests.grader.bank import ASSIGNMENT, NAMES, POINTS, RIGHT, STEM, cells, notebook_text

LIMITS = Limits(seconds=10)
TRAINED = {
    "torch": """
import torch

def trained(x):
    torch.manual_seed(0)
    layer = torch.nn.GRU(3, 4, batch_first=True)
    optimiser = torch.optim.Adam(layer.parameters())
    losses = []
    for _ in range(3):
        optimiser.zero_grad()
        loss = layer(torch.tensor(x, dtype=torch.float32))[0].square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    torch.save(layer.state_dict(), "trained.pt")
    assert torch.equal(torch.load("trained.pt")["weight_hh_l0"], layer.weight_hh_l0)
    return torch.stack(losses)
""",
    "tensorflow": """
import keras
import numpy as np
import tensorflow as tf

def trained(x):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.GRU(4)])
    model.compile("adam", "mse")
    history = model.fit(x, tf.zeros((2, 4)), epochs=3, verbose=0)
    model.save("trained.keras")
    loaded = keras.models.load_model("trained.keras")
    assert np.array_equal(loaded(x), model(x))
    return history.history["loss"]
""",
}
ANSWERS = {
    "torch": {
        "double": "def double(x):\n    return 2 * torch.tensor(x)",
        "square": "def square(x):\n    return torch.from_numpy(x) ** 2",
        "total": "def total(x):\n    return torch.tensor(x, requires_grad=True).sum(dim=0, keepdim=True)",
        "both_ends": "def both_ends(x):\n    return torch.tensor(x).min(), torch.tensor(x).max()",
        "ordered": "def ordered(x):\n    return torch.sort(torch.tensor(x), dim=1).values",
    },
    "tensorflow": {
        "double": "def double(x):\n    return 2 * tf.constant(x)",
        "square": "def square(x):\n    return keras.ops.square(x)",
        "total": "def total(x):\n    return tf.reduce_sum(tf.Variable(x), axis=0, keepdims=True)",
        "both_ends": "def both_ends(x):\n    return tf.reduce_min(x), tf.reduce_max(x)",
        "ordered": "def ordered(x):\n    return tf.sort(x, axis=1)",
    },
}
IMPORTS = {"torch": "import torch", "tensorflow": "import keras\nimport tensorflow as tf"}
FRAMEWORKS = [pytest.param(name, marks=[pytest.mark.slow, pytest.mark.needs(name)]) for name in TRAINED]


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("level", ["full", "restricted"])
def test_a_submission_trains_and_stays_shut_in(framework, level):
    spying = f"{IMPORTS[framework]}\nimport os, socket\n" + (
        "def spied(what):\n"
        "    attempts = [lambda: open('/etc/passwd'), lambda: os.fork(), lambda: socket.socket(),\n"
        "                lambda: __import__('gru_ref'), lambda: __import__('pytest'),\n"
        "                lambda: open('/proc/1/cmdline')]\n"
        "    done = []\n"
        "    for number, attempt in enumerate(attempts):\n"
        "        try:\n"
        "            attempt()\n"
        "            done.append(number)\n"
        "        except (OSError, ImportError):\n"
        "            pass\n"
        "    return done\n"
    )
    x = np.ones((2, 5, 3))
    with Worker(level, LIMITS, packages=libraries.FRAMEWORKS[framework]) as worker:
        found = []
        for _ in range(2):
            child = worker.fork()
            assert child.run([TRAINED[framework], spying], (), LIMITS) == []
            outcome = child.call(Call("trained", (x,)), child.budget(LIMITS))
            assert outcome.status == "returned", (outcome.error, outcome.message)
            found.append(np.asarray(outcome.value).tolist())
            assert child.call(Call("spied", (0,)), child.budget(LIMITS)).value == []
            child.close()
        assert found[0] == found[1] and found[0][0] > found[0][-1] > 0


@pytest.mark.needs("sandbox", "tensorflow")
@pytest.mark.slow
def test_tensorflow_works_on_one_thread_however_many_processors_there_are():
    product = "import tensorflow as tf\ndef product(x):\n    return x @ tf.transpose(x)"
    with Worker("full", LIMITS, packages=libraries.FRAMEWORKS["tensorflow"]) as worker:
        threads = []
        for kinds in [(), ("INTER",), ("INTRA",)]:
            child = worker.fork()
            asked = [f"import os\nos.environ['TF_NUM_{kind}OP_THREADS'] = '8'" for kind in kinds]
            assert child.run([*asked, product], (), LIMITS) == []
            assert child.call(Call("product", (np.ones((2, 3)),)), child.budget(LIMITS)).status == "returned"
            threads.append(len(os.listdir(f"/proc/{child._pid}/task")))
            child.close()
    one, inter, intra = threads
    assert inter == intra == one + 7


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_answers_may_be_its_tensors(framework, tmp_path):
    path = tmp_path / "in" / "anna" / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(notebook_text(cells(ANSWERS[framework], before=[IMPORTS[framework]])))
    assignment = replace(ASSIGNMENT, framework=framework)
    arguments = ["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--seed", "7"]
    assert command_line.main(arguments, assignments=[assignment]) == 0
    record = json.loads((tmp_path / "out" / "anna" / STEM / "results.json").read_text())
    assert {t["name"]: t["extra_data"]["status"] for t in record["tests"]} == {
        name.replace("_", " ").capitalize(): "right" for name in NAMES
    }
    assert record["score"] == POINTS


@pytest.mark.needs("sandbox")
def test_where_an_assignment_has_none_there_is_none():
    with Worker("full", LIMITS) as worker:
        child = worker.fork()
        errors = child.run(["import torch", "import tensorflow", "import optree"], (), LIMITS)
        child.close()
    assert [error.error for error in errors] == ["ModuleNotFoundError"] * 3


def test_a_framework_that_is_not_installed_is_named_before_anything_is_graded(tmp_path, monkeypatch):
    monkeypatch.setitem(libraries.FRAMEWORKS, "torch", ("no_such_framework",))
    path = tmp_path / "in" / "anna" / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(notebook_text(cells(RIGHT)))
    with pytest.raises(grading.CannotStart, match=r'does not have: pip install "gru-course\[torch\]"; or grade the'):
        grading.Grading(tmp_path / "in", tmp_path / "out", [replace(ASSIGNMENT, framework="torch")], "full", LIMITS)
    assert not (tmp_path / "out").exists()
