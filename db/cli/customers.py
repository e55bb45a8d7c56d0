"""purge-customers: whose personal data was kept long enough, and its removal in batches."""

from __future__ import annotations

from argparse import Namespace

from db.cli.common import Commands, add, database, print_table
from db.customers.retention_rules import YEARS


def add_commands(commands: Commands) -> None:
    """Declare the commands of this file."""
    parser = add(commands, "purge-customers", purge, "Show customers due for removal; with --remove, anonymise them.")
    parser.add_argument("--years", type=int, default=YEARS, help="how long nothing may have happened (default 5)")
    parser.add_argument("--remove", action="store_true", help="remove the personal data; without it, only show")
    parser.add_argument("--reason", default="", help="why, for the timeline; needed with --remove")
    parser.add_argument("--limit", type=int, default=1_000, help="at most this many customers")


def purge(chosen: Namespace) -> int:
    """`purge-customers`: a table of who is due, or the number of those removed."""
    from db import catalog  # noqa: F401 - makes every area known that keeps something of customers
    from db.core.actor import system_actor
    from db.core.session import reading, run
    from db.customers.purge_commands import MOST_AT_ONCE, purge_customers
    from db.customers.purge_queries import due_ids, list_due

    actor = system_actor("cli")
    with database() as engine:
        if not chosen.remove:
            with reading(engine) as session:
                found, _ = list_due(
                    session, actor=actor, now=chosen.now, years=chosen.years, limit=max(1, chosen.limit)
                )  # fmt: skip
            print_table(
                ["customer", "dealer", "why"], [[f"C-{one.customer_id:06}", one.dealer, one.why] for one in found]
            )
            print(f"{len(found):,} due. Nothing was changed; --remove with --reason removes their personal data.")
            return 0
        removed = 0
        while removed < chosen.limit:
            with reading(engine) as session:
                ids = due_ids(
                    session, actor=actor, now=chosen.now, years=chosen.years,
                    limit=min(MOST_AT_ONCE, chosen.limit - removed),
                )  # fmt: skip
            if not ids:
                break
            removed += run(
                purge_customers, bind=engine, customer_ids=ids, reason=chosen.reason, years=chosen.years, actor=actor,
                now=chosen.now,
            )  # fmt: skip
        print(f"The personal data of {removed:,} customers was removed.")
    return 0
