"""Measure the NumPy GRU beside PyTorch, Keras, ONNX Runtime and the bare matrix products.

Usage: python -m authoring.bench_gru [--seconds S] [--out FOLDER]

One process, one thread for everybody, float32, the same weights: before
anything is timed the outputs are compared. The contenders take turns, so that
whatever else the machine does meets all of them, and the shortest time of
each counts. The ratios are for comparing within one run; absolute times are
the machine's.

Writes FOLDER/gru.json and FOLDER/gru.png (by default in _build/bench).
"""

import os

# One thread each. These are read when the libraries are first imported.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import argparse  # noqa: E402
import json  # noqa: E402
import pathlib  # noqa: E402
import platform  # noqa: E402
import time  # noqa: E402

import matplotlib  # noqa: E402

matplotlib.use("Agg")

import keras  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
import tensorflow as tf  # noqa: E402
import torch  # noqa: E402

from gru_ref import GRU, gru_cell  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHAPES = [(1, 100, 64, 128), (32, 100, 64, 128), (32, 100, 128, 256), (64, 200, 128, 256), (1, 100, 512, 512)]
OURS, PRODUCTS = "NumPy", "products"
# Agreement in float32 over up to 200 steps, asked for before anything is timed.
AGREEMENT = 2e-5


def one_thread():
    """Tell the frameworks that do not read the environment to use one thread."""
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def contenders(B, T, I, H, rng):
    """Functions to time for one shape: forward, and forward plus backward, by name.

    Forward functions return the outputs (B, T, H). Backward runs give the
    gradients of sum(outputs * d_outputs) with respect to x and all weights.
    """
    gru = GRU(I, H, dtype=np.float32, rng=rng)
    x = rng.standard_normal((B, T, I)).astype(np.float32)
    d_outputs = rng.standard_normal((B, T, H)).astype(np.float32)

    torch_gru = gru.to_torch()
    x_torch, d_torch = torch.from_numpy(x), torch.from_numpy(d_outputs)

    def torch_forward():
        with torch.no_grad():
            return torch_gru(x_torch)[0].numpy()

    def torch_both():
        torch_gru.zero_grad()
        inputs = x_torch.detach().requires_grad_()
        torch_gru(inputs)[0].backward(d_torch)

    keras_gru = gru.to_keras()
    keras_gru.return_sequences = True
    x_keras, d_keras = tf.constant(x), tf.constant(d_outputs)

    @tf.function
    def keras_forward(inputs):
        return keras_gru(inputs)

    @tf.function
    def keras_both(inputs, d_outputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = keras_gru(inputs)
        return tape.gradient(outputs, [inputs, *keras_gru.trainable_variables], output_gradients=d_outputs)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        gru.to_onnx().SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    h0 = np.zeros((1, B, H), np.float32)

    def onnx_forward():
        return session.run(["Y"], {"X": x, "initial_h": h0})[0]

    W, U, h = gru.W, gru.U, np.zeros((B, H), np.float32)
    rows, d_rows, d_step = x.reshape(T * B, I), np.ones((T * B, 3 * H), np.float32), np.ones((B, 3 * H), np.float32)
    states, to_gates, to_state = (np.ones(shape, np.float32) for shape in ((T * B, H), (B, 3 * H), (B, H)))

    def products_forward():
        rows @ W
        for _ in range(T):
            np.matmul(h, U, out=to_gates)

    def products_both():
        products_forward()
        for _ in range(T):
            np.matmul(d_step, U.T, out=to_state)
        rows.T @ d_rows
        states.T @ d_rows
        d_rows @ W.T

    forward = {
        OURS: lambda: gru(x)[0],
        "PyTorch": torch_forward,
        "Keras": lambda: keras_forward(x_keras).numpy(),
        "ONNX Runtime": onnx_forward,
        PRODUCTS: products_forward,
    }
    both = {
        OURS: lambda: gru.backward(gru.trace(x), d_outputs),
        "PyTorch": torch_both,
        "Keras": lambda: keras_both(x_keras, d_keras)[0].numpy(),
        PRODUCTS: products_both,
    }
    expected = forward[OURS]()
    for name in ("PyTorch", "Keras", "ONNX Runtime"):
        difference = np.abs(forward[name]() - expected).max()
        if not difference < AGREEMENT:
            raise SystemExit(f"{name} differs from the NumPy GRU by {difference:.1e}: nothing was timed")
    return forward, both


def fastest(functions, seconds, rounds=7):
    """Shortest time of each function in seconds; they take turns for about `seconds`, at least `rounds` times."""
    best = dict.fromkeys(functions, float("inf"))
    for function in functions.values():
        function()
    stop = time.perf_counter() + seconds
    done = 0
    while done < rounds or time.perf_counter() < stop:
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            best[name] = min(best[name], time.perf_counter() - start)
        done += 1
    return best


def cell_by_cell(B, T, I, H, rng):
    """Time of the column-form cell, called step by step, as a multiple of its bare products."""
    W, U = ([rng.standard_normal((H, n)).astype(np.float32) / 8 for _ in range(3)] for n in (I, H))
    b = [np.zeros((H, 1), np.float32) for _ in range(3)]
    x, h0 = rng.standard_normal((T, I, B)).astype(np.float32), np.zeros((H, B), np.float32)

    def cells():
        h = h0
        for step in x:
            h = gru_cell(step, h, W, U, b)

    def products():
        for step in x:
            for block in range(3):
                W[block] @ step
                U[block] @ h0

    best = fastest({"cell": cells, PRODUCTS: products}, 0.5)
    return best["cell"] / best[PRODUCTS]


def time_per_step(rng):
    """Microseconds a step of forward plus backward, for sequences of growing length, by length."""
    B, I, H = 32, 64, 128
    gru = GRU(I, H, dtype=np.float32, rng=rng)
    functions = {}
    for T in (50, 100, 200, 400, 800):
        x = rng.standard_normal((B, T, I)).astype(np.float32)
        functions[T] = lambda x=x: gru.backward(gru.trace(x), np.ones((*x.shape[:2], H), np.float32))
    return {T: seconds / T * 1e6 for T, seconds in fastest(functions, 4.0).items()}


def table(title, rows):
    """Print times in ms and the ratios of the NumPy GRU to each other contender."""
    names = list(rows[0]["ms"])
    print(f"\n{title}: ms, then NumPy as a multiple of")
    head = [f"{'B':>3}{'T':>5}{'I':>5}{'H':>5} ", *(f"{name:>13}" for name in names), " |"]
    print("".join([*head, *(f"{name:>13}" for name in names if name != OURS)]))
    for row in rows:
        B, T, I, H = row["shape"]
        times = "".join(f"{row['ms'][name]:>13.2f}" for name in names)
        ratios = "".join(f"{row['ms'][OURS] / row['ms'][name]:>13.2f}" for name in names if name != OURS)
        print(f"{B:>3}{T:>5}{I:>5}{H:>5} {times} |{ratios}")


def picture(results, path):
    """Draw the NumPy GRU's time as a multiple of each other's, shape by shape."""
    plt.style.use("gru_ref.course")
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    labels = ["B={} T={}\nI={} H={}".format(*row["shape"]) for row in results["forward"]]
    for axis, (title, rows) in zip(axes, results.items(), strict=True):
        others = [name for name in rows[0]["ms"] if name != OURS]
        for number, name in enumerate(others):
            place = np.arange(len(rows)) + (number - (len(others) - 1) / 2) * 0.8 / len(others)
            axis.bar(place, [row["ms"][OURS] / row["ms"][name] for row in rows], 0.8 / len(others), label=name)
        axis.axhline(1, color="black", linewidth=1)
        axis.set_xticks(range(len(labels)), labels, fontsize=9)
        axis.set_title(title)
        axis.legend(title="as a multiple of", fontsize=9)
    axes[0].set_ylabel("time of the NumPy GRU")
    figure.savefig(path)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description="Time the NumPy GRU beside other implementations.")
    parser.add_argument("--seconds", type=float, default=6.0, help="time for each shape and direction (default 6)")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "_build" / "bench", help="folder for the results")
    arguments = parser.parse_args()
    one_thread()
    rng = np.random.default_rng(0)
    results = {"forward": [], "forward plus backward": []}
    for shape in SHAPES:
        for rows, functions in zip(results.values(), contenders(*shape, rng), strict=True):
            best = fastest(functions, arguments.seconds)
            rows.append({"shape": shape, "ms": {name: seconds * 1e3 for name, seconds in best.items()}})
    versions = {"numpy": np.__version__, "torch": torch.__version__, "keras": keras.__version__}
    versions |= {"tensorflow": tf.__version__, "onnxruntime": onnxruntime.__version__}
    print("GRU, float32, one thread, minima; " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    for title, rows in results.items():
        table(title, rows)
    print("\nThe column-form cell of chapters 3 to 6, called step by step, as a multiple of its bare products")
    for shape in SHAPES[:3]:
        print("{:>3}{:>5}{:>5}{:>5} ".format(*shape) + f"{cell_by_cell(*shape, rng):>13.2f}")
    per_step = time_per_step(rng)
    print("\nForward plus backward, B=32 I=64 H=128: microseconds a step by length of the sequence")
    print("".join(f"{f'T={T}':>9}" for T in per_step))
    print("".join(f"{microseconds:>9.0f}" for microseconds in per_step.values()))
    arguments.out.mkdir(parents=True, exist_ok=True)
    report = {"machine": platform.processor() or platform.machine(), "versions": versions}
    report |= {"results": results, "microseconds a step": per_step}
    (arguments.out / "gru.json").write_text(json.dumps(report, indent=1) + "\n")
    picture(results, arguments.out / "gru.png")
    print(f"\nWritten: {arguments.out / 'gru.json'} and gru.png beside it")


if __name__ == "__main__":
    main()
