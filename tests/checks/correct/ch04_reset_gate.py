"""Right answers to the questions of chapter 4, written otherwise than in the solution."""

MAIN = ("ch04.reset_gate", "ch04.seen", "ch04.both_forms", "ch04.repair", "ch04.gate_gradient")
"""Questions about the cell itself, with at least five ways."""

VARIANTS = {
    "ch04.reset_gate": {
        "einsum": """
def reset_gate(x, h, W, U, b):
    return sigmoid(np.einsum("hi,ib->hb", W, x) + np.einsum("hk,kb->hb", U, h) + b)""",
        "one product of stacked arrays": """
def reset_gate(x, h, W, U, b):
    return sigmoid(np.hstack([W, U, b]) @ np.vstack([x, h, np.ones((1, x.shape[1]))]))""",
        "one example at a time, nested lists": """
def reset_gate(x, h, W, U, b):
    columns = [sigmoid(W @ x[:, k] + U @ h[:, k] + b[:, 0]) for k in range(x.shape[1])]
    return np.stack(columns, axis=1).tolist()""",
        "one number at a time": """
def reset_gate(x, h, W, U, b):
    out = np.empty(h.shape)
    for i in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[i, k] = scalar(float(W[i] @ x[:, k] + U[i] @ h[:, k] + b[i, 0]))
    return out""",
        "rows, other names": """
def reset_gate(inputs, old, weights, recurrent, bias):
    return sigmoid(inputs.T @ weights.T + old.T @ recurrent.T + bias.T).T""",
        "float32": """
def reset_gate(*arrays):
    x, h, W, U, b = (array.astype("f4") for array in arrays)
    return sigmoid(W @ x + U @ h + b)""",
    },
    "ch04.seen": {
        "multiply": "seen_state = np.multiply",
        "what is left when the rest is hidden": "def seen_state(h, r): return h - (1 - r) * h",
        "lists": "def seen_state(h, r): return [[a * b for a, b in zip(u, v)] for u, v in zip(h.tolist(), r.tolist())]",
        "diagonal matrices": """
def seen_state(h, r):
    return np.stack([np.diag(r[:, k]) @ h[:, k] for k in range(h.shape[1])], axis=1)""",
        "float32": 'def seen_state(h, r): return np.einsum("hb,hb->hb", h.astype("f4"), r.astype("f4"))',
        "in place": "def seen_state(h, r):\n    h *= r\n    return h",
    },
    "ch04.both_forms": {
        "columns of the matrix": """
def state_terms(h, r, U, c):
    before = np.stack([(U * r[:, k]) @ h[:, k] for k in range(h.shape[1])], axis=1)
    after = np.stack([(U * r[:, [k]]) @ h[:, k] + r[:, k] * c[:, 0] for k in range(h.shape[1])], axis=1)
    return before, after""",
        "einsum": """
def state_terms(h, r, U, c):
    return np.einsum("ik,kb,kb->ib", U, r, h), np.einsum("ib,ik,kb->ib", r, U, h) + r * c""",
        "lists": """
def state_terms(h, r, U, c):
    return [(U @ (r * h)).tolist(), ((U @ h + c) * r).tolist()]""",
        "rows": """
def state_terms(h, r, U, c):
    return ((r * h).T @ U.T).T, ((h.T @ U.T + c.T) * r.T).T""",
        "one array": """
def state_terms(h, r, U, c):
    return np.stack([U @ (r * h), r * (U @ h + c)])""",
        "diagonal matrices": """
def state_terms(h, r, U, c):
    one = [U @ np.diag(r[:, k]) @ h[:, [k]] for k in range(h.shape[1])]
    two = [np.diag(r[:, k]) @ (U @ h[:, [k]] + c) for k in range(h.shape[1])]
    return np.hstack(one), np.hstack(two)""",
    },
    "ch04.fresh_starts": {
        "loop": """
def fresh_starts(z, r):
    return [bool(np.all(a > 0.99) and np.all(b < 0.01)) for a, b in zip(z, r)]""",
        "extremes": "def fresh_starts(z, r): return (z.min(axis=1) > 0.99) & (r.max(1) < 0.01)",
        "noughts and ones": "def fresh_starts(z, r): return np.prod((z > 0.99) * (r < 0.01), axis=1)",
        "the opposite of an exception": "def fresh_starts(z, r): return ~((z <= 0.99) | (r >= 0.01)).any(axis=1)",
    },
    "ch04.repair": {
        "with the earlier answer": """
def reset_gate(x, h, W, U, b): return sigmoid(W @ x + U @ h + b)
def reset_step(x, h_prev, W, U, b):
    r = reset_gate(x, h_prev, W[1], U[1], b[1])
    return r, np.tanh(W[2] @ x + U[2] @ (r * h_prev) + b[2])""",
        "unpacked": """
def reset_step(x, h, W, U, b):
    _, W_r, W_h = W
    _, U_r, U_h = U
    _, b_r, b_h = b
    gate = sigmoid(W_r @ x + U_r @ h + b_r)
    return [gate, 2 * sigmoid(2 * (W_h @ x + U_h @ (gate * h) + b_h)) - 1]""",
        "all input products at once": """
def reset_step(x, h, W, U, b):
    from_input = W @ x + b
    r = sigmoid(from_input[1] + U[1] @ h)
    return r, np.tanh(from_input[2] + U[2] @ (r * h))""",
        "einsum": """
def reset_step(x, h, W, U, b):
    a = np.einsum("ghi,ib->ghb", W, x) + b
    r = sigmoid(a[1] + np.einsum("hk,kb->hb", U[1], h))
    return r, np.tanh(a[2] + np.einsum("hk,kb,kb->hb", U[2], r, h))""",
        "one example at a time": """
def reset_step(x, h, W, U, b):
    gates, made = [], []
    for k in range(x.shape[1]):
        r = sigmoid(W[1] @ x[:, k] + U[1] @ h[:, k] + b[1, :, 0])
        gates.append(r)
        made.append(np.tanh(W[2] @ x[:, k] + U[2] @ (r * h[:, k]) + b[2, :, 0]))
    return np.transpose(gates).tolist(), np.transpose(made).tolist()""",
    },
    "ch04.gate_gradient": {
        "einsum": """
def reset_weight_gradient(e, c, r, x, h, U):
    d = np.einsum("ik,ib->kb", U, e * (1 - c * c)) * h * (r - r * r)
    return np.einsum("hb,ib->hi", d, x), np.einsum("hb,kb->hk", d, h), np.einsum("hb->h", d)[:, None]""",
        "one example at a time": """
def reset_weight_gradient(e, c, r, x, h, U):
    W = V = b = 0
    for k in range(x.shape[1]):
        d = (U.T @ (e[:, k] * (1 - c[:, k] ** 2))) * h[:, k] * r[:, k] * (1 - r[:, k])
        W, V, b = W + np.outer(d, x[:, k]), V + np.outer(d, h[:, k]), b + d[:, None]
    return W, V, b""",
        "rows": """
def reset_weight_gradient(e, c, r, x, h, U):
    d = ((e * (1 - c**2)).T @ U * (h * r * (1 - r)).T)
    return (x @ d).T, (h @ d).T, d.sum(0)[:, None]""",
        "lists": """
def reset_weight_gradient(e, c, r, x, h, U):
    d = (U.T @ (e * (1 + c) * (1 - c))) * (h * r * (1 - r))
    return [(d @ x.T).tolist(), (d @ h.T).tolist(), d.sum(1, keepdims=True).tolist()]""",
        "float32": """
def reset_weight_gradient(*arrays):
    e, c, r, x, h, U = (array.astype("f4") for array in arrays)
    d = (U.T @ (e * (1 - c**2))) * h * r * (1 - r)
    return d @ x.T, d @ h.T, d @ np.ones((x.shape[1], 1), "f4")""",
    },
    "ch04.counter": {
        "an update gate that is always open": "def counting_gates(): return [[0, 0]], [[15]], [[0, -40]], [[20]]",
        "update gates of other sizes": "def counting_gates(): return [[5, 30]], [[4]], [[0, -40]], [[20]]",
        "a pulse that opens it more": "def counting_gates(): return [[20, 20]], [[-9]], [[2, -30]], [[12]]",
    },
    "ch04.reading": {
        "capital, with a full stop": "def what_the_gates_say(): return 'C.'",
    },
}

