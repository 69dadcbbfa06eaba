"""The GRU written from scratch in PyTorch: the equations, autograd, and any device.

Nothing here wraps ``torch.nn.GRU``. The convention and the layout of the
parameters are those of `gru_ref.GRU`, and so are the results: tests hold the
two equal to rounding in float64, outputs and gradients. Letters: B batch,
T time steps, I inputs, H units, L layers, D directions.
"""

import numpy as np

try:
    import torch
    from torch import nn
except ModuleNotFoundError as error:
    raise ImportError(
        "gru_ref.torch_gru needs PyTorch, which the extra torch installs: pip install 'gru-course[torch]'"
    ) from error

import gru_ref
from gru_ref.framework_checks import check_numpy_gru, check_shape
from gru_ref.masks import as_mask
from gru_ref.options import brief, check_convention, check_flags, check_sizes
from gru_ref.parameters import GRU_BLOCKS, Parameters


def pick_device(dtype=None):
    """The fastest device there is for a dtype.

    Parameters
    ----------
    dtype : torch.dtype, optional
        What will be computed in; PyTorch's default dtype if not given.

    Returns
    -------
    torch.device
        ``cuda`` if PyTorch sees such a GPU; else ``mps``, the GPU of a Mac,
        for float32 only, since it has no float64; else ``cpu``.
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available() and (dtype or torch.get_default_dtype()) == torch.float32:
        return torch.device("mps")
    return torch.device("cpu")


class GRUCell(nn.Module):
    """One step of a GRU, with the convention explicit.

    Parameters
    ----------
    input_size : int
        Number of inputs I.
    hidden_size : int
        Number of units H.
    polarity : {"keep", "update"}
        Whether z near 1 keeps the old state or writes the candidate.
    reset : {"after", "before"}
        Whether r multiplies the state's product or the state.
    device, dtype : optional
        As for any module.

    Attributes
    ----------
    W, U, b_input, b_recurrent : torch.nn.Parameter
        (I, 3H), (H, 3H), (3H,) and (3H,), blocks in the order z, r, n. Drawn
        uniformly in (-1/sqrt(H), 1/sqrt(H)), as ``torch.nn.GRUCell`` draws.

    Raises
    ------
    ValueError
        If an argument is not one of those named.

    References
    ----------
    .. [1] K. Cho et al., "Learning Phrase Representations using RNN
       Encoder-Decoder for Statistical Machine Translation", 2014,
       arXiv:1406.1078, equations (5) to (8).
    """

    def __init__(self, input_size, hidden_size, *, polarity="keep", reset="after", device=None, dtype=None):
        super().__init__()
        check_sizes(input_size=input_size, hidden_size=hidden_size)
        check_convention(polarity=polarity, reset=reset)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.polarity, self.reset = polarity, reset
        width = len(GRU_BLOCKS) * hidden_size
        for name, shape in (
            ("W", (input_size, width)),
            ("U", (hidden_size, width)),
            ("b_input", (width,)),
            ("b_recurrent", (width,)),
        ):
            setattr(self, name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the parameters anew."""
        bound = self.hidden_size**-0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x, h=None):
        """Take one step.

        Parameters
        ----------
        x : torch.Tensor, shape (B, I)
        h : torch.Tensor, shape (B, H), optional
            The state before; zeros if not given.

        Returns
        -------
        torch.Tensor, shape (B, H)
            The state after.

        Raises
        ------
        TypeError
            If `x` or `h` is no tensor.
        ValueError
            If a shape or dtype does not fit.
        """
        _check_tensor("x", x, self.W)
        check_shape("x", x.shape, B=None, I=self.input_size)
        if h is None:
            h = x.new_zeros(len(x), self.hidden_size)
        _check_tensor("h", h, self.W)
        check_shape("h", h.shape, B=len(x), H=self.hidden_size)
        return self.step(self.from_input(x), h, self.recurrent_parts())

    def from_input(self, x):
        """What the input adds to the three blocks: (..., I) to (..., 3H), any number of steps at once."""
        return x @ self.W + self.b_input

    def recurrent_parts(self):
        """Recurrent weights and biases of the two gates, and of the candidate: U_zr, b_zr, U_n, b_n."""
        sizes = [2 * self.hidden_size, self.hidden_size]
        (U_zr, U_n), (b_zr, b_n) = self.U.split(sizes, dim=1), self.b_recurrent.split(sizes)
        return U_zr, b_zr, U_n, b_n

    def step(self, from_x, h, recurrent_parts):
        """The equations: what the input adds (B, 3H) and the state before (B, H) give the state after."""
        U_zr, b_zr, U_n, b_n = recurrent_parts
        zr_x, n_x = from_x.split([2 * self.hidden_size, self.hidden_size], dim=-1)
        z, r = torch.sigmoid(zr_x + h @ U_zr + b_zr).chunk(2, dim=-1)
        if self.reset == "after":
            n = torch.tanh(n_x + r * (h @ U_n + b_n))
        else:
            n = torch.tanh(n_x + (r * h) @ U_n + b_n)
        return z * h + (1 - z) * n if self.polarity == "keep" else (1 - z) * h + z * n

    def extra_repr(self):
        return f"{self.input_size}, {self.hidden_size}, polarity={self.polarity!r}, reset={self.reset!r}"


