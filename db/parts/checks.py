"""What must hold between orders, their lines, promises and shipments (`python -m db check`)."""

from __future__ import annotations

from sqlalchemy import and_, case, false, func, or_, select, true
from sqlalchemy.orm import Session

from db.core.area import Check
from db.dealers.strays import in_another_region
from db.parts.tables import Dealer, PartsClaim, PartsOrder, PartsOrderLine, PartsPromise, PartsShipment

MOST = 50


def lines_add_up(session: Session) -> list[str]:
    """Lines with more shipped and cancelled than ordered, or that disagree with their shipments, promises, order."""
    line = PartsOrderLine
    named = select(PartsOrder.number, line.position).join(PartsOrder, PartsOrder.id == line.order_id)
    gone = line.shipped + line.cancelled
    found = []
    for number, position in session.execute(named.where(gone > line.ordered).limit(MOST)):
        found.append(f"{number} line {position} has more shipped and cancelled than ordered")
    odd = or_(and_(line.is_open == true(), gone >= line.ordered), and_(line.is_open == false(), gone < line.ordered))
    for number, position in session.execute(named.where(odd).limit(MOST)):
        found.append(f"{number} line {position} is not as open as its units")
    sent = (
        select(func.coalesce(func.sum(PartsShipment.quantity), 0))
        .where(PartsShipment.line_id == line.id)
        .correlate(line)
        .scalar_subquery()
    )
    for number, position in session.execute(named.where(line.shipped != sent).limit(MOST)):
        found.append(f"{number} line {position} has another count than its shipments")
    said = select(func.count()).where(PartsPromise.line_id == line.id).correlate(line).scalar_subquery()
    for number, position in session.execute(named.where(line.promises != said).limit(MOST)):
        found.append(f"{number} line {position} has another count than its promises")
    waits = func.sum(case((line.is_open == true(), 1), else_=0))
    ended = (
        select(PartsOrder.number)
        .join(line, line.order_id == PartsOrder.id)
        .group_by(PartsOrder.id, PartsOrder.number, PartsOrder.is_open)
        .having(or_(and_(PartsOrder.is_open == true(), waits == 0), and_(PartsOrder.is_open == false(), waits > 0)))
        .limit(MOST)
    )
    found += [f"{number} is not as open as its lines" for number in session.scalars(ended)]
    return found


def parts_lie_in_their_region(session: Session) -> list[str]:
    """Orders, lines and claims that lie in another region than their dealer."""
    found = []
    for table in (PartsOrder, PartsClaim):
        strays = in_another_region(session, table, most=MOST)
        found += [f"{number} lies in another region than its dealer" for number in strays]
    rows = session.execute(
        select(PartsOrder.number, PartsOrderLine.position)
        .join(PartsOrder, PartsOrder.id == PartsOrderLine.order_id)
        .join(Dealer, Dealer.id == PartsOrderLine.dealer_id)
        .where(PartsOrderLine.region != Dealer.region)
        .limit(MOST)
    )
    return found + [f"{number} line {position} lies in another region than its dealer" for number, position in rows]


CHECKS = (
    Check(name="Lines of parts orders add up", run=lines_add_up),
    Check(name="Parts lie in the region of their dealer", run=parts_lie_in_their_region),
)
