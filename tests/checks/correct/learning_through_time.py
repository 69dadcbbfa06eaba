"""Right answers to the questions of the interlude, written otherwise than in the solution."""

MAIN = ("time.step", "time.backward", "time.truncated", "time.clip", "time.gain")
"""Questions about the gradient of the cell and what is done to it, with at least five ways."""

FORWARD = """
def forward_step(x, h, W, U, b):
    z, r = sigmoid(W[:2] @ x + U[:2] @ h + b[:2])
    c = np.tanh(W[2] @ x + U[2] @ (r * h) + b[2])
    return z, r, c, (1 - z) * h + z * c

def run(x, h, W, U, b):
    states = []
    for x_t in x:
        h = forward_step(x_t, h, W, U, b)[-1]
        states.append(h)
    return np.array(states)
"""

STEP = """
def step_back(g, x, h, z, r, c, W, U):
    d_c = g * z * (1 - c * c)
    s = U[2].T @ d_c
    delta = np.stack([g * (c - h) * z * (1 - z), s * h * r * (1 - r), d_c])
    d_h = g - g * z + s * r + U[0].T @ delta[0] + U[1].T @ delta[1]
    d_U = delta @ np.stack([h, h, r * h]).swapaxes(1, 2)
    return (W.swapaxes(1, 2) @ delta).sum(axis=0), d_h, delta @ x.T, d_U, delta.sum(axis=2, keepdims=True)
"""

BACKWARD = (
    FORWARD
    + STEP
    + """
def backward(x, h0, W, U, b, d_states):
    olds = np.concatenate([h0[None], run(x, h0, W, U, b)])
    q, d_x, parts = np.zeros_like(h0), np.empty(x.shape), []
    for t in reversed(range(len(x))):
        z, r, c, _ = forward_step(x[t], olds[t], W, U, b)
        d_x[t], q, *rest = step_back(d_states[t] + q, x[t], olds[t], z, r, c, W, U)
        parts.append(rest)
    return (d_x, q, *(sum(part) for part in zip(*parts)))
"""
)

CLIP = """
def clip(d_W, d_U, d_b, bound):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in (d_W, d_U, d_b)]))
    return [g * min(1, bound / norm) if norm else g for g in (d_W, d_U, d_b)]
"""

JOINED = """
def backward(x, h0, W, U, b, d_states):
    T, H = len(x), len(h0)
    z, r, c = np.empty((3, T, *h0.shape))
    h = np.empty((T + 1, *h0.shape))
    h[0] = h0
    for t in range(T):
        z[t], r[t], c[t], h[t + 1] = forward_step(x[t], h[t], W, U, b)
    old, g = h[:-1], np.zeros_like(h[0])
    delta = np.empty((T, 3, *h0.shape))
    for t in range(T - 1, -1, -1):
        g = g + d_states[t]
        d_c = g * z[t] * (1 - c[t] ** 2)
        s = U[2].T @ d_c
        delta[t] = g * (c[t] - old[t]) * z[t] * (1 - z[t]), s * old[t] * r[t] * (1 - r[t]), d_c
        g = (1 - z[t]) * g + r[t] * s + U[0].T @ delta[t, 0] + U[1].T @ delta[t, 1]
    met = np.stack([old, old, r * old], axis=1)
    return (
        np.einsum("tkhb,khi->tib", delta, W),
        g,
        np.einsum("tkhb,tib->khi", delta, x),
        np.einsum("tkhb,tkjb->khj", delta, met),
        delta.sum(axis=(0, 3))[..., None],
    )
"""

REPAIRED = """
def mended_training(series, W, U, b, readout, rate, bound, updates):
    x, y = (part[:, None, None] for part in (series[:-1], series[1:]))
    start = np.zeros((readout.shape[1], 1))
    for _ in range(updates):
        d = np.einsum("oh,tob->thb", readout, readout @ run(x, start, W, U, b) - y)
        clipped = clip(*backward(x, start, W, U, b, d)[2:], bound)
        W, U, b = (w - rate * g for w, g in zip((W, U, b), clipped))
    return W, U, b
"""

