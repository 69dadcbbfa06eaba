import numpy as np

from gru_ref import (
    candidate_state,
    new_state,
    reset_gate,
    update_gate,
)

rng = np.random.default_rng(2)
x = rng.normal(size=(2, 1))  # (I, B)
h = rng.uniform(-1, 1, (3, 1))  # (H, B)
W = rng.normal(size=(3, 3, 2))  # 3 of (H, I)
U = rng.normal(size=(3, 3, 3))  # 3 of (H, H)
b = rng.normal(size=(3, 3, 1))  # 3 of (H, 1)

z = update_gate(x, h, W[0], U[0], b[0])
r = reset_gate(x, h, W[1], U[1], b[1])
n = candidate_state(x, h, r, W[2], U[2], b[2])
h_new = new_state(h, z, n)

print("new state", h_new.ravel().round(3))
