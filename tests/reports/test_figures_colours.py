"""Whether the losses' lines are told apart by eyes that lack a kind of cone, by Machado's simulation and CIE Lab distances."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from reports.figures.style import KNOWN, looks

# Machado, Oliveira and Fernandes 2009 (IEEE TVCG 15, 1291), severity 1.0, on linear sRGB.
EYES = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
WHITE = [0.95047, 1.0, 1.08883]  # D65
ALIKE, NEAR = 16.0, 12.5  # ΔE*ab: of lines with the same dashes, and of any


def lab(colour, eye):
    """CIE L*a*b* of a colour as an eye sees it."""
    shade = np.array(to_rgb(colour))
    linear = np.where(shade <= 0.04045, shade / 12.92, ((shade + 0.055) / 1.055) ** 2.4)
    share = np.array(XYZ) @ np.clip(np.array(EYES[eye]) @ linear, 0, 1) / WHITE
    x, y, z = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(first, second, eye):
    return float(np.linalg.norm(lab(first, eye) - lab(second, eye)))


def test_the_yardstick_is_cie_labs():
    np.testing.assert_allclose(lab("#ffffff", "all cones"), [100, 0, 0], atol=0.02)
    np.testing.assert_allclose(lab("#ff0000", "all cones"), [53.24, 80.09, 67.20], atol=0.02)
    assert distance("#E69F00", "#00B800", "protanopia") < 2  # which once were two losses' colours


@pytest.mark.parametrize("eye", EYES)
def test_no_two_known_losses_look_alike(eye):
    found = looks({name: (name, "none") for name in KNOWN})
    for first, second in itertools.combinations(KNOWN, 2):
        ours, theirs = found[first], found[second]
        bar = ALIKE if ours.dash == theirs.dash else NEAR
        assert distance(ours.colour, theirs.colour, eye) > bar, (first, second)


@pytest.mark.parametrize("eye", EYES)
def test_known_losses_are_seen_on_white(eye):
    assert all(distance(colour, "#ffffff", eye) > 22 for colour in KNOWN.values())


@pytest.mark.parametrize("order", [list(KNOWN), list(KNOWN)[::-1], ["hinge", "jensen-shannon"]])
def test_dashes_stay_with_a_known_loss(order):
    found = looks({name: (name, "none") for name in order})
    whole = looks({name: (name, "none") for name in KNOWN})
    assert {name: look.dash for name, look in found.items()} == {name: whole[name].dash for name in order}


def test_losses_of_the_users_are_solid_unless_there_are_many():
    few = looks({name: (name, "none") for name in ("mine", "bce")})
    assert few["mine"].dash == "-"
    many = looks({name: (name, "none") for name in [*KNOWN, "mine"]})
    assert many["mine"].dash not in {many[name].dash for name in KNOWN}
