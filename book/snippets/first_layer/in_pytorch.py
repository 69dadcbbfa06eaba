import numpy as np
import torch

rng = np.random.default_rng(1)
x = rng.normal(size=(1, 4, 2))  # (B, T, I)
W = rng.normal(size=(2, 9))  # (I, 3H)
U = rng.normal(size=(3, 9))  # (H, 3H)
b = rng.normal(size=(2, 9))  # (2, 3H)

layer = torch.nn.GRU(
    2,
    3,
    batch_first=True,
    dtype=torch.float64,
)
# PyTorch: blocks r, z, n; weights (3H, ...)
rzn = [3, 4, 5, 0, 1, 2, 6, 7, 8]
layer.weight_ih_l0.data = torch.tensor(W.T[rzn])
layer.weight_hh_l0.data = torch.tensor(U.T[rzn])
layer.bias_ih_l0.data = torch.tensor(b[0, rzn])
layer.bias_hh_l0.data = torch.tensor(b[1, rzn])
outputs, final = layer(torch.tensor(x))
outputs = outputs.detach().numpy()

print("outputs", outputs.shape)
print(outputs[0].round(3))
