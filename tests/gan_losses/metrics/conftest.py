import pytest

from gan_losses.data import load_data
from gan_losses.metrics import QualityMeter, get_features


@pytest.fixture(scope="session")
def digits():
    return load_data("digits", 16)


@pytest.fixture(scope="session")
def meter(digits):
    return QualityMeter(get_features("digits", channels=1), digits)
