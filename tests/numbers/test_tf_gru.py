"""The GRU written in TensorFlow equals the NumPy GRU, gradients included; it is a Keras layer; it runs on a GPU."""

import os

import numpy as np
import pytest

import gru_ref
from tests.numbers.framework_cases import CONVENTIONS, MASKS, STRUCTURES, assert_case, crossed, draw_case, run_python

pytestmark = [pytest.mark.needs("tensorflow"), pytest.mark.slow]


@pytest.fixture(scope="module")
def tf():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow

    return tensorflow


@pytest.fixture(scope="module")
def keras(tf):
    import keras

    return keras


@pytest.fixture(scope="module")
def tf_gru(tf):
    import gru_ref.tf_gru

    return gru_ref.tf_gru


def layer_of(tf_gru, gru, **options):
    """The layer that gives all that a NumPy GRU gives."""
    return tf_gru.GRU.from_numpy(gru, return_sequences=True, return_state=True, **options)


def run_case(tf, layer, case):
    """Outputs, final states and all gradients of the case's loss."""
    x, h0 = tf.constant(case.x), tf.constant(case.h0)
    with tf.GradientTape() as tape:
        tape.watch((x, h0))
        outputs, final = layer(x, h0=h0, **case.mask_arguments)
        loss = tf.reduce_sum(outputs * case.d_outputs) + tf.reduce_sum(final * case.d_final)
    d_x, d_h0, *d_parameters = tape.gradient(loss, [x, h0, *layer.trainable_variables])
    return outputs, final, d_x, d_h0, d_parameters


@pytest.mark.parametrize(("convention", "structure", "masks"), crossed(CONVENTIONS, STRUCTURES, MASKS), ids=str)
def test_outputs_and_all_gradients_are_those_of_gru_ref(tf, tf_gru, convention, structure, masks):
    case = draw_case(0, *convention, structure, masks)
    assert_case(case, *run_case(tf, layer_of(tf_gru, case.gru), case), tolerance=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("polarity", "reset", "masks"),
    [
        (*convention, masks)
        for convention, masks in zip(
            CONVENTIONS, ["every step", "gaps, carry", "gaps, zero", "lengths, zero"], strict=True
        )
    ],
)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_graph_for_any_batch_and_any_number_of_steps_gives_the_same(tf, tf_gru, polarity, reset, masks, jit_compile):
    case = draw_case(1, polarity, reset, "stacked, bidirectional, reverse", masks)
    layer = layer_of(tf_gru, case.gru)
    unknown = {
        "x": tf.TensorSpec((None, None, case.gru.input_size), tf.float64),
        "h0": tf.TensorSpec((case.h0.shape[0], None, case.gru.hidden_size), tf.float64),
        "mask": tf.TensorSpec((None, None), tf.bool),
        "lengths": tf.TensorSpec((None,), tf.int64),
    }
    names = ["x", "h0", *case.mask_arguments]

    @tf.function(input_signature=[unknown[name] for name in names], jit_compile=jit_compile)
    def in_a_graph(*tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors[:2])
            outputs, final = layer(**dict(zip(names, tensors, strict=True)))
            # A loss for any shape: the outputs' weights are a function of their place.
            place = tf.cast(tf.reshape(tf.range(tf.size(outputs)), tf.shape(outputs)), tf.float64)
            loss = tf.reduce_sum(outputs * tf.sin(place)) + tf.reduce_sum(final)
        return outputs, final, tape.gradient(loss, [*tensors[:2], *layer.trainable_variables])

    for rows, steps in ((slice(None), slice(None)), (slice(0, 2), slice(1, None))):
        x, h0 = case.x[rows, steps], case.h0[:, rows]
        given = {name: array[rows] for name, array in case.mask_arguments.items()}
        if "mask" in given:
            given["mask"] = given["mask"][:, steps]
        if "lengths" in given:
            given["lengths"] = np.minimum(given["lengths"], x.shape[1])
        trace = case.gru.trace(x, h0, **given)
        case.outputs, case.final = trace.outputs, trace.final
        d_outputs = np.sin(np.arange(trace.outputs.size)).reshape(trace.outputs.shape)
        case.gradients = case.gru.backward(trace, d_outputs, np.ones_like(trace.final))
        outputs, final, (d_x, d_h0, *d_parameters) = in_a_graph(*map(tf.constant, (x, h0, *given.values())))
        assert_case(case, outputs, final, d_x, d_h0, d_parameters, tolerance=1e-12)


