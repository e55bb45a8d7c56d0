"""mail: what waits to be sent, what was given up and why, and giving it another ten tries."""

from __future__ import annotations

from argparse import Namespace

from db.cli.common import Commands, add, database


def add_commands(commands: Commands) -> None:
    """Declare the commands of this file."""
    parser = add(commands, "mail", mail, "List mail that is not out yet and why; --again tries what was given up.")
    parser.add_argument("--again", action="store_true", help="give mail that was given up another ten tries")


def mail(chosen: Namespace) -> int:
    """`mail`: a line for each of the first fifty, with the mail server's own words; 1 when something was given up."""
    from db.core.labels import plural
    from db.core.mailer import not_out, try_again

    with database() as engine:
        if chosen.again:
            print(f"{plural(try_again(engine, now=chosen.now), 'mail')} will be tried again with the next sweep.")
            return 0
        waiting = not_out(engine)
    for one in waiting[:50]:
        state = "given up" if one.is_given_up else "waits"
        print(f"{one.mail_id}\t{state}\t{one.created_at:%Y-%m-%d %H:%M} UTC\t{one.tries} tries\t{one.error}")
    if len(waiting) > 50:
        print(f"… and {len(waiting) - 50:,} more")
    return 1 if any(one.is_given_up for one in waiting) else 0
