import keras
import numpy as np

rng = np.random.default_rng(6)
x = rng.normal(size=(1, 5, 2))  # (B, T, I)
W = rng.normal(size=(3, 3, 2))  # 3 of (H, I)
U = rng.normal(size=(3, 3, 3))  # 3 of (H, H)
b = rng.normal(size=(3, 3, 1))  # 3 of (H, 1)

# Keras: z keeps, so its signs change;
# rows in place of columns, one array for all
for blocks in (W, U, b):
    blocks[0] *= -1
layer = keras.layers.GRU(
    3,
    reset_after=False,
    return_sequences=True,
    dtype="float64",
)
layer.build(x.shape)
W, U = W.reshape(9, 2).T, U.reshape(9, 3).T
layer.set_weights([W, U, b.ravel()])
states = layer(x).numpy()

print("states", states.shape)
print(states[0].round(3))