@pytest.mark.parametrize(("polarity", "reset"), CONVENTIONS)
def test_the_cell_runs_in_keras_own_rnn(keras, tf_gru, polarity, reset):
    case = draw_case(5, polarity, reset, "plain", "every step")
    rnn = keras.layers.RNN(
        layer_of(tf_gru, case.gru).cells[0], return_sequences=True, return_state=True, dtype="float64"
    )
    outputs, final = rnn(case.x, initial_state=[case.h0[0]])
    np.testing.assert_allclose(outputs, case.outputs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(final, case.final[0], rtol=0, atol=1e-12)


def test_what_stands_at_masked_steps_plays_no_part(tf, tf_gru):
    case = draw_case(0, "keep", "after", "stacked", "gaps, zero")
    case.x[~case.mask_arguments["mask"]] = np.nan
    assert_case(case, *run_case(tf, layer_of(tf_gru, case.gru), case), tolerance=1e-12)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_return_options_choose_what_comes_back(tf_gru, structure):
    case = draw_case(3, "keep", "after", structure, "lengths, zero")
    last = np.concatenate(case.final[-case.gru.directions :], axis=-1)
    for sequences in (False, True):
        for state in (False, True):
            layer = tf_gru.GRU.from_numpy(case.gru, return_sequences=sequences, return_state=state)
            given = layer(case.x, h0=case.h0, **case.mask_arguments)
            outputs, final = given if state else (given, case.final)
            np.testing.assert_allclose(outputs, case.outputs if sequences else last, rtol=0, atol=1e-12)
            np.testing.assert_allclose(final, case.final, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(0, 4, 3), (2, 0, 3)])
