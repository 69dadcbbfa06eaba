import numpy as np

from gru_ref import GRU

rng = np.random.default_rng(1)
x = rng.normal(size=(1, 4, 2))  # (B, T, I)
W = rng.normal(size=(2, 9))  # (I, 3H)
U = rng.normal(size=(3, 9))  # (H, 3H)
b = rng.normal(size=(2, 9))  # (2, 3H)

layer = GRU.from_parameters(
    (W, U, *b),
    polarity="keep",
    reset="after",
)
outputs, final = layer(x)

print("outputs", outputs.shape)
print(outputs[0].round(3))
