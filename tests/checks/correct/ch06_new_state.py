"""Right answers to the questions of chapter 6, written otherwise than in the solution."""

MAIN = ("ch06.new_state", "ch06.cell", "ch06.run", "ch06.weights", "ch06.gradient")
"""Questions about the cell itself, with at least five ways."""

CELL = """
def gru_cell(x, h, W, U, b):
    z, r = sigmoid(W[:2] @ x + U[:2] @ h + b[:2])
    return h + z * (np.tanh(W[2] @ x + U[2] @ (r * h) + b[2]) - h)
"""

VARIANTS = {
    "ch06.new_state": {
        "a step": "def new_state(h, z, c): return h + z * (c - h)",
        "multiplied out": "def new_state(h, z, c): return h - z * h + z * c",
        "einsum": """
def new_state(h, z, c):
    return np.einsum("gij,gij->ij", np.stack([1 - z, z]), np.stack([h, c]))""",
        "lists": """
def new_state(h, z, c):
    rows = zip(h.tolist(), z.tolist(), c.tolist())
    return [[(1 - s) * a + s * n for a, s, n in zip(*row)] for row in rows]""",
        "one entry at a time": """
def new_state(h, z, c):
    out = np.empty(h.shape)
    for place in np.ndindex(h.shape):
        out[place] = np.average([h[place], c[place]], weights=[1 - z[place], z[place]])
    return out""",
        "in place": "def new_state(h, z, c):\n    h *= 1 - z\n    h += z * c\n    return h",
    },
    "ch06.cell": {
        "both gates at once": CELL,
        "unpacked": """
def gru_cell(x, h, W, U, b):
    (W_z, W_r, W_h), (U_z, U_r, U_h), (b_z, b_r, b_h) = W, U, b
    z, r = sigmoid(W_z @ x + U_z @ h + b_z), sigmoid(W_r @ x + U_r @ h + b_r)
    c = np.tanh(W_h @ x + U_h @ (r * h) + b_h)
    return (1 - z) * h + z * c""",
        "one product for each gate": """
def gru_cell(x, h, W, U, b):
    one = np.ones((1, x.shape[1]))
    stacked = np.concatenate([W, U, b], axis=2)
    z, r = sigmoid(stacked[:2] @ np.vstack([x, h, one]))
    c = np.tanh(stacked[2] @ np.vstack([x, r * h, one]))
    return (1 - z) * h + z * c""",
        "keep polarity, with the signs changed": """
def gru_cell(x, h, W, U, b):
    kept = sigmoid(-W[0] @ x - U[0] @ h - b[0])
    r = sigmoid(W[1] @ x + U[1] @ h + b[1])
    return kept * h + (1 - kept) * np.tanh(W[2] @ x + U[2] @ (r * h) + b[2])""",
        "einsum": """
def gru_cell(x, h, W, U, b):
    a = np.einsum("ghi,ib->ghb", W, x) + b
    z = sigmoid(a[0] + np.einsum("hk,kb->hb", U[0], h))
    r = sigmoid(a[1] + np.einsum("hk,kb->hb", U[1], h))
    return (1 - z) * h + z * np.tanh(a[2] + np.einsum("hk,kb,kb->hb", U[2], r, h))""",
        "one example at a time, nested lists": """
def gru_cell(x, h, W, U, b):
    columns = []
    for k in range(x.shape[1]):
        v, s = x[:, k], h[:, k]
        z, r = (sigmoid(W[g] @ v + U[g] @ s + b[g, :, 0]) for g in (0, 1))
        columns.append((1 - z) * s + z * np.tanh(W[2] @ v + U[2] @ (r * s) + b[2, :, 0]))
    return np.transpose(columns).tolist()""",
        "float32": """
def gru_cell(*arrays):
    x, h, W, U, b = (array.astype("f4") for array in arrays)
    z, r = (sigmoid(W[g] @ x + U[g] @ h + b[g]) for g in (0, 1))
    return (1 - z) * h + z * np.tanh(W[2] @ x + U[2] @ (r * h) + b[2])""",
    },
    "ch06.run": {
        "an array filled step by step": CELL
        + """
def run_cell(x, h0, W, U, b):
    out = np.empty((len(x), *h0.shape))
    for t in range(len(x)):
        out[t] = gru_cell(x[t], out[t - 1] if t else h0, W, U, b)
    return out""",
        "a list of arrays": CELL
        + """
def run_cell(x, h0, W, U, b):
    states = [h0]
    for x_t in x:
        states.append(gru_cell(x_t, states[-1], W, U, b))
    return states[1:]""",
        "accumulate": CELL
        + """
from itertools import accumulate
def run_cell(x, h0, W, U, b):
    return np.stack(list(accumulate(x, lambda h, x_t: gru_cell(x_t, h, W, U, b), initial=h0)))[1:]""",
        "all input products at once": """
def run_cell(x, h, W, U, b):
    from_input = np.einsum("ghi,tib->tghb", W, x) + b
    states = []
    for a in from_input:
        z, r = sigmoid(a[:2] + U[:2] @ h)
        h = (1 - z) * h + z * np.tanh(a[2] + U[2] @ (r * h))
        states.append(h.tolist())
    return states""",
        "recursive": CELL
        + """
def run_cell(x, h0, W, U, b):
    if len(x) == 0:
        return np.empty((0, *h0.shape))
    h = gru_cell(x[0], h0, W, U, b)
    return np.concatenate([h[None], run_cell(x[1:], h, W, U, b)])""",
    },
    "ch06.weights": {
        "cumulative product": """
def candidate_weights(z):
    kept = np.cumprod((1 - z)[::-1], axis=0)[::-1]
    return z * np.vstack([kept[1:], np.ones((1, z.shape[1]))])""",
        "a product for each step": """
def candidate_weights(z):
    return [z[s] * np.prod(1 - z[s + 1 :], axis=0) for s in range(len(z))]""",
        "all runs of the mixture at once": """
def candidate_weights(z):
    w = np.zeros(z.shape)
    for t, gate in enumerate(z):
        w *= 1 - gate
        w[t] += gate
    return w""",
        "backwards, lists": """
def candidate_weights(z):
    left, rows = [1.0] * z.shape[1], []
    for row in z.tolist()[::-1]:
        rows.append([a * share for a, share in zip(row, left)])
        left = [share * (1 - a) for a, share in zip(row, left)]
    return rows[::-1]""",
        "float32": """
def candidate_weights(gates):
    z = gates.astype("f4")
    later = [np.multiply.reduce(1 - z[s:], axis=0) for s in range(1, len(z) + 1)]
    return np.einsum("th,th->th", z, np.stack(later))""",
        "by runs of the mixture": """
def candidate_weights(z):
    rows = []
    for s in range(len(z)):
        h = 0 * z[0]
        for t in range(len(z)):
            h = (1 - z[t]) * h + z[t] * (t == s)
        rows.append(h)
    return np.array(rows)""",
    },
    "ch06.half_life_bias": {
        "in one": "def bias_for_half_life(n): return math.log(2 ** (1 / n) - 1)",
        "expm1": "def bias_for_half_life(steps): return np.log(np.expm1(np.log(2) / steps))",
        "log1p": """
def bias_for_half_life(n):
    kept = 0.5 ** (1 / n)
    return np.array(math.log1p(-kept) - math.log(kept))""",
    },
    "ch06.gradient": {
        "einsum": """
def state_gradient(d, h, z, r, c, U_z, U_r, U_h):
    s = np.einsum("ik,ib->kb", U_h, d * z * (1 - c * c))
    gates = np.einsum("ik,ib->kb", U_z, d * (c - h) * (z - z * z)) + np.einsum("ik,ib->kb", U_r, s * h * (r - r * r))
    return d - d * z + s * r + gates""",
        "Jacobian matrices": """
def state_gradient(d, h, z, r, c, U_z, U_r, U_h):
    columns = []
    for k in range(h.shape[1]):
        Z, C = np.diag(z[:, k]), np.diag(1 - c[:, k] ** 2)
        dz = np.diag(z[:, k] * (1 - z[:, k])) @ U_z
        dr = np.diag(r[:, k] * (1 - r[:, k])) @ U_r
        dc = C @ U_h @ (np.diag(r[:, k]) + np.diag(h[:, k]) @ dr)
        J = np.eye(len(h)) - Z + np.diag(c[:, k] - h[:, k]) @ dz + Z @ dc
        columns.append(J.T @ d[:, k])
    return np.stack(columns, axis=1)""",
        "rows": """
def state_gradient(d, h, z, r, c, U_z, U_r, U_h):
    s = ((d * z * (1 - c**2)).T @ U_h).T
    return (1 - z) * d + r * s + ((d * (c - h) * z * (1 - z)).T @ U_z + (s * h * r * (1 - r)).T @ U_r).T""",
        "one list of ways": """
def state_gradient(d, h, z, r, c, U_z, U_r, U_h):
    s = U_h.T @ (d * z * (1 - c**2))
    ways = [d * (1 - z), r * s, U_z.T @ (d * (c - h) * z * (1 - z)), U_r.T @ (s * h * r * (1 - r))]
    return np.sum(ways, axis=0).tolist()""",
        "float32": """
def state_gradient(*arrays):
    d, h, z, r, c, U_z, U_r, U_h = (array.astype("f4") for array in arrays)
    s = U_h.T @ (d * z * (1 - c**2))
    return d * (1 - z) + r * s + U_z.T @ (d * (c - h) * z * (1 - z)) + U_r.T @ (s * h * r * (1 - r))""",
    },
    "ch06.parity": {
        "whole numbers": "def parity_weights(): return [[30]], [[-15]], [[-2]]",
        "one array": "def parity_weights(): return np.reshape([30, -15, -2.5], (3, 1, 1))",
        "very large": "def parity_weights(): return np.array([[200.0]]), np.array([[-100.0]]), np.array([[-1e6]])",
    },
}

