"""/topics-v1 of the Fortnox imitation: the WebSocket of events (fortnox/API.md, "Event stream" and "Commands")."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, request

from connector.sandbox.fortnox.errors import Unauthorised
from connector.sandbox.fortnox.feed import TOPICS, BadOffset, Event
from connector.sandbox.fortnox.grants import Access
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import ExpiredTenant, FortnoxSwitches
from connector.sandbox.shared.serve import CONNECTION
from connector.sandbox.shared.websocket import Closed, WebSocket

WAKE_S = 0.05
"""How often a socket looks at the clock while nothing happens."""

Answer = dict[str, Any]


@dataclass(frozen=True)
class _Tenant:
    """A company added to a socket, by the token it was added with."""

    number: int
    access: Access


class Subscription:
    """What one socket has asked for, and how far it has been served. Safe between its two threads."""

    def __init__(self, state: FortnoxState) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._tenants: dict[int, _Tenant] = {}
        self._positions: dict[str, int] = {}
        self._subscribed = False

    @property
    def _switches(self) -> FortnoxSwitches:
        return self._state.switches.switches

    # Commands: fortnox/API.md, "Commands"

    def obey(self, command: Mapping[str, Any]) -> Answer:
        """The answer to one command."""
        name = str(command.get("command", ""))
        with self._lock:
            match name:
                case "add-tenants-v1":
                    return {"response": name, **self._add_tenants(command)}
                case "remove-tenants-v1":
                    for number in command.get("tenants", ()):
                        self._tenants.pop(number, None)
                    return {"response": name, "result": "ok"}
                case "list-tenants-v1":
                    return {"response": name, "result": "ok", "tenantIds": list(self._tenants)}
                case "add-topics-v1":
                    return {"response": name, **self._add_topics(command)}
                case "subscribe-v1":
                    self._subscribed = True
                    return {"response": name, "result": "ok"}
                case _:
                    return {"response": name, "result": "error"}

    def _add_tenants(self, command: Mapping[str, Any]) -> Answer:
        tokens = [str(token) for token in command.get("accessTokens", ())]
        secret = str(command.get("clientSecret", ""))
        found: dict[str, Access | None] = {}
        wanted = set(self._tenants)
        for token in tokens:
            access = self._access(token, secret)
            too_many = access is not None and len(wanted | {access.grant.tenant}) > self._switches.socket_max_tenants
            found[token] = None if too_many else access
            wanted |= {access.grant.tenant} if access is not None and not too_many else set()
        invalid = [token for token, access in found.items() if access is None]
        valid = {token: access for token, access in found.items() if access is not None}
        if not invalid or self._switches.valid_tenants_are_added:
            for access in valid.values():
                self._tenants[access.grant.tenant] = _Tenant(access.grant.tenant, access)
        if invalid or not tokens:
            return {"result": "error", "invalidTokens": invalid}
        return {"result": "ok", "tenantIds": {token: access.grant.tenant for token, access in valid.items()}}

    def _access(self, sent: str, client_secret: str) -> Access | None:
        token = sent.removeprefix("Bearer ")
        if self._switches.bearer_required and token == sent:
            return None
        with self._state.lock:
            try:
                access = self._state.grants.access(token)
            except Unauthorised:
                return None
            app = self._state.grants.apps[access.grant.client_id]
        return access if app.client_secret == client_secret else None

    def _add_topics(self, command: Mapping[str, Any]) -> Answer:
        wanted: dict[str, int] = {}
        invalid: list[str] = []
        for one in command.get("topics", ()):
            topic = str(one.get("topic", "")) if isinstance(one, dict) else str(one)
            if not isinstance(one, dict) or topic not in TOPICS:
                invalid.append(topic)
                continue
            try:
                offset = one.get("offset")
                feed = self._state.feed
                wanted[topic] = feed.position(topic, str(offset)) if offset else feed.end(topic)
            except BadOffset:
                invalid.append(topic)
        if invalid:
            return {"result": "error", "invalidTopics": invalid}
        self._positions |= wanted
        return {"result": "ok"}

    # Events

    def waiting(self) -> list[Event]:
        """The events to send now; they are passed by this."""
        with self._lock:
            if not self._subscribed:
                return []
            live = {tenant.number for tenant in self._tenants.values() if self._is_served(tenant)}
            found: list[Event] = []
            for topic, events in self._state.feed.after(self._positions).items():
                self._positions[topic] += len(events)
                found += [event for event in events if event.tenant in live]
            return found

    def _is_served(self, tenant: _Tenant) -> bool:
        return self._switches.expired_tenant is ExpiredTenant.KEPT or not self._expired(tenant)

    def _expired(self, tenant: _Tenant) -> bool:
        with self._state.lock:
            try:
                self._state.grants.access(tenant.access.token)
            except Unauthorised:
                return True
        return False

    def ends_the_socket(self) -> bool:
        """Return whether an expired token closes the socket, and one has."""
        if self._switches.expired_tenant is not ExpiredTenant.CLOSED:
            return False
        with self._lock:
            return any(self._expired(tenant) for tenant in self._tenants.values())


class Pump:
    """The thread that sends events, pings and ends the socket as the switches say."""

    def __init__(self, state: FortnoxState, socket: WebSocket, subscription: Subscription) -> None:
        self._state = state
        self._socket = socket
        self._subscription = subscription
        self._sent = 0
        self.heard_at: datetime = state.now()
        self._pinged_at: datetime = state.now()

    @property
    def _switches(self) -> FortnoxSwitches:
        return self._state.switches.switches

    def run(self) -> None:
        """Serve until the socket is closed."""
        changed = self._state.feed.changed
        try:
            while self._socket.is_open:
                for event in self._subscription.waiting():
                    self._send(event)
                self._keep_time()
                with changed:
                    changed.wait(WAKE_S)
        except Closed:
            return

    def _send(self, event: Event) -> None:
        switches = self._switches
        text = json.dumps(event.as_json(entity_as_number=switches.entity_id_as_number))
        for _ in range(switches.event_repeats):
            self._socket.send(text)
        self._sent += 1
        if self._sent == switches.socket_closes_after:
            end(self._socket, switches.socket_close_code)
            raise Closed

    def _keep_time(self) -> None:
        now, switches = self._state.now(), self._switches
        idle = switches.socket_idle_s and now - self.heard_at >= timedelta(seconds=switches.socket_idle_s)
        if idle or self._subscription.ends_the_socket():
            end(self._socket, switches.socket_close_code)
            raise Closed
        if switches.socket_ping_s and now - self._pinged_at >= timedelta(seconds=switches.socket_ping_s):
            self._pinged_at = now
            self._socket.ping()


def end(socket: WebSocket, code: int) -> None:
    """Close with `code`; 0 ends the connection without a word."""
    if code:
        socket.close(code)
    else:
        socket.drop()


def _converse(state: FortnoxState, socket: WebSocket) -> None:
    """Answer commands until the socket is closed."""
    subscription = Subscription(state)
    pump = Pump(state, socket, subscription)
    thread = threading.Thread(target=pump.run, name="fortnox-events", daemon=True)
    thread.start()
    try:
        while True:
            text = socket.receive()
            pump.heard_at = state.now()
            try:
                command = json.loads(text)
            except ValueError:
                command = None
            if not isinstance(command, dict):
                socket.send(json.dumps({"result": "error"}))
                continue
            state.traffic.arrived(f"WS {command.get('command', '')}")
            socket.send(json.dumps(subscription.obey(command)))
    except Closed:
        thread.join()


def add_socket(app: Flask, state: FortnoxState) -> None:
    """Put /topics-v1 on `app`."""

    @app.route("/topics-v1", endpoint="socket", websocket=True)
    def serve_socket() -> Response:
        socket = WebSocket(request.environ[CONNECTION].take_over(), request.full_path, request.headers.items())
        state.sockets.add(socket)
        try:
            _converse(state, socket)
        finally:
            state.sockets.discard(socket)
        return Response(b"")  # never written: the connection was taken over