MOMENTUM = """
def trained_weights(x, y, W, U, b):
    start, moving = np.zeros((U.shape[1], x.shape[2])), [0, 0, 0]
    for _ in range(120):
        states = run(x, start, W, U, b)
        d = 0 * states
        d[-1, 0] = (states[-1, 0] - y) / y.size
        clipped = clip(*backward(x, start, W, U, b, d)[2:], 1.0)
        moving = [0.9 * m + g for m, g in zip(moving, clipped)]
        W, U, b = (w - 0.3 * m for w, m in zip((W, U, b), moving))
    return W, U, b
"""

ADAM = """
def trained_weights(x, y, W, U, b):
    start, weights = np.zeros((U.shape[1], x.shape[2])), [W, U, b]
    first, second = [0.0] * 3, [0.0] * 3
    for k in range(1, 121):
        states = run(x, start, *weights)
        d = np.zeros(states.shape)
        d[-1, 0] = (states[-1, 0] - y) / y.size
        gradients = backward(x, start, *weights, d)[2:]
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradients)]
        second = [0.99 * v + 0.01 * g**2 for v, g in zip(second, gradients)]
        for place in range(3):
            m, v = first[place] / (1 - 0.9**k), second[place] / (1 - 0.99**k)
            weights[place] = weights[place] - 0.1 * m / (np.sqrt(v) + 1e-8)
    return [w.tolist() for w in weights]
"""

