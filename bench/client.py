"""A browser without a screen: speaks Streamlit's websocket protocol, so that a click is timed on a real server.

A `Tab` opens a page, remembers every field it was sent with its value, changes one and sends the whole state back, as
the browser does. What is timed is the click to `script_finished`: the server's work, its queue and the delivery.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

FIELDS = (
    "selectbox", "multiselect", "radio", "checkbox", "button_group", "text_input", "text_area", "number_input",
    "date_input", "button",
)  # fmt: skip
"""Elements a person can use here; others (tables, charts, uploads) are drawn and never touched."""
LOOPBACK = ("127.0.0.1", "localhost")


class NoSuchField(LookupError):  # noqa: N818 - says what is the matter
    """The page has no field of that name, or the field has no such option."""


@dataclass
class Field:
    """A field as the browser knows it: what it is, where it lies and what stands in it."""

    kind: str
    id: str
    label: str
    value: Any
    options: tuple[str, ...] = ()
    fragment: str = ""
    form: str = ""
    disabled: bool = False
    pressed: bool = False

    def state(self) -> WidgetState | None:
        """The value as the protocol carries it; None where nothing is to be sent."""
        state = WidgetState(id=self.id)
        if self.kind == "button":
            if not self.pressed:
                return None
            state.trigger_value = True
        elif self.value is None:
            return None
        elif self.kind == "checkbox":
            state.bool_value = bool(self.value)
        elif self.kind == "number_input":
            state.double_value = self.value
        elif self.kind in ("multiselect", "button_group", "date_input"):
            state.string_array_value.data.extend(self.value)
        else:
            state.string_value = self.value
        return state


def field_of(kind: str, proto: Any, *, fragment: str = "") -> Field:
    """A field from the message that draws it, with the value it starts with."""
    options = tuple(_option(o) if kind == "button_group" else o for o in getattr(proto, "options", ()))
    return Field(
        kind=kind, id=proto.id, label=proto.label, value=_value_of(kind, proto, options), options=options,
        fragment=fragment, form=getattr(proto, "form_id", ""), disabled=getattr(proto, "disabled", False),
    )  # fmt: skip


def _option(proto: Any) -> str:
    """A pill as its value is sent: the icon that its label began with stands apart in the message."""
    return f"{proto.content_icon} {proto.content}".strip()


def _value_of(kind: str, proto: Any, options: tuple[str, ...]) -> Any:
    is_set = getattr(proto, "set_value", False)
    if kind in ("selectbox", "radio"):
        if is_set:
            return proto.raw_value or None
        return options[proto.default] if proto.HasField("default") and options else None
    if kind in ("multiselect", "button_group"):
        return list(proto.raw_values) if is_set else [options[i] for i in proto.default]
    if kind == "date_input":
        return list(proto.value if is_set else proto.default)
    if kind == "checkbox":
        return bool(proto.value if is_set else proto.default)
    if kind in ("text_input", "text_area", "number_input"):
        return proto.value if is_set else (proto.default if proto.HasField("default") else None)
    return None


@dataclass
class Answer:
    """What one click brought back."""

    seconds: float = 0.0
    size: int = 0
    messages: int = 0
    runs: int = 0
    progress: int = 0
    errors: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def ms(self) -> float:
        """How long it took, in milliseconds."""
        return 1000 * self.seconds


class Tab:
    """One open page of one person; used as an async context manager."""

    def __init__(self, url: str, path: str = "", *, query: str = "", cookie: str = "", patience: float = 120.0) -> None:
        parts = urlsplit(url)
        if parts.hostname not in LOOPBACK:
            raise ValueError("the bench asks servers of this machine only")
        self.url, self.path, self.query, self.cookie, self.patience = url, path, query, cookie, patience
        self.address = f"ws://{parts.netloc}/_stcore/stream"
        self.fields: dict[str, Field] = {}
        self.first = Answer()
        self._page = ""
        self._cached: dict[str, str] = {}
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        headers = {"Cookie": self.cookie} if self.cookie else None
        began = time.perf_counter()
        self._socket = await connect(
            self.address, subprotocols=["streamlit"], additional_headers=headers, max_size=None,  # type: ignore[list-item]
            compression=None, ping_interval=None, open_timeout=self.patience,
        )  # fmt: skip
        self.first = await self._ask(page=self.path)
        self.first.seconds = time.perf_counter() - began
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            await self._socket.close()

    # ---- what a person does ----------------------------------------------------------------------------------------
    def find(self, label: str, kind: str = "") -> Field:
        """The field of this label, or of the id that ends with it; raises `NoSuchField`."""
        for one in self.fields.values():
            if (one.label == label or one.id.endswith(f"-{label}")) and kind in ("", one.kind):
                return one
        known = ", ".join(sorted({f"{f.label or f.id.rpartition('-')[2]}" for f in self.fields.values()}))
        raise NoSuchField(f"no field {label!r}; there are: {known}")

    async def rerun(self) -> Answer:
        """Run the page again with nothing changed."""
        return await self._ask()

    async def choose(self, label: str, value: str) -> Answer:
        """Choose an option of a list, of pills or of a segmented control."""
        one = self.find(label)
        option = next((o for o in one.options if o == value or o.endswith(f": {value}")), None)
        if option is None:
            raise NoSuchField(f"{label} has no {value!r}, only: {', '.join(one.options[:20])}")
        one.value = [option] if one.kind in ("multiselect", "button_group") else option
        return await self._ask(changed=one)

    async def type(self, label: str, text: str) -> Answer:
        """Type into a text field and leave it."""
        one = self.find(label)
        one.value = text
        return Answer() if one.form else await self._ask(changed=one)

    async def press(self, label: str) -> Answer:
        """Press a button."""
        one = self.find(label, "button")
        one.pressed = True
        return await self._ask(changed=one)

    # ---- the protocol ----------------------------------------------------------------------------------------------
    def message(self, *, page: str | None = None, changed: Field | None = None) -> BackMsg:
        """The message a browser sends for a click: every value, the changed field's fragment, what it has cached."""
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string = self.query
        if page is not None:
            rerun.page_name = page
        else:
            rerun.page_script_hash = self._page
        for one in self.fields.values():
            state = one.state()
            if state is not None:
                rerun.widget_states.widgets.append(state)
            one.pressed = False
        if changed is not None and changed.fragment:
            rerun.fragment_id = changed.fragment
        rerun.cached_message_hashes.extend(self._cached)
        rerun.context_info.timezone, rerun.context_info.locale = "UTC", "en-US"
        rerun.context_info.url = f"{self.url}/{self.path}"
        return message

    async def _ask(self, *, page: str | None = None, changed: Field | None = None) -> Answer:
        assert self._socket is not None
        payload = self.message(page=page, changed=changed).SerializeToString()
        answer, seen = Answer(), set[str]()
        began = time.perf_counter()
        await self._socket.send(payload)
        while True:
            data = await asyncio.wait_for(self._socket.recv(), self.patience)
            assert isinstance(data, bytes)
            if self.take(data, answer, seen):
                answer.seconds = time.perf_counter() - began
                return answer

    def take(self, data: bytes, answer: Answer, seen: set[str]) -> bool:
        """Take one message of the server in; True when it says that the run is over."""
        message = ForwardMsg()
        message.ParseFromString(data)
        kind = message.WhichOneof("type")
        answer.size += len(data)
        answer.messages += 1
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
            answer.runs += 1
            seen.clear()
        elif kind == "navigation":
            self._page = message.navigation.page_script_hash or self._page
        elif kind == "ref_hash":
            seen.add(self._cached.get(message.ref_hash, ""))
        elif kind == "delta":
            self._draw(message, answer, seen)
        elif kind == "page_not_found":
            answer.errors.append(f"there is no page {self.path!r}")
        elif kind == "script_finished":
            return self._finish(message.script_finished, answer, seen)
        return False

    def _draw(self, message: ForwardMsg, answer: Answer, seen: set[str]) -> None:
        if message.metadata.cacheable:
            self._cached[message.hash] = ""
        if message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            answer.errors.append(f"{element.exception.type}: {element.exception.message}"[:300])
        elif kind == "progress":
            answer.progress += 1
        elif kind == "alert":
            answer.said.append(element.alert.body)
        elif kind == "toast":
            answer.said.append(element.toast.body)
        elif kind in FIELDS:
            proto = getattr(element, kind)
            one = field_of(kind, proto, fragment=message.delta.fragment_id)
            before = self.fields.get(one.id)
            if before is not None and not getattr(proto, "set_value", False):
                one.value = before.value  # what stands in a field stays there until the server says otherwise
            self.fields[one.id] = one
            seen.add(one.id)
            if message.hash in self._cached:
                self._cached[message.hash] = one.id

    def _finish(self, status: Any, answer: Answer, seen: set[str]) -> bool:
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return False
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            answer.errors.append("the page cannot be compiled")
        elif status == ForwardMsg.FINISHED_SUCCESSFULLY:
            # Fields that were not drawn again are gone, and so is what stood in them.
            self.fields = {key: one for key, one in self.fields.items() if key in seen}
        return True
