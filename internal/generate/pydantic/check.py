

# The result of an expression: None is null, and _UNKNOWN cannot be determined.
_UNKNOWN: _t.Final = object()


def _of(model: _pd.BaseModel, name: str, absent: _t.Any = _UNKNOWN) -> _t.Any:
    """Return the value of a field, converted for an expression."""
    if name not in model.model_fields_set:
        return absent
    return _ready(getattr(model, name))


def _ready(value: _t.Any) -> _t.Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | _dec.Decimal):
        return _Fraction(value)
    if isinstance(value, float):
        return _Fraction(repr(value))
    if isinstance(value, _dt.datetime):
        return value.astimezone(_dt.UTC)
    if isinstance(value, _dt.date):
        return _dt.datetime(value.year, value.month, value.day, tzinfo=_dt.UTC)
    if isinstance(value, _uuid.UUID | _StrEnum):
        return str(value)
    if isinstance(value, list):
        return [_ready(item) for item in value]
    return value


def _and(a: _t.Any, b: _t.Any) -> _t.Any:
    if a is False or b is False:
        return False
    return True if a is True and b is True else _UNKNOWN


def _not(a: _t.Any) -> _t.Any:
    return not a if isinstance(a, bool) else _UNKNOWN


def _or(a: _t.Any, b: _t.Any) -> _t.Any:
    return _not(_and(_not(a), _not(b)))


def _cond(condition: _t.Any, a: _t.Any, b: _t.Any) -> _t.Any:
    if condition is True:
        return a
    return b if condition is False else _UNKNOWN


def _eq(a: _t.Any, b: _t.Any) -> _t.Any:
    if a is _UNKNOWN or b is _UNKNOWN:
        return _UNKNOWN
    return bool(a == b)


def _same(a: _t.Any, b: _t.Any) -> _t.Any:
    """Compare like SQL's =, which is unknown for null."""
    return _UNKNOWN if a is None or b is None else _eq(a, b)


def _ne(a: _t.Any, b: _t.Any) -> _t.Any:
    return _not(_eq(a, b))


def _ordered(
    test: _t.Callable[[_t.Any, _t.Any], bool],
) -> _t.Callable[[_t.Any, _t.Any], _t.Any]:
    def compare(a: _t.Any, b: _t.Any) -> _t.Any:
        for kind in (_Fraction, str, _dt.datetime):
            if isinstance(a, kind) and isinstance(b, kind):
                return test(a, b)
        return _UNKNOWN

    return compare


_lt = _ordered(lambda a, b: bool(a < b))
_le = _ordered(lambda a, b: bool(a <= b))
_gt = _ordered(lambda a, b: bool(a > b))
_ge = _ordered(lambda a, b: bool(a >= b))


def _in(a: _t.Any, values: _t.Any) -> _t.Any:
    if not isinstance(values, list):
        return _UNKNOWN
    found: _t.Any = False
    for value in values:
        found = _or(found, _eq(a, value))
    return found


def _among(a: _t.Any, values: _t.Any) -> _t.Any:
    return _UNKNOWN if a is None else _in(a, values)


def _numbers(
    compute: _t.Callable[[_Fraction, _Fraction], _Fraction],
) -> _t.Callable[[_t.Any, _t.Any], _t.Any]:
    def both(a: _t.Any, b: _t.Any) -> _t.Any:
        if not isinstance(a, _Fraction) or not isinstance(b, _Fraction):
            return _UNKNOWN
        try:
            return compute(a, b)
        except ZeroDivisionError:
            return _UNKNOWN

    return both


_sum = _numbers(lambda a, b: a + b)
_sub = _numbers(lambda a, b: a - b)
_mul = _numbers(lambda a, b: a * b)
_div = _numbers(lambda a, b: a / b)
_intDiv = _numbers(lambda a, b: _Fraction(int(a / b)))


def _add(a: _t.Any, b: _t.Any) -> _t.Any:
    if isinstance(a, str) and isinstance(b, str):
        return a + b
    return _sum(a, b)


def _mod(a: _t.Any, b: _t.Any) -> _t.Any:
    return _sub(a, _mul(_intDiv(a, b), b))


def _neg(a: _t.Any) -> _t.Any:
    return _sub(_Fraction(0), a)


def _size(value: _t.Any) -> _t.Any:
    return _Fraction(len(value)) if isinstance(value, str | bytes | list) else _UNKNOWN


def _startsWith(a: _t.Any, b: _t.Any) -> _t.Any:
    return a.startswith(b) if isinstance(a, str) and isinstance(b, str) else _UNKNOWN


def _endsWith(a: _t.Any, b: _t.Any) -> _t.Any:
    return a.endswith(b) if isinstance(a, str) and isinstance(b, str) else _UNKNOWN


def _contains(a: _t.Any, b: _t.Any) -> _t.Any:
    return b in a if isinstance(a, str) and isinstance(b, str) else _UNKNOWN


def _lower(value: _t.Any) -> _t.Any:
    if not isinstance(value, str):
        return _UNKNOWN
    return _re.sub("[A-Z]", lambda m: m[0].lower(), value)


def _upper(value: _t.Any) -> _t.Any:
    if not isinstance(value, str):
        return _UNKNOWN
    return _re.sub("[a-z]", lambda m: m[0].upper(), value)


def _matches(value: _t.Any, pattern: str) -> _t.Any:
    if not isinstance(value, str):
        return _UNKNOWN
    try:
        _adapter(pattern).validate_python(value)
    except _pd.ValidationError:
        return False
    return True


def _time(value: str) -> _t.Any:
    return _dt.datetime.fromisoformat(value).astimezone(_dt.UTC)


def _hold(verdict: _t.Any, message: str) -> None:
    """Fail if an expression is false."""
    if verdict is False:
        raise ValueError(message)
