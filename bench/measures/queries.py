"""The queries behind KPI pages: how long, how they grow from one database to the next, and beside SQL over the leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from bench.figures import exponent, interleaved, p50, ratio
from bench.results import Found
from bench.setting import Setting

NAME = "queries"
RAW = """
SELECT received_month, region, source, SUM(CASE WHEN status <> 'held' THEN 1 ELSE 0 END) AS received,
       SUM(CASE WHEN status NOT IN ('bad', 'duplicate', 'held') THEN 1 ELSE 0 END) AS valid,
       SUM(CASE WHEN status NOT IN ('bad', 'duplicate', 'held') AND first_action_at <= first_action_due_at
           THEN 1 ELSE 0 END) AS in_target,
       SUM(CASE WHEN status NOT IN ('bad', 'duplicate', 'held') AND sold_at IS NOT NULL THEN 1 ELSE 0 END) AS sold
FROM lead WHERE received_month BETWEEN :first AND :last GROUP BY received_month, region, source
"""
"""The KPI query as it is written without rollups: a year by month, region and source."""
RAW_NARROW = RAW.replace("GROUP BY", "AND region = :region AND product = :product GROUP BY")
Ask = Callable[[], Any]


def measure(setting: Setting) -> Iterator[Found]:
    """The KPI query with its filters, then every headline of the overview, each with its growth."""
    with setting.engine() as engine:
        asked = asks(engine, setting)
        large = interleaved(asked, times=setting.some(15), seconds=setting.long(40))
    before: dict[str, float] = {}
    if setting.smaller:
        leads, url = setting.smaller[-1]
        with setting.engine(url) as engine:
            taken = interleaved(asks(engine, setting), times=setting.some(15), seconds=setting.long(15))
        before = {name: p50(ms) for name, ms in taken.items()}
    raw = {name: p50(ms) for name, ms in large.items() if name.startswith("raw")}
    for name, ms in large.items():
        if name in raw:
            continue
        now = p50(ms)
        note = f"{len(ms)} times"
        yield Found(key="query.ms", of=name, value=now, note=note)
        if name in before:
            grown = exponent((leads, before[name]), (setting.leads, now))
            told = f"{before[name]:.2f} ms at {leads:,} leads, {now:.2f} ms at {setting.leads:,}"
            yield Found(key="query.exponent", of=name, value=grown, note=told)
    if not before:
        yield Found(key="query.exponent", note="needs a smaller database of the same network: --smaller URL")
    for name, peer in (("a year, no filter", "raw"), ("a year, one region and product", "raw narrow")):
        told = f"SQL over the leads {raw[peer]:.0f} ms"
        yield Found(key="query.raw", of=name, value=ratio(p50(large[name]), raw[peer]), note=told)


def asks(engine: Engine, setting: Setting) -> Mapping[str, Ask]:
    """What is asked of one database: the KPI query with several filters, the same by SQL, the overview's headlines."""
    from components.areas.reports import FIRST, TILES
    from db.core.actor import EVERYTHING
    from db.core.session import reading
    from db.leads import cohorts
    from db.leads.queries import months_before
    from db.reports.overview_queries import metric

    with reading(engine) as session:
        region, product, dealer = _common(session)
    months = months_before(setting.now.date().replace(day=1), 12)
    span: dict[str, Any] = {"from": months[0], "to": months[-1]}

    def kpi(by: tuple[str, ...], **narrowed: Any) -> Ask:
        def ask() -> Any:
            with reading(engine) as session:
                return cohorts.counts(session, scope=EVERYTHING, by=by, filters=span | narrowed, now=setting.now)

        return ask

    def headline(name: str, **narrowed: Any) -> Ask:
        def ask() -> Any:
            with reading(engine) as session:
                return metric(name).compute(
                    session, scope=EVERYTHING, by=("month",), filters=span | narrowed, now=setting.now
                )

        return ask

    def raw(query: str, **values: Any) -> Ask:
        bound: dict[str, Any] = {"first": months[0], "last": months[-1]} | values

        def ask() -> Any:
            with engine.connect() as connection:
                return connection.execute(text(query), bound).all()

        return ask

    grain = ("month", "region", "source")
    found: dict[str, Ask] = {
        "a year, no filter": kpi(grain),
        "a year, one region": kpi(grain, region=(region,)),
        "a year, one region and product": kpi(grain, region=(region,), product=(product,)),
        "a year, one dealer": kpi(("month",), dealer=(dealer[0],)),
        "raw": raw(RAW), "raw narrow": raw(RAW_NARROW, region=region, product=product),
    }  # fmt: skip
    for name, _ in TILES[:FIRST]:
        title = metric(name).definition.title
        found[f"{title} by month"] = headline(name)
        found[f"{title} by month, one region"] = headline(name, region=region)
        found[f"{title} by month, one dealer"] = headline(name, dealer=dealer[1])
    return found


def _common(session: Session) -> tuple[str, str, tuple[int, str]]:
    """A region, a product and a dealer that have leads."""
    from db.dealers.tables import Dealer
    from db.leads.tables import LeadMonth

    region, product = session.execute(
        select(LeadMonth.region, LeadMonth.product).where(LeadMonth.region != "", LeadMonth.product != "")
        .order_by(LeadMonth.received.desc()).limit(1)
    ).one()  # fmt: skip
    dealer = session.execute(select(Dealer.id, Dealer.code).order_by(Dealer.id).limit(1)).one()
    return region, product, (dealer.id, dealer.code)

