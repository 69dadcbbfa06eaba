"""The GRU written in PyTorch equals the NumPy GRU, gradients included; it trains; it runs on a GPU."""

import warnings

import numpy as np
import pytest

import gru_ref
from tests.numbers.framework_cases import CONVENTIONS, MASKS, STRUCTURES, assert_case, crossed, draw_case, run_python

pytestmark = pytest.mark.needs("torch")


@pytest.fixture(scope="module")
def torch():
    import torch

    torch.set_num_threads(1)
    return torch


@pytest.fixture(scope="module")
def torch_gru(torch):
    import gru_ref.torch_gru

    return gru_ref.torch_gru


def run_case(torch, gru, case, device="cpu"):
    """Outputs, final states and all gradients of the case's loss, as NumPy arrays."""
    x, h0 = (torch.tensor(array, device=device, requires_grad=True) for array in (case.x, case.h0))
    outputs, final = gru(x, h0, **case.mask_arguments)
    d_outputs, d_final = (torch.tensor(array, device=device) for array in (case.d_outputs, case.d_final))
    ((outputs * d_outputs).sum() + (final * d_final).sum()).backward()
    tensors = [outputs, final, x.grad, h0.grad, *(parameter.grad for parameter in gru.parameters())]
    assert {tensor.device.type for tensor in tensors} == {torch.device(device).type}
    outputs, final, d_x, d_h0, *d_parameters = (tensor.numpy(force=True) for tensor in tensors)
    return outputs, final, d_x, d_h0, d_parameters


@pytest.mark.parametrize(("convention", "structure", "masks"), crossed(CONVENTIONS, STRUCTURES, MASKS), ids=str)
def test_outputs_and_all_gradients_are_those_of_gru_ref(torch, torch_gru, convention, structure, masks):
    for seed in range(3):
        case = draw_case(seed, *convention, structure, masks)
        assert_case(case, *run_case(torch, torch_gru.GRU.from_numpy(case.gru), case), tolerance=1e-12)


@pytest.mark.parametrize(("polarity", "reset"), CONVENTIONS)
def test_the_cell_takes_the_layers_steps_one_by_one(torch, torch_gru, polarity, reset):
    case = draw_case(5, polarity, reset, "plain", "every step")
    (cell,) = torch_gru.GRU.from_numpy(case.gru).cells
    h = torch.tensor(case.h0[0])
    for t in range(case.x.shape[1]):
        h = cell(torch.tensor(case.x[:, t]), h)
        np.testing.assert_allclose(h.detach().numpy(), case.outputs[:, t], rtol=0, atol=1e-12)
    first, _ = case.gru(case.x)
    without_state = cell(torch.tensor(case.x[:, 0])).detach().numpy()
    np.testing.assert_allclose(without_state, first[:, 0], rtol=0, atol=1e-12)


def test_masks_may_be_tensors_and_what_stands_at_masked_steps_plays_no_part(torch, torch_gru):
    case = draw_case(0, "keep", "after", "stacked", "gaps, zero")
    mask = case.mask_arguments["mask"]
    case.x[~mask] = np.nan
    case.mask_arguments = {"mask": torch.tensor(mask)}
    assert_case(case, *run_case(torch, torch_gru.GRU.from_numpy(case.gru), case), tolerance=1e-12)


