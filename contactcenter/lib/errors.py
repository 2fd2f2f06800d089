"""Every refusal of the product is a `DomainError`: one code for programs, one sentence for people."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise

STATUS_OF = {
    "invalid": 400,
    "too_long": 400,
    "out_of_range": 400,
    "unauthorized": 401,
    "banned": 403,
    "forbidden_origin": 403,
    "not_found": 404,
    "closed": 409,
    "wrong_state": 409,
    "ended": 409,
    "taken": 409,
    "offered_elsewhere": 409,
    "no_seat": 409,
    "not_certified": 409,
    "not_online": 409,
    "confirm": 409,
    "edit": 409,
    "too_large": 413,
    "unsupported": 415,
    "slow_down": 429,
    "too_many": 429,
    "unavailable": 503,
}


class DomainError(Exception):
    """A refusal with a `code` of the contract and a `detail` sentence; the same body as page, JSON and frame.

    `detail` may be lazy: it is then said in the language of whoever is answered.
    `more` holds the further members that the contract names for a code, such as
    `field` for `invalid` or `retry_after` (whole seconds) for `slow_down`.
    """

    def __init__(self, code: str, detail: str | Promise, **more: Any) -> None:
        super().__init__(detail)
        self.code = code
        self._detail = detail
        self.more = more

    @property
    def detail(self) -> str:
        """The sentence, in the language that is active now where it is lazy."""
        return str(self._detail)

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return STATUS_OF[self.code]

    def body(self) -> dict[str, Any]:
        """Return `{"code", "detail", …}` as JSON, flash message and error frame bear it."""
        return {"code": self.code, "detail": self.detail, **self.more}


class Invalid(DomainError):
    """Bad input; `field` names what is wrong."""

    def __init__(self, detail: str | Promise, *, field: str) -> None:
        super().__init__("invalid", detail, field=field)


class NotFound(DomainError):
    """Absent, or not yours: the answer is the same."""

    def __init__(self, detail: str | Promise) -> None:
        super().__init__("not_found", detail)


class Unauthorized(DomainError):
    """No credentials, or credentials that open nothing."""

    def __init__(self, detail: str | Promise) -> None:
        super().__init__("unauthorized", detail)


class WrongState(DomainError):
    """The thing exists but does not allow this now."""

    def __init__(self, detail: str | Promise) -> None:
        super().__init__("wrong_state", detail)


class Unavailable(DomainError):
    """The database did not answer; the same again in a moment may go well."""

    def __init__(self, detail: str | Promise) -> None:
        super().__init__("unavailable", detail)


class TooFast(DomainError):
    """A limit was reached; `retry_after` is in whole seconds. `code` is `slow_down` or `too_many`."""

    def __init__(self, detail: str | Promise, *, retry_after: int, code: str = "slow_down") -> None:
        super().__init__(code, detail, retry_after=retry_after)
