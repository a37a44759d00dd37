from typing import assert_type

from models import StrictCreate, StrictPatch
from pydantic import ValidationError

# Members have their names in Python, and the types of what they hold.
patch = StrictPatch(may=None, dflt=1)
assert_type(patch.must, str | None)
assert_type(patch.may, str | None)

# What is not set is left out, and null stays.
assert patch.model_dump() == {"may": None, "dflt": 1}, patch.model_dump()
assert patch.model_dump_json() == '{"may":null,"dflt":1}'
thing = "0190d4a1-0000-7000-8000-00000000000a"
create = StrictCreate.model_validate({"must": "a", "thingId": thing, "list": []})
assert set(create.model_dump(by_alias=True)) == {"must", "thingId", "list"}
assert set(create.model_dump()) == {"must", "thing_id", "list_"}, create.model_dump()
try:
    StrictPatch(must=None)
except ValidationError as error:
    assert "cannot be null" in str(error)
else:
    raise AssertionError
