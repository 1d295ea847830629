import pytest
import torch

from gan_losses.metrics import rows as module
from gan_losses.metrics.rows import Reservoir, RowStore, chosen


@pytest.mark.parametrize("in_memory", [0, 200, 1 << 20])
def test_rows_come_back_as_they_were_from_memory_and_from_disk(monkeypatch, in_memory):
    monkeypatch.setattr(module, "IN_MEMORY", in_memory)
    rows = torch.arange(60.0).view(20, 3)
    store = RowStore(3)
    for part in rows.split(7):
        store.add(part)
        seen = store.rows()
    assert torch.equal(seen, rows)
    assert seen.dtype == torch.float32
    assert store.count == 20


def test_no_rows_are_an_empty_table():
    assert RowStore(3).rows().shape == (0, 3)


def test_a_store_on_disk_outlives_its_file(monkeypatch):
    monkeypatch.setattr(module, "IN_MEMORY", 0)
    store = RowStore(2)
    store.add(torch.ones(4, 2))
    rows = store.rows()
    del store
    assert torch.equal(rows, torch.ones(4, 2))


@pytest.mark.parametrize("chunk", [1, 7, 15, 16, 17, 100])
def test_a_reservoir_keeps_the_same_items_however_they_come(chunk):
    reservoir = Reservoir(20, "test")
    for part in torch.arange(100).split(chunk):
        reservoir.add(part)
    whole = Reservoir(20, "test")
    whole.add(torch.arange(100))
    kept = reservoir.items()
    assert torch.equal(kept, whole.items())
    assert len(kept.unique()) == 20
    assert torch.equal(kept, kept.sort().values)


def test_a_reservoir_draws_evenly():
    counts = torch.zeros(10)
    for number in range(300):
        reservoir = Reservoir(5, f"test/{number}")
        for part in torch.arange(10).split(3):
            reservoir.add(part)
        counts[reservoir.items()] += 1
    assert counts.sum() == 1500
    assert counts.min() > 110  # of 150 expected, 8.7 the deviation
    assert counts.max() < 190


def test_few_are_all_chosen_in_order_and_of_many_a_keyed_part():
    assert chosen(5, 5, "a").tolist() == [0, 1, 2, 3, 4]
    first = chosen(100, 10, "a")
    assert len(first.unique()) == 10
    assert torch.equal(first, chosen(100, 10, "a"))
    assert not torch.equal(first, chosen(100, 10, "b"))
