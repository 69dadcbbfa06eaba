import keras
import numpy as np

rng = np.random.default_rng(2)
x = rng.normal(size=(2, 1))  # (I, B)
h = rng.uniform(-1, 1, (3, 1))  # (H, B)
W = rng.normal(size=(3, 3, 2))  # 3 of (H, I)
U = rng.normal(size=(3, 3, 3))  # 3 of (H, H)
b = rng.normal(size=(3, 3, 1))  # 3 of (H, 1)

# Keras: z keeps, so its signs change;
# rows in place of columns, one array for all
for blocks in (W, U, b):
    blocks[0] *= -1
cell = keras.layers.GRUCell(
    3,
    reset_after=False,
    dtype="float64",
)
cell.build((1, 2))
W, U = W.reshape(9, 2).T, U.reshape(9, 3).T
cell.set_weights([W, U, b.ravel()])
h_new = cell(x.T, [h.T])[0].numpy().T

print("new state", h_new.ravel().round(3))
