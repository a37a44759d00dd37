from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    Strict,
    StringConstraints,
    model_validator,
)


def _text(pattern: str, what: str) -> BeforeValidator:
    """Refuse texts that do not match, and what is neither a text nor made already."""
    compiled: Final = re.compile(pattern)

    def check(value: Any) -> Any:
        if isinstance(value, str) and not compiled.fullmatch(value):
            raise ValueError(f"must be {what}")
        if isinstance(value, bool | int | float):
            raise ValueError(f"must be {what}, as a string")
        return value

    return BeforeValidator(check)


def _int64(value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"-?(?:0|[1-9][0-9]*)", value):
            raise ValueError("must be a whole number, as a string")
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("must be a whole number, as a string")
    return value


def _bytes(value: Any) -> Any:
    if isinstance(value, str):
        return base64.b64decode(value, validate=True)
    return value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decimal(value: Decimal) -> str:
    return format(value, "f")


def _not_null(value: JsonValue) -> JsonValue:
    if value is None:
        raise ValueError("cannot be null")
    return value


_RFC3339 = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_ISO8601 = (
    r"(?=.*[0-9][YMWDHS]$)P(?:[0-9]+W|(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?"
    r"(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]{1,6})?S)?)?)"
)
_BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"

_UUID_TEXT = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_Id = Annotated[UUID, _text(_UUID_TEXT, "a UUID")]
_String = Annotated[str, Strict()]
_Int = Annotated[int, Strict(), Field(ge=-(2**31), le=2**31 - 1)]
_Int64 = Annotated[
    int,
    BeforeValidator(_int64),
    Field(ge=-(2**63), le=2**63 - 1),
    PlainSerializer(str, return_type=str, when_used="json"),
]
_Float = Annotated[float, Strict(), Field(allow_inf_nan=False)]
_Decimal = Annotated[
    Decimal,
    _text(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", "a decimal number"),
    PlainSerializer(_decimal, return_type=str, when_used="json"),
]
_Boolean = Annotated[bool, Strict()]
_Date = Annotated[date, _text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date")]
_DateTime = Annotated[AwareDatetime, _text(_RFC3339, "a time")]
_Duration = Annotated[str, Strict(), _text(_ISO8601, "a duration")]
_Json = Annotated[JsonValue, AfterValidator(_not_null)]
_Bytes = Annotated[
    bytes,
    _text(_BASE64, "base64"),
    BeforeValidator(_bytes),
    PlainSerializer(_base64, return_type=str, when_used="json"),
]
_Vector = list[_Float]


class _Row(BaseModel):
    """What is read may have members that are not known here."""

    model_config = ConfigDict(populate_by_name=True, protected_namespaces=())


class _Input(BaseModel):
    """What is written may not. Dump it by alias and without what is not set."""

    model_config = ConfigDict(
        populate_by_name=True, protected_namespaces=(), extra="forbid"
    )
