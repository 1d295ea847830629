"""What travels: only what a machine does not see itself, and to places of its own."""

import sys
from pathlib import Path

import pytest

from benchmarks.events import Work
from benchmarks.executors.luggage import FACTS, Luggage, own_code, stored
from gan_losses import places
from gan_losses.data import load_data
from gan_losses.data.store import check_dataset, save_dataset
from gan_losses.losses import definition, get_loss

LOSS = """
from dataclasses import dataclass
from beside_own_loss import FACTOR
from gan_losses import GANLoss

@dataclass(frozen=True)
class Own(GANLoss):
    name = "own"
    paper = "a test"
    summary = "none"
    def discriminator(self, real, fake):
        return FACTOR * (fake.mean() - real.mean())
    def generator(self, fake, real=None):
        return -fake.mean()
"""


@pytest.fixture
def data(tmp_path) -> Path:
    path = tmp_path / "home" / "digits"
    path.parent.mkdir()
    save_dataset(load_data("digits", 16), path)
    return path


def test_a_data_set_that_is_seen_stays_where_it_is(data, tmp_path) -> None:
    assert stored(data).here(tmp_path / "node", pytest.fail) == data


def test_one_that_is_not_seen_is_fetched_once_and_whole(data, tmp_path) -> None:
    store = stored(data)
    packed = store.packed(lambda path: path.read_bytes())
    data.rename(data.with_name("elsewhere"))
    assert store.here(tmp_path / "node", pytest.fail) is None  # neither seen nor packed
    fetched: list[bytes] = []
    place = packed.here(tmp_path / "node", lambda content: fetched.append(content) or content)
    assert place is not None
    assert place.is_relative_to(tmp_path / "node")
    assert check_dataset(place)
    assert len(fetched) == len(store.sizes)
    assert packed.here(tmp_path / "node", pytest.fail) == place


@pytest.mark.parametrize("harm", ["facts", "size", "missing"])
def test_another_data_set_at_the_same_place_is_not_taken_for_it(data, harm: str) -> None:
    store, first = stored(data), next(data.glob("*.npy"))
    if harm == "facts":
        (data / FACTS).write_text("{}")
    elif harm == "size":
        first.write_bytes(first.read_bytes() + b"1")
    else:
        first.unlink()
    assert not store.seen(data)


def test_weights_travel_where_they_are_not_seen(data, tmp_path) -> None:
    weights = tmp_path / "home" / "weights.pt"
    weights.write_bytes(b"tensors")
    work = Work(tmp_path, {"digits": data}, None, place={"root": tmp_path / "home", "weights": weights})
    luggage = Luggage({"digits": stored(data)})
    assert luggage.settle(work, "digits", tmp_path / "node", pytest.fail).place == work.place
    content = weights.read_bytes()
    weights.unlink()
    node = tmp_path / "node"
    node.mkdir()
    assert luggage.settle(work, "digits", node, pytest.fail) is None
    settled = Luggage(luggage.stores, ("weights.pt", content), packed=True).settle(work, "digits", node, bytes)
    assert settled.place["weights"].read_bytes() == content
    assert settled.place["root"] == tmp_path / "home"
    away = Work(tmp_path, {"digits": data}, None, place={"root": tmp_path / "gone", "weights": None})
    assert luggage.settle(away, "digits", node, pytest.fail).place["root"] == node / "cache"


def test_a_loss_of_ones_own_travels_with_the_modules_beside_it(tmp_path, monkeypatch) -> None:
    home, node = tmp_path / "home", tmp_path / "node"
    home.mkdir()
    (home / "own_loss.py").write_text(LOSS)
    (home / "beside_own_loss.py").write_text("FACTOR = 3.0\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    spelled = str(home / "own_loss.py")
    at_home = definition(get_loss(f"{spelled}:Own"))
    code = own_code([spelled])
    assert {Path(source.path).name for source in code.sources} == {"own_loss.py", "beside_own_loss.py"}

    work = code.settle(Work(tmp_path, {}, None), node)
    assert work.moved == {spelled: spelled}  # it is seen, with what lies beside it
    home.rename(tmp_path / "gone")
    work = code.settle(Work(tmp_path, {}, None), node)
    assert Path(work.moved[spelled]).is_relative_to(node)
    for name in ("beside_own_loss", *(name for name in sys.modules if name.startswith("custom_loss_"))):
        monkeypatch.delitem(sys.modules, name)
    sys.path[:] = [path for path in sys.path if path != str(home)]
    sys.path += work.roots
    monkeypatch.setitem(places.MOVED, spelled, work.moved[spelled])
    assert definition(get_loss(f"{spelled}:Own")) == at_home  # a record is the same, wherever its loss lay


def test_a_package_of_the_users_travels_and_an_installed_one_does_not(tmp_path, monkeypatch) -> None:
    package = tmp_path / "travelling" / "inner"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "loss.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__("travelling.inner.loss")
    code = own_code(["travelling.inner.loss", "numpy.linalg"])
    assert {source.root for source in code.sources} == {str(tmp_path)}
    names = {Path(source.path).relative_to(tmp_path).as_posix() for source in code.sources}
    assert names == {"travelling/__init__.py", "travelling/inner/__init__.py", "travelling/inner/loss.py"}
