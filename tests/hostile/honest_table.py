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
]
assert all(set(submission.statuses) == set(NAMES) for submission in HONEST)
