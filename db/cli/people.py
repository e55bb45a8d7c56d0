"""user add, set-password, disable and the rest: accounts and sessions without the app, such as the first one."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from db.cli.common import Commands, add, database
from db.core.permissions import Role

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session


def add_commands(commands: Commands) -> None:
    """Declare the commands of this file."""
    parser = commands.add_parser(
        "user", help="Accounts: add, set-password, disable, end-sessions, link, unlink, single-sign-on."
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    action = add(actions, "add", add_user, "Make an account with a one-time password, which is printed once.")
    action.add_argument("username", metavar="NAME", help="the name to sign in with")
    action.add_argument("--role", required=True, choices=[role.value for role in Role])
    action.add_argument(
        "--scope", default="", metavar="SCOPE",
        help='which dealers: "all", "regions:East,West" or "dealers:02036,02042" (codes); all when left out',
    )  # fmt: skip
    action.add_argument("--full-name", default="", help="how the person is shown; the sign-in name when left out")
    action.add_argument("--email", default="")
    action.add_argument("--zone", default="America/New_York", help="the time zone times are shown in")
    action = add(actions, "set-password", set_password, "Set a password read from the standard input.")
    action.add_argument("username", metavar="NAME")
    action.add_argument("--must-change", action="store_true", help="to be changed at the next sign-in")
    action = add(actions, "disable", disable, "Close an account and end its sessions.")
    action.add_argument("username", metavar="NAME")
    action.add_argument("--reason", default="", help="why, for the timeline")
    action = add(actions, "end-sessions", end_sessions, "Sign a person, or everybody, out everywhere.")
    who = action.add_mutually_exclusive_group(required=True)
    who.add_argument("username", metavar="NAME", nargs="?")
    who.add_argument("--everybody", action="store_true", help="after a break-in: all sessions there are")
    action.add_argument("--reason", default="", help="why, for the timeline")
    action = add(actions, "link", link, "Say which subject of a provider of sign-ins a person is.")
    action.add_argument("username", metavar="NAME")
    action.add_argument("--issuer", required=True, help="the issuer, as the provider's metadata spell it")
    action.add_argument("--subject", required=True, help="what the provider calls the person (the claim sub)")
    action = add(actions, "unlink", unlink, "Forget which subject a person is, and end their sessions.")
    action.add_argument("username", metavar="NAME")
    action = add(actions, "single-sign-on", single_sign_on_only, "Whether a person's password lets them in, too.")
    action.add_argument("username", metavar="NAME")
    way = action.add_mutually_exclusive_group(required=True)
    way.add_argument("--only", action="store_true", help="single sign-on only")
    way.add_argument("--password-too", action="store_true", help="by password as well")


def add_user(chosen: Namespace) -> int:
    """`user add`: the one-time password is the only thing on the standard output."""
    from db.core.actor import system_actor
    from db.core.session import reading, run
    from db.people.commands import add_person

    with database() as engine:
        with reading(engine) as session:
            scope = _scope(session, chosen.scope)
        made = run(
            add_person, bind=engine, username=chosen.username, name=chosen.full_name or chosen.username,
            role=chosen.role, email=chosen.email, zone=chosen.zone, actor=system_actor("cli"), now=chosen.now, **scope,
        )  # fmt: skip
    print(f"{chosen.username} can sign in with this one-time password:", file=sys.stderr)
    print(made.one_time_password)
    return 0


def _scope(session: Session, text: str) -> dict[str, Any]:
    """The arguments of `add_person` for a scope as it is typed; raises `Refused` naming what does not exist."""
    from db.core.actor import EVERYTHING
    from db.core.problems import Problem, Refused
    from db.dealers.queries import find_dealer_by_code, regions

    kind, _, rest = text.partition(":")
    kind = {"region": "regions", "dealer": "dealers", "": "all"}.get(kind.strip(), kind.strip())
    names = [name.strip() for name in rest.split(",") if name.strip()]
    if kind not in ("all", "regions", "dealers") or bool(names) == (kind == "all"):
        sentence = 'A scope is "all", "regions:East,West" or "dealers:02036,02042".'
        raise Refused(Problem(code="unknown_scope", message=sentence, field="scope"))
    if kind == "all":
        return {"scope_kind": "all"}
    if kind == "regions":
        known = regions(session, EVERYTHING)
        problems = [
            Problem(code="unknown_region", message=f'There is no dealer in a region "{name}".', field="scope")
            for name in names
            if name not in known
        ]
        if problems:
            raise Refused(*problems)
        return {"scope_kind": "regions", "regions": names}
    found = {name: find_dealer_by_code(session, code=name, scope=EVERYTHING) for name in names}
    problems = [
        Problem(code="unknown_dealer", message=f"There is no dealer with the code {name}.", field="scope")
        for name, dealer in found.items()
        if dealer is None
    ]
    if problems:
        raise Refused(*problems)
    return {"scope_kind": "dealers", "dealer_ids": [dealer.dealer_id for dealer in found.values() if dealer]}


def set_password(chosen: Namespace) -> int:
    """`user set-password`: the first line of the standard input, typed unseen at a terminal."""
    from db.core.actor import system_actor
    from db.core.session import run
    from db.people import commands

    if sys.stdin.isatty():
        from getpass import getpass

        password = getpass("New password: ")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    with database() as engine:
        run(
            commands.set_password, bind=engine, person_id=_person_id(engine, chosen.username), password=password,
            must_change=chosen.must_change, actor=system_actor("cli"), now=chosen.now,
        )  # fmt: skip
    print(f"The password of {chosen.username} was set; open sessions were ended.", file=sys.stderr)
    return 0


def disable(chosen: Namespace) -> int:
    """`user disable`: what the person did stays."""
    from db.core.actor import system_actor
    from db.core.session import run
    from db.people.commands import disable_person

    with database() as engine:
        run(
            disable_person, bind=engine, person_id=_person_id(engine, chosen.username), reason=chosen.reason,
            actor=system_actor("cli"), now=chosen.now,
        )  # fmt: skip
    print(f"{chosen.username} can no longer sign in.", file=sys.stderr)
    return 0


def end_sessions(chosen: Namespace) -> int:
    """`user end-sessions`: accounts and passwords stay as they are."""
    from db.core.actor import system_actor
    from db.core.session import run
    from db.people import commands

    with database() as engine:
        person_id = None if chosen.everybody else _person_id(engine, chosen.username)
        count = run(
            commands.end_sessions, bind=engine, person_id=person_id, reason=chosen.reason, actor=system_actor("cli"),
            now=chosen.now,
        )  # fmt: skip
    print(f"{count} signed out: {'everybody' if chosen.everybody else chosen.username}.", file=sys.stderr)
    return 0


def link(chosen: Namespace) -> int:
    """`user link`: where a provider does not say that it has verified the e-mail."""
    from db.core.actor import system_actor
    from db.core.session import run
    from db.people.single_sign_on import link_person

    with database() as engine:
        run(
            link_person, bind=engine, person_id=_person_id(engine, chosen.username), issuer=chosen.issuer,
            subject=chosen.subject, actor=system_actor("cli"), now=chosen.now,
        )  # fmt: skip
    print(f"{chosen.username} is {chosen.subject} at {chosen.issuer}; open sessions were ended.", file=sys.stderr)
    return 0


def unlink(chosen: Namespace) -> int:
    """`user unlink`: the next verified e-mail links anew."""
    from db.core.actor import system_actor
    from db.core.session import run
    from db.people.single_sign_on import unlink_person

    with database() as engine:
        run(
            unlink_person, bind=engine, person_id=_person_id(engine, chosen.username), actor=system_actor("cli"),
            now=chosen.now,
        )  # fmt: skip
    print(f"{chosen.username} is linked to nobody; open sessions were ended.", file=sys.stderr)
    return 0


def single_sign_on_only(chosen: Namespace) -> int:
    """`user single-sign-on`: takes the password out of use, or brings it back."""
    from db.core.actor import system_actor
    from db.core.session import run
    from db.people.single_sign_on import set_single_sign_on_only

    with database() as engine:
        run(
            set_single_sign_on_only, bind=engine, person_id=_person_id(engine, chosen.username), only=chosen.only,
            actor=system_actor("cli"), now=chosen.now,
        )  # fmt: skip
    how = "single sign-on only" if chosen.only else "password, too"
    print(f"{chosen.username} signs in by {how}.", file=sys.stderr)
    return 0


def _person_id(engine: Engine, username: str) -> int:
    from db.core.actor import system_actor
    from db.core.session import reading
    from db.people.queries import get_person

    with reading(engine) as session:
        return get_person(session, actor=system_actor("cli"), username=username).person_id
