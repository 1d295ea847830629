from reports.experiments.stacked_digits import draw


def record():
    curve = [{"step": 10, "modes": 5, "kl": 6.0}, {"step": 20, "modes": 700, "kl": 1.0}]
    return {
        "shown": {
            "losses": {"bce": [curve, curve], "bce+r1:1": [curve]},
            "perfect": {"kl": 0.2, "modes": 925.0},
            "fakes": 2600,
        }
    }


def test_every_seed_is_a_line_and_perfect_fakes_are_one_more():
    modes, kl = draw(record()).axes
    assert [len(axis.lines) for axis in (modes, kl)] == [4, 4]
    assert [list(axis.lines[0].get_ydata()) for axis in (modes, kl)] == [[5, 700], [6.0, 1.0]]
    assert [axis.lines[-1].get_ydata()[0] for axis in (modes, kl)] == [925.0, 0.2]


def test_a_loss_keeps_its_colour_and_a_penalty_its_dashes():
    modes = draw(record()).axes[0]
    assert modes.lines[0].get_color() == modes.lines[1].get_color() != modes.lines[2].get_color()
    assert modes.lines[0].get_linestyle() == "-" != modes.lines[2].get_linestyle()
