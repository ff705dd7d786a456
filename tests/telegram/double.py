"""A Bot API server on this machine in place of Telegram's; it checks every call against the API's description."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web
from real_data import real_file

TOKEN = "4242:AAF0-secret_part-of-a_token"
DROPPED = "dropped"
"""In place of an answer: the connection is closed without one."""


class BotApi:
    """Gives out updates, takes calls. Errors can be prepared; whoever leaves the block learns of calls that the
    description does not know."""

    def __init__(self) -> None:
        description = json.loads(real_file("raw/telegram/bot_api_spec.min.json").read_text(encoding="utf-8"))
        self._methods = description["methods"]
        self._updates: deque[dict[str, Any]] = deque()
        self._news = asyncio.Condition()
        self._next_message = 1
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.files: dict[str, bytes] = {}
        self.complaints: list[str] = []
        self.prepared: dict[str, deque[Any]] = defaultdict(deque)
        self.lasting: dict[str, Any] = {}
        """Answers given to every call of a method, until they are taken out."""
        self.most_a_second: dict[str, int] = {}
        """Calls of a method that are taken in a second, which begins with the first of them; others are to wait."""
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._taken: list[tuple[str, dict[str, Any]]] = []
        self.confirmed = 0
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self.url = ""

    # -- for tests ----------------------------------------------------------------------------------------------------

    def put(self, *updates: dict[str, Any]) -> None:
        """Updates that wait to be fetched."""

        async def add() -> None:
            async with self._news:
                self._updates.extend(updates)
                self._news.notify_all()

        asyncio.run_coroutine_threadsafe(add(), self._loop).result(10)

    def sent(self, method: str = "sendMessage") -> list[dict[str, Any]]:
        with self._changed:
            return [fields for name, fields in self.calls if name == method]

    def taken(self, method: str) -> list[dict[str, Any]]:
        """The calls that were answered well."""
        with self._changed:
            return [fields for name, fields in self._taken if name == method]

    def texts(self) -> list[str]:
        """What was said, in the order of sending."""
        return [fields["text"] for fields in self.sent()]

    def wait(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Until it is true; looked at after each call."""
        end = time.monotonic() + seconds
        with self._changed:
            while not condition():
                left = end - time.monotonic()
                assert left > 0, f"it did not come to pass; calls: {[name for name, _ in self.calls][-20:]}"
                self._changed.wait(min(left, 0.1))

    def wait_for_calls(self, method: str, count: int) -> list[dict[str, Any]]:
        self.wait(lambda: len(self.sent(method)) >= count)
        return self.sent(method)

    # -- the server ---------------------------------------------------------------------------------------------------

    def __enter__(self) -> BotApi:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(20)
        if error is None:
            assert self.complaints == []

    def _serve(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/bot{token}/{method}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._stopping.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method, fields = request.match_info["method"], await self._read(request)
        if request.match_info["token"] != TOKEN:
            return _refusal(401, "Unauthorized")
        self._check(method, fields)
        prepared = self.prepared[method].popleft() if self.prepared[method] else self.lasting.get(method)
        if method != "getUpdates":
            with self._changed:
                self.calls.append((method, fields))
                self._changed.notify_all()
        if prepared == DROPPED:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if prepared is None and self._is_too_fast(method):
            prepared = _told_to_wait(1)
        if prepared is not None:
            return web.json_response(prepared, status=prepared["error_code"])
        with self._changed:
            self._taken.append((method, fields))
            self._changed.notify_all()
        if method == "getUpdates":
            return web.json_response({"ok": True, "result": await self._updates_from(fields)})
        return web.json_response({"ok": True, "result": self._result(method, fields)})

    def _is_too_fast(self, method: str) -> bool:
        most, now = self.most_a_second.get(method), time.monotonic()
        if most is None:
            return False
        second = self._seconds[method]
        if second and now - second[0] >= 1:
            second.clear()
        if len(second) >= most:
            return True
        second.append(now)
        return False

    async def _read(self, request: web.Request) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                self.files[name] = value.file.read()
            else:
                fields[name] = value
        return fields

    def _check(self, method: str, fields: dict[str, Any]) -> None:
        known = self._methods.get(method)
        if known is None:
            self.complaints.append(f"there is no method {method}")
            return
        allowed = {field["name"]: field for field in known.get("fields", [])}
        for name, value in fields.items():
            if name not in allowed:
                self.complaints.append(f"{method} has no field {name}")
            elif not any(_is_of(kind, value) for kind in allowed[name]["types"]):
                self.complaints.append(f"{method}: {name} is {value[:50]!r}, not one of {allowed[name]['types']}")
        for name, field in allowed.items():
            if field["required"] and name not in fields:
                self.complaints.append(f"{method} lacks {name}")

    async def _updates_from(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        offset, limit = int(fields.get("offset") or 0), int(fields.get("limit") or 100)
        async with self._news:
            while self._updates and self._updates[0].get("update_id", -1) < offset:
                self._updates.popleft()
            self.confirmed = offset
            try:
                async with asyncio.timeout(float(fields.get("timeout") or 0)):
                    await self._news.wait_for(lambda: self._updates)
            except TimeoutError:
                return []
            return list(self._updates)[:limit]

    def _result(self, method: str, fields: dict[str, Any]) -> Any:
        if method == "getMe":
            return {"id": 4242, "is_bot": True, "first_name": "Foo", "username": "foo_bot"}
        if method in ("sendMessage", "sendDocument"):
            self._next_message += 1
            chat = {"id": int(fields["chat_id"]), "type": "private"}
            return {"message_id": self._next_message, "date": 1_700_000_000, "chat": chat}
        return True


def _refusal(code: int, description: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": code, "description": description}, status=code)


def _told_to_wait(seconds: int) -> dict[str, Any]:
    answer = real_answer("too_many_requests")
    answer["parameters"]["retry_after"] = seconds
    return answer


def _is_of(kind: str, value: str) -> bool:
    if kind == "String":
        return True
    if kind == "InputFile":
        return value.startswith("attach://")
    try:
        found = json.loads(value)
    except ValueError:
        return False
    if kind == "Integer":
        return type(found) is int
    if kind == "Boolean":
        return type(found) is bool
    if kind == "Float":
        return type(found) in (int, float)
    if kind.startswith("Array of "):
        return isinstance(found, list)
    return isinstance(found, dict)


# -- updates ----------------------------------------------------------------------------------------------------------


def real_update(name: str) -> dict[str, Any]:
    """One that Telegram has sent."""
    update: dict[str, Any] = json.loads(real_file(f"raw/telegram/updates/{name}.json").read_text(encoding="utf-8"))
    return update


def real_answer(name: str) -> dict[str, Any]:
    """An error of Telegram's."""
    answer: dict[str, Any] = json.loads(real_file(f"raw/telegram/responses/{name}.json").read_text(encoding="utf-8"))
    return answer


def message(number: int, text: str, person: int = 456, *, name: str = "Mario", **further: Any) -> dict[str, Any]:
    """A message in a private chat, made like the real ones."""
    update = real_update("command_message")
    update["update_id"] = number
    update["message"]["text"] = text
    update["message"]["from"] |= {"id": person, "first_name": name}
    update["message"]["chat"] |= {"id": person, "first_name": name}
    update["message"] |= further
    return update


def starts(people: Iterable[int]) -> list[dict[str, Any]]:
    """One /start of each."""
    return [message(person, "/start", person) for person in people]


def stored(folder: Path, name: str) -> dict[str, Any]:
    """A file of a store, as anybody reads it."""
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found