class GRU(nn.Module):
    """A GRU over time: `GRUCell` along each sequence, in layers and directions.

    Parameters
    ----------
    input_size, hidden_size, polarity, reset, num_layers, bidirectional, reverse, masked_output
        As for `gru_ref.GRU`.
    device, dtype : optional
        As for any module; `pick_device` says where it runs fastest.

    Attributes
    ----------
    cells : torch.nn.ModuleList of GRUCell
        L*D of them, layer by layer, forward before backward, as the initial
        states: the cell of a layer and direction is
        ``cells[layer * D + direction]``.

    Raises
    ------
    ValueError
        If an argument is not one of those named.

    Examples
    --------
    >>> import torch
    >>> gru = GRU(3, 4, bidirectional=True).to(pick_device())
    >>> x = torch.zeros(2, 5, 3, device=pick_device())
    >>> outputs, final = gru(x)
    >>> tuple(outputs.shape), tuple(final.shape)
    ((2, 5, 8), (2, 2, 4))
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        *,
        polarity="keep",
        reset="after",
        num_layers=1,
        bidirectional=False,
        reverse=False,
        masked_output="carry",
        device=None,
        dtype=None,
    ):
        super().__init__()
        check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        check_convention(polarity=polarity, reset=reset, masked_output=masked_output)
        check_flags(bidirectional=bidirectional, reverse=reverse)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.polarity, self.reset = polarity, reset
        self.bidirectional, self.reverse, self.masked_output = bidirectional, reverse, masked_output
        options = {"polarity": polarity, "reset": reset, "device": device, "dtype": dtype}
        inputs = [input_size] + [self.directions * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(GRUCell(I, hidden_size, **options) for I in inputs for _ in range(self.directions))

    @property
    def directions(self):
        """Number of directions D: 2 if bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    def forward(self, x, h0=None, *, mask=None, lengths=None):
        """Run over a batch of sequences.

        Parameters
        ----------
        x : torch.Tensor, shape (B, T, I)
            B = 0 and T = 0 are allowed.
        h0 : torch.Tensor, shape (L*D, B, H), optional
            Initial states; zeros if not given.
        mask : torch.Tensor or array_like of bool, shape (B, T), optional
            True where a step counts. At other steps the state is carried over
            unchanged and the input is not looked at.
        lengths : torch.Tensor or array_like of int, shape (B,), optional
            The number of steps that count in each row, in place of `mask`.

        Returns
        -------
        outputs : torch.Tensor, shape (B, T, D*H)
            The last layer's states; at masked steps, with ``masked_output``
            "carry" the last output again (zeros before the first step that
            counts), with "zero" zeros.
        final : torch.Tensor, shape (L*D, B, H)
            Each layer's and direction's state after its last step.

        Raises
        ------
        TypeError
            If `x` or `h0` is no tensor: a PackedSequence, for example.
        ValueError
            If a shape or dtype does not fit.
        """
        _check_tensor("x", x, self.cells[0].W)
        check_shape("x", x.shape, B=None, T=None, I=self.input_size)
        B, T, _ = x.shape
        if h0 is None:
            h0 = x.new_zeros(len(self.cells), B, self.hidden_size)
        _check_tensor("h0", h0, self.cells[0].W)
        check_shape("h0", h0.shape, **{"L*D": len(self.cells), "B": B, "H": self.hidden_size})
        mask = _as_tensor_mask(B, T, mask, lengths, x.device)
        if mask is not None:
            x = torch.where(mask, x, 0)  # nothing depends on what stands there, not even a NaN
        final = []
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(self.directions):
                row = layer * self.directions + direction
                backward = (direction == 1) != self.reverse
                output, h = self._along_time(self.cells[row], x, h0[row], mask, backward)
                outputs.append(output)
                final.append(h)
            x = torch.cat(outputs, dim=-1)
        return x, torch.stack(final)

    def _along_time(self, cell, x, h, mask, backward):
        """One layer in one direction: outputs (B, T, H) in the order of time, and the state at the end."""
        from_x, recurrent_parts = cell.from_input(x).unbind(dim=1), cell.recurrent_parts()
        nothing = output = torch.zeros_like(h)
        outputs = [nothing] * len(from_x)
        for t in reversed(range(len(from_x))) if backward else range(len(from_x)):
            h_new = cell.step(from_x[t], h, recurrent_parts)
            if mask is None:
                output = h = h_new
            else:
                h = torch.where(mask[:, t], h_new, h)
                output = torch.where(mask[:, t], h, output if self.masked_output == "carry" else nothing)
            outputs[t] = output
        return torch.stack(outputs, dim=1) if outputs else h[:, None, :][:, :0], h

    @classmethod
    def from_numpy(cls, gru, *, device=None):
        """Make a module with the options and, to the bit, the parameters of a NumPy GRU.

        Parameters
        ----------
        gru : gru_ref.GRU
        device : optional
            Where the module shall live.

        Returns
        -------
        GRU
            Of the same dtype.

        Raises
        ------
        TypeError
            If `gru` is another kind of GRU.
        """
        check_numpy_gru(gru)
        module = cls(
            gru.input_size,
            gru.hidden_size,
            polarity=gru.polarity,
            reset=gru.reset,
            num_layers=gru.num_layers,
            bidirectional=gru.bidirectional,
            reverse=gru.reverse,
            masked_output=gru.masked_output,
            device=device,
            dtype=torch.from_numpy(np.empty(0, gru.dtype)).dtype,
        )
        with torch.no_grad():
            for parameter, array in zip(module.parameters(), gru.arrays(), strict=True):
                parameter.copy_(torch.from_numpy(array))
        return module

    def to_numpy(self):
        """The NumPy GRU with this module's options and, to the bit, a copy of its parameters.

        Returns
        -------
        gru_ref.GRU
        """
        cells = [Parameters(*(p.detach().cpu().numpy() for p in cell.parameters())) for cell in self.cells]
        return gru_ref.GRU.from_parameters(
            [cells[row : row + self.directions] for row in range(0, len(cells), self.directions)],
            polarity=self.polarity,
            reset=self.reset,
            reverse=self.reverse,
            masked_output=self.masked_output,
        )

    def extra_repr(self):
        return (
            f"num_layers={self.num_layers}, bidirectional={self.bidirectional}, reverse={self.reverse}, "
            f"masked_output={self.masked_output!r}"
        )


def _check_tensor(name, value, weight):
    """Refuse what is no tensor or holds other numbers than the parameters do, unless autocast sees to that."""
    if not isinstance(value, torch.Tensor):
        remedy = f"torch.as_tensor({name}, dtype={weight.dtype})"
        if isinstance(value, nn.utils.rnn.PackedSequence):
            remedy = "give what torch.nn.utils.rnn.pad_packed_sequence(x, batch_first=True) makes of it, x and lengths"
        raise TypeError(f"{name} must be a torch.Tensor, got {brief(value)}: {remedy}")
    if value.dtype != weight.dtype and not torch.is_autocast_enabled(value.device.type):
        raise ValueError(
            f"{name} must have the parameters' dtype {weight.dtype}, got {value.dtype}: {name}.to({weight.dtype})"
        )


def _as_tensor_mask(B, T, mask, lengths, device):
    """The mask (B, T, 1) that `mask` or `lengths` describe, or None where every step counts."""
    mask, lengths = (v.numpy(force=True) if isinstance(v, torch.Tensor) else v for v in (mask, lengths))
    mask = as_mask(B, T, mask, lengths)
    return None if mask is None else torch.tensor(mask, device=device)[..., None]
