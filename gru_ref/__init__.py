"""A reference GRU in NumPy, written to read like its equations."""

from gru_ref.convert import Columns
from gru_ref.gates import candidate_state, gru_cell, new_state, reset_gate, sigmoid, update_gate
from gru_ref.gradients import GateGradient, gate_gradient
from gru_ref.gru import GRU
from gru_ref.lstm import LSTM
from gru_ref.memory import connectivity, half_life
from gru_ref.optimisers import SGD, Adam, clip_by_norm
from gru_ref.parameters import Parameters, count_parameters
from gru_ref.rnn import RNN
from gru_ref.trace import Gradients, Trace

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "SGD",
    "Adam",
    "Columns",
    "GateGradient",
    "Gradients",
    "Parameters",
    "Trace",
    "candidate_state",
    "clip_by_norm",
    "connectivity",
    "count_parameters",
    "gate_gradient",
    "gru_cell",
    "half_life",
    "new_state",
    "reset_gate",
    "sigmoid",
    "update_gate",
]
