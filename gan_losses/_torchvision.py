"""Lets a CPU-only torch use a torchvision wheel that was built for CUDA.

Such a pair raises `operator torchvision::nms does not exist` on `import torchvision`, and so does `import torchmetrics`
once torchvision is installed. The Python parts of torchvision that this suite uses need no compiled operator, so the
missing declarations are supplied and the import is made again. On a matched pair this module does nothing.
Import it before torchvision or torchmetrics.
"""

import sys
import warnings

import torch

_declared: list[torch.library.Library] = []  # kept alive: the declarations vanish with the object


def _import() -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.*")
        import torchvision  # noqa: F401


def _declare_operators() -> None:
    library = torch.library.Library("torchvision", "FRAGMENT")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _declared.append(library)


try:
    _import()
except RuntimeError as error:
    if "torchvision::nms does not exist" not in str(error):
        raise
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    _declare_operators()
    _import()
