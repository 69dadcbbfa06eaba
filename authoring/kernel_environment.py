"""The environment in which a notebook gives the outputs that are stored with it.

Hash seed and thread counts change orders and last digits, TensorFlow's
and the debugger's greetings would land in the outputs, and a graphics card
rounds otherwise than a processor: each is fixed here, once, for everything
that runs notebooks. GRU_NOTEBOOK_HASHSEED sets another hash seed, to see that no
stored output depends on it.
"""

import os

KERNEL_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "",
    "KERAS_BACKEND": "tensorflow",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONHASHSEED": os.environ.get("GRU_NOTEBOOK_HASHSEED", "0"),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
