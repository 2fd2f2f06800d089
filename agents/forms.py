"""What staff fill in on the log-in pages. Checks only; what follows is for the actions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from agents.models import User

_NO_HELP = {"autocapitalize": "none", "spellcheck": "false"}


class LogInForm(forms.Form):
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        strip=True,
        error_messages={"required": _("Write your user name.")},
        widget=forms.TextInput(attrs={**_NO_HELP, "autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        error_messages={"required": _("Write your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Six digits from your authenticator app, or one of your recovery codes."),
        error_messages={"required": _("Write the code.")},
        widget=forms.TextInput(attrs={**_NO_HELP, "autocomplete": "one-time-code"}),
    )


class FirstCodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code from the app"),
        max_length=20,
        help_text=_("Six digits. They change every 30 seconds."),
        error_messages={"required": _("Write the six digits that the app shows.")},
        widget=forms.TextInput(attrs={**_NO_HELP, "autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class ForgottenForm(forms.Form):
    name = forms.CharField(
        label=_("User name or work e-mail"),
        max_length=254,
        error_messages={"required": _("Write your user name or your work e-mail.")},
        widget=forms.TextInput(attrs={**_NO_HELP, "autocomplete": "username"}),
    )


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        max_length=1000,
        strip=False,
        help_text=_("At least 12 characters. A few words that only you would put together are easy to keep in mind."),
        error_messages={"required": _("Write a new password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same password again"),
        max_length=1000,
        strip=False,
        error_messages={"required": _("Write the new password a second time.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if "password" in self.cleaned_data and again != self.cleaned_data["password"]:
            raise ValidationError(_("The two passwords are not the same. Write the same one twice."))
        return again
