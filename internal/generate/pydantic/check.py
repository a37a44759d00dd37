

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
    if isinstance(value, _dt.datetime):
        return value.astimezone(_dt.UTC)
    if isinstance(value, _dt.date):
        return _dt.datetime(value.year, value.month, value.day, tzinfo=_dt.UTC)
    if isinstance(value, _uuid.UUID | _StrEnum):
        return str(value)
    if isinstance(value, list):
        return [_ready(item) for item in value]
    return value


def _digits(value: _t.Any) -> _t.Any:
    """Return a whole number as the text that an ID is."""
    return str(value) if isinstance(value, _Fraction) else value


def _failed(*values: _t.Any) -> bool:
    """Tell whether Postgres refuses to compute a value, which is NaN."""
    return any(isinstance(v, float) and _math.isnan(v) for v in values)


def _missing(*values: _t.Any) -> _t.Any:
    return _math.nan if _failed(*values) else _UNKNOWN


def _and(a: _t.Any, b: _t.Any) -> _t.Any:
    if not _failed(a) and (a is False or b is False):
        return False
    return True if a is True and b is True else _missing(a, b)


def _not(a: _t.Any) -> _t.Any:
    return not a if isinstance(a, bool) else _missing(a)


def _or(a: _t.Any, b: _t.Any) -> _t.Any:
    return _not(_and(_not(a), _not(b)))


def _cond(condition: _t.Any, a: _t.Any, b: _t.Any) -> _t.Any:
    if condition is True:
        return a
    return b if condition is False else _missing(condition)


def _eq(a: _t.Any, b: _t.Any) -> _t.Any:
    if a is _UNKNOWN or b is _UNKNOWN or _failed(a, b):
        return _missing(a, b)
    a, b = _alike(a, b)
    return _math.nan if _failed(a, b) else bool(a == b)


def _same(a: _t.Any, b: _t.Any) -> _t.Any:
    """Compare like SQL's =, which is unknown for null."""
    return _missing(a, b) if a is None or b is None else _eq(a, b)


def _ne(a: _t.Any, b: _t.Any) -> _t.Any:
    return _not(_eq(a, b))


def _double(value: _t.Any) -> _t.Any:
    """Return a number as Postgres converts it to a Float."""
    if not isinstance(value, _Fraction):
        return value
    try:
        number = float(value)
    except OverflowError:
        return _math.nan
    return _math.nan if number == 0 and value != 0 else number


def _alike(a: _t.Any, b: _t.Any) -> tuple[_t.Any, _t.Any]:
    if isinstance(a, float) or isinstance(b, float):
        return _double(a), _double(b)
    return a, b


def _ordered(
    test: _t.Callable[[_t.Any, _t.Any], bool],
) -> _t.Callable[[_t.Any, _t.Any], _t.Any]:
    def compare(a: _t.Any, b: _t.Any) -> _t.Any:
        a, b = _alike(a, b)
        for kind in (_Fraction, float, str, _dt.datetime):
            if isinstance(a, kind) and isinstance(b, kind) and not _failed(a, b):
                return test(a, b)
        return _missing(a, b)

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
    compute: _t.Callable[[_t.Any, _t.Any], _t.Any],
    can_vanish: _t.Callable[[_t.Any, _t.Any], bool] = lambda a, b: True,
) -> _t.Callable[[_t.Any, _t.Any], _t.Any]:
    """Compute exactly, or with Floats if one is a Float."""

    def both(a: _t.Any, b: _t.Any) -> _t.Any:
        a, b = _alike(a, b)
        if not isinstance(a, _Fraction | float) or not isinstance(b, _Fraction | float):
            return _missing(a, b)
        try:
            result = compute(a, b)
        except ZeroDivisionError:
            return _missing(a)
        if isinstance(result, _Fraction):
            return result
        vanished = result == 0 and not can_vanish(a, b)
        return _math.nan if vanished or not _math.isfinite(result) else result

    return both


_sum = _numbers(lambda a, b: a + b)
_sub = _numbers(lambda a, b: a - b)
_mul = _numbers(lambda a, b: a * b, lambda a, b: a == 0 or b == 0)
_div = _numbers(lambda a, b: a / b, lambda a, b: a == 0)
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
    """Fail if an expression is false or Postgres refuses to compute it."""
    if verdict is False or _failed(verdict):
        raise ValueError(message)
