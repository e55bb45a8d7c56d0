"""Templates of messages: written, changed with a version each time, retired and taken back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused, Stale
from db.dealers.queries import get_dealer
from db.interactions import rules
from db.interactions.tables import MessageTemplate, MessageTemplateVersion


def add_template(
    session: Session, *, dealer_id: int | None, channel: str, name: str, body: str, subject: str = "",
    form_key: str = "", actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Write a template of a dealer, or of the whole network without one; gives its id, the same `form_key` the first.

    Problems: dealer_id, channel, name, subject, body.
    """
    actor.require(Permission.TEMPLATES_EDIT)
    if form_key:
        known = session.scalars(select(MessageTemplate).where(MessageTemplate.form_key == form_key)).one_or_none()
        if known is not None and _may_edit(known, actor):
            timeline.repeated(session)
            return known.id
    name, subject, body = _clean(name), _clean(subject), (body or "").strip()
    region = None
    if dealer_id is not None:
        region = get_dealer(session, dealer_id=dealer_id, scope=actor.scope).facts.region
    elif not actor.scope.is_all:
        sentence = "Choose a dealer: templates of the whole network are written by people who see all of it."
        raise Refused(Problem(field="dealer_id", code="required", message=sentence))
    problems = rules.check_template(channel=channel, name=name, subject=subject, body=body)
    if problems:
        raise Refused(*problems)
    template = MessageTemplate(
        dealer_id=dealer_id, region=region, channel=channel, name=name,
        subject=subject if channel == "email" else "", body=body, is_active=True, version=1, form_key=form_key or None,
        created_at=now, updated_at=now, updated_by=actor.name,
    )  # fmt: skip
    session.add(template)
    session.flush()
    _keep(session, template, actor=actor, now=now)
    _note(session, "add_template", "written", template, actor=actor, now=now)
    return template.id


def edit_template(
    session: Session, *, template_id: int, seen_version: int, name: str, body: str, subject: str = "", actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Change name and texts; what was before stays readable. Problems: name, subject, body."""
    template = _held(session, template_id, seen_version, actor=actor)
    if not template.is_active:
        raise Refused(Problem(code="retired", message="A retired template is not changed; take it back first."))
    name, body = _clean(name), (body or "").strip()
    subject = _clean(subject) if template.channel == "email" else ""
    problems = rules.check_template(channel=template.channel, name=name, subject=subject, body=body)
    if problems:
        raise Refused(*problems)
    before = (template.name, template.subject, template.body)
    if before == (name, subject, body):
        raise Refused(Problem(field="body", code="same", message="Nothing was changed."))
    changed = [n for n, a, b in zip(("name", "subject", "body"), before, (name, subject, body), strict=True) if a != b]
    template.name, template.subject, template.body = name, subject, body
    _touched(template, actor=actor, now=now)
    _keep(session, template, actor=actor, now=now)
    _note(session, "edit_template", f"changed ({', '.join(changed)})", template, actor=actor, now=now)


def set_template_active(
    session: Session, *, template_id: int, seen_version: int, is_active: bool, actor: Actor, now: datetime
) -> None:
    """Retire a template, so that nobody starts from it any more, or take it back."""
    template = _held(session, template_id, seen_version, actor=actor)
    if template.is_active == is_active:
        sentence = "This template is in use already." if is_active else "This template is retired already."
        raise Refused(Problem(code="same", message=sentence))
    template.is_active = is_active
    _touched(template, actor=actor, now=now)
    _keep(session, template, actor=actor, now=now)
    said = "taken back" if is_active else "retired"
    _note(session, "set_template_active", said, template, actor=actor, now=now)


def _held(session: Session, template_id: int, seen_version: int, *, actor: Actor) -> MessageTemplate:
    actor.require(Permission.TEMPLATES_EDIT)
    template = session.scalars(
        select(MessageTemplate).where(MessageTemplate.id == template_id).with_for_update()
    ).one_or_none()  # fmt: skip
    if template is None or not _may_see(template, actor):
        raise NotFound("This template")
    if not _may_edit(template, actor):
        sentence = "A template of the whole network is changed by people who see all of it; write one of your dealer."
        raise Refused(Problem(code="not_yours", message=sentence))
    if template.version != seen_version:
        raise Stale(
            what=f"The template {template.name}", changed_by=template.updated_by, changed_at=template.updated_at
        )  # fmt: skip
    return template


def _may_see(template: MessageTemplate, actor: Actor) -> bool:
    return template.dealer_id is None or actor.scope.allows(dealer_id=template.dealer_id, region=template.region)


def _may_edit(template: MessageTemplate, actor: Actor) -> bool:
    return _may_see(template, actor) and (template.dealer_id is not None or actor.scope.is_all)


def _clean(text: str) -> str:
    return " ".join((text or "").split())


def _touched(template: MessageTemplate, *, actor: Actor, now: datetime) -> None:
    template.version += 1
    template.updated_at, template.updated_by = now, actor.name


def _keep(session: Session, template: MessageTemplate, *, actor: Actor, now: datetime) -> None:
    session.add(
        MessageTemplateVersion(
            template_id=template.id, version=template.version, name=template.name, subject=template.subject,
            body=template.body, at=now, by=actor.name,
        )
    )  # fmt: skip
    session.flush()


def _note(
    session: Session, command: str, said: str, template: MessageTemplate, *, actor: Actor, now: datetime
) -> None:  # fmt: skip
    changes.touch(session, "interactions")
    timeline.record(
        session, actor=actor, now=now, area="interactions", command=command,
        summary=f"Message template “{template.name}” {said}",
        after={"version": template.version, "channel": template.channel, "is_active": template.is_active},
        items=[timeline.Item("message_template", template.id, template.dealer_id)],
    )  # fmt: skip