VARIANTS = {
    "time.difference": {
        "one run for both": """
def central_difference(u, h, steps, eps):
    h = np.array([h, h])
    for _ in range(steps):
        h = np.tanh(np.array([u + eps, u - eps]) * h)
    return -np.diff(h)[0] / (2 * eps)""",
        "recursive": """
def central_difference(u, h, steps, eps):
    def last(v, n):
        return math.tanh(v * last(v, n - 1)) if n else h
    return (last(u + eps, steps) - last(u - eps, steps)) / eps / 2""",
        "mean of both sides": """
def central_difference(u, h, steps, eps):
    def last(v):
        s = h
        for _ in range(steps):
            s = math.tanh(v * s)
        return s
    return ((last(u + eps) - last(u)) / eps + (last(u) - last(u - eps)) / eps) / 2""",
    },
    "time.step": {
        "all blocks at once": STEP,
        "a loop over the blocks": """
def step_back(g, x, h, z, r, c, W, U):
    d_h, d_x = g * (1 - z), 0 * x
    d_W, d_U, d_b = np.zeros_like(W), np.zeros_like(U), np.zeros((*W.shape[:2], 1))
    delta = {2: g * z * (1 - c**2), 0: g * (c - h) * z * (1 - z)}
    s = U[2].T @ delta[2]
    delta[1] = s * h * r * (1 - r)
    for k, met in ((0, h), (1, h), (2, r * h)):
        d_x += W[k].T @ delta[k]
        d_W[k], d_U[k], d_b[k, :, 0] = delta[k] @ x.T, delta[k] @ met.T, delta[k].sum(axis=1)
        d_h += s * r if k == 2 else U[k].T @ delta[k]
    return d_x, d_h, d_W, d_U, d_b""",
        "einsum": """
def step_back(g, x, h, z, r, c, W, U):
    c_sum = g * z * (1 - c**2)
    s = np.einsum("hk,hb->kb", U[2], c_sum)
    delta = np.stack([g * (c - h) * (z - z**2), s * h * (r - r**2), c_sum])
    d_h = (1 - z) * g + r * s + np.einsum("ghk,ghb->kb", U[:2], delta[:2])
    met = np.stack([h, h, r * h])
    return (np.einsum("ghi,ghb->ib", W, delta), d_h, np.einsum("ghb,ib->ghi", delta, x),
            np.einsum("ghb,gkb->ghk", delta, met), np.einsum("ghb->gh", delta)[..., None])""",
        "one example at a time": """
def step_back(g, x, h, z, r, c, W, U):
    d_x, d_h, sums = np.empty_like(x), np.empty_like(h), [0, 0, 0]
    for k in range(x.shape[1]):
        a, v, u, s, t, w = (part[:, k] for part in (g, x, h, z, r, c))
        d_c = a * s * (1 - w**2)
        back = d_c @ U[2]
        d_z, d_r = a * (w - u) * s * (1 - s), back * u * t * (1 - t)
        d_h[:, k] = (1 - s) * a + t * back + d_z @ U[0] + d_r @ U[1]
        d_x[:, k] = d_z @ W[0] + d_r @ W[1] + d_c @ W[2]
        blocks = (d_z, u), (d_r, u), (d_c, t * u)
        sums[0] = sums[0] + np.array([np.outer(d, v) for d, _ in blocks])
        sums[1] = sums[1] + np.array([np.outer(d, m) for d, m in blocks])
        sums[2] = sums[2] + np.array([d[:, None] for d, _ in blocks])
    return d_x, d_h, *sums""",
        "rows, and lists": """
def step_back(g, x, h, z, r, c, W, U):
    G, X, P, Z, R, C = (part.T for part in (g, x, h, z, r, c))
    d_c = G * Z * (1 - C**2)
    S = d_c @ U[2]
    d_z, d_r = G * (C - P) * Z * (1 - Z), S * P * R * (1 - R)
    back = (1 - Z) * G + R * S + d_z @ U[0] + d_r @ U[1]
    to_input = d_z @ W[0] + d_r @ W[1] + d_c @ W[2]
    d_W = [(d.T @ X).tolist() for d in (d_z, d_r, d_c)]
    d_U = [(d.T @ m).tolist() for d, m in ((d_z, P), (d_r, P), (d_c, R * P))]
    return [to_input.T, back.T.tolist(), d_W, d_U, [d.sum(axis=0)[:, None].tolist() for d in (d_z, d_r, d_c)]]""",
        "float32": """
def step_back(*arrays):
    g, x, h, z, r, c, W, U = (array.astype("f4") for array in arrays)
    d_c = g * z * (1 - c**2)
    s = U[2].T @ d_c
    delta = np.stack([g * (c - h) * z * (1 - z), s * h * r * (1 - r), d_c])
    d_h = g * (1 - z) + s * r + U[0].T @ delta[0] + U[1].T @ delta[1]
    d_U = np.stack([d @ m.T for d, m in zip(delta, (h, h, r * h))])
    return sum(w.T @ d for w, d in zip(W, delta)), d_h, delta @ x.T, d_U, delta.sum(axis=2)[..., None]""",
    },
    "time.backward": {
        "each step run again": BACKWARD,
        "one product for each weight after the loop": FORWARD + JOINED,
        "recursive": FORWARD
        + STEP
        + """
def backward(x, h0, W, U, b, d_states):
    if len(x) == 0:
        return x, np.zeros_like(h0), 0 * W, 0 * U, 0 * b
    z, r, c, h = forward_step(x[0], h0, W, U, b)
    d_x, q, *later = backward(x[1:], h, W, U, b, d_states[1:])
    first, d_h0, *here = step_back(d_states[0] + q, x[0], h0, z, r, c, W, U)
    return np.concatenate([first[None], d_x]), d_h0, *(a + b for a, b in zip(here, later))""",
        "one loss after the other": BACKWARD.replace("def backward", "def whole")
        + """
def backward(x, h0, W, U, b, d_states):
    total = None
    for t in range(len(x)):
        only = np.zeros_like(d_states)
        only[t] = d_states[t]
        found = whole(x, h0, W, U, b, only)
        total = found if total is None else [a + b for a, b in zip(total, found)]
    return total""",
        "one example after the other": BACKWARD.replace("def backward", "def whole")
        + """
def backward(x, h0, W, U, b, d_states):
    columns = [slice(k, k + 1) for k in range(x.shape[2])]
    found = [whole(x[..., k], h0[:, k], W, U, b, d_states[..., k]) for k in columns]
    d_x, d_h0, *weights = zip(*found)
    return np.concatenate(d_x, axis=2), np.concatenate(d_h0, axis=1), *(sum(part) for part in weights)""",
    },
    "time.trace": {
        "a loop over the units": """
def steps_back(z, share):
    found = []
    for unit in np.asarray(z, "f8").T:
        left, n = 1.0, 0
        for z_t in unit[::-1]:
            left *= 1 - z_t
            if left < share:
                break
            n += 1
        found.append(n)
    return found""",
        "the first below": """
def steps_back(z, share):
    below = np.cumprod(np.flip(1 - z, axis=0), axis=0) < share
    return np.where(below.any(axis=0), below.argmax(axis=0), len(z))""",
        "as numbers with a point": """
def steps_back(z, share):
    n, left = np.zeros(z.shape[1]), np.ones(z.shape[1])
    for z_t in z[::-1]:
        left = left * (1 - z_t)
        n += left >= share
    return n""",
    },
    "time.gain": {
        "from the left": """
def gain(J):
    from functools import reduce
    return np.linalg.norm(reduce(lambda whole, step: whole @ step, J[::-1]), 2)""",
        "multi_dot": """
def gain(J):
    return float(np.linalg.svd(np.linalg.multi_dot(list(J[::-1])))[1][0])""",
        "the transposes": """
def gain(J):
    back = np.eye(len(J[0]))
    for step in J[::-1]:
        back = step.T @ back
    return np.linalg.svd(back, compute_uv=False).max()""",
        "eigenvalues of the square": """
def gain(J):
    P = np.eye(J.shape[2])
    for step in J:
        P = step.astype("f8") @ P
    return math.sqrt(np.linalg.eigvalsh(P.T @ P)[-1])""",
        "power iteration": """
def gain(J):
    P = np.linalg.multi_dot(J[::-1].astype("f8"))
    S = P.T @ P
    for _ in range(40):
        S = S @ S
        S /= np.abs(S).max()
    v = S[:, np.abs(S).sum(axis=0).argmax()]
    return np.linalg.norm(P @ v) / np.linalg.norm(v)""",
    },
    "time.clip": {
        "one long vector": CLIP,
        "vdot": """
def clip(d_W, d_U, d_b, bound):
    norm = math.sqrt(sum(np.vdot(g, g) for g in (d_W, d_U, d_b)))
    return (d_W, d_U, d_b) if norm <= bound else tuple(g / norm * bound for g in (d_W, d_U, d_b))""",
        "maximum": """
def clip(d_W, d_U, d_b, bound):
    norm = np.hypot(np.hypot(np.linalg.norm(d_W), np.linalg.norm(d_U)), np.linalg.norm(d_b))
    return [g * (bound / np.maximum(norm, bound)) for g in (d_W, d_U, d_b)]""",
        "side by side": """
def clip(d_W, d_U, d_b, bound):
    joined = np.concatenate([d_W, d_U, d_b], axis=2)
    if np.linalg.norm(joined) > bound:
        joined = joined * bound / np.linalg.norm(joined)
    return np.split(joined, [d_W.shape[2], d_W.shape[2] + d_U.shape[2]], axis=2)""",
        "lists": """
def clip(*given):
    *gradients, bound = given
    norm = sum(float(n) ** 2 for g in gradients for n in g.ravel()) ** 0.5
    return [(g * min(1.0, bound / norm)).tolist() for g in gradients]""",
        "in place": """
def clip(d_W, d_U, d_b, bound):
    norm = np.sqrt(sum((g**2).sum() for g in (d_W, d_U, d_b)))
    for g in (d_W, d_U, d_b):
        g *= min(1, bound / norm)
    return d_W, d_U, d_b""",
    },
    "time.truncated": {
        "a loop": BACKWARD
        + """
def truncated(x, h, W, U, b, d_states, window):
    d_x, sums = [], [0, 0, 0]
    while len(x):
        found = backward(x[:window], h, W, U, b, d_states[:window])
        d_x.extend(found[0])
        sums = [a + c for a, c in zip(sums, found[2:])]
        h = run(x[:window], h, W, U, b)[-1]
        x, d_states = x[window:], d_states[window:]
    return np.array(d_x), *sums""",
        "states first": BACKWARD
        + """
def truncated(x, h0, W, U, b, d_states, window):
    olds = np.concatenate([h0[None], run(x, h0, W, U, b)])
    found = [backward(x[s:s + window], olds[s], W, U, b, d_states[s:s + window]) for s in range(0, len(x), window)]
    d_x, _, *weights = zip(*found)
    return np.vstack(d_x), *(sum(part) for part in weights)""",
        "recursive": BACKWARD
        + """
def truncated(x, h0, W, U, b, d_states, window):
    d_x, _, *here = backward(x[:window], h0, W, U, b, d_states[:window])
    if len(x) <= window:
        return d_x, *here
    h = run(x[:window], h0, W, U, b)[-1]
    rest, *later = truncated(x[window:], h, W, U, b, d_states[window:], window)
    return np.concatenate([d_x, rest]), *(a + c for a, c in zip(here, later))""",
        "split": BACKWARD
        + """
def truncated(x, h, W, U, b, d_states, window):
    borders = list(range(window, len(x), window))
    d_x, total = [], (0, 0, 0)
    for part, e in zip(np.split(x, borders), np.split(d_states, borders)):
        found = backward(part, h, W, U, b, e)
        h = run(part, h, W, U, b)[-1]
        d_x.append(found[0])
        total = tuple(a + c for a, c in zip(total, found[2:]))
    return np.concatenate(d_x), *total""",
        "one pass that drops q at the borders": FORWARD
        + STEP
        + """
def truncated(x, h0, W, U, b, d_states, window):
    olds = [h0, *run(x, h0, W, U, b)]
    d_x, sums, q = np.empty(x.shape), [0, 0, 0], 0
    for t in reversed(range(len(x))):
        if (t + 1) % window == 0:
            q = 0
        z, r, c, _ = forward_step(x[t], olds[t], W, U, b)
        d_x[t], q, *here = step_back(d_states[t] + q, x[t], olds[t], z, r, c, W, U)
        sums = [a + c for a, c in zip(sums, here)]
    return d_x, *sums""",
    },
    "time.repair": {
        "einsum": BACKWARD + CLIP + REPAIRED,
        "the readout for each step": BACKWARD
        + CLIP
        + """
def mended_training(series, W, U, b, readout, rate, bound, updates):
    x, h0 = series[:-1].reshape(len(series) - 1, 1, 1), np.zeros((len(U[0]), 1))
    for _ in range(updates):
        states = run(x, h0, W, U, b)
        errors = [(readout @ h).item() - y for h, y in zip(states, series[1:])]
        d_states = np.stack([error * readout.T for error in errors])
        d_W, d_U, d_b = clip(*backward(x, h0, W, U, b, d_states)[2:], bound)
        W, U, b = W - rate * d_W, U - rate * d_U, b - rate * d_b
    return [W, U, b]""",
    },
    "time.train": {
        "momentum": BACKWARD + CLIP + MOMENTUM,
        "Adam": FORWARD + JOINED + ADAM,
        "less than a hundred updates": BACKWARD
        + CLIP
        + MOMENTUM.replace("range(120)", "range(80)").replace("0.3 * m", "0.5 * m"),
    },
}

