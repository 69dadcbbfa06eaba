import numpy as np

from gru_ref import GRU

rng = np.random.default_rng(1)
x = rng.normal(size=(1, 5, 2))  # (B, T, I)
W = rng.normal(size=(2, 9))  # (I, 3H)
U = rng.normal(size=(3, 9))  # (H, 3H)
b = rng.normal(size=(2, 9))  # (2, 3H)

gru = GRU.from_parameters(
    (W, U, *b),
    polarity="keep",
    reset="after",
)
# the loss: the sum of the last state
trace = gru.trace(x)
d_outputs = np.zeros_like(trace.outputs)
d_outputs[:, -1] = 1
by_hand = gru.backward(trace, d_outputs)

print("gradient of each input")
print(by_hand.x[0].round(3))
