"""Constants of `reports.power.constant`, made by `reports.power.simulate`.

Seeds 6 to 8 from 4,000 suites for each entry, more seeds from 400 to 1,500; above 14 seeds with 2,000 flips. The
standard error of the power is then 0.006 to 0.02, that of a constant some 1 to 3 %.
"""

SEEDS = (6, 7, 8)
LOSSES = (2, 3, 4, 6, 10, 20)
CONSTANTS = (
    (1.785, 2.193, 2.552, 3.195, 4.088, 5.491),
    (1.343, 1.585, 1.795, 2.146, 2.622, 3.382),
    (1.192, 1.391, 1.567, 1.834, 2.205, 2.731),
)
