"""Units above the baseline of two periods at once: a row a program period (0088).

The same as `figure_baseline_queries.incremental`, which tells dealers apart and reads their rows for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Date, String, bindparam, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.among import unwalked
from db.core.shapes import made_once
from db.incentives.figure_baseline_queries import Measured, incremental, spans_of
from db.incentives.figure_filters import Asked
from db.incentives.figure_members import Field
from db.incentives.figure_shape import Shape, shape_of, values_of
from db.incentives.tables import IncentiveEarning, SaleReport
from db.incentives.tier_rules import year_before

AT_ONCE: Final = 40
"""Program periods that are measured in one statement."""
Rows = list[dict[str, Any]]


def volumes(session: Session, *, scope: Scope, asked: Asked, fields: tuple[Field, Field]) -> tuple[Rows, Rows]:
    """{program, month, units, baseline, cents, new} a program period, of the days asked for and of those before.

    `fields` are the dealers of both. One statement for each version of a volume program that counts sales.
    """
    found: tuple[Rows, Rows] = ([], [])
    versions: dict[int, list[tuple[int, Measured]]] = defaultdict(list)
    for part, one in enumerate((asked, asked.before)):
        spans = spans_of(session, one).values()
        for span in spans:
            if span.counts_sales:
                versions[span.plan.version_id].append((part, span))
        if not all(span.counts_sales for span in spans):
            ids = fields[part].ids(one)
            members = {i: member for i, member in fields[part].members.items() if i in ids}
            found[part].extend(
                incremental(session, scope=scope, asked=one, by=("program", "month"), members=members, of_sales=False)
            )
    for some in versions.values():
        program = some[0][1].plan.program
        takers = [field.ids(asked) & field.taken_by(program) for field in fields]
        for start in range(0, len(some), AT_ONCE):
            chunk = some[start : start + AT_ONCE]
            read = _read(session, scope, asked, [span for _, span in chunk])
            for (part, span), (sold, sums) in zip(chunk, read, strict=True):
                row = _row(span, takers[part], sold, sums)
                if row is not None:
                    found[part].append(row)
    return found


Earned = tuple[dict[int, int], int]
"""Units by dealer, and the cents of all of them."""


def _row(span: Measured, takers: frozenset[int], sold: Sequence[int], earned: Earned) -> dict[str, Any] | None:
    """What a period brought; None where no dealer is asked about."""
    units, cents = earned
    counted = takers | units.keys()
    if not counted:
        return None
    new = sum(units[dealer] for dealer in units.keys() - set(sold))
    return {
        "program": span.plan.program_id, "month": span.days.last.replace(day=1), "units": sum(units.values()),
        "baseline": sum(map(counted.__contains__, sold)), "cents": cents, "new": new,
    }  # fmt: skip


def _read(
    session: Session, scope: Scope, asked: Asked, spans: Sequence[Measured]
) -> list[tuple[Sequence[int], Earned]]:  # fmt: skip
    """For each of these periods of one version: the dealer of each sale of the year before, and what was earned."""
    plan = spans[0].plan
    wanted = plan.program.eligible
    values: dict[str, Any] = values_of(scope, asked) | {
        "volume": plan.program_id, "conditions": list(wanted.conditions), "types": list(wanted.sale_types),
        "makes": [m.lower() for m in wanted.makes], "models": [m.lower() for m in wanted.models],
    }  # fmt: skip
    for n, span in enumerate(spans):
        before = year_before(span.days)
        values |= {f"period{n}": span.period, f"first{n}": before.first, f"last{n}": before.last}
    statement = _statement(shape_of(scope, asked), len(spans), makes=bool(wanted.makes), models=bool(wanted.models))
    sold: list[Sequence[int]] = [()] * len(spans)
    earned: list[Earned] = [({}, 0)] * len(spans)
    for n, is_earned, listed, cents in session.connection().execute(statement, values):
        if not listed:
            continue
        if is_earned:
            pairs = (one.partition(":") for one in listed.split(","))
            earned[n] = ({int(dealer): int(units) for dealer, _, units in pairs}, int(cents))
        else:
            sold[n] = list(map(int, listed.split(",")))
    return list(zip(sold, earned, strict=True))


@made_once
def _statement(shape: Shape, spans: int, *, makes: bool, models: bool) -> Any:
    """Two rows for each of so many periods, (number, whether earned, dealers in one word, cents).

    Sales of the year before have their dealer once each; what was earned has "dealer:units". One long word costs a
    tenth of its rows, and the database need not put them in order.
    """
    sale, earning = SaleReport, IncentiveEarning
    like: list[Any] = [
        sale.unwound_on.is_(None), sale.condition.in_(bindparam("conditions", expanding=True, type_=String())),
        sale.sale_type.in_(bindparam("types", expanding=True, type_=String())),
    ]  # fmt: skip
    if makes:
        like.append(func.lower(sale.make).in_(bindparam("makes", expanding=True, type_=String())))
    if models:
        like.append(func.lower(sale.model).in_(bindparam("models", expanding=True, type_=String())))
    pair = cast(earning.dealer_id, String) + ":" + cast(earning.units, String)
    parts: list[Any] = []
    for n in range(spans):
        parts += [
            select(literal(n), literal(0), func.aggregate_strings(cast(sale.dealer_id, String), ","), literal(0))
            .where(
                sale.delivered_on >= bindparam(f"first{n}", type_=Date()),
                sale.delivered_on <= bindparam(f"last{n}", type_=Date()),
                *like, *shape.where(region=sale.region, dealer=sale.dealer_id),
            ),
            select(literal(n), literal(1), func.aggregate_strings(pair, ","), func.sum(earning.cents))
            .where(
                earning.program_id == bindparam("volume", type_=BigInteger()),
                earning.period == bindparam(f"period{n}", type_=String()),
                *shape.where(program=earning.program_id, region=unwalked(earning.region), dealer=earning.dealer_id),
            ),
        ]  # fmt: skip
    return union_all(*parts)
