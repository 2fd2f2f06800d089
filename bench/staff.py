"""Staff who are logged in, by the door that everybody uses."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

PAGE = "/accounts/login/"


def log_in(port: int, origin: str, name: str, password: str) -> str:
    """Log in on this machine's `port` and return the `Cookie` header. Raises `RuntimeError` when refused."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as server:
        token = _cookies(server, "GET")["csrftoken"].value
        fields = {"username": name, "password": password, "csrfmiddlewaretoken": token}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"csrftoken={token}",
            "Origin": origin,
        }
        given = _cookies(server, "POST", urlencode(fields), headers)
    kept = [f"{key}={morsel.value}" for key, morsel in given.items() if key != "csrftoken"]
    if not kept:
        raise RuntimeError(f"{name} could not log in.")
    return "; ".join(kept)


def _cookies(
    server: HTTPConnection, method: str, body: str | None = None, headers: dict[str, str] | None = None
) -> SimpleCookie:
    """Return the cookies that the log-in page sets."""
    server.request(method, PAGE, body, headers or {})
    answer = server.getresponse()
    answer.read()
    cookies = SimpleCookie()
    for line in answer.headers.get_all("Set-Cookie", []):
        cookies.load(line)
    return cookies
