import pytest

from benchmarks import loading
from benchmarks.loading import Loaded, load_twice, main, row, shares
from gan_losses.data import load_data
from tests.formats import allow, write_cifar10, write_mnist

SMALL = "--image-size 16 --width 4 --batch-size 4 --rounds 2 --threads 1 --device cpu".split()


@pytest.fixture
def root(tmp_path, monkeypatch):
    for write in (write_cifar10, write_mnist):
        _, patches = write(tmp_path)
        allow(monkeypatch, patches)
    return tmp_path


def test_a_line_for_every_set(root, capsys):
    for decodes in (True, False):
        assert main(["--data", "cifar10,mnist,digits", "--data-root", str(root), "--flip", *SMALL]) == 0
        head, titles, *lines = capsys.readouterr().out.splitlines()
        assert "width 4 at 16 px, batches of 4, 2 steps" in head
        assert titles.split()[:4] == ["data", "decode", "map", "cache"]
        assert [line.split()[0] for line in lines] == ["cifar10", "mnist", "digits"]
        assert ["(was)" not in line for line in lines] == [decodes, decodes, True]  # digits have no cache


def test_the_first_load_decodes_and_the_second_finds_the_cache(root):
    loads = []

    def load():
        loads.append(load_data("mnist", 16, root=root))
        return loads[-1]

    first, second = load_twice(load, root), load_twice(load, root)
    assert (first.fresh, second.fresh, len(loads)) == (True, False, 4)
    assert first.size == sum(file.stat().st_size for file in loads[0].path.iterdir())
    digits = load_twice(lambda: load_data("digits", 16), root)
    assert (digits.fresh, digits.size) == (True, 1797 * 256)


def test_shares_are_those_of_the_data_phase(root, monkeypatch):
    class Clock(loading.PhaseClock):
        def finish(self):
            super().finish()
            for name, seconds in (("data", 1.0), ("step", 4.0 + len(self.wall["step"]))):
                self.wall[name][-1] = seconds

    monkeypatch.setattr(loading, "PhaseClock", Clock)
    several = [load_data(name, 16, root=root) for name in ("mnist", "digits")]
    found = shares(several, 4, 4, False, 3, "cpu")
    assert found == [[1 / (4 + step) for step in range(loading.WARMUP + 1, loading.WARMUP + 4)]] * 2


def test_a_row_has_median_and_quartiles(root):
    loaded = Loaded(load_data("digits", 16), 1.25, 0.5, True, 2_000_000)
    text = row(loaded, [0.01, 0.02, 0.03])
    assert text.split() == "digits 1.2 s 0.50 s 2.0 MB 2.00 % (quartiles 1.00 … 3.00)".split()
    assert "2.00 % (quartiles 2.00 … 2.00)" in row(loaded, [0.02])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "minst"], "unknown data 'minst': did you mean 'mnist'?"),
        (["--data", "textures"], "data 'textures:grass,gravel' has the domains a, b: name one, as in facades:a."),
        (["--data", "digits", "--image-size", "17"], "--image-size 17: task dcgan takes one of"),
    ],
)
def test_mistakes_are_told(arguments, message, capsys):
    assert main([*SMALL, *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"benchmarks.loading: {message}")
