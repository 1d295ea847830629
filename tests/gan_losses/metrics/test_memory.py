import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

SCORING = """
import resource
import torch
from gan_losses.data.base import DataSet, Split
from gan_losses.metrics import Extractor, QualityMeter

torch.set_num_threads(2)


class Projection(Extractor):
    name, resizer, weights_digest, num_features = "projection", "none", "0", 2048

    def __init__(self):
        super().__init__()
        self.matrix = torch.randn(48, 2048, generator=torch.Generator().manual_seed(0))

    def forward(self, images):
        return torch.relu(images.flatten(1) @ self.matrix)


def part(count, key):
    random = torch.Generator().manual_seed(key)
    return Split({"image": torch.randint(256, (count, 3, 4, 4), dtype=torch.uint8, generator=random)})


def fakes():
    for number in range(COUNT // 250):
        yield torch.rand(250, 3, 4, 4, generator=torch.Generator().manual_seed(number)) * 2 - 1


COUNT = 50_000
data = DataSet("noise", part(COUNT, 0), part(10, 1), part(10, 2))
meter = QualityMeter(Projection(), data, metrics=("fid", "kid"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
scores = meter.score("train", fakes())
print(scores["fid[projection]"], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
def test_fifty_thousand_vectors_of_two_thousand_numbers_are_scored_in_little_memory():
    done = subprocess.run([sys.executable, "-c", SCORING], capture_output=True, text=True, check=True, cwd=ROOT)
    distance, megabytes = map(float, done.stdout.split())
    assert distance > 0
    # Two tables of 410 MB are mapped from files and can be dropped; in float64 they alone would take 1,640 MB.
    assert megabytes < 1500
