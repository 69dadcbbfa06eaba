"""Right answers to the questions of chapter 1, written otherwise than in the solution."""

MAIN = ("ch01.run", "ch01.repair", "ch01.reach")
"""Questions about a network over time, with at least five ways."""

VARIANTS = {
    "ch01.fading": {
        "one step after another": """
def steps_until_less(u, h, share):
    steps, left = 0, 1.0
    while left >= share:
        left *= u * (1 - h**2)
        steps += 1
    return steps""",
        "base ten, cut off, plus one": """
def steps_until_less(u, h, share):
    return 1 + int(np.log10(share) / np.log10(u - u * h * h))""",
        "a float": """
def steps_until_less(u, h, share):
    return np.ceil(np.log(share) / np.log(u * np.cosh(np.arctanh(h)) ** -2))""",
        "the first of many powers": """
def steps_until_less(u, h, share):
    return np.argmax((u * (1 - h**2)) ** np.arange(10_000) < share)""",
    },
    "ch01.shapes": {
        "lists": """
def layer_shapes(B, T, I, H, layers, batch_first):
    return [[B, T, H], [T, B, H]][not batch_first], [layers, B, H]""",
        "arrays": """
def layer_shapes(B, T, I, H, layers, batch_first):
    outputs = np.zeros((T, B, H))
    return np.array((outputs.swapaxes(0, 1) if batch_first else outputs).shape), np.array([layers, B, H])""",
        "one array of shape (2, 3)": """
def layer_shapes(B, T, I, H, layers, batch_first):
    a, b = (B, T) if batch_first else (T, B)
    return tuple(np.array([[a, b, H], [layers, B, H]]))""",
    },
    "ch01.baseline": {
        "middle and width": """
def baseline(low, high, count):
    middle, width = 0.5 * (low + high), high - low
    return middle * count, width * width * count / 12""",
        "from the second moment": """
def baseline(low, high, count):
    mean, of_squares = (low + high) / 2, (low**2 + low * high + high**2) / 3
    return [count * mean, count * (of_squares - mean**2)]""",
        "number by number": """
def baseline(low, high, count):
    guess = error = 0
    for _ in range(count):
        guess += (low + high) / 2
        error += (high - low) ** 2 / 12
    return np.array(guess), np.float64(error)""",
    },
    "ch01.adding_data": {
        "one sequence after another": """
def adding_data(numbers, draws):
    B, T = numbers.shape
    x, y = np.zeros((B, T, 2)), np.zeros(B)
    for k in range(B):
        x[k, :, 0] = numbers[k]
        first = math.floor(draws[k, 0] * (T // 2))
        second = T // 2 + math.floor(draws[k, 1] * (T - T // 2))
        for t in (first, second):
            x[k, t, 1] = 1
            y[k] += numbers[k, t]
    return x, y""",
        "the sum of products": """
def adding_data(numbers, draws):
    B, T = numbers.shape
    sizes = np.array([T // 2, T - T // 2])
    places = np.floor(draws * sizes).astype(int) + np.array([0, T // 2])
    marks = np.zeros_like(numbers)
    np.put_along_axis(marks, places, 1, axis=1)
    return np.stack([numbers, marks], axis=-1), np.einsum("bt,bt->b", numbers, marks)""",
        "marks by comparing": """
def adding_data(numbers, draws):
    T = numbers.shape[1]
    half, steps = T // 2, np.arange(T)
    first, second = draws[:, :1] * half // 1, half + draws[:, 1:] * (T - half) // 1
    marks = (steps == first) | (steps == second)
    return np.dstack([numbers, marks]), np.where(marks, numbers, 0).sum(axis=1)""",
        "lists": """
def adding_data(numbers, draws):
    x, y = [], []
    for row, (a, b) in zip(numbers.tolist(), draws):
        half = len(row) // 2
        places = {int(a * half), half + int(b * (len(row) - half))}
        x.append([[number, float(t in places)] for t, number in enumerate(row)])
        y.append(sum(row[t] for t in places))
    return x, y""",
    },
    "ch01.run": {
        "columns": """
def plain_states(x, h0, W, U, b):
    h, states = h0.T, []
    for x_t in x.transpose(1, 2, 0):
        h = np.tanh(W @ x_t + U @ h + b[:, np.newaxis])
        states.append(h.T)
    return np.array(states).transpose(1, 0, 2)""",
        "inputs of all steps at once": """
def plain_states(x, h0, W, U, b):
    states = x @ W.T + b
    h = h0
    for t in range(x.shape[1]):
        h = states[:, t] = np.tanh(states[:, t] + h @ U.T)
    return states""",
        "einsum": """
def plain_states(x, h0, W, U, b):
    out = np.zeros((*x.shape[:2], len(b)))
    for t in range(x.shape[1]):
        before = out[:, t - 1] if t else h0
        out[:, t] = np.tanh(np.einsum("bi,hi->bh", x[:, t], W) + np.einsum("bk,hk->bh", before, U) + b)
    return out""",
        "one sequence at a time": """
def plain_states(x, h0, W, U, b):
    whole = []
    for sequence, h in zip(x, h0):
        states = []
        for v in sequence:
            h = np.tanh(W @ v + U @ h + b)
            states.append(h.tolist())
        whole.append(states)
    return whole""",
        "recursive": """
def plain_states(x, h0, W, U, b):
    if x.shape[1] == 0:
        return np.empty((len(x), 0, len(b)))
    h = np.tanh(x[:, 0] @ W.T + h0 @ U.T + b)
    return np.concatenate([h[:, None], plain_states(x[:, 1:], h, W, U, b)], axis=1)""",
        "float32": """
def plain_states(*arrays):
    x, h, W, U, b = (array.astype("f4") for array in arrays)
    out = []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W.T + h @ U.T + b)
        out.append(h)
    return np.stack(out, 1)""",
    },
    "ch01.repair": {
        "columns": """
def explained(x, y, W, U, b, readout, constant):
    h = np.zeros((len(b), len(x)))
    for x_t in x.transpose(1, 2, 0):
        h = np.tanh(W @ x_t + U @ h + b[:, np.newaxis])
    answers = (readout.T @ h + constant).ravel()
    return 1 - np.square(answers - y).mean() / y.var()""",
        "targets as a column": """
def explained(x, y, W, U, b, readout, constant):
    h = np.zeros((x.shape[0], U.shape[0]))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W.T + h @ U.T + b)
    y = y[:, np.newaxis]
    return 1 - np.mean((h @ readout + constant - y) ** 2) / np.mean((y - np.mean(y)) ** 2)""",
        "sums of squares": """
def explained(x, y, W, U, b, readout, constant):
    h = 0 * b
    for t in range(x.shape[1]):
        h = np.tanh(np.einsum("bi,hi->bh", x[:, t], W) + h @ U.T + b)
    off = y - (h @ readout[:, 0] + constant[0])
    from_mean = y - y.mean()
    return (from_mean @ from_mean - off @ off) / (from_mean @ from_mean)""",
        "one sequence at a time": """
def explained(x, y, W, U, b, readout, constant):
    answers = []
    for sequence in x:
        h = np.zeros(len(b))
        for v in sequence:
            h = np.tanh(W @ v + U @ h + b)
        answers.append((h @ readout + constant).item())
    wrong = sum((a - v) ** 2 for a, v in zip(answers, y))
    mean = sum(y) / len(y)
    return float(1 - wrong / sum((v - mean) ** 2 for v in y))""",
        "steps first, then as printed": """
def explained(x, y, W, U, b, readout, constant):
    h = np.zeros((len(x), len(b)))
    for x_t in np.swapaxes(x, 0, 1):
        h = np.tanh(x_t @ W.T + h @ U.T + b)
    answers = np.squeeze(h @ readout + constant, axis=1)
    assert answers.shape == y.shape
    return np.array(1 - np.mean((answers - y) ** 2) / np.var(y))""",
    },
    "ch01.reach": {
        "columns": """
def reach_back(states, U, readout):
    B, T, H = states.shape
    d, left = np.repeat(readout[:, None], B, axis=1), []
    for t in range(T - 1, -1, -1):
        left.insert(0, np.sqrt((d**2).sum(axis=0)))
        d = U.T @ ((1 - states[:, t].T ** 2) * d)
    return np.array(left).T / np.sqrt(readout @ readout)""",
        "matrices of all steps": """
def reach_back(states, U, readout):
    left = []
    for sequence in states:
        product, row = np.eye(len(U)), []
        for h in sequence[::-1]:
            row.append(np.linalg.norm(readout @ product))
            product = product @ (np.diag(1 - h**2) @ U)
        left.append(row[::-1])
    return np.array(left) / np.linalg.norm(readout)""",
        "all gradients, then their norms": """
def reach_back(states, U, readout):
    slopes = 1 - states**2
    d = np.empty(states.shape)
    d[:, -1] = readout
    for t in range(states.shape[1] - 1, 0, -1):
        d[:, t - 1] = np.einsum("bi,ij->bj", d[:, t] * slopes[:, t], U)
    norms = np.linalg.norm(d, axis=2)
    return norms / norms[:, -1:]""",
        "the readout shortened first": """
def reach_back(states, U, readout):
    d = np.ones((len(states), 1)) * readout / np.linalg.norm(readout)
    left = [np.linalg.norm(d, axis=1)]
    for t in range(1, states.shape[1]):
        d = (d - d * states[:, -t] ** 2) @ U
        left.append(np.linalg.norm(d, axis=1))
    return np.stack(left[::-1], axis=1)""",
        "by small changes": """
def reach_back(states, U, readout):
    B, T, H = states.shape
    def to_end(t, change):
        for s in range(t + 1, T):
            change = (1 - states[:, s] ** 2) * (change @ U.T)
        return change @ readout
    gradient = np.array([[to_end(t, np.eye(H)[j]) * np.ones(B) for j in range(H)] for t in range(T)])
    return (np.sqrt((gradient**2).sum(axis=1)) / np.linalg.norm(readout)).T""",
    },
    "ch01.adding_weights": {
        "negative, and back again": """
def adding_weights():
    return np.array([[0, 40]]), np.array([[-20]]), np.array([[-0.05, 0]]), np.array([[1]]), np.array([[-20]])""",
        "a gate that opens halfway": """
def adding_weights():
    half_open = 1 / (1 + math.exp(-2))
    return [[0, 16]], [[-14]], [[0.01, 0]], [[1]], [[100 / half_open]]""",
    },
}

TORCH = {
    "ch01.run": """
def plain_states(*arrays):
    x, h, W, U, b = map(torch.from_numpy, arrays)
    states = []
    for x_t in x.unbind(1):
        h = torch.tanh(x_t @ W.T + h @ U.T + b)
        states.append(h)
    return torch.stack(states, 1)""",
    "ch01.reach": """
def reach_back(*arrays):
    states, U, readout = map(torch.from_numpy, arrays)
    d, left = readout.expand(len(states), -1), []
    for h in states.flip(1).unbind(1):
        left.append(d.norm(dim=1))
        d = (d * (1 - h**2)) @ U
    return torch.stack(left[::-1], 1) / readout.norm()""",
}
