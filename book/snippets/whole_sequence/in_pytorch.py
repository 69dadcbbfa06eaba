import numpy as np
import torch
from torch import sigmoid, tanh

rng = np.random.default_rng(6)
x = rng.normal(size=(1, 5, 2))  # (B, T, I)
W = rng.normal(size=(3, 3, 2))  # 3 of (H, I)
U = rng.normal(size=(3, 3, 3))  # 3 of (H, H)
b = rng.normal(size=(3, 3, 1))  # 3 of (H, 1)

# torch.nn.GRU has the reset gate after the
# product, another function: so, line by line
x, W, U, b = map(torch.tensor, (x, W, U, b))
h, states = torch.zeros(3, 1, dtype=x.dtype), []
for x_t in x.permute(1, 2, 0):  # (T, I, B)
    z = sigmoid(W[0] @ x_t + U[0] @ h + b[0])
    r = sigmoid(W[1] @ x_t + U[1] @ h + b[1])
    n = tanh(W[2] @ x_t + U[2] @ (r * h) + b[2])
    h = (1 - z) * h + z * n
    states.append(h.T)
states = torch.stack(states, dim=1).numpy()

print("states", states.shape)
print(states[0].round(3))