TORCH = {
    "ch06.new_state": """
def new_state(*arrays):
    h, z, c = map(torch.from_numpy, arrays)
    return torch.lerp(h, c, z)""",
    "ch06.run": """
def run_cell(*arrays):
    x, h, W, U, b = map(torch.from_numpy, arrays)
    states = []
    for x_t in x:
        z, r = torch.sigmoid(W[:2] @ x_t + U[:2] @ h + b[:2])
        h = torch.lerp(h, torch.tanh(W[2] @ x_t + U[2] @ (r * h) + b[2]), z)
        states.append(h)
    return torch.stack(states)""",
    "ch06.weights": """
def candidate_weights(z):
    z = torch.from_numpy(z)
    kept = torch.cumprod(torch.flip(1 - z, [0]), 0)
    return z * torch.cat([torch.flip(kept, [0])[1:], torch.ones_like(z[:1])])""",
    "ch06.cell": """
def gru_cell(*arrays):
    x, h, W, U, b = map(torch.from_numpy, arrays)
    z, r = torch.sigmoid(W[:2] @ x + U[:2] @ h + b[:2])
    return torch.lerp(h, torch.tanh(W[2] @ x + U[2] @ (r * h) + b[2]), z)""",
    "ch06.gradient": """
def state_gradient(*arrays):
    d, h, z, r, c, U_z, U_r, U_h = map(torch.from_numpy, arrays)
    rest = torch.logit(z) - U_z @ h, torch.logit(r) - U_r @ h, torch.atanh(c) - U_h @ (r * h)
    h = h.clone().requires_grad_()
    z, r = torch.sigmoid(rest[0] + U_z @ h), torch.sigmoid(rest[1] + U_r @ h)
    new = (1 - z) * h + z * torch.tanh(rest[2] + U_h @ (r * h))
    return torch.autograd.grad(new, h, d)[0]""",
}
