import numpy as np

from reports.experiments.loss_shapes import draw


def test_losses_of_one_shape_share_a_line_and_a_name() -> None:
    straight, flat = {"value": [1.0, 0.0], "slope": [1.0, 1.0]}, {"value": [0.0, 0.0], "slope": [0.0, 0.0]}
    losses = {"wgan": straight, "bce": flat, "hinge": straight}
    figure = draw({"shown": {"logit": [-1.0, 1.0], "losses": losses}})
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["wgan, hinge", "bce"]
    assert [len(axis.lines) for axis in figure.axes] == [2, 2]
    np.testing.assert_allclose(figure.axes[1].lines[1].get_ydata(), [1e-5, 1e-5])
