"""Files that are named as features or as a loss, and are anything but that: one sentence each."""

import os
import sys

import pytest

from gan_losses.errors import UsageError
from gan_losses.losses import get_loss, resolved
from gan_losses.metrics import get_features
from gan_losses.places import DIGEST

BROKEN = {
    "nothing": b"",
    "zeros": bytes(50),
    "no text": b"\xff\xfe\x00",
    "half a line": b"def",
    "brackets": b"(" * 5000,
    "signs": b"-" * 200_000 + b"1",
    "an exit": b"import sys; sys.exit(3)",
    "two lines": b"raise ValueError('a\\nb\\x1b[1m\\r')",
    "an error without words": b"class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
    "an error of numbers": b"class E(Exception):\n    def __str__(self): return 3\nraise E",
    "an endless error": b"raise ValueError('x' * 10**6)",
    "a module that has nothing": b"def __getattr__(name): raise RuntimeError(name)",
    "an endless call": b"def f(): f()\nf()",
    "another encoding": b"# coding: nope\n",
}
HEAD = "import torch\nfrom torch import nn\nfrom gan_losses.metrics.extractor import Extractor\n"
FORWARD = """
class E(Extractor):
    name, num_features, resizer, weights_digest = "e", 3, "r", "d"
    def forward(self, images):
        return {}
def build(channels):
    return E()
"""
MODULE = """
class N(nn.Module):
    def forward(self, images):
        return images.flatten(1)[:, :3]
    {}
def build(channels):
    return N()
"""
FEATURES = {
    "an array": FORWARD.format("torch.zeros(len(images), 3).numpy()"),
    "a list": FORWARD.format("[1]"),
    "no width": FORWARD.format("torch.zeros(len(images), 0)"),
    "an exit": FORWARD.format("exit()"),
    "complex numbers": FORWARD.format("torch.zeros(len(images), 3).cfloat()"),
    "a name that fails": FORWARD.format("torch.zeros(len(images), 3)") + "E.name = property(lambda self: 1 / 0)\n",
    "a name with a slash": FORWARD.format("torch.zeros(len(images), 3)") + "E.name = '../x'\n",
    "no start": FORWARD.format("torch.zeros(len(images), 3)") + "E.__init__ = lambda self: None\n",
    "short weights": "def build(channels):\n    return nn.Sequential(nn.Flatten(), nn.Linear(channels * 4096, 3).bfloat16())\n",
    "weights to come": "def build(channels):\n    return nn.Sequential(nn.Flatten(), nn.LazyLinear(3))\n",
    "a state of its own": MODULE.format("def get_extra_state(self): return {'a': 1}"),
    "a state that fails": MODULE.format("def state_dict(self, *a, **k): raise ValueError('no')"),
    "something that fails to tell what it is": "class B:\n    def __repr__(self): raise ValueError\ndef build(channels): return B()\n",
}


@pytest.fixture(autouse=True)
def _modules_forgotten():
    """None stays among the imported modules: others read the files of these, which here may never end."""
    before = set(sys.modules)
    yield
    for name in [name for name in set(sys.modules) - before if hasattr(sys.modules[name], DIGEST)]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def check_told(call):
    with pytest.raises(UsageError) as caught:
        call()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_module_or_fails_is_told(tmp_path, name):
    (tmp_path / "mine.py").write_bytes(BROKEN[name])
    check_told(lambda: get_features("mine.py:build", 3))
    check_told(lambda: get_loss("mine.py:MyLoss"))


@pytest.mark.parametrize("name", FEATURES)
def test_features_that_are_none_are_told(tmp_path, name):
    (tmp_path / "mine.py").write_text(HEAD + FEATURES[name])
    check_told(lambda: get_features("mine.py:build", 3))


@pytest.mark.parametrize("kind", ["pipe", "zeros", "log", "loop", "folder", "sparse", "none"])
def test_a_path_that_would_wait_or_never_end_is_told(tmp_path, kind):
    path = tmp_path / "mine.py"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "sparse":
        path.touch()
        os.truncate(path, 1 << 42)
    elif kind != "none":
        path.symlink_to({"zeros": "/dev/zero", "log": "/proc/kmsg", "loop": "mine.py"}[kind])
    check_told(lambda: get_features("mine.py:build", 3))
    check_told(lambda: get_loss(resolved("mine.py:MyLoss")))


def test_a_link_may_lead_to_a_file_without_the_suffix(tmp_path):
    (tmp_path / "mine").write_text("from gan_losses.losses import LSGAN\n")
    (tmp_path / "mine.py").symlink_to("mine")
    assert get_loss("mine.py:LSGAN").name == "lsgan"


@pytest.mark.parametrize("name", ["two\nlines.py", "<b>.py", "\x1b[1m.py", os.fsdecode(b"\xff.py"), "a b.py"])
def test_any_name_of_a_file_will_do(tmp_path, name):
    (tmp_path / name).write_text(HEAD + FORWARD.format("torch.zeros(len(images), 3)"))
    assert get_features(f"{name}:build", 3).num_features == 3
    check_told(lambda: get_features(f"{name}:build2", 3))
