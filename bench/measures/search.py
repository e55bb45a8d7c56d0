"""The search box beside a LIKE scan of the same names, for a common, a middling, a rare and an absent word."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from bench.figures import interleaved, ratio
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
    from db.customers.tables import Customer

    with setting.engine() as engine:
        words = words_of_names(engine)
        indexed, scanned = {}, {}
        for word in words:

            def by_index(word: str = word) -> object:
                with reading(engine) as session:
                    return find(session, word, kinds=("customer",), scope=EVERYTHING, limit=NEWEST)

            def by_scan(word: str = word) -> object:
                with reading(engine) as session:
                    query = select(Customer.id).where(Customer.name.ilike(f"%{word}%"))
                    return session.scalars(query.order_by(Customer.id.desc()).limit(NEWEST)).all()

            found = interleaved({"index": by_index, "scan": by_scan}, times=setting.some(9), seconds=setting.long(8))
            indexed[word], scanned[word] = found["index"], found["scan"]
    slow = max(indexed, key=lambda w: indexed[w].p50)
    scan = max(pace.p50 for pace in scanned.values())
    each = "; ".join(f"{w} ({words[w]}) {indexed[w]} v {scanned[w]}" for w in words)
    yield Found(key="search.scan", of=f"worst word “{slow}”", value=ratio(indexed[slow].p50, scan),
                note=f"worst index over worst scan; {each}")  # fmt: skip


def words_of_names(engine: Engine) -> dict[str, str]:
    """Words of customers' names and how many have them: the commonest and the rarest of a sample, one between."""
    from db.core.search import SearchWord, words_of
    from db.customers.tables import Customer

    with Session(engine) as session:
        newest = session.scalar(select(func.max(Customer.id))) or 0
        step = max(1, newest // SAMPLE)
        names = session.scalars(select(Customer.name).where(Customer.id % step == 0, Customer.name != "").limit(SAMPLE))
        words = sorted({word for name in names for word in words_of(name) if len(word) > 2})
        counts = {
            word: session.scalar(
                select(func.count()).where(SearchWord.kind == "customer", SearchWord.word == word)
            ) or 0
            for word in words
        }  # fmt: skip
    known = sorted((w for w in words if counts[w]), key=lambda w: counts[w])
    picked = [known[-1], known[len(known) // 2], known[0]] if known else []
    return {word: f"{counts[word]:,}" for word in dict.fromkeys(picked)} | {ABSENT: "none"}
