"""Right answers to the questions of chapter 5, written otherwise than in the solution."""

MAIN = ("ch05.slope", "ch05.candidate", "ch05.resting", "ch05.repair", "ch05.gradient")
"""Questions about the cell itself, with at least five ways."""

VARIANTS = {
    "ch05.slope": {
        "product": "def tanh_slope(c): return (1 - c) * (1 + c)",
        "by way of the sum": "def tanh_slope(c): return 1 / np.cosh(np.arctanh(c)) ** 2",
        "one entry at a time": """
def tanh_slope(c):
    out = np.empty(c.shape)
    for place, value in np.ndenumerate(c):
        out[place] = 1 - float(value) ** 2
    return out""",
        "float32": 'def tanh_slope(candidate): return 1 - np.square(candidate.astype("f4"))',
        "lists": "def tanh_slope(c): return [[1 - v * v for v in row] for row in c.tolist()]",
    },
    "ch05.candidate": {
        "einsum": """
def candidate_state(x, h, r, W, U, b):
    return np.tanh(np.einsum("hi,ib->hb", W, x) + np.einsum("hk,kb,kb->hb", U, r, h) + b)""",
        "from the sigmoid": """
def candidate_state(x, h, r, W, U, b):
    return 2 * sigmoid(2 * (W @ x + U @ (r * h) + b)) - 1""",
        "columns of the matrix": """
def candidate_state(x, h, r, W, U, b):
    columns = [np.tanh(W @ x[:, k] + (U * r[:, k]) @ h[:, k] + b[:, 0]) for k in range(x.shape[1])]
    return np.stack(columns, axis=1)""",
        "the tanh of one number at a time, nested lists": """
def candidate_state(x, h, r, W, U, b):
    a = W @ x + U @ (r * h) + b
    return [[math.tanh(number) for number in row] for row in a]""",
        "stacked": """
def candidate_state(x, h, r, W, U, b):
    return np.tanh(np.hstack([W, U, b]) @ np.vstack([x, r * h, np.ones((1, x.shape[1]))]))""",
        "rows, in place": """
def candidate_state(x, h, r, W, U, b):
    a = (h.T * r.T) @ U.T
    a += x.T @ W.T
    a += b.T
    return np.tanh(a, out=a).T""",
        "float32": """
def candidate_state(*arrays):
    x, h, r, W, U, b = (array.astype("f4") for array in arrays)
    return np.tanh(W @ x + U @ (r * h) + b)""",
    },
    "ch05.largest_input": {
        "cube root": "def largest_input(w, error): return np.cbrt(3 * error) / w",
        "logarithms": "def largest_input(w, error): return math.exp((math.log(3) + math.log(error)) / 3 - math.log(w))",
        "an array of shape ()": "def largest_input(w, error): return np.array(3 * error / w**3) ** (1 / 3)",
    },
    "ch05.resting": {
        "Newton": """
def one(u, start):
    if u <= 1:
        return 0.0
    h = 1.0
    for _ in range(50):
        h -= (h - math.tanh(u * h)) / (1 - u * (1 - math.tanh(u * h) ** 2))
    return math.copysign(h, start)
def resting_values(u, start):
    return [[one(a.item(), b.item())] for a, b in zip(u, start)]""",
        "until nothing changes": """
def resting_values(u, start):
    h, change = start.astype(float), 1
    while change > 1e-13:
        before, h = h, (h + np.tanh(u * h)) / 2
        change = np.abs(h - before).max()
    return h""",
        "one unit after the other": """
def resting_values(u, start):
    out = np.empty(start.shape)
    for place, h in np.ndenumerate(start):
        h = float(h)
        for _ in range(2000):
            h = math.tanh(float(u[place]) * h)
        out[place] = h
    return out""",
        "lists": """
def resting_values(u, start):
    values = [float(h) for h in start.flat]
    for _ in range(1000):
        values = [math.tanh(weight * h) for weight, h in zip(u.ravel().tolist(), values)]
    return [[h] for h in values]""",
        "bisection": """
def resting_values(u, start):
    low, high = np.full(u.shape, 1e-12), np.ones(u.shape)
    for _ in range(100):
        middle = (low + high) / 2
        below = np.tanh(u * middle) > middle
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.sign(start) * low""",
    },
    "ch05.repair": {
        "with the earlier answer": """
def candidate_state(x, h, r, W, U, b): return np.tanh(W @ x + U @ (r * h) + b)
def proposed_and_written(x, h_prev, z, r, W_h, U_h, b_h):
    made = candidate_state(x, h_prev, r, W_h, U_h, b_h)
    return made, h_prev + z * (made - h_prev)""",
        "a list of two": """
def proposed_and_written(x, h, z, r, W, U, b):
    c = np.tanh(W @ x + U @ (r * h) + b)
    return [c, (1 - z) * h + z * c]""",
        "nested lists": """
def proposed_and_written(x, h, z, r, W, U, b):
    c = np.tanh(W @ x + U @ (r * h) + b)
    return c.tolist(), (h - z * h + z * c).tolist()""",
        "einsum": """
def proposed_and_written(x, h, z, r, W, U, b):
    c = np.tanh(np.einsum("hi,ib->hb", W, x) + np.einsum("hk,kb,kb->hb", U, r, h) + b)
    return c, np.einsum("ghb,ghb->hb", np.stack([1 - z, z]), np.stack([h, c]))""",
        "float32": """
def proposed_and_written(*arrays):
    x, h, z, r, W, U, b = (array.astype("f4") for array in arrays)
    c = np.tanh(W @ x + U @ (r * h) + b)
    return c, (1 - z) * h + z * c""",
    },
    "ch05.gradient": {
        "einsum": """
def candidate_gradient(e, c, x, h, r, U):
    d = e - e * c * c
    s = np.einsum("ik,ib->kb", U, d)
    W, V = np.einsum("hb,ib->hi", d, x), np.einsum("hb,kb,kb->hk", d, r, h)
    return W, V, np.einsum("hb->h", d)[:, None], s * h, s * r""",
        "outer products": """
def candidate_gradient(e, c, x, h, r, U):
    d = e * (1 - c) * (1 + c)
    B = range(x.shape[1])
    W = sum(np.outer(d[:, k], x[:, k]) for k in B)
    V = sum(np.outer(d[:, k], r[:, k] * h[:, k]) for k in B)
    s = np.stack([U.T @ d[:, k] for k in B], axis=1)
    return W, V, sum(d[:, [k]] for k in B), s * h, s * r""",
        "all weights in one product": """
def candidate_gradient(e, c, x, h, r, U):
    d = e * (1 - c**2)
    I, H = len(x), len(h)
    together = d @ np.vstack([x, r * h, np.ones((1, x.shape[1]))]).T
    return together[:, :I], together[:, I : I + H], together[:, -1:], (d.T @ U).T * h, (d.T @ U).T * r""",
        "lists": """
def candidate_gradient(e, c, x, h, r, U):
    d = e * (1 - c**2)
    s = U.T @ d
    return [g.tolist() for g in (d @ x.T, d @ (r * h).T, d.sum(1, keepdims=True), s * h, s * r)]""",
        "float32": """
def candidate_gradient(*arrays):
    e, c, x, h, r, U = (array.astype("f4") for array in arrays)
    d = e * (1 - c**2)
    s = U.T @ d
    return d @ x.T, d @ (r * h).T, d.sum(1)[:, None], h * s, r * s""",
    },
    "ch05.change": {
        "whole numbers": "def change_weights(): return [[-1 / 50], [30]], [[0, 0], [1500, 0]], [[0], [0]]",
        "a smaller copy": "def change_weights(): return [[0.01], [8]], np.array([[0, 0], [-800, 0]]), np.zeros((2, 1))",
        "a copy of itself, hardly": "def change_weights(): return [[0.1], [9]], [[0.001, 0], [-90, 0]], [[0], [0]]",
    },
    "ch05.reading": {
        "in parentheses": "def what_the_candidate_says(): return '(d)'",
    },
}

TORCH = {
    "ch05.slope": "def tanh_slope(candidate): return torch.sub(1, torch.from_numpy(candidate) ** 2)",
    "ch05.repair": """
def proposed_and_written(*arrays):
    x, h, z, r, W, U, b = map(torch.from_numpy, arrays)
    c = torch.tanh(W @ x + U @ (r * h) + b)
    return c, torch.lerp(h, c, z)""",
    "ch05.candidate": """
def candidate_state(*arrays):
    x, h, r, W, U, b = map(torch.from_numpy, arrays)
    return torch.tanh(W @ x + U @ (r * h) + b)""",
    "ch05.gradient": """
def candidate_gradient(*arrays):
    e, c, x, h, r, U = (torch.from_numpy(array).requires_grad_() for array in arrays)
    W, b = torch.zeros(len(h), len(x), dtype=x.dtype), torch.zeros(len(h), 1, dtype=x.dtype)
    given = (W.requires_grad_(), U, b.requires_grad_(), r, h)
    rest = (torch.atanh(c) - U @ (r * h)).detach()
    made = torch.tanh(rest + W @ x + U @ (r * h) + b)
    return torch.autograd.grad(made, given, e.detach())""",
}
