import numpy as np

from reports.experiments.dirac import draw

PATHS = {"Sim": [[1.0, 1.0], [0.5, -0.5]], "Alt": [[1.0, 1.0], [0.0, 0.25]]}


def game(loss: str, penalties: str) -> dict[str, object]:
    return {"loss": loss, "penalties": penalties, "paths": PATHS, "arrows": [[0, 0, 0, 0], [1, 1, -3, 4]]}


def test_a_portrait_for_each_game_ends_where_its_paths_end() -> None:
    games = [game("bce", ""), game("bce", "r1:0.3"), game("wgan", ""), game("wgan", "r1:0.3"), game("ragan", "")]
    figure = draw({"shown": {"reach": 2.0, "games": games}})
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        "bce, no penalty",
        "bce, r1:0.3",
        "wgan, no penalty",
        "wgan, r1:0.3",
    ]
    np.testing.assert_allclose(figure.axes[0].lines[3].get_xydata(), [[0.0, 0.25]])
    np.testing.assert_allclose(figure.axes[0].collections[0].U, [0.0, -0.6])


def test_a_game_that_was_not_played_is_said() -> None:
    games = [game("bce", ""), game("bce", "r1:0.3"), game("wgan", ""), game("wgan", "gp:0.35")]
    figure = draw({"shown": {"reach": 2.0, "games": games}})
    assert [axis.texts[0].get_text() for axis in figure.axes if axis.texts] == ["not played", "not played"]
