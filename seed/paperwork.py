"""The dealers' documents of the demo: contracts, licences, insurance and tax papers with ends near and far.

Every file is a real small PDF or picture, made here. What a dealer lacks, has let expire or has renewed depends on its
place in the list only, so the demo is the same each time.
"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, NamedTuple

from db.core.actor import Actor
from db.documents import commands, rules
from db.documents.jobs import run_holds, run_reminders
from seed.network import Network
from seed.places import PLACES, Place
from seed.story import Story

INSURERS = ("Granite Mutual", "Harbor Casualty", "Prairie States Insurance", "Keystone Underwriters")
# Days from the end of the demo to the day it expires, in turn over the dealers; None: there is none.
LICENCE_LEFT = (210, 45, 330, 18, 122, 284, 6, 96, 151, 240, -9, 300, 71, 188, None, 265)
INSURANCE_LEFT = (120, 260, 33, 310, 75, -21, 190, 14, 340, 58, 225, 148, 4, 280, 101, 170, None)
CONTRACT_LEFT = (900, 1300, 400, 1650, 25, 710, 1180, 190, 1500, 620, 85, 1020)
RENEWED_EVERY = 3


class Paper(NamedTuple):
    """A document as somebody uploads it; `days` before the end of the demo."""

    kind: str
    title: str
    number: str
    issuer: str
    starts: date | None
    ends: date | None


def expect(story: Story, made: Network) -> None:
    """Let the papers come in: most when the network was entered, renewals in their time, and reminders each week."""
    today = story.until.date()
    start = story.until - timedelta(days=180)
    for position, place in enumerate(PLACES):
        if place.status == "prospect":
            continue
        dealer_id = made.dealers[place.code]
        folder = Folder(story, dealer_id, place, _uploader(story, dealer_id, place, position))
        for turn, paper in enumerate(_papers(position, place, today)):
            renewed = paper.kind in ("licence", "insurance") and position % RENEWED_EVERY == 0
            folder.file(paper, start + timedelta(hours=position, minutes=7 * turn), with_before=renewed)
    for days in range(175, 0, -7):
        story.at(story.until - timedelta(days=days, hours=1), partial(_remind, story))
    story.at(story.until, partial(_remind, story))
    story.at(story.until - timedelta(days=64), partial(_mistake, story, made))
    story.at(story.until - timedelta(days=33), partial(_audit, story, made))
    story.at(story.until - timedelta(days=20), partial(_decide, story))


def _papers(position: int, place: Place, today: date) -> list[Paper]:
    """What a dealer has on file at the beginning."""

    def ends(turns: tuple[int | None, ...], offset: int) -> date | None:
        left = turns[(position + offset) % len(turns)]
        return None if left is None else today + timedelta(days=left)

    papers = []
    contract = ends(CONTRACT_LEFT, 0)
    if contract is not None:
        papers.append(Paper("contract", "Dealer agreement", f"DA-{place.code}", "", _years(contract, 5), contract))
    licence = ends(LICENCE_LEFT, 0)
    if licence is not None and not (place.status == "onboarding" and position % 2):
        papers.append(
            Paper("licence", f"Dealer licence {place.state}", f"{place.state}-{40_000 + 37 * position}",
                  f"State of {place.state}", _years(licence, 1), licence)
        )  # fmt: skip
    insurance = ends(INSURANCE_LEFT, 0)
    if insurance is not None and place.status != "onboarding":
        papers.append(
            Paper("insurance", "Garage liability", f"GL-{7_000_000 + 1_313 * position}",
                  INSURERS[position % len(INSURERS)], _years(insurance, 1), insurance)
        )  # fmt: skip
    if position % 11 != 5:
        papers.append(Paper("tax_id", "W-9", "", "IRS", None, None))
    if position % 4 == 1:
        papers.append(
            Paper("certificate", "High-voltage workshop", f"HV-{place.code}", "Halden Academy",
                  today - timedelta(days=500 + position), today + timedelta(days=230 - 9 * position))
        )  # fmt: skip
    if position % 6 == 2:
        papers.append(
            Paper("addendum", "Territory exhibit", f"DA-{place.code}-1", "", today - timedelta(days=300), None)
        )
    if position % 8 == 3:
        papers.append(Paper("photo", "Showroom front", "", "", None, None))
    return papers


def _years(day: date, years: int) -> date:
    return rules.plus_months(day, -12 * years) + timedelta(days=1)


class Folder(NamedTuple):
    """The papers of one dealer, and who files them there."""

    story: Story
    dealer_id: int
    place: Place
    by: Actor

    def file(self, paper: Paper, when: datetime, *, with_before: bool) -> None:
        """Let a paper come in; with the one before it, which was renewed since, where there is one."""
        if not with_before or paper.starts is None:
            self.story.at(when, partial(self._add_alone, paper))
            return
        last = paper.starts - timedelta(days=1)
        before = paper._replace(starts=_years(last, 1), ends=last)
        renewed = max(when + timedelta(days=1), datetime.combine(paper.starts, when.timetz()) - timedelta(days=12))
        self.story.at(when, partial(self._add_then_renew, before, paper, renewed))

    def add(self, paper: Paper, now: datetime) -> int:
        """Upload one paper."""
        name, content = _as_file(self.place, paper)
        number: int = self.story.do(
            commands.add_document, dealer_id=self.dealer_id, document_type=paper.kind, title=paper.title,
            number=paper.number, issuer=paper.issuer, effective_on=paper.starts, expires_on=paper.ends, file_name=name,
            content=content, actor=self.by, now=now,
        )  # fmt: skip
        return number

    def _add_alone(self, paper: Paper, now: datetime) -> None:
        self.add(paper, now)

    def _add_then_renew(self, before: Paper, paper: Paper, renewed: datetime, now: datetime) -> None:
        self.story.at(renewed, partial(self._renew, self.add(before, now), paper))

    def _renew(self, number: int, paper: Paper, now: datetime) -> None:
        name, content = _as_file(self.place, paper)
        self.story.do(
            commands.renew_document, document_id=number, seen_version=1, file_name=name, content=content,
            effective_on=paper.starts, expires_on=paper.ends, actor=self.by, now=now,
        )  # fmt: skip


def _uploader(story: Story, dealer_id: int, place: Place, position: int) -> Actor:
    """The dealer's own manager where there is one and it is their habit, else the desk."""
    has_people = place.status not in ("prospect", "terminated")
    return story.cast.manager(dealer_id) if has_people and position % 2 else story.cast.desk(place.region)


