from benchmarks.summary import summarise


def rows(values):
    return [{"step": step, "saturation": {"image": {"gradient_q50": value, "signal": None}}} for step, value in values]


def test_early_is_the_window_and_late_the_last_quarter() -> None:
    steps = [(25 * k, float(k)) for k in range(1, 17)]
    summary = summarise(rows(steps))["image"]
    assert summary["gradient_q50"] == {"early": 5.0, "late": 14.5}  # steps 50-200: 2 … 8; last four: 13 … 16
    assert summary["signal"] == {"early": None, "late": None}


def test_decades_lost_counts_powers_of_ten() -> None:
    summary = summarise(rows([(100, 1.0), (200, 1.0), *((step, 1e-3) for step in range(300, 1100, 100))]))["image"]
    assert abs(summary["decades_lost"]["late"] - 3) < 1e-12


def test_a_vanished_gradient_or_an_empty_window_has_no_number() -> None:
    assert summarise(rows([(100, 1.0), (900, 0.0)]))["image"]["decades_lost"]["late"] is None
    assert summarise(rows([(20, 1.0), (40, 1.0)]))["image"]["gradient_q50"]["early"] is None
    assert summarise([]) == {}
    assert summarise([{"step": 3, "saturation": {}}]) == {}
