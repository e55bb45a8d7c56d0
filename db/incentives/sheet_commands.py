"""Claiming what is claimable in a file that was checked: one batch, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import SourceFile
from db.core.permissions import Permission
from db.imports.commands import BatchResult, run_import
from db.imports.mapping_spec import OnAmbiguousDate
from db.incentives.sheet_importing import CHECKED_SALES, apply
from db.incentives.sheet_reading import options_of, read_sheet


def claim_sheet(
    session: Session, *, file: SourceFile, dates: OnAmbiguousDate = "ask", checklist_done: bool = False, seen: str,
    form_key: str | None, actor: Actor, now: datetime,
) -> BatchResult:  # fmt: skip
    """Report and claim every claimable row of a file in one go; the other rows are in the batch with their reasons.

    All rows are judged again: when one comes out otherwise than the person saw (`seen`, see `CheckedSheet`), nothing
    is sent (`changed`). The same form key again gives the first result. Problems: file.
    """
    actor.require(Permission.INCENTIVES_ENTER)
    mapping = options_of(read_sheet(file), dates=dates, checklist_done=checklist_done)
    return run_import(
        session, kind=replace(CHECKED_SALES, apply=partial(apply, seen=seen)), files=[file], mapping=mapping,
        channel="page", actor=actor, now=now, form_key=form_key,
    )  # fmt: skip
