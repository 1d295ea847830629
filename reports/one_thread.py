"""Imported ahead of numpy: its products here are small, and to hand them to several threads costs far more than it saves."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
