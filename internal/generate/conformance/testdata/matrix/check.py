import json

import models
from pydantic import ValidationError

verdicts = []
for case in json.load(open("cases.json")):
    try:
        getattr(models, case["shape"]).model_validate_json(json.dumps(case["doc"]))
        verdicts.append(True)
    except ValidationError:
        verdicts.append(False)
print(json.dumps(verdicts))