@pytest.mark.parametrize("shape", [(0, 4, 3), (2, 0, 3)])
def test_an_empty_batch_and_no_steps_give_what_gru_ref_gives(torch, torch_gru, shape):
    gru = gru_ref.GRU(3, 4, bidirectional=True, rng=0)
    h0 = np.random.default_rng(0).uniform(-1, 1, (2, shape[0], 4))
    outputs, final = torch_gru.GRU.from_numpy(gru)(torch.zeros(shape, dtype=torch.float64), torch.tensor(h0))
    expected_outputs, expected_final = gru(np.zeros(shape), h0)
    assert outputs.shape == expected_outputs.shape
    np.testing.assert_array_equal(final.detach().numpy(), expected_final)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_from_numpy_and_back_is_exact(torch_gru, structure, dtype):
    gru = draw_case(1, "update", "before", structure, "gaps, zero", dtype).gru
    module = torch_gru.GRU.from_numpy(gru)
    back = module.to_numpy()
    assert repr(back) == repr(gru)
    for ours, theirs in zip(back.arrays(), gru.arrays(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    back.arrays()[0][:] = 0
    assert module.cells[0].W.abs().min() > 0  # a copy


def test_state_dict_names_the_parameters_and_restores_them(torch, torch_gru):
    gru, other = (torch_gru.GRU(2, 3, num_layers=2, bidirectional=True) for _ in range(2))
    names = [f"cells.{row}.{name}" for row in range(4) for name in ("W", "U", "b_input", "b_recurrent")]
    assert list(gru.state_dict()) == names
    x = torch.randn(2, 5, 2)
    assert not torch.equal(gru(x)[0], other(x)[0])
    other.load_state_dict(gru.state_dict())
    assert torch.equal(gru(x)[0], other(x)[0])


def test_parameters_are_drawn_as_torch_draws_them(torch, torch_gru):
    torch.manual_seed(0)
    cell = torch_gru.GRUCell(40, 25)
    for parameter in cell.parameters():
        assert 0.19 < parameter.abs().max() <= 0.2  # 1/sqrt(25)
        assert parameter.min() < 0 < parameter.max()
    torch.manual_seed(0)
    assert torch.equal(torch_gru.GRUCell(40, 25).U, cell.U)


def test_training_learns_to_say_the_first_number_after_others(torch, torch_gru):
    """The first of eight numbers, each 0 or 1: without memory the loss stays at log 2."""
    torch.manual_seed(1)
    gru, head = torch_gru.GRU(1, 12), torch.nn.Linear(12, 1)
    optimiser = torch.optim.Adam([*gru.parameters(), *head.parameters()], lr=0.02)

    def loss_on(x):
        _, final = gru(x)
        return torch.nn.functional.binary_cross_entropy_with_logits(head(final[-1]), x[:, 0])

    fresh = torch.randint(0, 2, (256, 8, 1)).float()
    with torch.no_grad():
        assert loss_on(fresh) > 0.6
    for _ in range(250):
        optimiser.zero_grad()
        loss_on(torch.randint(0, 2, (32, 8, 1)).float()).backward()
        optimiser.step()
    with torch.no_grad():
        assert loss_on(fresh) < 0.05


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"x": (2, 5, 4)}, r"x must have shape \(B, T, I\) with I = 3, got \(2, 5, 4\)"),
        ({"x": (5, 3)}, r"got \(5, 3\); a single sequence is a batch of one, x\[None\]"),
        ({"x": (2, 5, 3), "h0": (1, 3, 4)}, r"h0 must have shape \(L\*D, B, H\) with L\*D = 1, B = 2, H = 4, got"),
        ({"x": (2, 5, 3), "h0": (2, 4)}, r"h0 must have shape \(L\*D, B, H\)"),
    ],
)
def test_a_wrong_shape_is_named(torch, torch_gru, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        torch_gru.GRU(3, 4)(**{name: torch.zeros(shape) for name, shape in arguments.items()})


def test_what_is_no_tensor_of_the_parameters_dtype_is_named(torch, torch_gru):
    gru, x = torch_gru.GRU(3, 4), torch.zeros(2, 5, 3)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, [5, 3], batch_first=True)
    for arguments, error, sentence in (
        (
            (x.numpy(),),
            TypeError,
            r"x must be a torch.Tensor, got ndarray of numpy: torch.as_tensor\(x, dtype=torch.float32",
        ),
        ((x.tolist(),), TypeError, "x must be a torch.Tensor, got list"),
        (
            (packed,),
            TypeError,
            r"got PackedSequence of torch: give what torch.nn.utils.rnn.pad_packed_sequence\(x, batch",
        ),
        ((x, np.zeros((1, 2, 4))), TypeError, "h0 must be a torch.Tensor, got ndarray of numpy"),
        ((x.double(),), ValueError, r"the parameters' dtype torch.float32, got torch.float64: x.to\(torch.float32\)"),
        ((x.long(),), ValueError, "x must have the parameters' dtype torch.float32, got torch.int64"),
        ((x, torch.zeros(1, 2, 4).double()), ValueError, "h0 must have the parameters' dtype torch.float32"),
    ):
        with pytest.raises(error, match=sentence):
            gru(*arguments)
    for arguments, sentence in (((np.zeros((2, 3)),), "x must be"), ((x[:, 0], np.zeros((2, 4))), "h must be")):
        with pytest.raises(TypeError, match=f"{sentence} a torch.Tensor, got ndarray of numpy"):
            gru.cells[0](*arguments)
    with pytest.raises(ValueError, match="x must hold real numbers, got PackedSequence of torch"):
        gru.to_numpy()(packed)
    padded, lengths = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    assert torch.equal(gru(padded, lengths=lengths)[0], gru(x, lengths=[5, 3])[0])


