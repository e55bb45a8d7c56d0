"""The import engine: files in, whole or not at all, each row accounted for; and its undo (U14, U15, R09)."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session, SessionTransaction

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.garbage import uncollected
from db.core.insert import insert_many, insert_or_ignore, roomy
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.core.session import writing
from db.imports import reading
from db.imports.history import changed_since, items_of
from db.imports.kinds import get_kind
from db.imports.mapping import Mapping, dump_mapping, load_mapping
from db.imports.safety import shown_name
from db.imports.tables import ImportBatch, ImportFile, ImportRow, SavedMapping
from db.imports.visible import visible

KEPT_BYTES = 20 * 1024 * 1024
"""A larger file is refused by every reader, so of it only the name, size and hash are kept."""
MOST_FILES = 1_000


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """What an import did: read = created + updated + duplicates + rejected, always. `batch_id` is None for a dry run.

    `outcomes` has every row in order; `sentences` tell people the result. `is_replay` is True when the same form had
    been sent before and this is its first result again.
    """

    kind: str
    batch_id: int | None
    read: int
    created: int
    updated: int
    duplicates: int
    rejected: int
    outcomes: tuple[RowOutcome, ...]
    sentences: tuple[str, ...]
    is_replay: bool = False

    @property
    def rejections(self) -> list[RowOutcome]:
        """The rows that were not applied, each with its reason."""
        return [outcome for outcome in self.outcomes if outcome.outcome == "rejected"]

    @property
    def warnings(self) -> list[RowOutcome]:
        """The rows that were applied but should be looked at."""
        return [o for o in self.outcomes if o.outcome in ("created", "updated") and o.code]


def run_import(
    session: Session,
    *,
    kind: str | ImportKind,
    files: Sequence[SourceFile],
    mapping: Mapping | None = None,
    channel: str,
    actor: Actor,
    now: datetime,
    form_key: str | None = None,
    dry_run: bool = False,
) -> BatchResult:
    """Apply `files` in this transaction and keep the raw files, every row's fate, and one timeline entry.

    `channel` is file, page, http or mail. The same `form_key` again gives the first result and changes nothing (R03);
    with other files it is refused (`form_key_reused`). A dry run does the same and takes it all back.
    """
    work = _allowed(session, kind, files=files, mapping=mapping, channel=channel, actor=actor, now=now)
    return _tried(session, session.begin_nested(), work) if dry_run else work(form_key=form_key)


def dry_run_import(
    bind: Engine | None = None, *, kind: str | ImportKind, files: Sequence[SourceFile], mapping: Mapping | None = None,
    channel: str, actor: Actor, now: datetime,
) -> BatchResult:  # fmt: skip
    """What `run_import` with these arguments would do; the database is left as it was."""
    with writing(bind, keeps_timeline=False) as session:
        work = _allowed(session, kind, files=files, mapping=mapping, channel=channel, actor=actor, now=now)
        # The whole transaction is taken back: for a savepoint each page is copied first, and written again at the end.
        return _tried(session, session, work)


def _allowed(session: Session, kind: str | ImportKind, *, actor: Actor, **arguments: Any) -> Callable[..., BatchResult]:
    """What carries the import out, once it is known that this actor may and that the files fit the kind."""
    chosen = get_kind(kind) if isinstance(kind, str) else kind
    actor.require(chosen.permission)
    _check(chosen, arguments["files"], arguments["mapping"])
    return partial(_import, session, chosen=chosen, actor=actor, **arguments)


def _tried(session: Session, point: Session | SessionTransaction, work: Callable[..., BatchResult]) -> BatchResult:
    with _taken_back(session, point):
        return dataclasses.replace(work(form_key=None), batch_id=None)


def _check(kind: ImportKind, files: Sequence[SourceFile], mapping: Mapping | None) -> None:
    problems = Problems()
    if not files:
        problems.add("files", "required", "Choose at least one file.")
    if len(files) > MOST_FILES:
        problems.add("files", "too_many", f"At most {MOST_FILES:,} files can be imported at once.")
    if mapping is not None and not kind.fields:
        problems.add("mapping", "not_used", f"{kind.title} need no column mapping.")
    elif mapping is not None and mapping.kind and mapping.kind != kind.name:
        problems.add("mapping", "wrong_kind", f'The mapping is for "{mapping.kind}", not for "{kind.name}".')
    problems.refuse_if_any()


@contextmanager
def _taken_back(session: Session, point: Session | SessionTransaction) -> Iterator[None]:
    """Undo everything the block does to the database since `point`, and to what the transaction has queued."""
    kept = {name: session.info.get(name) for name in ("timeline", "areas")}
    for name in kept:
        session.info.pop(name, None)
    try:
        yield
        session.flush()
    finally:
        point.rollback()
        session.info.update({name: value for name, value in kept.items() if value is not None})
        for name, value in kept.items():
            if value is None:
                session.info.pop(name, None)


def _import(
    session: Session, *, chosen: ImportKind, files: Sequence[SourceFile], mapping: Mapping | None, channel: str,
    actor: Actor, now: datetime, form_key: str | None,
) -> BatchResult:  # fmt: skip
    batch_values = {
        "kind": chosen.name, "channel": channel, "status": "applied", "rows_read": 0, "created": 0, "updated": 0,
        "duplicates": 0, "rejected": 0, "mapping": dump_mapping(mapping) if mapping else "", "imported_at": now,
        "imported_by": actor.username, "undone_by": "", "form_key": form_key,
    }  # fmt: skip
    if form_key is None:
        batch = ImportBatch(**batch_values)
        session.add(batch)
        session.flush()
    else:
        # The unique key lets a second sender wait here until the first has finished, and then see its batch.
        is_first = insert_or_ignore(session, ImportBatch, batch_values)
        batch = session.scalars(select(ImportBatch).where(ImportBatch.form_key == form_key)).one()
        if not is_first:
            return _replay(session, batch, kind=chosen, files=files, actor=actor, now=now)
    seen_before = _keep_files(session, batch, files)
    with uncollected(), roomy(session):
        outcomes = chosen.apply(
            session, files=files, mapping=mapping, batch_id=batch.id, channel=channel, actor=actor, now=now
        )
    counted = Counter(outcome.outcome for outcome in outcomes)
    batch.rows_read = len(outcomes)
    batch.created, batch.updated = counted["created"], counted["updated"]
    batch.duplicates, batch.rejected = counted["duplicate"], counted["rejected"]
    assert batch.rows_read == batch.created + batch.updated + batch.duplicates + batch.rejected, counted
    session.flush()
    _keep_rows(session, batch.id, outcomes)
    sentences = (*_sentences(batch, outcomes), *seen_before, *reading.told(session))
    changes.touch(session, "imports")
    timeline.record(
        session,
        actor=actor,
        now=now,
        area="imports",
        command="run_import",
        summary=f"{chosen.title}: {sentences[0]}",
        items=[timeline.Item("import_batch", batch.id), *_touched(outcomes), *reading.touched(session)],
        after={
            "read": batch.rows_read, "created": batch.created, "updated": batch.updated,
            "duplicates": batch.duplicates, "rejected": batch.rejected,
        },
        extra={"files": [{"name": shown_name(f.name), "sha256": _sha256(f)} for f in files], "channel": channel},
    )  # fmt: skip
    return _result(batch, outcomes, sentences)


def _result(batch: ImportBatch, outcomes: Sequence[RowOutcome], sentences: Sequence[str]) -> BatchResult:
    return BatchResult(
        kind=batch.kind, batch_id=batch.id, read=batch.rows_read, created=batch.created, updated=batch.updated,
        duplicates=batch.duplicates, rejected=batch.rejected, outcomes=tuple(outcomes), sentences=tuple(sentences),
    )  # fmt: skip


def _sha256(file: SourceFile) -> str:
    return hashlib.sha256(file.content).hexdigest()


def _keep_files(session: Session, batch: ImportBatch, files: Sequence[SourceFile]) -> list[str]:
    """Store the raw files; says which of them had come in before."""
    hashes = {_sha256(file): shown_name(file.name) for file in files}
    earlier = session.execute(
        select(ImportFile.sha256, ImportFile.batch_id, ImportBatch.imported_at)
        .join(ImportBatch, ImportBatch.id == ImportFile.batch_id)
        .where(ImportFile.sha256.in_(hashes), ImportBatch.kind == batch.kind, ImportBatch.status == "applied")
        .where(ImportBatch.id != batch.id)
        .order_by(ImportFile.batch_id.desc())
    ).all()
    session.add_all(
        ImportFile(
            batch_id=batch.id, name=shown_name(file.name), sha256=_sha256(file), size=len(file.content),
            content=file.content if len(file.content) <= KEPT_BYTES else b"",
        )
        for file in files
    )  # fmt: skip
    session.flush()
    newest = {sha: (number, at) for sha, number, at in reversed(earlier)}
    if len(newest) > 3:
        return [f"{len(newest):,} of the {len(files):,} files had already been imported."]
    return [
        f"{hashes[sha]} had already been imported on {at:%-d %b %Y} (batch {number})."
        for sha, (number, at) in sorted(newest.items(), key=lambda pair: pair[1])
    ]


def _keep_rows(session: Session, batch_id: int, outcomes: Sequence[RowOutcome]) -> None:
    names = {file: shown_name(file) for file in {o.file for o in outcomes}}
    rows = [
        {
            "batch_id": batch_id, "file": names[o.file], "row": o.row, "outcome": o.outcome, "code": o.code,
            "message": o.message.replace("\0", ""), "item_type": o.item_type, "item_id": o.item_id, "undo": o.undo,
        }
        for o in outcomes
    ]  # fmt: skip
    insert_many(session, ImportRow, rows)


def _touched(outcomes: Sequence[RowOutcome]) -> list[timeline.Item]:
    """The distinct records that were created or updated, in order."""
    found: dict[timeline.Item, None] = {}
    for o in outcomes:
        if o.outcome in ("created", "updated") and o.item_id is not None:
            found.setdefault(timeline.Item(o.item_type, o.item_id, o.dealer_id))
    return list(found)


def _sentences(batch: ImportBatch, outcomes: Sequence[RowOutcome]) -> list[str]:
    counts = (
        (batch.created, "created"), (batch.updated, "updated"), (batch.duplicates, "already there"),
        (batch.rejected, "rejected"),
    )  # fmt: skip
    parts = ", ".join(f"{number:,} {word}" for number, word in counts if number) or "nothing to import"
    rows = "1 row" if batch.rows_read == 1 else f"{batch.rows_read:,} rows"
    sentences = [f"{rows} read: {parts}."]
    flagged = Counter(o.code for o in outcomes if o.outcome in ("created", "updated") and o.code)
    if flagged:
        number = sum(flagged.values())
        sentences.append(f"{number:,} imported row{'' if number == 1 else 's'} should be looked at.")
    return sentences


def _replay(
    session: Session, batch: ImportBatch, *, kind: ImportKind, files: Sequence[SourceFile], actor: Actor, now: datetime
) -> BatchResult:
    """The first result again. It is still a command that somebody gave, so it leaves its one line in the timeline."""
    kept = sorted(session.scalars(select(ImportFile.sha256).where(ImportFile.batch_id == batch.id)))
    if batch.kind != kind.name or batch.imported_by != actor.username or kept != sorted(map(_sha256, files)):
        sentence = "This form was already used for other files. Open the page again and choose your files."
        raise Refused(Problem(code="form_key_reused", message=sentence, field="form_key"))
    rows = session.scalars(select(ImportRow).where(ImportRow.batch_id == batch.id).order_by(ImportRow.id))
    outcomes = [_outcome(row) for row in rows]
    sentence = f"The same import had been sent before (batch {batch.id}); nothing was changed."
    timeline.record(
        session,
        actor=actor,
        now=now,
        area="imports",
        command="run_import",
        summary=sentence,
        items=[timeline.Item("import_batch", batch.id)],
    )
    result = _result(batch, outcomes, [*_sentences(batch, outcomes), sentence])
    return dataclasses.replace(result, is_replay=True)


def _outcome(row: ImportRow) -> RowOutcome:
    return RowOutcome(
        file=row.file, row=row.row, outcome=row.outcome, code=row.code, message=row.message,  # type: ignore[arg-type]
        item_type=row.item_type, item_id=row.item_id, undo=row.undo,
    )  # fmt: skip


def undo_import(session: Session, *, batch_id: int, reason: str, actor: Actor, now: datetime) -> int:
    """Take a whole import back; gives the number of records taken back.

    Refused when it was undone before (`already_undone`) and when a record was changed since (`changed_since`, one
    problem a record, at most 20), so nobody's later work is lost.
    """
    actor.require(Permission.IMPORTS_UNDO)
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason")
    problems.refuse_if_any()
    batch = session.scalars(select(ImportBatch).where(ImportBatch.id == batch_id, visible(actor))).one_or_none()
    if batch is None:
        raise NotFound("This import")
    kind = get_kind(batch.kind)
    actor.require(kind.permission)
    if batch.cleared_at is not None:
        sentence = (
            f"Its files and former facts were removed on {batch.cleared_at:%-d %b %Y}, so nothing can be given back."
        )
        raise Refused(Problem(code="cleared", message=sentence, rule="2.11"))
    taken = session.scalar(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id, ImportBatch.status == "applied")
        .values(status="undone", undone_at=now, undone_by=actor.username)
        .returning(ImportBatch.id)
    )
    if taken is None:
        session.refresh(batch)
        sentence = f"This import was already undone by {batch.undone_by} on {batch.undone_at:%-d %b %Y, %H:%M} UTC."
        raise Refused(Problem(code="already_undone", message=sentence))
    changed = changed_since(session, batch_id=batch_id, limit=20)
    if changed:
        raise Refused(*changed)
    rows = session.scalars(
        select(ImportRow)
        .where(ImportRow.batch_id == batch_id, ImportRow.outcome.in_(("created", "updated")))
        .order_by(ImportRow.id.desc())
    )
    number = kind.undo(session, batch_id=batch_id, rows=[_outcome(row) for row in rows], actor=actor, now=now)
    changes.touch(session, "imports")
    timeline.record(
        session,
        actor=actor,
        now=now,
        area="imports",
        command="undo_import",
        summary=f"{kind.title}: batch {batch_id} was undone, {number:,} record{'' if number == 1 else 's'} taken back.",
        reason=reason,
        items=items_of(session, batch_id=batch_id),
        before={"status": "applied"},
        after={"status": "undone"},
    )
    return number


def save_mapping(session: Session, *, kind: str, title: str, toml: str, actor: Actor, now: datetime) -> int:
    """Keep a column mapping under its title for the next file of the same sender; replaces one of the same title."""
    chosen = get_kind(kind)
    actor.require(chosen.permission)
    problems = Problems()
    title = problems.require(title, "title", "A title", longest=120)
    problems.refuse_if_any()
    mapping = dataclasses.replace(load_mapping(toml), title=title)
    _check(chosen, [SourceFile(name="", content=b"")], mapping)
    kept = session.scalars(
        select(SavedMapping).where(SavedMapping.kind == kind, SavedMapping.title == title)
    ).one_or_none()
    before = kept.toml if kept else None
    if kept is None:
        kept = SavedMapping(kind=kind, title=title)
        session.add(kept)
    kept.toml, kept.updated_at, kept.updated_by = dump_mapping(mapping), now, actor.username
    session.flush()
    changes.touch(session, "imports")
    timeline.record(
        session,
        actor=actor,
        now=now,
        area="imports",
        command="save_mapping",
        summary=f'The column mapping "{title}" for {chosen.title.lower()} was saved.',
        before={"toml": before} if before else None,
        after={"toml": kept.toml},
    )
    return kept.id
