"""Right answers to the questions of chapter 3, written otherwise than in the solution."""

SILENCED = """
def sigmoid(a):
    with np.errstate(over="ignore", invalid="ignore"):
        return {}"""

VARIANTS = {
    "ch03.sigmoid": {
        "exp of minus the absolute value": """
def sigmoid(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)""",
        "masks": """
def sigmoid(a):
    out = np.empty_like(a)
    up = a >= 0
    out[up] = 1 / (1 + np.exp(-a[up]))
    e = np.exp(a[~up])
    out[~up] = e / (1 + e)
    return out""",
        "loop over all entries, nested lists": """
def sigmoid(a):
    return np.reshape([scalar(float(v)) for v in a.flat], a.shape).tolist()""",
        "vectorised, with the dtype restored": """
def sigmoid(a):
    return np.vectorize(scalar, otypes=[float])(a).astype(a.dtype)""",
        "logaddexp": """
def sigmoid(values):
    return np.exp(-np.logaddexp(0, -values))""",
        "the plain formula with warnings off": SILENCED.format("1 / (1 + np.exp(-a))"),
        "scipy": """
from scipy.special import expit as sigmoid""",
    },
    "ch03.update_gate": {
        "einsum": """
def update_gate(x, h_prev, W_z, U_z, b_z):
    return sigmoid(np.einsum("hi,ib->hb", W_z, x) + np.einsum("hk,kb->hb", U_z, h_prev) + b_z)""",
        "one product of stacked arrays": """
def update_gate(x, h_prev, W_z, U_z, b_z):
    ones = np.ones((1, x.shape[1]))
    return sigmoid(np.hstack([W_z, U_z, b_z]) @ np.vstack([x, h_prev, ones]))""",
        "loops and lists": """
def update_gate(x, h_prev, W_z, U_z, b_z):
    (H, B), I = h_prev.shape, len(x)
    return [[scalar(float(sum(W_z[i, j] * x[j, n] for j in range(I)) + sum(U_z[i, j] * h_prev[j, n] for j in range(H))
                          + b_z[i, 0])) for n in range(B)] for i in range(H)]""",
        "one example at a time": """
def update_gate(x, h_prev, W_z, U_z, b_z):
    columns = [sigmoid(W_z @ x[:, k] + U_z @ h_prev[:, k] + b_z[:, 0]) for k in range(x.shape[1])]
    return np.stack(columns, axis=1)""",
        "float32": """
def update_gate(*args):
    x, h, W, U, b = (a.astype(np.float32) for a in args)
    return sigmoid(W @ x + U @ h + b)""",
        "rows, other names": """
def update_gate(inp, old, weights, recurrent, bias):
    return sigmoid(inp.T @ weights.T + old.T @ recurrent.T + bias.T).T""",
        "the plain formula, which warns": """
def update_gate(x, h_prev, W_z, U_z, b_z):
    return 1 / (1 + np.exp(-(W_z @ x + U_z @ h_prev + b_z)))""",
    },
    "ch03.limits": {
        "loop": """
def limit_biases(W_z, U_z, eps):
    keep = [[math.log(eps / (1 - eps)) - float(sum(map(abs, w)) + sum(map(abs, u)))] for w, u in zip(W_z, U_z)]
    return keep, [[-b] for (b,) in keep]""",
        "norms": """
def limit_biases(W_z, U_z, eps):
    push = np.linalg.norm(np.hstack([W_z, U_z]), 1, axis=1)[:, None]
    return [np.log(eps) - np.log1p(-eps) - push, push - np.log(eps) + np.log1p(-eps)]""",
        "the worst input, tried out": """
def limit_biases(W, U, eps):
    bits = lambda n: np.array(np.meshgrid(*[[-1.0, 1.0]] * n)).reshape(n, -1)
    push = (W @ bits(W.shape[1])).max(1) + (U @ bits(len(U))).max(1)
    bias = np.log(eps / (1 - eps)) - push
    return bias[:, np.newaxis], -bias[:, np.newaxis]""",
        "float32": """
def limit_biases(W, U, eps):
    weights = np.concatenate([W, U], axis=1, dtype="f4")
    push = np.einsum("ij,ij->i", weights, np.sign(weights))[:, None]
    shut = np.float32(np.log(eps / (1 - eps)))
    return shut - push, push - shut""",
        "one array": """
def limit_biases(W_z, U_z, eps):
    write = np.abs(np.hstack([W_z, U_z])).sum(axis=1, keepdims=True) - np.log(eps / (1 - eps))
    return np.array([-write, write])""",
    },
    "ch03.half_life": {
        "base two": "def half_life(z): return -1 / np.log2(1 - z)",
        "log1p": "def half_life(gate): return np.log(2) / -np.log1p(-gate)",
        "list": "def half_life(z): return [[math.log(0.5, 1 - v)] for v in z[:, 0].astype(float)]",
    },
    "ch03.keep_polarity": {
        "list": "def to_keep_polarity(W, U, b): return [0 - W, U * -1, np.negative(b)]",
        "loop": "def to_keep_polarity(*weights): return tuple(-1.0 * array for array in weights)",
        "nested lists": """
def to_keep_polarity(W, U, b):
    return tuple([[-entry for entry in row] for row in array.tolist()] for array in (W, U, b))""",
        "from the negative of one stacked matrix": """
def to_keep_polarity(W, U, b):
    I, H = W.shape[1], len(W)
    turned = np.hstack([W, U, b]) * -1
    return turned[:, :I], turned[:, I : I + H], turned[:, I + H :]""",
        "in place": """
def to_keep_polarity(W, U, b):
    for a in (W, U, b):
        a *= -1
    return W, U, b""",
    },
    "ch03.gate_gradient": {
        "einsum": """
def gate_weight_gradient(d, z, x, h):
    d = d * (z - z ** 2)
    return np.einsum("hb,ib->hi", d, x), np.einsum("hb,kb->hk", d, h), np.einsum("hb->h", d)[:, None]""",
        "outer products": """
def gate_weight_gradient(d, z, x, h):
    a = d * z * (1 - z)
    B = range(x.shape[1])
    return (sum(np.outer(a[:, k], x[:, k]) for k in B), sum(np.outer(a[:, k], h[:, k]) for k in B),
            sum(a[:, [k]] for k in B))""",
        "the bias as the weight of a one": """
def gate_weight_gradient(d, z, x, h):
    a = d * z * (1 - z)
    return [a @ x.T, (h @ a.T).T, a @ np.ones((x.shape[1], 1))]""",
        "lists": """
def gate_weight_gradient(d, z, x, h):
    a = d * z * (1 - z)
    return (a @ x.T).tolist(), (a @ h.T).tolist(), a.sum(1, keepdims=True).tolist()""",
        "float32": """
def gate_weight_gradient(*args):
    d, z, x, h = (a.astype("f4") for a in args)
    a = d * z * (1 - z)
    return a @ x.T, a @ h.T, a.sum(1)[:, None]""",
    },
    "ch03.latch": {
        "whole numbers in lists": "def latch_weights(): return [[40, 0]], [[0]], [[-20]]",
        "helped by the old state": "def latch_weights(): return [[60, 0]], [[5]], [[-30]]",
        "a little weight on the data": "def latch_weights(): return np.array([[30., 1.]]), np.eye(1), -15 * np.eye(1)",
    },
    "ch03.reading": {
        "capital and spaces": "def what_the_gate_says(): return ' B '",
    },
}

TORCH = {
    "ch03.sigmoid": "def sigmoid(a): return torch.sigmoid(torch.from_numpy(a))",
    "ch03.update_gate": """
def update_gate(*args):
    x, h, W, U, b = map(torch.from_numpy, args)
    return torch.sigmoid(W @ x + U @ h + b).requires_grad_()""",
    "ch03.gate_gradient": """
def gate_weight_gradient(*args):
    d, z, x, h = map(torch.from_numpy, args)
    W, U, b = torch.zeros(len(z), len(x)), torch.zeros(len(z), len(z)), torch.zeros(len(z), 1)
    W, U, b = (p.to(z.dtype).requires_grad_() for p in (W, U, b))
    a = W @ x + U @ h + b
    return torch.autograd.grad(a, (W, U, b), d * z * (1 - z))""",
}

MAIN = ("ch03.sigmoid", "ch03.update_gate", "ch03.limits", "ch03.keep_polarity", "ch03.gate_gradient")
"""Questions about the cell itself, with at least five ways."""