def _remind(story: Story, now: datetime) -> None:
    run_reminders(story.bind, now=now)
    run_holds(story.bind, now=now)


def _mistake(story: Story, made: Network, now: datetime) -> None:
    """Somebody files another dealer's certificate, and the desk makes it void the same day."""
    place = next(p for p in PLACES if p.code == "00207")
    dealer_id = made.dealers[place.code]
    paper = Paper("insurance", "Umbrella policy", "UP-99310", INSURERS[1], now.date(), now.date() + timedelta(days=364))
    number = Folder(story, dealer_id, place, story.cast.manager(dealer_id)).add(paper, now)
    story.at(now + timedelta(minutes=50), partial(_void, story, number))


def _void(story: Story, number: int, now: datetime) -> None:
    story.do(
        commands.void_document, document_id=number, seen_version=1, reason="The policy of another dealership",
        actor=story.cast.named("cora"), now=now,
    )  # fmt: skip


def _audit(story: Story, made: Network, now: datetime) -> None:
    """An audit is announced: nothing of this dealer may be thrown away until it is closed."""
    story.do(
        commands.hold_dealer, dealer_id=made.dealers["00234"], reason="Warranty audit 2026 is open",
        actor=story.cast.named("mason"), now=now,
    )  # fmt: skip


def _decide(story: Story, now: datetime) -> None:
    """What suspended dealers have to have is decided anew."""
    story.do(
        commands.save_requirement, dealer_status="suspended", seen_version=0, actor=story.cast.named("mason"), now=now,
        document_types=["contract", "licence", "insurance", "tax_id"],
        reason="A suspended dealer still sells parts: the tax papers are needed, too.",
    )  # fmt: skip


# ---- files -----------------------------------------------------------------------------------------------------------
def _as_file(place: Place, paper: Paper) -> tuple[str, bytes]:
    if paper.kind == "photo":
        return f"showroom-{place.code}.png", _picture(place)
    slug = paper.title.lower().replace(" ", "-")
    year = f"-{paper.starts.year}" if paper.starts else ""
    return f"{slug}-{place.code}{year}.pdf", _pdf(place, paper)


def _pdf(place: Place, paper: Paper) -> bytes:
    """One page that says what it is."""
    from fpdf import FPDF

    pdf: Any = FPDF(format="letter")
    pdf.set_creation_date(datetime.combine(paper.starts or date(2025, 1, 2), time(), UTC))
    pdf.add_page()
    pdf.set_font("helvetica", "B", 20)
    pdf.cell(0, 16, rules.LABELS[paper.kind], new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", "", 12)
    for line in (
        f"{place.name}, {place.city}, {place.state} {place.postal_code}", paper.title, f"Number {paper.number or '-'}",
        f"Issued by {paper.issuer or 'Halden Motor Company'}", f"From {paper.starts or '-'} to {paper.ends or '-'}",
        "Made for the demonstration; of no legal worth.",
    ):  # fmt: skip
        pdf.cell(0, 9, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def _picture(place: Place) -> bytes:
    """A showroom in the manner of a child: wall, door, sign."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (640, 360), "#BFD7EA")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((60, 120, 580, 320), fill="#E8E4DA", outline="#475569", width=3)
    draw.rectangle((280, 210, 360, 320), fill="#475569")
    draw.rectangle((180, 135, 460, 175), fill="#1D4ED8")
    draw.text((230, 148), place.name, fill="white")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