def test_autocast_sees_to_dtypes_itself(torch, torch_gru):
    gru, x = torch_gru.GRU(3, 4), torch.randn(2, 5, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, _ = gru(x)
        gru(x.bfloat16())
    np.testing.assert_allclose(outputs.float().detach().numpy(), gru(x)[0].detach().numpy(), atol=0.05)


def test_another_gru_is_not_taken_for_a_numpy_one(torch, torch_gru):
    for gru, told in (
        (torch.nn.GRU(3, 4), "GRU of torch: gru_ref.GRU.from_torch makes one of it"),
        (torch_gru.GRU(3, 4), "GRU of gru_ref.torch_gru"),
        (gru_ref.LSTM(3, 4), "LSTM of gru_ref.lstm"),
    ):
        with pytest.raises(TypeError, match=f"from_numpy takes a gru_ref.GRU, got {told}$"):
            torch_gru.GRU.from_numpy(gru)


def test_masks_raise_no_warning(torch, torch_gru):
    gru, x = torch_gru.GRU(3, 4), torch.zeros(2, 5, 3)
    torch.set_warn_always(True)  # and not only the first time in a process
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            gru(x, lengths=np.array([2, 5]))
    finally:
        torch.set_warn_always(False)


def test_a_wrong_mask_is_named(torch, torch_gru):
    gru, x = torch_gru.GRU(3, 4), torch.zeros(2, 5, 3)
    for arguments, sentence in (
        ({"mask": torch.ones(2, 4, dtype=bool)}, r"mask must have shape \(B, T\)"),
        ({"mask": torch.ones(2, 5)}, "mask must be boolean"),
        ({"lengths": torch.tensor([2, 6])}, "lengths must lie between 0 and T = 5"),
        ({"mask": torch.ones(2, 5, dtype=bool), "lengths": [1, 2]}, "not both"),
    ):
        with pytest.raises(ValueError, match=sentence):
            gru(x, **arguments)


def test_a_wrong_state_or_input_of_the_cell_is_named(torch, torch_gru):
    cell = torch_gru.GRUCell(3, 4)
    with pytest.raises(ValueError, match=r"x must have shape \(B, I\) with I = 3, got \(2, 5, 3\)"):
        cell(torch.zeros(2, 5, 3))
    with pytest.raises(ValueError, match=r"h must have shape \(B, H\) with B = 2, H = 4, got \(1, 4\)"):
        cell(torch.zeros(2, 3), torch.zeros(1, 4))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"polarity": "write"}, 'polarity must be "keep" or "update", got \'write\''),
        ({"reset": None}, 'reset must be "after" or "before", got None'),
        ({"masked_output": "nan"}, 'masked_output must be "carry" or "zero"'),
        ({"num_layers": 0}, "num_layers must be a positive integer, got 0"),
        ({"hidden_size": 4.0}, "hidden_size must be a positive integer, got 4.0"),
        ({"bidirectional": "no"}, "bidirectional must be True or False, got 'no'"),
        ({"reverse": 1}, "reverse must be True or False, got 1"),
    ],
)
def test_a_wrong_option_is_named(torch_gru, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        torch_gru.GRU(**({"input_size": 3, "hidden_size": 4} | options))


def test_the_device_is_the_fastest_that_has_the_dtype(torch, torch_gru, monkeypatch):
    for cuda, mps, dtype, expected in (
        (False, False, torch.float32, "cpu"),
        (False, True, torch.float32, "mps"),
        (False, True, None, "mps"),
        (False, True, torch.float64, "cpu"),
        (True, True, torch.float64, "cuda"),
    ):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert torch_gru.pick_device(dtype) == torch.device(expected)


def test_importing_gru_ref_imports_no_framework():
    frameworks = {"jax", "keras", "onnx", "onnxruntime", "tensorflow", "torch"}
    done = run_python(f"import sys, gru_ref; print({frameworks} & sys.modules.keys())")
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_without_torch_the_error_names_the_extra():
    done = run_python("import sys; sys.modules['torch'] = None; import gru_ref.torch_gru")
    assert done.returncode == 1
    assert "ImportError: gru_ref.torch_gru needs PyTorch" in done.stderr and "gru-course[torch]" in done.stderr


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.needs("gpu"), id="gpu")])
@pytest.mark.parametrize(("polarity", "reset"), CONVENTIONS)
@pytest.mark.parametrize("masks", ["every step", "gaps, carry", "lengths, zero"])
def test_float32_is_numpy_to_rounding_on_each_device(torch, torch_gru, polarity, reset, masks, device):
    for structure in ("plain", "stacked, bidirectional, reverse"):
        case = draw_case(2, polarity, reset, structure, masks, np.float32)
        gru = torch_gru.GRU.from_numpy(case.gru, device=device)
        assert_case(case, *run_case(torch, gru, case, device), tolerance=1e-5)


@pytest.mark.needs("gpu")
def test_the_module_moves_to_a_gpu_and_back(torch, torch_gru):
    gru = torch_gru.GRU(3, 4, num_layers=2)
    before = gru.to_numpy()
    device = torch_gru.pick_device()
    assert device.type == "cuda"
    gru.to(device)
    assert {parameter.device.type for parameter in gru.parameters()} == {"cuda"}
    outputs, final = gru(torch.zeros(2, 5, 3, device="cuda"), lengths=torch.tensor([5, 2], device="cuda"))
    assert (outputs.device.type, final.device.type) == ("cuda", "cuda")
    for ours, theirs in zip(gru.cpu().to_numpy().arrays(), before.arrays(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
