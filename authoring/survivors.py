"""Changed model solutions that are right answers too, each with the reason.

`authoring.mutants` finds them, by question and by the line as it then reads.
"""

_AXIS = "axis -1 of a matrix is its axis 1"
_LATCH = "z stays below 0.00025 with the write line at 0 and above 0.95 with it at 1: a latch"
_COUNT = "open and closed far enough, for sixty steps and counts up to forty"
_ALWAYS_OPEN = "with the reset gate open, a quiet step's candidate is the count itself: it may be written"
_LONGER = "it is at rest long before, and further steps change nothing"
_BALANCED = "what is left of an input at rest stays far below 0.3"
_AS_WIDE = "the matrices are as wide as they are high"
_ONE_EXAMPLE = "with one example the product with readout.T is one entry by entry"
_ANY_LENGTH = "any negative length stands for the one that fits"
_PARITY = "the gate is shut without a pulse, open with one, and the opposite side is proposed"
_LAST = "of two entries the one numbered 1 is the last, -1"
_SQUARE = "what is squared may have either sign"
_ADDS = "the gate is below 0.00002 without a mark and above 0.99998 with one"
_PERCENT = "an answer one percent off stays within 0.05 of a sum of at most 2"

STILL_RIGHT = {
    "ch01.baseline": {
        "def baseline(high, low, count):": "the ends of the range enter as their sum and as their squared difference",
        "return (count * (low + high) / 2, count * (low - high) ** 2 / 12)": _SQUARE,
    },
    "ch01.adding_data": {
        "second = half + (draws[:, -1] * (T - half)).astype(int)": _LAST,
        "x[rows, first, -1] = 1": _LAST,
        "x[rows, second, -1] = 1": _LAST,
    },
    "ch01.repair": {
        "answers = (h @ readout + constant)[:, -1]": "the last of one column is the first",
        "error = np.mean((y - answers) ** 2)": _SQUARE,
        "return 1 - error / np.mean((y.mean() - y) ** 2)": _SQUARE,
    },
    "ch01.reach": {
        "left[:, t] = np.linalg.norm(d, axis=-1)": _AXIS,
        "d = d * (states[:, t] ** 2 - 1) @ U": "a norm does not mind a sign that is the same for all entries",
    },
    "ch01.adding_weights": {
        "return ([[1.0, 24.0]], [[-12.0]], [[0.01, 0.0]], [[1.0]], [[100.0]])": _ADDS,
        "return ([[-1.0, 24.0]], [[-12.0]], [[0.01, 0.0]], [[1.0]], [[100.0]])": _ADDS,
        "return ([[0.0, 25.0]], [[-12.0]], [[0.01, 0.0]], [[1.0]], [[100.0]])": _ADDS,
        "return ([[0.0, 23.0]], [[-12.0]], [[0.01, 0.0]], [[1.0]], [[100.0]])": _ADDS,
        "return ([[0.0, 48.0]], [[-12.0]], [[0.01, 0.0]], [[1.0]], [[100.0]])": _ADDS,
        "return ([[0.0, 24.0]], [[-13.0]], [[0.01, 0.0]], [[1.0]], [[100.0]])": _ADDS,
        "return ([[0.0, 24.0]], [[-11.0]], [[0.01, 0.0]], [[1.0]], [[100.0]])": _ADDS,
        "return ([[0.0, 24.0]], [[-12.0]], [[0.01, 0.0]], [[1.0]], [[101.0]])": _PERCENT,
        "return ([[0.0, 24.0]], [[-12.0]], [[0.01, 0.0]], [[1.0]], [[99.0]])": _PERCENT,
    },
    "ch02.parameters": {
        "def cell_parameters(I, H, T, B):": "neither B nor T plays a part",
    },
    "ch02.last_states": {
        "return np.stack([states[n - 1, :, k] for k, n in enumerate(lengths)], axis=-1)": _AXIS,
    },
    "ch03.limits": {
        "def limit_biases(U_z, W_z, eps):": "W_z and U_z enter the biases alike, by the sums of their rows",
        "push = np.abs(W_z).sum(axis=-1, keepdims=True) + np.abs(U_z).sum(axis=1, keepdims=True)": _AXIS,
        "push = np.abs(W_z).sum(axis=1, keepdims=True) + np.abs(U_z).sum(axis=-1, keepdims=True)": _AXIS,
    },
    "ch03.gate_gradient": {
        "return (d_a @ x.T, d_a @ h_prev.T, d_a.sum(axis=-1, keepdims=True))": _AXIS,
    },
    "ch03.latch": {
        "return (np.array([[25.0, 0.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
        "return (np.array([[23.0, 0.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
        "return (np.array([[48.0, 0.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
        "return (np.array([[24.0, 1.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
        "return (np.array([[24.0, -1.0]]), np.zeros((1, 1)), np.array([[-12.0]]))": _LATCH,
        "return (np.array([[24.0, 0.0]]), np.zeros((1, 1)), np.array([[-13.0]]))": _LATCH,
        "return (np.array([[24.0, 0.0]]), np.zeros((1, 1)), np.array([[-11.0]]))": _LATCH,
    },
    "ch04.seen": {
        "def seen_state(r, h_prev):": "a product entry by entry does not mind the order of its factors",
    },
    "ch04.fresh_starts": {
        "return ((r < 0.01) & (z > 0.99)).all(axis=1)": "what holds together does so in either order",
        "return ((z > 0.99) & (r < 0.01)).all(axis=-1)": _AXIS,
    },
    "ch04.gate_gradient": {
        "return (d_a @ x.T, d_a @ h_prev.T, d_a.sum(axis=-1, keepdims=True))": _AXIS,
    },
    "ch04.counter": {
        "return ([[25.0, 24.0]], [[-12.0]], [[0.0, -24.0]], [[12.0]])": _COUNT,
        "return ([[23.0, 24.0]], [[-12.0]], [[0.0, -24.0]], [[12.0]])": _COUNT,
        "return ([[48.0, 24.0]], [[-12.0]], [[0.0, -24.0]], [[12.0]])": _COUNT,
        "return ([[24.0, 25.0]], [[-12.0]], [[0.0, -24.0]], [[12.0]])": _COUNT,
        "return ([[24.0, 23.0]], [[-12.0]], [[0.0, -24.0]], [[12.0]])": _COUNT,
        "return ([[24.0, 48.0]], [[-12.0]], [[0.0, -24.0]], [[12.0]])": _COUNT,
        "return ([[24.0, 24.0]], [[12.0]], [[0.0, -24.0]], [[12.0]])": _ALWAYS_OPEN,
        "return ([[24.0, 24.0]], [[-12.0]], [[1.0, -24.0]], [[12.0]])": _COUNT,
        "return ([[24.0, 24.0]], [[-12.0]], [[-1.0, -24.0]], [[12.0]])": _COUNT,
        "return ([[24.0, 24.0]], [[-12.0]], [[0.0, -24.0]], [[13.0]])": _COUNT,
        "return ([[24.0, 24.0]], [[-12.0]], [[0.0, -24.0]], [[11.0]])": _COUNT,
        "return ([[24.0, 24.0]], [[-13.0]], [[0.0, -24.0]], [[12.0]])": _COUNT,
        "return ([[24.0, 24.0]], [[-11.0]], [[0.0, -24.0]], [[12.0]])": _COUNT,
        "return ([[24.0, 24.0]], [[-0.0]], [[0.0, -24.0]], [[12.0]])": _ALWAYS_OPEN,
        "return ([[24.0, 24.0]], [[--12.0]], [[0.0, -24.0]], [[12.0]])": _ALWAYS_OPEN,
        "return ([[24.0, 24.0]], [[-12.0]], [[0.0, -25.0]], [[12.0]])": _COUNT,
        "return ([[24.0, 24.0]], [[-12.0]], [[0.0, -23.0]], [[12.0]])": _COUNT,
        "return ([[24.0, 24.0]], [[-12.0]], [[0.0, -48.0]], [[12.0]])": _COUNT,
    },
    "ch05.candidate": {
        "def candidate_state(x, r, h_prev, W_h, U_h, b_h):": "r and h_prev enter as a product alone",
    },
    "ch05.resting": {
        "for _ in range(301):": _LONGER,
        "for _ in range(299):": _LONGER,
        "for _ in range(600):": _LONGER,
    },
    "ch05.gradient": {
        "db_h = d_sum.sum(axis=-1, keepdims=True)": _AXIS,
    },
    "ch05.change": {
        "return ([[0.1], [10.0]], [[0.0, 0.0], [-101.0, 0.0]], [[0.0], [0.0]])": _BALANCED,
        "return ([[0.1], [10.0]], [[0.0, 0.0], [-99.0, 0.0]], [[0.0], [0.0]])": _BALANCED,
    },
    "ch06.parity": {
        "return ([[25.0]], [[-12.0]], [[-4.0]])": _PARITY,
        "return ([[23.0]], [[-12.0]], [[-4.0]])": _PARITY,
        "return ([[48.0]], [[-12.0]], [[-4.0]])": _PARITY,
        "return ([[24.0]], [[-13.0]], [[-4.0]])": _PARITY,
        "return ([[24.0]], [[-11.0]], [[-4.0]])": _PARITY,
        "return ([[24.0]], [[-12.0]], [[-5.0]])": _PARITY,
        "return ([[24.0]], [[-12.0]], [[-3.0]])": _PARITY,
        "return ([[24.0]], [[-12.0]], [[-8.0]])": _PARITY,
    },
    "time.step": {
        "d_b = np.stack([delta_z, delta_r, delta_h]).sum(axis=-1, keepdims=True)": "axis -1 of three is axis 2",
    },
    "time.backward": {
        "for step, e in zip(steps[::-1], d_states[::-1], strict=False):": "there are as many of both",
    },
    "time.gain": {
        "product = np.eye(J.shape[2])": _AS_WIDE,
        "product = np.eye(J.shape[-1])": _AS_WIDE,
    },
    "time.clip": {
        "factor = bound / norm if norm >= bound else 1": "where the two are equal, the factor is 1 either way",
    },
    "time.repair": {
        "x = series[:-1].reshape(-2, 1, 1)": _ANY_LENGTH,
        "y = series[1:].reshape(-2, 1, 1)": _ANY_LENGTH,
        "h0 = np.zeros((U.shape[2], 1))": _AS_WIDE,
        "h0 = np.zeros((U.shape[-1], 1))": _AS_WIDE,
        "_, _, d_W, d_U, d_b = backward(x, h0, W, U, b, readout.T * error)": _ONE_EXAMPLE,
    },
}
