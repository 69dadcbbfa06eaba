import numpy as np
import torch
from torch import sigmoid, tanh

rng = np.random.default_rng(2)
x = rng.normal(size=(2, 1))  # (I, B)
h = rng.uniform(-1, 1, (3, 1))  # (H, B)
W = rng.normal(size=(3, 3, 2))  # 3 of (H, I)
U = rng.normal(size=(3, 3, 3))  # 3 of (H, H)
b = rng.normal(size=(3, 3, 1))  # 3 of (H, 1)

# torch.nn.GRUCell has the reset gate after the
# product, another function: so, line by line
given = x, h, W, U, b
x, h, W, U, b = map(torch.tensor, given)
z = sigmoid(W[0] @ x + U[0] @ h + b[0])
r = sigmoid(W[1] @ x + U[1] @ h + b[1])
n = tanh(W[2] @ x + U[2] @ (r * h) + b[2])
h_new = ((1 - z) * h + z * n).numpy()

print("new state", h_new.ravel().round(3))
