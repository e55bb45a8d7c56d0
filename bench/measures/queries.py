"""The queries behind KPI pages: how long, how they grow with the database, and beside SQL over the leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from bench.figures import exponent, interleaved, ratio
from bench.goals import BY_KEY
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
ASKED = ("received", "valid", "in_target", "sold")
"""What both are asked for."""
KPI, RAW_NAME, RAW_NARROW_NAME = "KPI of a year", "raw", "raw, narrow"
Ask = Callable[[], Any]


def measure(setting: Setting) -> Iterator[Found]:
    """The KPI query with its filters, the headlines of the overview with the worst of each filter, and their growth."""
    with setting.engine() as engine:
        asked = asks(engine, setting)
        large = interleaved(asked, times=setting.some(15), seconds=setting.long(25))
    raw = {name: large.pop(name) for name in (RAW_NAME, RAW_NARROW_NAME)}
    yield from worst("query.ms", {name: pace.p50 for name, pace in large.items()}, lambda name: str(large[name]))
    if setting.smaller:
        leads, url = setting.smaller[-1]
        with setting.engine(url) as engine:
            small = interleaved(asks(engine, setting), times=setting.some(15), seconds=setting.long(10))
        grown = {n: exponent((leads, small[n].p50), (setting.leads, now.p50)) for n, now in large.items()}
        yield from worst(
            "query.exponent", grown,
            lambda name: f"{small[name]} at {leads:,} leads, {large[name]} at {setting.leads:,}",
        )  # fmt: skip
    else:
        yield Found(key="query.exponent", note="needs a smaller database of the same network: --smaller URL")
    for name, peer in ((f"{KPI}, no filter", RAW_NAME), (f"{KPI}, one region and product", RAW_NARROW_NAME)):
        told = f"{large[name]}; SQL over the leads {raw[peer]}"
        yield Found(key="query.raw", of=name, value=ratio(large[name].p50, raw[peer].p50), note=told)


def worst(key: str, found: Mapping[str, float], told: Callable[[str], str]) -> Iterator[Found]:
    """A row for each way to ask the KPI query; of the headlines the worst one, and how many are beyond the goal."""
    headlines = {name: value for name, value in found.items() if not name.startswith(KPI)}
    for name, value in found.items():
        if name.startswith(KPI):
            yield Found(key=key, of=name, value=value, note=told(name))
    if not headlines:
        return
    name = max(headlines, key=lambda n: headlines[n])
    beyond = sorted((n for n, v in headlines.items() if not BY_KEY[key].is_met(v)), key=lambda n: -headlines[n])
    note = f"{told(name)}; {len(beyond)} of {len(headlines)} headlines are beyond the goal"
    if beyond[1:]:
        note += ": " + ", ".join(f"{n} {told(n)}" for n in beyond[1:4])
    yield Found(key=key, of=f"worst headline: {name}", value=headlines[name], note=note)


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
                return cohorts.counts(
                    session, scope=EVERYTHING, by=by, filters=span | narrowed, now=setting.now, measures=ASKED
                )

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
        f"{KPI}, no filter": kpi(grain),
        f"{KPI}, one region": kpi(grain, region=(region,)),
        f"{KPI}, one region and product": kpi(grain, region=(region,), product=(product,)),
        f"{KPI}, one dealer": kpi(("month",), dealer=(dealer[0],)),
        RAW_NAME: raw(RAW), RAW_NARROW_NAME: raw(RAW_NARROW, region=region, product=product),
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

    named = (LeadMonth.region != "").desc(), (LeadMonth.product != "").desc()
    found = session.execute(
        select(LeadMonth.region, LeadMonth.product).order_by(*named, LeadMonth.received.desc()).limit(1)
    ).first()
    region, product = found if found is not None else ("", "")
    dealer = session.execute(select(Dealer.id, Dealer.code).order_by(Dealer.id).limit(1)).one()
    return region, product, (dealer.id, dealer.code)
