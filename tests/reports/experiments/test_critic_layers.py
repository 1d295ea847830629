import numpy as np

from reports.experiments.critic_layers import draw


def test_lines_are_medians_and_what_underflowed_is_a_gap() -> None:
    norms = {"clip": [[0.0, 1e-3], [1e-6, 1e-2], [1e-4, 1e-1]], "penalty": [[0.1, 0.1]]}
    (axis,) = draw({"shown": {"norms": norms}}).axes
    np.testing.assert_allclose(axis.lines[3].get_ydata(), [np.nan, 1e-2])
    np.testing.assert_allclose(axis.lines[-1].get_xydata(), [[1, 0.1], [2, 0.1]])
    assert axis.get_yscale() == "log"
