from __future__ import annotations

import base64 as _b64
import datetime as _dt
import decimal as _dec
import re as _re
import typing as _t
import uuid as _uuid
from enum import StrEnum as _StrEnum
from functools import cache as _cache

import pydantic as _pd


def _text(pattern: str, what: str) -> _pd.BeforeValidator:
    """Reject strings that do not match, and JSON values of other types."""
    compiled: _t.Final = _re.compile(pattern)

    def check(value: _t.Any) -> _t.Any:
        if isinstance(value, str) and not compiled.fullmatch(value):
            raise ValueError(f"must be {what}")
        if isinstance(value, bool | int | float):
            raise ValueError(f"must be {what}, as a string")
        return value

    return _pd.BeforeValidator(check)


@_cache
def _adapter(pattern: str) -> _pd.TypeAdapter[str]:
    constrained = _pd.StringConstraints(pattern=pattern)
    return _pd.TypeAdapter(_t.Annotated[str, constrained])


def _matching(pattern: str) -> _pd.AfterValidator:
    """Reject strings that do not match an additional pattern."""
    return _pd.AfterValidator(lambda text: _adapter(pattern).validate_python(text))


def _int64(value: _t.Any, info: _pd.ValidationInfo) -> _t.Any:
    if info.mode == "json" and not isinstance(value, str):
        raise ValueError("must be an integer, as a string")
    if isinstance(value, str):
        if not _re.fullmatch(r"-?(?:0|[1-9][0-9]*)", value):
            raise ValueError("must be an integer, as a string")
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("must be an integer, as a string")
    return value


def _bytes(value: _t.Any) -> _t.Any:
    if isinstance(value, str):
        return _b64.b64decode(value, validate=True)
    return value


def _base64(value: bytes) -> str:
    return _b64.b64encode(value).decode()


def _decimal(value: _dec.Decimal) -> str:
    return format(value, "f")


def _stored(value: str) -> str:
    if "\0" in value:
        raise ValueError("must be text without the character U+0000")
    return value


def _not_null(value: _pd.JsonValue) -> _pd.JsonValue:
    if value is None:
        raise ValueError("cannot be null")
    _all_stored(value)
    return value


def _all_stored(value: _pd.JsonValue) -> None:
    if isinstance(value, str):
        _stored(value)
    elif isinstance(value, list):
        for item in value:
            _all_stored(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _stored(name)
            _all_stored(item)


_RFC3339 = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_ISO8601 = (
    r"(?=.*[0-9][YMWDHS]$)[+-]?P(?:[+-]?[0-9]{1,10}Y)?"
    r"(?:[+-]?[0-9]{1,10}M)?(?:[+-]?[0-9]{1,10}W)?(?:[+-]?[0-9]{1,10}D)?"
    r"(?:T(?:[+-]?[0-9]{1,10}H)?(?:[+-]?[0-9]{1,10}M)?"
    r"(?:[+-]?[0-9]{1,10}(?:\.[0-9]{1,6})?S)?)?"
)
_BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"

_UUID_TEXT = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_Id = _t.Annotated[_uuid.UUID, _text(_UUID_TEXT, "a UUID")]
_String = _t.Annotated[str, _pd.Strict(), _pd.AfterValidator(_stored)]
_Int = _t.Annotated[int, _pd.Strict(), _pd.Field(ge=-(2**31), le=2**31 - 1)]
_Int64 = _t.Annotated[
    int,
    _pd.BeforeValidator(_int64),
    _pd.Field(ge=-(2**63), le=2**63 - 1),
    _pd.PlainSerializer(str, return_type=str, when_used="json"),
]
_Float = _t.Annotated[float, _pd.Strict(), _pd.Field(allow_inf_nan=False)]
_Decimal = _t.Annotated[
    _dec.Decimal,
    _text(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", "a decimal number"),
    _pd.PlainSerializer(_decimal, return_type=str, when_used="json"),
]
_Boolean = _t.Annotated[bool, _pd.Strict()]
_Date = _t.Annotated[_dt.date, _text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date")]
_DateTime = _t.Annotated[_pd.AwareDatetime, _text(_RFC3339, "a time")]
_Duration = _t.Annotated[str, _pd.Strict(), _text(_ISO8601, "a duration")]
_Json = _t.Annotated[_pd.JsonValue, _pd.AfterValidator(_not_null)]
_Bytes = _t.Annotated[
    bytes,
    _text(_BASE64, "base64"),
    _pd.BeforeValidator(_bytes),
    _pd.PlainSerializer(_base64, return_type=str, when_used="json"),
]
_Vector = list[_Float]


def _refuse_null(value: _t.Any) -> _t.Any:
    if value is None:
        raise ValueError("cannot be null")
    return value


_T = _t.TypeVar("_T")
# A field that is None if it is not set, but cannot be set to None.
_NotNull = _t.Annotated[_T | None, _pd.BeforeValidator(_refuse_null)]


class _Row(_pd.BaseModel):
    """Base of rows, which ignore unknown members."""

    model_config = _pd.ConfigDict(populate_by_name=True, protected_namespaces=())


class _Input(_pd.BaseModel):
    """Base of inputs. Dump with by_alias=True. Fields that are not set are left out."""

    model_config = _pd.ConfigDict(
        populate_by_name=True, protected_namespaces=(), extra="forbid"
    )

    @_pd.model_serializer(mode="wrap")
    def _only_set(
        self, dump: _pd.SerializerFunctionWrapHandler, info: _pd.SerializationInfo
    ) -> dict[str, _t.Any]:
        dumped: dict[str, _t.Any] = dump(self)
        for name, field in type(self).model_fields.items():
            if name not in self.model_fields_set:
                alias = field.serialization_alias if info.by_alias else None
                dumped.pop(alias or name, None)
        return dumped
