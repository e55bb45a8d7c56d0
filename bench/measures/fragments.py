"""Actions inside a fragment: deciding a claim and logging a contact in their drawers, narrowing the lead board."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.clicking import Opened, Taken, in_turns, open_page
from bench.client import Answer, NoSuchField, Tab
from bench.figures import ratio
from bench.people import sign_in
from bench.results import Found
from bench.served import EMPTY, Served, serving
from bench.setting import Setting
from bench.walks import PAGES

NAME = "fragments"
BOARD = next(walk for walk in PAGES if walk.path == "board")
ACTIONS = {
    "decide": "approve a claim in its drawer",
    "log": "log a contact in the drawer of a lead",
    "field": "choose a field of the drawer",
    "board": "filter the lead board",
}


def measure(setting: Setting) -> Iterator[Found]:
    """A row for each action; claims are really approved and contacts really logged."""
    cookie = sign_in(setting.url)[0]
    with (
        serving(setting.url, ports=setting.ports) as product,
        serving(setting.url, EMPTY, ports=setting.ports) as empty,
    ):
        found, runs = asyncio.run(_act(setting, product, empty, cookie))
    floor = found["empty"].p50
    for name, words in ACTIONS.items():
        taken = found[name]
        if not taken.ms:
            yield Found(key="fragment.empty", of=words, note="; ".join(taken.errors)[:200] or "nothing to act on")
            continue
        note = f"p50 {taken.p50:.0f} ms of {len(taken.ms)}, {runs[name]} script runs each; empty page {floor:.1f} ms"
        yield Found(key="fragment.empty", of=words, value=ratio(taken.p50, floor), note=note)


def waiting_claims(session: Session, *, most: int) -> list[int]:
    """Ids of claims that wait for a decision, due first."""
    from db.claims.tables import Claim

    query = select(Claim.id).where(Claim.held_by == "us", Claim.status == "in_review").order_by(Claim.due_at, Claim.id)
    return list(session.scalars(query.limit(most)))


class _Desk:
    """Somebody who works: what is pressed next, and how many script runs an action took."""

    def __init__(self, url: str, cookie: str, claims: list[int], board: Opened) -> None:
        self.url, self.cookie, self.claims, self.board = url, cookie, claims, board
        self.cards: Tab | None = None
        self.logged: set[str] = set()
        self.runs: dict[str, int] = {}
        self.field: Answer | None = None

    def _note(self, name: str, answer: Answer) -> Answer:
        self.runs[name] = answer.runs
        return answer

    async def decide(self) -> Answer | None:
        """Approve the next claim that can be approved."""
        while self.claims:
            async with Tab(self.url, "claims", query=f"claim={self.claims.pop(0)}", cookie=self.cookie) as tab:
                try:
                    return self._note("decide", await tab.press("Approve"))
                except NoSuchField:
                    continue
        return None

    async def log(self) -> Answer | None:
        """Log a note with the next lead that can be worked on; the choice of its kind is kept as `field`.

        The drawer is opened from a card, which can be pressed here; what is drawn anew behind it when the contact is
        logged is the list, as for everybody who did not choose cards.
        """
        assert self.cards is not None
        while True:
            if self.logged:
                await self.cards.choose("lead_shape", "Cards")
            cards = [f for f in self.cards.fields.values() if "lead_card_" in f.id and f.id not in self.logged]
            if not cards:
                return None
            self.logged.add(cards[0].id)
            await self.cards.press(cards[0].label)
            try:
                await self.cards.choose("Next step", "Log contact")
                self.field = self._note("field", await self.cards.choose("Kind", "Note"))
                await self.cards.choose("Outcome", self.cards.find("Outcome").options[0])
                # A note without words is refused: until decision 0089 it was the refusal that was measured.
                await self.cards.type("Note :gray[(optional)]", "Looked at it.")
                await self.cards.choose("lead_shape", "Queue")
                return self._note("log", await self.cards.press("Log contact"))
            except NoSuchField:
                continue

    async def last_field(self) -> Answer | None:
        """The choice made on the way to the last log."""
        taken, self.field = self.field, None
        return taken

    async def narrow(self) -> Answer | None:
        """Change a filter of the board."""
        answer = await self.board.ahead()
        return self._note("board", answer) if answer else None


async def _act(
    setting: Setting, product: Served, empty: Served, cookie: str
) -> tuple[dict[str, Taken], dict[str, int]]:
    with setting.engine() as engine, Session(engine) as session:
        claims = waiting_claims(session, most=setting.some(12))
    async with AsyncExitStack() as stack:
        floor = await open_page(stack, "empty", empty.url)
        board = await open_page(stack, "board", product.url, BOARD, cookie=cookie)
        desk = _Desk(product.url, cookie, claims, board)
        desk.cards = await stack.enter_async_context(Tab(product.url, "board", query="lead_shape=cards", cookie=cookie))
        found = await in_turns(
            {"empty": floor.ahead, "decide": desk.decide, "log": desk.log, "field": desk.last_field,
             "board": desk.narrow},
            times=setting.some(12), seconds=setting.long(40),
        )  # fmt: skip
    return found, desk.runs
