"""The search box beside a LIKE scan of the same names, for a common, a middling, a rare and an absent word."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from bench.figures import medians, ratio
from bench.results import Found
from bench.setting import Setting

NAME = "search"
ABSENT = "zzyzxq"
SAMPLE = 400
NEWEST = 50


def measure(setting: Setting) -> Iterator[Found]:
    """One row: the worst word by the index over the worst word by the scan, newest 50 of each."""
    from db.core.actor import EVERYTHING
    from db.core.search import find
    from db.core.session import reading
    from db.leads.tables import Lead

    with setting.engine() as engine:
        words = words_of_names(engine)
        indexed, scanned = {}, {}
        for word in words:
            def by_index(word: str = word) -> object:
                with reading(engine) as session:
                    return find(session, word, kinds=("lead",), scope=EVERYTHING, limit=NEWEST)

            def by_scan(word: str = word) -> object:
                with reading(engine) as session:
                    query = select(Lead.id).where(Lead.customer_name.ilike(f"%{word}%"))
                    return session.scalars(query.order_by(Lead.id.desc()).limit(NEWEST)).all()

            found = medians({"index": by_index, "scan": by_scan}, times=setting.some(9), seconds=setting.long(5))
            indexed[word], scanned[word] = found["index"], found["scan"]
    slow, slowest = max(indexed, key=lambda w: indexed[w]), max(scanned, key=lambda w: scanned[w])
    each = ", ".join(f"{w} ({words[w]}) {indexed[w]:.1f} v {scanned[w]:.0f} ms" for w in words)
    yield Found(key="search.scan", of=f"worst word “{slow}”", value=ratio(indexed[slow], scanned[slowest]),
                note=f"index v scan: {each}")  # fmt: skip


def words_of_names(engine: Engine) -> dict[str, str]:
    """Words of leads' names with how many records have them: the commonest and the rarest of a sample, one between."""
    from db.core.search import SearchWord, words_of
    from db.leads.tables import Lead

    with Session(engine) as session:
        newest = session.scalar(select(func.max(Lead.id))) or 0
        step = max(1, newest // SAMPLE)
        names = session.scalars(
            select(Lead.customer_name).where(Lead.id % step == 0, Lead.customer_name != "").limit(SAMPLE)
        )
        words = sorted({word for name in names for word in words_of(name) if len(word) > 2})
        counts = {
            word: session.scalar(
                select(func.count()).where(SearchWord.kind == "lead", SearchWord.word == word)
            ) or 0
            for word in words
        }  # fmt: skip
    known = sorted((w for w in words if counts[w]), key=lambda w: counts[w])
    picked = [known[-1], known[len(known) // 2], known[0]] if known else []
    return {word: f"{counts[word]:,}" for word in dict.fromkeys(picked)} | {ABSENT: "none"}
