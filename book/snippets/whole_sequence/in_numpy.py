import numpy as np

from gru_ref import GRU

rng = np.random.default_rng(6)
x = rng.normal(size=(1, 5, 2))  # (B, T, I)
W = rng.normal(size=(3, 3, 2))  # 3 of (H, I)
U = rng.normal(size=(3, 3, 3))  # 3 of (H, H)
b = rng.normal(size=(3, 3, 1))  # 3 of (H, 1)

layer = GRU.from_columns(W, U, b)
states, last = layer(x)

print("states", states.shape)
print(states[0].round(3))
