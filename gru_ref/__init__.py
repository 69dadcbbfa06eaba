"""A reference GRU in NumPy, written to read like its equations."""

from gru_ref.gates import candidate_state, gru_cell, new_state, reset_gate, sigmoid, update_gate
from gru_ref.gradients import GateGradient, gate_gradient

__all__ = [
    "GateGradient",
    "candidate_state",
    "gate_gradient",
    "gru_cell",
    "new_state",
    "reset_gate",
    "sigmoid",
    "update_gate",
]