TORCH = {
    "ch04.reset_gate": """
def reset_gate(*arrays):
    x, h, W, U, b = map(torch.from_numpy, arrays)
    return torch.sigmoid(W @ x + U @ h + b)""",
    "ch04.seen": "def seen_state(h, r): return torch.from_numpy(r).mul(torch.from_numpy(h))",
    "ch04.repair": """
def reset_step(*arrays):
    x, h, W, U, b = map(torch.from_numpy, arrays)
    r = torch.sigmoid(torch.addmm(b[1], W[1], x) + U[1] @ h)
    return r, torch.tanh(torch.addmm(b[2], W[2], x) + U[2] @ (r * h))""",
    "ch04.both_forms": """
def state_terms(*arrays):
    h, r, U, c = map(torch.from_numpy, arrays)
    return U @ (r * h), r * (U @ h + c)""",
    "ch04.gate_gradient": """
def reset_weight_gradient(*arrays):
    e, c, r, x, h, U = map(torch.from_numpy, arrays)
    a = torch.logit(r).requires_grad_()
    before = torch.atanh(c) - U @ (r * h)
    made = torch.tanh(before + U @ (torch.sigmoid(a) * h))
    (d,) = torch.autograd.grad(made, a, e)
    return d @ x.T, d @ h.T, d.sum(1, keepdim=True)""",
}
