"""A real server that plays replies in order and keeps what it saw."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

Reply: TypeAlias = "dict[str, Any]"


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Server:
    """Listens until it is closed."""

    def __init__(self, replies: Sequence[Reply], elsewhere: str = "") -> None:
        self.seen: list[Seen] = []
        self.replies = list(replies)
        self.elsewhere = elsewhere
        self.closing = threading.Event()
        self._lock = threading.Lock()
        server = self

        class Handler(_Handler):
            owner = server

        self._http = _Quiet(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def take(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            at = len(self.seen) - 1
            return self.replies[at] if at < len(self.replies) else {"drop": True}

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Quiet(ThreadingHTTPServer):
    """A client that goes away, cancelled or killed, is nothing to print about."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: Server

    def _answer(self) -> None:
        url = urlsplit(self.path)
        text = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(text) if text else None
        reply = self.owner.take(Seen(self.command, url.path, dict(parse_qsl(url.query)), headers, body))
        self.close_connection = bool(reply.get("drop") or reply.get("cut"))
        if reply.get("drop") or self.owner.closing.wait(reply.get("delay_ms", 0) / 1000):
            self.close_connection = True
            return
        content = reply["text"] if "text" in reply else json.dumps(reply["body"]) if "body" in reply else ""
        raw = content if isinstance(content, bytes) else content.encode()
        self.send_response_only(reply["status"])
        for name, value in reply.get("headers", {}).items():
            self.send_header(name, self.owner.elsewhere if value == "$elsewhere" else value)
        if reply["status"] != 204:
            self.send_header("content-length", str(len(raw)))
        self.end_headers()
        if "drip_ms" in reply:
            self._drip(raw, reply["drip_ms"])
        else:
            self.wfile.write(raw[: len(raw) // 2] if reply.get("cut") else raw)

    def _drip(self, raw: bytes, pause_ms: float) -> None:
        for byte in raw:
            try:
                self.wfile.write(bytes([byte]))
            except OSError:
                return
            if self.owner.closing.wait(pause_ms / 1000):
                return

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        pass
