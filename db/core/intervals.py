"""What 95% intervals need; pure numbers, for the rules of every area that shows how sure a figure is."""

from __future__ import annotations

import math

Z = 1.959964
# Two-sided 95% quantiles of Student's t by degrees of freedom; beyond 30 the next lower one that is named.
_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_T95_MORE = ((120, 1.980), (60, 2.000), (40, 2.021), (30, 2.042))


def t95(freedom: int) -> float:
    """Student's t for a 95% interval; on the wide side between two named degrees of freedom."""
    if freedom < 1:
        raise ValueError("an interval needs two values")
    if freedom <= len(_T95):
        return _T95[freedom - 1]
    return next(t for least, t in _T95_MORE if freedom >= least)


def share_interval(hits: int, n: int) -> tuple[float, float] | None:
    """Wilson's 95% interval of a share, between 0 and 1; None of nothing."""
    if n <= 0:
        return None
    share, z2 = hits / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
