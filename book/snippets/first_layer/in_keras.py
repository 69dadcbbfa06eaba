import keras
import numpy as np

rng = np.random.default_rng(1)
x = rng.normal(size=(1, 4, 2))  # (B, T, I)
W = rng.normal(size=(2, 9))  # (I, 3H)
U = rng.normal(size=(3, 9))  # (H, 3H)
b = rng.normal(size=(2, 9))  # (2, 3H)

layer = keras.layers.GRU(
    3,
    return_sequences=True,
    dtype="float64",
)
layer.build(x.shape)
layer.set_weights([W, U, b])
outputs = layer(x).numpy()

print("outputs", outputs.shape)
print(outputs[0].round(3))
