"""Right answers to the questions of chapter 2, written otherwise than in the solution."""

MAIN = ("ch02.first_step", "ch02.both_gates", "ch02.repair")
"""Questions about the cell itself, with at least five ways."""

VARIANTS = {
    "ch02.parameters": {
        "block by block": "def cell_parameters(I, H, B, T): return sum(H * (I + H + 1) for block in range(3))",
        "sizes of arrays": """
def cell_parameters(I, H, B, T):
    W, U, b = np.zeros((3, H, I)), np.zeros((3, H, H)), np.zeros((3, H, 1))
    return np.int64(W.size + U.size + b.size)""",
        "a float": "def cell_parameters(I, H, B, T): return 3.0 * H * (I + H + 1)",
    },
    "ch02.columns": {
        "moveaxis": "def to_columns(x): return np.moveaxis(x, 0, 2)",
        "einsum": "def to_columns(x): return np.einsum('bti->tib', x)",
        "step by step": "def to_columns(x): return [x[:, t].T for t in range(x.shape[1])]",
        "one number at a time": """
def to_columns(x):
    B, T, I = x.shape
    return [[[x[k, t, j] for k in range(B)] for j in range(I)] for t in range(T)]""",
    },
    "ch02.first_step": {
        "with a state of zero after all": """
def first_step(x, W, b):
    h = np.zeros((W.shape[1], x.shape[1]))
    z, r, c = W @ x + b
    return (1 - sigmoid(z)) * h + sigmoid(z) * np.tanh(c + r * h)""",
        "unpacked": """
def first_step(x, W, b):
    (W_z, _, W_h), (b_z, _, b_h) = W, b
    return np.tanh(W_h @ x + b_h) * sigmoid(W_z @ x + b_z)""",
        "einsum": """
def first_step(x, W, b):
    z, _, c = np.einsum("ghi,ib->ghb", W, x) + b
    return np.tanh(c) / (1 + np.exp(-z))""",
        "one example at a time": """
def first_step(x, W, b):
    columns = [sigmoid(W[0] @ v + b[0, :, 0]) * np.tanh(W[2] @ v + b[2, :, 0]) for v in x.T]
    return np.transpose(columns).tolist()""",
        "float32": """
def first_step(*arrays):
    x, W, b = (array.astype("f4") for array in arrays)
    return sigmoid(W[0] @ x + b[0]) * np.tanh(W[2] @ x + b[2])""",
    },
    "ch02.last_states": {
        "two lists of places": """
def last_states(states, lengths):
    return states[np.array(lengths) - 1, :, np.arange(len(lengths))].T""",
        "take along an axis": """
def last_states(states, lengths):
    places = np.array(lengths)[None, None, :] - 1
    return np.take_along_axis(states, np.broadcast_to(places, (1, *states.shape[1:])), axis=0)[0]""",
        "kept while real": """
def last_states(states, lengths):
    last = states[0]
    for t in range(1, len(states)):
        last = np.where(t < np.array(lengths), states[t], last)
    return last""",
    },
    "ch02.both_gates": {
        "split": """
def both_gates(x, h, W, U, b):
    return np.split(sigmoid(W @ x + U @ h + b), 2)""",
        "two products each": """
def both_gates(x, h, W, U, b):
    H = len(h)
    z = sigmoid(W[:H] @ x + U[:H] @ h + b[:H])
    return z, sigmoid(W[H:] @ x + U[H:] @ h + b[H:])""",
        "one array of shape (2, H, B)": """
def both_gates(x, h, W, U, b):
    return sigmoid(W @ x + U @ h + b).reshape(2, *h.shape)""",
        "stacked further": """
def both_gates(x, h, W, U, b):
    a = np.hstack([W, U, b]) @ np.vstack([x, h, np.ones((1, x.shape[1]))])
    return sigmoid(a[: len(a) // 2]), sigmoid(a[len(a) // 2 :])""",
        "nested lists": """
def both_gates(x, h, W, U, b):
    both = sigmoid(np.einsum("gi,ib->gb", W, x) + np.einsum("gk,kb->gb", U, h) + b).tolist()
    return both[: len(h)], both[len(h) :]""",
    },
    "ch02.repair": {
        "reshaped": """
def mended_cell(x, h, W, U, b):
    b = b.reshape(3, -1, 1)
    r, z = sigmoid(W[:2] @ x + U[:2] @ h + b[:2])
    return (1 - z) * h + z * np.tanh(W[2] @ x + U[2] @ (r * h) + b[2])""",
        "into the book's order first": """
def mended_cell(x, h, W, U, b):
    W, U, b = W[[1, 0, 2]], U[[1, 0, 2]], b[[1, 0, 2], :, None]
    z = sigmoid(W[0] @ x + U[0] @ h + b[0])
    r = sigmoid(W[1] @ x + U[1] @ h + b[1])
    return h + z * (np.tanh(W[2] @ x + U[2] @ (r * h) + b[2]) - h)""",
        "in rows": """
def mended_cell(x, h, W, U, b):
    x, h = x.T, h.T
    r = sigmoid(x @ W[0].T + h @ U[0].T + b[0])
    z = sigmoid(x @ W[1].T + h @ U[1].T + b[1])
    return ((1 - z) * h + z * np.tanh(x @ W[2].T + (r * h) @ U[2].T + b[2])).T""",
        "one example at a time": """
def mended_cell(x, h, W, U, b):
    columns = []
    for v, s in zip(x.T, h.T):
        r, z = (sigmoid(W[g] @ v + U[g] @ s + b[g]) for g in (0, 1))
        columns.append((1 - z) * s + z * np.tanh(W[2] @ v + U[2] @ (r * s) + b[2]))
    return np.stack(columns, axis=1).tolist()""",
        "float32": """
def mended_cell(*arrays):
    x, h, W, U, b = (array.astype("f4") for array in arrays)
    r, z = (sigmoid(W[g] @ x + U[g] @ h + b[g][:, None]) for g in (0, 1))
    return (1 - z) * h + z * np.tanh(W[2] @ x + U[2] @ (r * h) + b[2][:, None])""",
    },
}

TORCH = {
    "ch02.first_step": """
def first_step(*arrays):
    x, W, b = map(torch.from_numpy, arrays)
    z, _, c = torch.einsum("ghi,ib->ghb", W, x) + b
    return torch.sigmoid(z) * torch.tanh(c)""",
    "ch02.repair": """
def mended_cell(*arrays):
    x, h, W, U, b = map(torch.from_numpy, arrays)
    r, z = torch.sigmoid(W[:2] @ x + U[:2] @ h + b[:2].unsqueeze(2))
    return torch.lerp(h, torch.tanh(W[2] @ x + U[2] @ (r * h) + b[2].unsqueeze(1)), z)""",
    "ch02.both_gates": """
def both_gates(*arrays):
    x, h, W, U, b = map(torch.from_numpy, arrays)
    return torch.sigmoid(W @ x + U @ h + b).chunk(2)""",
    "ch02.columns": "def to_columns(x): return torch.from_numpy(x).permute(1, 2, 0)",
}
