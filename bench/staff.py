"""Staff who are logged in, by the door that everybody uses."""

from __future__ import annotations

from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener


def log_in(port: int, origin: str, name: str, password: str) -> str:
    """Log in on this machine's `port` and return the `Cookie` header. Raises `RuntimeError` when refused."""
    jar = CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    page = f"http://127.0.0.1:{port}/accounts/login/"
    browser.open(page, timeout=30).close()
    fields = {"username": name, "password": password, "csrfmiddlewaretoken": _values(jar)["csrftoken"]}
    asked = Request(page, urlencode({**fields, "next": "/healthz"}).encode(), {"Origin": origin, "Referer": page})
    browser.open(asked, timeout=30).close()
    cookies = [f"{key}={value}" for key, value in _values(jar).items() if key != "csrftoken"]
    if not cookies:
        raise RuntimeError(f"{name} could not log in.")
    return "; ".join(cookies)


def _values(jar: CookieJar) -> dict[str, str]:
    return {cookie.name: cookie.value or "" for cookie in jar}
