"""The dealers' owners, addresses and people in the demo: groups, a list that was brought in, and who left since."""

from __future__ import annotations

import csv
import io
import random
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from db.core.area import SourceFile
from db.core.session import reading
from db.dealers.bulk_commands import bulk_change
from db.dealers.commands import change_dealer
from db.dealers.people_commands import add_contact, change_contact, mark_left
from db.dealers.people_queries import accounts_of_dealer
from db.dealers.tables import Dealer, DealerContact
from db.imports.commands import run_import
from seed.network import Network
from seed.people_names import FIRST_NAMES, LAST_NAMES
from seed.places import PLACES, Place
from seed.story import Story

RULES = (
    # role, title as their list wrote it, share of dealers that have one
    ("principal", "Dealer Principal", 0.9), ("general_manager", "General manager", 0.75),
    ("service_manager", "Service Manager", 0.5), ("warranty_administrator", "Warranty administrator", 0.4),
    ("parts_manager", "Parts manager", 0.3), ("accounting", "Accounting", 0.15),
)  # fmt: skip
UNKNOWN = ("00530", "00635")
"""Dealers of which nobody was on the list."""
NO_PRIMARY = ("00118", "00320", "00623")


def settle(story: Story, made: Network, *, start: datetime) -> None:
    """The list of people came in before the first lead; the rest happened on the way."""
    people = _people()
    file = SourceFile(name="dealer contacts.csv", content=_written(people))
    story.do(
        run_import, kind="dealer_contacts", files=[file], channel="page", actor=story.cast.named("cora"), now=start
    )
    story.at(story.until - timedelta(days=120), partial(_add_sales_managers, story, made))
    for days, code, role in ((64, "00137", "service_manager"), (38, "00313", "general_manager")):
        story.at(story.until - timedelta(days=days), partial(_leave, story, code, role))
    story.at(story.until - timedelta(days=19), partial(_leave, story, "00219", "sales_manager"))
    story.at(story.until - timedelta(days=30), partial(_join, story, "00402", "Jonas Weber"))
    story.at(story.until - timedelta(days=9), partial(_leave, story, "00402", "other"))
    story.at(story.until - timedelta(days=45), partial(_raise_caps, story))
    story.at(story.until - timedelta(days=30), partial(_mistype_position, story))


def _people() -> list[dict[str, str]]:
    rng = random.Random("people of dealers")
    found = []
    for place in PLACES:
        if place.code in UNKNOWN:
            continue
        roles = [(role, title) for role, title, share in RULES if rng.random() < share or role == "principal"]
        for position, (_, title) in enumerate(roles[:5]):
            name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
            is_primary = position == min(1, len(roles) - 1) and place.code not in NO_PRIMARY
            phone = f"({_area(place)}) 555-0{rng.randrange(100, 200)}"
            found.append(
                {
                    "Dealer code": place.code, "Contact": name, "Title": title, "E-mail": _mail(name, place),
                    "Phone": phone, "Main contact": "yes" if is_primary else "no",
                }
            )  # fmt: skip
    return found


def _written(people: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(people[0]))
    writer.writeheader()
    writer.writerows(people)
    return out.getvalue().encode()


def _area(place: Place) -> int:
    """An area code that belongs to nobody's real number together with 555-01xx."""
    return 200 + int(place.code) % 700


def _mail(name: str, place: Place) -> str:
    return f"{name.lower().replace(' ', '.').replace(chr(39), '')}@{place.name.lower().replace(' ', '')}.example"


def _add_sales_managers(story: Story, made: Network, now: datetime) -> None:
    """The people with an account on the desk are entered with it."""
    cora = story.cast.named("cora")
    places = {made.dealers[place.code]: place for place in PLACES}
    for dealer_id, usernames in list(made.staff.items())[::3]:
        account = story.cast.named(usernames[0])
        place = places[dealer_id]
        story.do(
            add_contact, dealer_id=dealer_id, name=account.name, role="sales_manager", person_id=account.user_id,
            email=_mail(account.name, place), phone=f"{_area(place)}-555-0101", note="Runs the showroom", actor=cora,
            now=now,
        )  # fmt: skip
    lakefront = made.dealers["00402"]
    dana, drew = (story.cast.named(username) for username in made.staff[lakefront][:2])
    for account, role in ((dana, "general_manager"), (drew, "sales_manager")):
        with reading(story.bind) as session:
            known = session.scalar(select(DealerContact.id).where(DealerContact.person_id == account.user_id))
        if known is None:
            story.do(
                add_contact, dealer_id=lakefront, name=account.name, role=role, person_id=account.user_id,
                email=_mail(account.name, places[lakefront]), phone="", actor=cora, now=now,
            )  # fmt: skip


def _join(story: Story, code: str, name: str, now: datetime) -> None:
    """Somebody who was given an account a while ago is entered, and leaves soon after: the account is still there."""
    dealer_id = story.cast.id_of(code)
    with reading(story.bind) as session:
        accounts = accounts_of_dealer(session, dealer_id=dealer_id)
    person_id = next((number for number, label in accounts.items() if label.startswith(name)), None)
    story.do(
        add_contact, dealer_id=dealer_id, name=name, role="other", person_id=person_id, note="Sales floor",
        actor=story.cast.named("cora"), now=now,
    )  # fmt: skip


def _leave(story: Story, code: str, role: str, now: datetime) -> None:
    """Somebody of a dealer has gone; where it was the primary contact, the next one becomes it."""
    cora = story.cast.named("cora")
    dealer_id = story.cast.id_of(code)
    with reading(story.bind) as session:
        found = session.execute(
            select(DealerContact.id, DealerContact.version, DealerContact.is_primary)
            .where(DealerContact.dealer_id == dealer_id, DealerContact.role == role, DealerContact.left_on.is_(None))
            .order_by(DealerContact.id)
        ).first()
        heir = session.execute(
            select(DealerContact.id, DealerContact.version)
            .where(DealerContact.dealer_id == dealer_id, DealerContact.role == "principal")
            .order_by(DealerContact.id)
        ).first()
    if found is None:
        return
    day = (now - timedelta(days=3)).date()
    story.do(mark_left, contact_id=found.id, seen_version=found.version, left_on=day, actor=cora, now=now)
    if found.is_primary and heir is not None:
        story.do(
            change_contact, contact_id=heir.id, seen_version=heir.version, changes={"is_primary": True}, actor=cora,
            now=now,
        )  # fmt: skip


def _raise_caps(story: Story, now: datetime) -> None:
    """The big stores of a region may have more open leads, changed together."""
    with reading(story.bind) as session:
        rows = session.execute(
            select(Dealer.id, Dealer.version)
            .where(Dealer.region == "West", Dealer.lead_weight >= 3)
            .order_by(Dealer.id)
        ).all()
    changes = [(dealer_id, version, {"lead_cap": 200}) for dealer_id, version in rows]
    reason = "Two more sales people each since spring."
    story.do(bulk_change, changes=changes, reason=reason, actor=story.cast.named("mason"), now=now)


def _mistype_position(story: Story, now: datetime) -> None:
    """Two digits of a longitude were swapped: state and position disagree, and nobody has looked yet."""
    dealer_id = story.cast.id_of("00530")
    with reading(story.bind) as session:
        version = session.scalars(select(Dealer.version).where(Dealer.id == dealer_id)).one()
    story.do(
        change_dealer, dealer_id=dealer_id, seen_version=version, changes={"longitude": -79.56},
        reason="Position from the licence form", actor=story.cast.named("colin"), now=now,
    )  # fmt: skip
