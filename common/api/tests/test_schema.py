from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}


@pytest.fixture(scope="module")
def schema() -> Any:
    """Return the description of the site; a warning of the generator would be an error."""
    generator = SchemaGenerator(urlconf="common.api.tests.site")
    return generator.get_schema(request=None, public=True)


def headers_of(operation: Any) -> dict[str, bool]:
    return {
        parameter["name"]: parameter.get("required", False)
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "header"
    }


class TestSchema:
    def test_is_valid_openapi(self, schema: Any) -> None:
        validate_schema(schema)

    def test_gives_every_operation_the_one_error_shape(self, schema: Any) -> None:
        operations = [
            operation
            for path in schema["paths"].values()
            for operation in path.values()
            if isinstance(operation, dict)
        ]

        assert len(operations) > 15
        for operation in operations:
            assert operation["responses"]["default"]["content"] == ERROR
        assert set(schema["components"]["schemas"]["Error"]["required"]) == {
            "code",
            "detail",
            "extra",
        }

    def test_describes_the_idempotency_key_where_it_counts(self, schema: Any) -> None:
        create = schema["paths"]["/api/v1/groups/"]["post"]

        assert "Idempotency-Key" in headers_of(create)
        assert "Idempotent-Replayed" in create["responses"]["201"]["headers"]
        assert "Idempotency-Key" not in headers_of(schema["paths"]["/api/v1/auth/login/"]["post"])

    def test_describes_etags_of_single_objects(self, schema: Any) -> None:
        single = schema["paths"]["/api/v1/groups/{id}/"]

        assert "If-None-Match" in headers_of(single["get"])
        assert "304" in single["get"]["responses"]
        assert "ETag" in single["get"]["responses"]["200"]["headers"]
        for method in ("put", "patch", "delete"):
            assert "If-Match" in headers_of(single[method])
        assert "If-None-Match" not in headers_of(schema["paths"]["/api/v1/groups/"]["get"])

    def test_describes_page_sizes_and_cursors(self, schema: Any) -> None:
        names = {p["name"] for p in schema["paths"]["/api/v1/groups/"]["get"]["parameters"]}

        assert names == {"cursor", "page_size", "name"}
