"""The same moment in several processes: each has its own engine, all begin together, and what they found comes back."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine

from db.core.problems import Refused
from db.core.session import make_engine

_MOST_SECONDS = 300  # a guard against waiting forever, no promise about time


def at_once(engine: Engine, *works: Callable[[Engine], Any]) -> list[Any]:
    """Carry out each work in a process of its own, begun together; a refusal comes back as its code.

    The processes are forked, so a work may be any function of the test; it must use the engine it is given.
    """
    url = engine.url.render_as_string(hide_password=False)
    engine.dispose()  # SQLite forgets its locks where a connection lives on in a forked process
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(len(works)), context.SimpleQueue()
    processes = [context.Process(target=_work, args=(url, work, n, gate, answers)) for n, work in enumerate(works)]
    for one in processes:
        one.start()
    for one in processes:
        one.join(_MOST_SECONDS)
        if one.is_alive():
            one.kill()
            raise AssertionError(f"a process was not done after {_MOST_SECONDS} s")
    found: dict[int, Any] = {}
    while not answers.empty():
        number, answer = answers.get()
        found[number] = answer
    failed = [a for a in found.values() if isinstance(a, _Failed)]
    assert not failed, failed[0]
    return [found[n] for n in range(len(works))]


class _Failed(str):
    """The traceback of a process."""

    __slots__ = ()


def _work(url: str, work: Callable[[Engine], Any], number: int, gate: Any, answers: Any) -> None:
    opened = make_engine(url)
    try:
        with opened.connect():  # connected before the gate opens, so that the race is about the work
            pass
        gate.wait(_MOST_SECONDS)
        answers.put((number, work(opened)))
    except Refused as refusal:
        answers.put((number, refusal.code))
    except BaseException:
        answers.put((number, _Failed(traceback.format_exc())))
    finally:
        opened.dispose()


def works(work: Callable[[Engine], Any], times: int = 2) -> Sequence[Callable[[Engine], Any]]:
    """The same work several times."""
    return [work] * times
