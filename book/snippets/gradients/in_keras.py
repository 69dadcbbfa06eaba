import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(1)
x = rng.normal(size=(1, 5, 2))  # (B, T, I)
W = rng.normal(size=(2, 9))  # (I, 3H)
U = rng.normal(size=(3, 9))  # (H, 3H)
b = rng.normal(size=(2, 9))  # (2, 3H)

layer = keras.layers.GRU(3, dtype="float64")
layer.build(x.shape)
layer.set_weights([W, U, b])
# the loss: the sum of the last state
x = tf.constant(x)
with tf.GradientTape() as tape:
    tape.watch(x)
    loss = tf.reduce_sum(layer(x))
d_x = tape.gradient(loss, x).numpy()

print("gradient of each input")
print(d_x[0].round(3))
