"""Whether answers are as Docs/api.yml says. Needs PyYAML and jsonschema."""

import pathlib

import jsonschema
import yaml

FILE = pathlib.Path(__file__).resolve().parents[2] / "Docs/api.yml"


class Contract:
    def __init__(self):
        self.document = yaml.safe_load(FILE.read_text())

    def check(self, path, status, value):
        """Raises when the answer to GET of a path (as it stands in the file) is not as described."""
        answer = self.document["paths"][path]["get"]["responses"][str(status)]
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        schema = answer["content"]["application/json"]["schema"]
        jsonschema.Draft202012Validator({**schema, "components": self.document["components"]}).validate(value)