TORCH = {
    "time.step": """
def step_back(*arrays):
    g, x, h, z, r, c, W, U = map(torch.from_numpy, arrays)
    b = torch.stack([torch.logit(z) - W[0] @ x - U[0] @ h, torch.logit(r) - W[1] @ x - U[1] @ h,
                     torch.atanh(c) - W[2] @ x - U[2] @ (r * h)])
    leaves = [leaf.clone().requires_grad_() for leaf in (x, h, W, U, torch.zeros(*W.shape[:2], 1, dtype=x.dtype))]
    x, h, W, U, own = leaves
    z, r = torch.sigmoid(W[:2] @ x + U[:2] @ h + b[:2] + own[:2])
    new = (1 - z) * h + z * torch.tanh(W[2] @ x + U[2] @ (r * h) + b[2] + own[2])
    return torch.autograd.grad(new, leaves, g)""",
    "time.backward": """
def backward(*arrays):
    *leaves, d_states = map(torch.from_numpy, arrays)
    x, h, W, U, b = leaves = [leaf.clone().requires_grad_() for leaf in leaves]
    states = []
    for x_t in x:
        z, r = torch.sigmoid(W[:2] @ x_t + U[:2] @ h + b[:2])
        h = torch.lerp(h, torch.tanh(W[2] @ x_t + U[2] @ (r * h) + b[2]), z)
        states.append(h)
    return torch.autograd.grad(torch.stack(states), leaves, d_states)""",
    "time.truncated": """
def truncated(*arrays):
    *given, window = arrays
    *leaves, d_states = map(torch.from_numpy, given)
    x, h, W, U, b = leaves = [leaf.clone().requires_grad_() for leaf in leaves]
    states = []
    for t, x_t in enumerate(x):
        if t % window == 0:
            h = h.detach()
        z, r = torch.sigmoid(W[:2] @ x_t + U[:2] @ h + b[:2])
        h = torch.lerp(h, torch.tanh(W[2] @ x_t + U[2] @ (r * h) + b[2]), z)
        states.append(h)
    return torch.autograd.grad(torch.stack(states), (x, W, U, b), d_states)""",
}