def test_an_empty_batch_and_no_steps_give_what_gru_ref_gives(tf_gru, shape):
    gru = gru_ref.GRU(3, 4, bidirectional=True, rng=0)
    h0 = np.random.default_rng(0).uniform(-1, 1, (2, shape[0], 4))
    outputs, final = layer_of(tf_gru, gru)(np.zeros(shape), h0=h0)
    expected_outputs, expected_final = gru(np.zeros(shape), h0)
    assert outputs.shape == expected_outputs.shape
    np.testing.assert_array_equal(final, expected_final)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_from_numpy_and_back_is_exact(tf_gru, structure, dtype):
    gru = draw_case(1, "update", "before", structure, "gaps, zero", dtype).gru
    back = tf_gru.GRU.from_numpy(gru).to_numpy()
    assert repr(back) == repr(gru)
    for ours, theirs in zip(back.arrays(), gru.arrays(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_before_the_first_input_there_are_no_parameters_to_give(tf_gru):
    with pytest.raises(ValueError, match=r"no parameters yet: call it once, or build\(\(None, None, I\)\)"):
        tf_gru.GRU(4).to_numpy()


def test_parameters_are_drawn_as_keras_draws_them(keras, tf_gru):
    keras.utils.set_random_seed(0)
    layer = tf_gru.GRU(5)
    layer.build((None, None, 7))
    W, U, b_input, b_recurrent = layer.get_weights()
    bound = np.sqrt(6 / (7 + 15))
    assert 0.9 * bound < np.abs(W).max() <= bound
    np.testing.assert_allclose(U @ U.T, np.eye(5), atol=1e-6)
    assert not b_input.any() and not b_recurrent.any()


def saved_and_loaded(keras, model, folder):
    model.save(folder / "model.keras")
    return keras.models.load_model(folder / "model.keras")


@pytest.mark.slow
def test_a_model_with_padding_trains_and_is_saved_whole(keras, tf_gru, tmp_path):
    """Is the first word of a sentence, padded behind, above 4? Without memory or mask the loss stays at log 2."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    model = keras.Sequential(
        [
            keras.layers.Embedding(9, 6, mask_zero=True),
            tf_gru.GRU(8, return_sequences=True, masked_output="zero"),
            tf_gru.GRU(8, reverse=True),
            keras.layers.Dense(1),
        ]
    )
    words = rng.integers(1, 9, (512, 6)) * (np.arange(6) < rng.integers(1, 7, (512, 1)))
    wanted = (words[:, :1] > 4).astype("float32")
    model.compile(keras.optimizers.Adam(0.02), keras.losses.BinaryCrossentropy(from_logits=True))
    assert model.evaluate(words, wanted, verbose=0) > 0.6
    model.fit(words, wanted, epochs=8, batch_size=64, verbose=0)
    assert model.evaluate(words, wanted, verbose=0) < 0.05

    # The mask went through both layers: without the padding the answer is the same.
    short = words[(words != 0).sum(axis=1) == 3][:5]
    answer = model.predict(short, verbose=0)
    np.testing.assert_allclose(model.predict(short[:, :3], verbose=0), answer, rtol=0, atol=1e-5)
    loaded = saved_and_loaded(keras, model, tmp_path)
    np.testing.assert_array_equal(loaded.predict(short, verbose=0), answer)


def test_a_functional_model_keeps_the_mask_beside_an_initial_state_and_every_option(keras, tf_gru, tmp_path):
    options = {"polarity": "update", "reset": "before", "num_layers": 2, "bidirectional": True, "reverse": True}
    layer = tf_gru.GRU(4, return_sequences=True, return_state=True, masked_output="zero", dtype="float64", **options)
    words, h0 = keras.Input((None,), dtype="int32"), keras.Input((2, 4), dtype="float64")
    embedded = keras.layers.Embedding(9, 3, mask_zero=True, dtype="float64", name="vectors")(words)
    outputs = layer(embedded, h0=keras.ops.transpose(keras.ops.concatenate([h0, -h0], axis=1), (1, 0, 2)))
    model = saved_and_loaded(keras, keras.Model([words, h0], list(outputs)), tmp_path)

    rng = np.random.default_rng(0)
    ids, start = rng.integers(0, 9, (3, 7)), rng.uniform(-1, 1, (3, 2, 4)).astype("float32")  # as predict casts
    ids[0, -2:] = 0
    given, final = model.predict([ids, start], verbose=0)
    numpy_gru = model.get_layer(layer.name).to_numpy()
    assert (numpy_gru.polarity, numpy_gru.reset, numpy_gru.masked_output) == ("update", "before", "zero")
    (vectors,) = model.get_layer("vectors").get_weights()
    states = np.concatenate([start, -start], axis=1).transpose(1, 0, 2)
    expected, expected_final = numpy_gru(vectors[ids], states, mask=ids != 0)
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(final, expected_final, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_a_saved_model_is_loaded_elsewhere_once_the_module_is_imported(keras, tf_gru, tmp_path):
    gru = tf_gru.GRU(4, polarity="update", reset="before", bidirectional=True)
    model = keras.Sequential([keras.Input((None, 3)), gru, keras.layers.Dense(2)])
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    path, answer = tmp_path / "model.keras", tmp_path / "answer.npy"
    model.save(path)
    np.save(tmp_path / "x.npy", x)
    done = run_python(f"""
import keras, numpy
try:
    keras.models.load_model({str(path)!r})
except TypeError as error:
    print("Could not locate class 'GRU'" in str(error))
import gru_ref.tf_gru
model = keras.models.load_model({str(path)!r})
numpy.save({str(answer)!r}, model.predict(numpy.load({str(tmp_path / "x.npy")!r}), verbose=0))
print(model.layers[0].to_numpy())
""")
    assert done.stdout.splitlines() == ["True", repr(gru.to_numpy())], done.stderr[-2000:]
    np.testing.assert_allclose(np.load(answer), model.predict(x, verbose=0), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"x": (2, 5, 4)}, r"x must have shape \(B, T, I\) with I = 3, got \(2, 5, 4\)"),
        ({"x": (5, 3)}, r"got \(5, 3\); a single sequence is a batch of one, x\[None\]"),
        ({"x": (2, 5, 3), "h0": (1, 3, 4)}, r"h0 must have shape \(L\*D, B, H\) with L\*D = 1, B = 2, H = 4, got"),
        ({"x": (2, 5, 3), "mask": (2, 4)}, r"mask must have shape \(B, T\) with B = 2, T = 5, got \(2, 4\)"),
        ({"x": (2, 5, 3), "mask": (2, 5)}, "mask must be boolean, True where a step counts; got dtype float32"),
        ({"x": (2, 5, 3), "lengths": (3,)}, r"lengths must have shape \(B,\) with B = 2, got \(3,\)"),
        ({"x": (2, 5, 3), "lengths": (2,)}, "lengths must hold one integer a row, got dtype float32"),
        ({"x": (2, 5, 3), "mask": (2, 5), "lengths": (2,)}, "give mask or lengths, not both"),
    ],
)
def test_a_wrong_shape_is_named(tf, tf_gru, arguments, sentence):
    layer = layer_of(tf_gru, gru_ref.GRU(3, 4, dtype=np.float32))
    with pytest.raises(ValueError, match=sentence):
        layer(**{name: tf.zeros(shape) for name, shape in arguments.items()})


def test_the_first_input_has_three_axes(keras, tf_gru):
    for x, told in ((np.zeros((5, 3)), r"\(5, 3\)"), (keras.Input((3,)), r"\(None, 3\)")):
        sentence = rf"x must have shape \(B, T, I\), got {told}; a single sequence is a batch of one, x\[None\]"
        with pytest.raises(ValueError, match=sentence):
            tf_gru.GRU(4)(x)


def test_lists_integers_and_other_precisions_are_taken_as_gru_ref_takes_them(tf_gru):
    gru = gru_ref.GRU(3, 4, rng=0, dtype=np.float32)
    layer = layer_of(tf_gru, gru)
    x = np.random.default_rng(0).integers(-2, 3, (2, 5, 3))
    h0 = np.random.default_rng(1).uniform(-1, 1, (1, 2, 4)).astype(np.float32)
    for given in (
        {"lengths": [2, 5]},
        {"lengths": np.array([2, 5], np.uint8)},
        {"mask": [[True, False, True, True, False]] * 2},
        {"h0": [h0[0]]},
        {"h0": h0.astype(np.float64)},
    ):
        outputs, final = layer(x, **given)
        expected = gru(x, np.asarray(given.pop("h0", h0 * 0), np.float32), **given)
        np.testing.assert_allclose(outputs, expected[0], rtol=0, atol=1e-6)
        np.testing.assert_allclose(final, expected[1], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(layer(x > 0)[0], layer((x > 0).astype(np.float32))[0])


def test_a_ragged_batch_is_told_to_be_padded(tf, tf_gru):
    layer = layer_of(tf_gru, gru_ref.GRU(1, 4, rng=0, dtype=np.float32))
    ragged = tf.ragged.constant([[[1.0]], [[2.0], [3.0]]], ragged_rank=1)
    with pytest.raises(ValueError, match=r"got a ragged one: gru\(x.to_tensor\(\), lengths=x.row_lengths\(\)\)"):
        layer(ragged)
    outputs, final = layer(ragged.to_tensor(), lengths=ragged.row_lengths())
    np.testing.assert_allclose(final[0, 0], outputs[0, 0], rtol=0, atol=0)


def test_bidirectional_of_keras_is_told_to_be_an_option(keras, tf_gru):
    with pytest.raises(TypeError, match="both directions with bidirectional=True: it has no go_backwards"):
        keras.layers.Bidirectional(tf_gru.GRU(4))
    with pytest.raises(ValueError, match="reads backward with reverse=True"):
        tf_gru.GRU(4, go_backwards=True)


def test_another_gru_is_not_taken_for_a_numpy_one_nor_this_one_for_that_of_keras(keras, tf_gru):
    layer = layer_of(tf_gru, gru_ref.GRU(3, 4))
    for gru, told in (
        (keras.layers.GRU(4), "GRU of keras: gru_ref.GRU.from_keras makes one of it"),
        (layer, "GRU of gru_ref.tf_gru"),
    ):
        with pytest.raises(TypeError, match=f"from_numpy takes a gru_ref.GRU, got {told}$"):
            tf_gru.GRU.from_numpy(gru)
    for given, told in (
        (layer, r"GRU of gru_ref.tf_gru: its to_numpy\(\) gives the gru_ref.GRU"),
        (keras.Sequential([layer]), r"GRU of gru_ref.tf_gru: its to_numpy\(\) gives the gru_ref.GRU"),
        (keras.layers.RNN(layer.cells[0]), "GRUCell of gru_ref.tf_gru: GRU.from_parameters takes its W, U"),
    ):
        with pytest.raises(TypeError, match=f"from_keras reads .*; got {told}"):
            gru_ref.GRU.from_keras(given)


def test_a_wrong_length_is_named(tf, tf_gru):
    layer = layer_of(tf_gru, gru_ref.GRU(3, 4))
    for lengths in ([2, 6], [-1, 5]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="lengths must lie between 0 and T"):
            layer(np.zeros((2, 5, 3)), lengths=np.array(lengths))


def test_a_wrong_state_or_input_of_the_cell_is_named(tf, tf_gru):
    cell = layer_of(tf_gru, gru_ref.GRU(3, 4, dtype=np.float32)).cells[0]
    with pytest.raises(ValueError, match=r"x must have shape \(B, I\) with I = 3, got \(2, 4\)"):
        cell(tf.zeros((2, 4)), [tf.zeros((2, 4))])
    with pytest.raises(ValueError, match=r"h must have shape \(B, H\) with B = 2, H = 4, got \(1, 4\)"):
        cell(tf.zeros((2, 3)), [tf.zeros((1, 4))])
    with pytest.raises(ValueError, match=r"states must be a list of one tensor, \[h\] with h \(B, H\)"):
        cell(tf.zeros((2, 3)), tf.zeros((2, 4)))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"polarity": "write"}, 'polarity must be "keep" or "update", got \'write\''),
        ({"reset": None}, 'reset must be "after" or "before", got None'),
        ({"masked_output": "nan"}, 'masked_output must be "carry" or "zero"'),
        ({"num_layers": 0}, "num_layers must be a positive integer, got 0"),
        ({"hidden_size": 4.0}, "hidden_size must be a positive integer, got 4.0"),
        ({"bidirectional": "no"}, "bidirectional must be True or False, got 'no'"),
        ({"return_sequences": 1}, "return_sequences must be True or False, got 1"),
    ],
)
def test_a_wrong_option_is_named(tf_gru, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        tf_gru.GRU(**({"hidden_size": 4} | options))


@pytest.mark.parametrize(("present", "expected"), [([], "/CPU:0"), (["a GPU"], "/GPU:0")])
def test_the_device_is_the_gpu_if_there_is_one(tf, tf_gru, monkeypatch, present, expected):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: present if kind == "GPU" else ["a CPU"])
    assert tf_gru.pick_device() == expected


def test_without_tensorflow_the_error_names_the_extra():
    done = run_python("import sys; sys.modules['tensorflow'] = None; import gru_ref.tf_gru")
    assert done.returncode == 1
    assert "ImportError: gru_ref.tf_gru needs TensorFlow" in done.stderr and "gru-course[tensorflow]" in done.stderr


@pytest.mark.slow
@pytest.mark.needs("torch")
def test_keras_on_another_framework_is_named():
    done = run_python("import os; os.environ['KERAS_BACKEND'] = 'torch'; import gru_ref.tf_gru")
    assert done.returncode == 1
    assert "it runs on torch: set the environment variable KERAS_BACKEND=tensorflow" in done.stderr


@pytest.mark.parametrize("kind", ["CPU", pytest.param("GPU", marks=pytest.mark.needs("gpu"), id="gpu")])
@pytest.mark.parametrize(("polarity", "reset"), CONVENTIONS)
@pytest.mark.parametrize("masks", ["every step", "gaps, carry", "lengths, zero"])
def test_float32_is_numpy_to_rounding_on_each_device(tf, tf_gru, polarity, reset, masks, kind):
    if not tf.config.list_physical_devices(kind):
        pytest.skip(f"TensorFlow sees no {kind}")
    tf.config.experimental.enable_tensor_float_32_execution(False)  # its products round to 10 bits
    device = tf_gru.pick_device() if kind == "GPU" else "/CPU:0"
    for structure in ("plain", "stacked, bidirectional, reverse"):
        case = draw_case(2, polarity, reset, structure, masks, np.float32)
        with tf.device(device):
            layer = layer_of(tf_gru, case.gru)
            outputs, final, d_x, d_h0, d_parameters = run_case(tf, layer, case)
        assert {tensor.device[-5:] for tensor in (outputs, final, d_x, d_h0, *d_parameters)} == {f"{kind}:0"}
        assert_case(case, outputs, final, d_x, d_h0, d_parameters, tolerance=1e-5)
