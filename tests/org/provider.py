"""A provider of identities on this machine: discovery, token with PKCE, user info, keys (OpenID Connect Core 1.0)."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "mashang", "a-secret-of-the-test"


@dataclass
class Provider:
    url: str
    claims: dict[str, str]
    challenges: dict[str, str] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def approve(self, address: str) -> str:
        """What happens when the user agrees on the provider's page: the address they come back by."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT and asked["code_challenge_method"] == "S256"
        self.challenges["code-1"] = asked["code_challenge"]
        return f"{urlsplit(asked['redirect_uri']).path}?code=code-1&state={asked['state']}"

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            ends = {f"{n}_endpoint": f"{self.url}/{n}" for n in ("authorization", "token", "userinfo")}
            return 200, {"issuer": self.url, "jwks_uri": f"{self.url}/jwks", **ends}
        if path == "/token":
            made = (
                base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
            )
            if self.challenges.pop(form["code"], "") != made:
                return 400, {"error": "invalid_grant"}
            now = int(time.time())
            token = {"iss": self.url, "aud": CLIENT, "sub": self.claims["sub"], "iat": now, "exp": now + 60}
            signed = jwt.encode(token, self.key, "RS256", {"kid": "k"})
            return 200, {"access_token": "t", "token_type": "Bearer", "id_token": signed}
        return (200, self.claims) if path == "/userinfo" else (404, {})


@contextmanager
def provider(**claims: str) -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, answer = known.answer(self.path, form)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = answer

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Provider(f"http://127.0.0.1:{server.server_port}", claims)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
