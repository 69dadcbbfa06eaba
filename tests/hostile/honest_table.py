"""Honest submissions that other graders punish; each deserves full points."""

from tests.grader.bank import NAMES, RIGHT, WRONG, cells
from tests.hostile.submission import Submission


def _honest(name, before=(), after=(), **answers):
    return Submission(name, "honest", cells({**RIGHT, **answers}, before=before, after=after))


HONEST = [
    _honest(
        "warnings",
        before=["import warnings\nwarnings.warn('careful')\nnp.log(np.zeros(2))"],
        double="def double(x):\n    import warnings\n    warnings.warn('old', DeprecationWarning)\n    return 2 * x",
    ),
    _honest(
        "prints inside functions, and to stderr",
        before=["import sys\nprint('on stderr', file=sys.stderr)"],
        square="def square(x):\n    print('x is', x, flush=True)\n    sys.stderr.write('!')\n    return x * x",
    ),
    _honest(
        "lists for arrays",
        double="def double(x):\n    return [[2 * float(e) for e in row] for row in x]",
        both_ends="def both_ends(x):\n    return [x.min(), x.max()]",
    ),
    _honest(
        "numbers of Python and of NumPy",
        both_ends="def both_ends(x):\n    return float(x.min()), np.float64(x.max())",
    ),
    _honest("float32 computed in between", double="def double(x):\n    return (x.astype(np.float32) * 0 + x) * 2"),
    _honest(
        "magics",
        before=[
            "%matplotlib inline\n%load_ext autoreload\n!pip install numpy\nfiles = !ls",
            "%%time\nslow = 1",
            "%%bash\nrm -rf *",
            "%%html\n<b>bold</b>",
            "np.tanh?",
            "%time timed = 5\nassert timed == 5",
            "rest = (17\n% 5)\nassert rest == 2",
        ],
        ordered="def ordered(x):\n    %timeit -n 1 -r 1 np.sort(x)\n    return np.sort(x, axis=1)",
    ),
    _honest("input", before=["name = input('Your name? ')\nprint('Hello', name)"]),
    _honest(
        "a second definition",
        before=[WRONG["double"], "def square(x):\n    raise NotImplementedError()"],
    ),
    _honest(
        "a training loop at the top level",
        before=["w = np.zeros(3)\nfor step in range(2000):\n    w -= 0.01 * (w - np.arange(3))"],
    ),
    _honest(
        "names in other scripts",
        before=["größe, σ = 2, np.tanh\nclass Größe:\n    pass"],
        double="def double(x):\n    return größe * x",
    ),
    _honest("no check cell left", after=["del check"]),
    Submission(
        "checks copied and put in another order",
        "honest",
        cells(
            dict(reversed(RIGHT.items())),
            after=["check('sums.double')", "check('sums.double')", "check()", "check('no such question')"],
        ),
    ),
    _honest(
        "pictures",
        before=[
            """
import matplotlib.pyplot as plt
from mpl_toolkits.mplot3d import Axes3D
import seaborn as sns
plt.style.use("gru_ref.course")
fig, ax = plt.subplots()
line, = ax.plot([1, 2], label="z")
ax.set(xlabel="t", ylim=(0, 1))
fig, axes = plt.subplots(2, 3, figsize=(8, 4))
for ax in axes.flat:
    ax.imshow(np.zeros((2, 2)))
for row in axes:
    row[0].legend()
counts, edges, patches = plt.hist([1, 2, 2])
with plt.rc_context({"font.size": 8}):
    plt.show()
""",
        ],
    ),
    _honest(
        "progress bars",
        before=[
            "from tqdm.auto import tqdm, trange\ntotal_steps = 0\n"
            "for step in tqdm(range(5)):\n    total_steps += 1\nfor step in trange(5):\n    total_steps += 1\n"
            "assert total_steps == 10",
        ],
    ),
    _honest(
        "widgets and display",
        before=["from IPython.display import HTML, display as show\nshow(HTML('<b>x</b>'))\ndisplay(1)"],
    ),
    Submission(
        "a library that is missing, imported beside an answer",
        "honest",
        cells({**RIGHT, "double": "import pandas as pd\nfrom tensorflow import keras\n" + RIGHT["double"]}),
    ),
    _honest(
        "a cell with a mistake between right ones",
        before=["1 / 0", "this is no Python", "raise ValueError('mine')"],
    ),
    _honest(
        "files of one's own",
        before=[
            "np.save('weights.npy', np.ones(3))\nassert np.load('weights.npy').sum() == 3\n"
            "import tempfile\nwith tempfile.NamedTemporaryFile() as file:\n    file.write(b'x')"
        ],
    ),
    _honest(
        "classes, dataclasses and pickles",
        before=[
            "from __future__ import annotations\nfrom dataclasses import dataclass\nimport pickle\n"
            "@dataclass\nclass Gate:\n    z: np.ndarray\nassert pickle.loads(pickle.dumps(Gate(1))).z == 1"
        ],
        double="class Doubling:\n    def __call__(self, x):\n        return 2 * x\ndouble = Doubling()",
        square="square = lambda x: x**2",
    ),
    _honest(
        "arguments changed in place",
        double="def double(x):\n    x *= 2\n    return x",
        ordered="def ordered(x):\n    x.sort(axis=1)\n    return x",
    ),
    _honest(
        "threads",
        double="""
def double(x):
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(4) as pool:
        return np.stack(list(pool.map(lambda row: 2 * row, x)))
""",
    ),
    _honest(
        "annotations that stay unread",
        before=["from __future__ import annotations\nimport math"],
        double="def double(x: Unknown) -> AlsoUnknown:\n    return 2 * x",
    ),
    _honest(
        "a missing library used beside answers",
        before=["import gru_ref\nimport torch"],
        double="import pandas as pd\npd.set_option('display.precision', 3)\n" + RIGHT["double"],
        square="print(gru_ref.sigmoid(0.0))\ndevice = torch.device('cpu')\n" + RIGHT["square"],
    ),
    _honest(
        "what belongs to Colab, JupyterLite and Kaggle",
        before=[
            "import os\nfor folder, _, names in os.walk('/kaggle/input'):\n    print(names)",
            "%cd /content\n!pip install -q numpy\n#@title Start { run: 'auto' }",
        ],
        double="from google.colab import drive, files\ndrive.mount('/content/drive')\n" + RIGHT["double"],
        square="import piplite\nawait piplite.install('numpy')\n" + RIGHT["square"],
        total="import matplotlib, tqdm\nprint(np.__version__, matplotlib.__version__, tqdm.__version__)\n"
        + RIGHT["total"],
    ),
    _honest(
        "progress, pictures and widgets inside answers",
        before=["import matplotlib.pyplot as plt\nfrom ipywidgets import interact\nfrom tqdm.notebook import tqdm"],
        double="def double(x):\n    display(x)\n    rows = []\n    for row in tqdm(x, desc='rows'):\n"
        "        tqdm.write('row')\n        rows.append(2 * row)\n    return np.array(rows)",
        square="fig, ax = plt.subplots()\ndef square(x):\n    ax.plot(x)\n    input('Go on? ')\n    check('x')\n"
        "    return x * x",
        ordered="@interact(x=(0, 1))\n" + RIGHT["ordered"],
    ),
    _honest(
        "quotes as newer Pythons allow them",
        before=["d = {'a': 1}"],
        double='def double(x):\n    print(f"{d["a"]}")\n    return 2 * x',
        square=RIGHT["square"] + "\nprint(f'{d['a']:.3f} and {', '.join('ab')}')",
    ),
    _honest(
        "kinds of arrays and numbers",
        before=["from collections import namedtuple\nEnds = namedtuple('Ends', 'low high')"],
        double="def double(x):\n    y = np.asfortranarray(2 * x).astype('>f8')\n    y.setflags(write=False)\n"
        "    return np.matrix(y)",
        square="@np.vectorize\ndef square(v):\n    return v * v",
        total="def total(x):\n    return np.broadcast_to(np.ma.array(x.sum(axis=0)), (1, x.shape[1]))",
        both_ends="def both_ends(x):\n    return Ends(np.array(x.min()), np.float64(x.max()))",
        ordered="def ordered(x):\n    return tuple(sorted(row) for row in x)",
    ),
    _honest(
        "ways to have a function",
        before=[
            "import functools\ndef timed(f):\n    @functools.wraps(f)\n    def inner(*args, **named):\n"
            "        return f(*args, **named)\n    return inner"
        ],
        double="@timed\ndef double(x, /, *rest, factor=2, **named):\n    return factor * x",
        square="square = functools.partial(pow, exp=2)",
        total="class Sums:\n    def total(self, x):\n        return x.sum(axis=0, keepdims=True)\ntotal = Sums().total",
        both_ends="if __name__ == '__main__':\n    def both_ends(x):\n        return x.min(), x.max()",
        ordered="@functools.singledispatch\n" + RIGHT["ordered"],
    ),
    _honest(
        "errors for warnings",
        before=["import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')"],
        double="def double(x):\n    np.exp(np.array([1e3]))\n    np.ones(1) / 0\n    return 2 * x",
    ),
    _honest("an end to the notebook", after=["import sys\nsys.exit(0)", "quit()", "exit", "assert False, 'done'"]),
    _honest(
        "line ends of other systems, tabs and empty cells",
        before=["", "\n\n", "# only a comment", "'only a text'", "..."],
        double="def double(x):\r\n\ty = 2 * x\r\n\treturn y\r\n",
        square="%matplotlib inline\r\ndef square(x):\r\n    return x * x\r\n",
        total="def total(x):\r    return x.sum(axis=0, keepdims=True)\r",
    ),
    _honest(
        "names of Python's own used for something else",
        before=["list = sum = max = type = id = str = len = print = object = range = callable = 7", "_ = __ = 8"],
    ),
    _honest(
        "tests of one's own",
        double="def double(x):\n    '''\n    >>> double(2)\n    4\n    '''\n    return 2 * x",
        square="import inspect\ndef square(x):\n    assert 'return' in inspect.getsource(square)\n    return x * x",
        after=[
            "import doctest\nassert doctest.testmod().attempted == 1",
            "import unittest\nclass Test(unittest.TestCase):\n    def test(self):\n        self.assertTrue(False)\n"
            "unittest.main(argv=[''], exit=False)",
            "np.testing.assert_allclose(double(np.ones(2)), 2)",
        ],
    ),
    _honest(
        "output turned elsewhere",
        before=[
            "import io, logging, sys\nlogging.basicConfig(filename='log.txt', level=logging.DEBUG)\n"
            "sys.stdout = io.StringIO()\nsys.stdout.close()\nsys.stderr = None"
        ],
        double="def double(x):\n    logging.warning(x)\n    sys.stdout = sys.__stdout__\n    print(x)\n"
        "    return 2 * x",
    ),
    _honest(
        "files and folders moved about",
        double="""
import os, shutil, tempfile
from pathlib import Path
Path("data").mkdir()
Path("data", "a.txt").write_text("a")
shutil.copy("data/a.txt", "b.txt")
shutil.copytree("data", "more")
shutil.rmtree("data")
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    np.savez("x.npz", x=np.ones(2))
    assert np.load("x.npz")["x"].sum() == 2
    Path("table.csv").write_text("a,1", encoding="utf-8-sig")
    assert Path("table.csv").read_text(encoding="utf-8-sig") == "a,1"
os.chdir(os.path.expanduser("~"))
def double(x):
    return 2 * x
""",
    ),
    _honest(
        "processes and downloads that are refused, and caught",
        before=["from multiprocessing import Pool\nwith Pool(2) as pool:\n    pool.map(abs, [-1])"],
        double="import subprocess, sys, urllib.request\nsubprocess.run(['ls'], check=False) if False else None\n"
        "try:\n    urllib.request.urlopen('http://localhost', timeout=1)\nexcept OSError:\n    print('offline')\n"
        + RIGHT["double"],
    ),
    _honest(
        "a function that waits, and one that sets an alarm",
        double="import time\ndef double(x):\n    time.sleep(0.1)\n    return 2 * x",
        square="import signal\ndef square(x):\n    signal.alarm(1)\n    y = x * x\n    signal.alarm(0)\n    return y",
    ),
]
assert all(set(submission.statuses) == set(NAMES) for submission in HONEST)
