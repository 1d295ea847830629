import re
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.parity import as_markdown, compare_values, main, pictures
from benchmarks.parity_sides import METRICS, Pictures, Side, sides
from benchmarks.parity_timing import compare_frechet, compare_rates, in_turns
from gan_losses.metrics.inception import load_inception
from gan_losses.metrics.inception_plan import untrained_state
from gan_losses.metrics.weights import Place, sha256_of


@pytest.mark.slow
def test_the_three_agree_on_the_same_images_and_weights(tmp_path):
    weights = tmp_path / "random.pth"
    torch.save(untrained_state(), weights)
    images = pictures(10, 32, tmp_path)
    images.write()
    compared = sides(load_inception(3, Place(weights=weights, sha256=sha256_of(weights))), weights)
    head, *rows, seconds = compare_values(compared, images)
    assert head[1:4] == ["ours", "torchmetrics", "torch-fidelity"]
    values = {row[0]: row[1:] for row in rows}
    assert list(values) == list(METRICS)
    assert float(values["fid"][2]) > 0.1
    assert float(values["fid"][4]) < 1e-4  # relative
    assert float(values["kid"][4]) < 1e-5  # theirs is summed in float32
    assert float(values["precision"][3]) < 1e-6
    assert float(values["recall"][3]) < 1e-6
    assert float(values["is"][4]) < 1e-4
    for metric in ("fid", "kid"):
        ours, theirs = (float(values[metric][place]) for place in (0, 1))
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-6)
    assert values["precision"][1] == values["recall"][1] == "–"
    assert seconds[0] == "seconds"


def test_pictures_are_always_the_same_and_their_files_hold_them(tmp_path):
    images = pictures(3, 16, tmp_path)
    images.write()
    assert torch.equal(pictures(3, 16, tmp_path).fake, images.fake)
    assert not torch.equal(images.fake, images.real)
    for number, path in enumerate(sorted((tmp_path / "fake").iterdir())):
        with Image.open(path) as picture:
            assert torch.equal(torch.tensor(np.array(picture)).permute(2, 0, 1), images.fake[number])
    assert number == 2


def test_rates_are_told_relative_to_torch_fidelity():
    extracted = []
    compared = {
        name: Side(lambda images: {}, lambda images, name=name: extracted.append(name))
        for name in ("ours", "torchmetrics", "torch-fidelity")
    }
    head, _, ratios = compare_rates(compared, torch.zeros(4, 3, 2, 2), rounds=2)
    assert head == ["extraction", "ours", "torchmetrics", "torch-fidelity"]
    assert (ratios[0], ratios[3]) == ("ratio to torch-fidelity", "1.00")
    order = list(compared)
    assert extracted == [*order[::-1], *order, *order[::-1]]


def test_the_first_round_is_not_counted():
    assert {name: len(taken) for name, taken in in_turns({"a": int, "b": int}, 3).items()} == {"a": 3, "b": 3}


def test_the_frechet_terms_agree_above_and_below_the_number_of_features():
    _, above, below = compare_frechet(12, (24, 6), rounds=1)
    assert (above[0], below[0]) == ("24 samples of 12", "6 samples of 12")
    assert float(above[4]) < 1e-7
    assert float(below[4]) < 1e-6  # there the other takes roots of rounding errors
    assert re.fullmatch(r"\d+\.\d", above[3])


def test_a_value_of_0_is_compared_as_it_stands():
    side = {name: Side(lambda images: dict.fromkeys(METRICS, 0.0), torch.relu) for name in ("ours", "torch-fidelity")}
    assert compare_values(side, Pictures(*torch.zeros(2, 1, 3, 2, 2), None))[1][1:] == ["0", "0", "0.0e+00", "0.0e+00"]


def test_a_table_has_a_head_and_its_rows():
    assert as_markdown([["a"], ["1"]]) == "| a |\n|---|\n| 1 |"


def test_weights_with_another_hash_are_refused(tmp_path, capsys):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"something")
    assert main(["--count", "1", "--image-size", "16", "--weights", str(path)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("benchmarks.parity: features 'inception': ")
    assert "has sha256 3fc9b689" in told


@pytest.mark.slow
def test_the_command_writes_all_tables(tmp_path):
    out = tmp_path / "parity.md"
    options = ["--count", "24", "--rounds", "1", "--width", "64", "--out", str(out)]
    assert main(options) == 0
    assert out.read_text().count("|---|") == 3
    assert "random weights" in out.read_text()


def test_without_torch_fidelity_there_is_nothing_to_compare_with_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    assert main(["--count", "4"]) == 2
    said = capsys.readouterr().err
    assert "pip install -e '.[fidelity]'" in said
    assert said.count("\n") == 1
