"""The configuration is typed: what is wrong with it is an error that names the key."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from platform_site.configuration import CONFIG_FILE, ConfigurationError, load_configuration


@pytest.fixture
def document() -> Any:
    return yaml.safe_load(CONFIG_FILE.read_text())


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(document: Any) -> Path:
        path = tmp_path / "platform_config.yaml"
        path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
        return path

    return write


class TestLoadConfiguration:
    def test_reads_money_as_the_decimal_that_was_written(self, document: Any, write: Any) -> None:
        document["backtest"]["fee_rate"] = 0.00075

        assert load_configuration(write(document)).backtest.fee_rate == Decimal("0.00075")

    def test_names_an_unknown_key(self, document: Any, write: Any) -> None:
        document["api"]["page_sise"] = 5

        with pytest.raises(ConfigurationError, match=r"api\.page_sise"):
            load_configuration(write(document))

    def test_names_an_unknown_section(self, document: Any, write: Any) -> None:
        document["apy"] = {}

        with pytest.raises(ConfigurationError, match="apy"):
            load_configuration(write(document))

    def test_names_a_missing_key(self, document: Any, write: Any) -> None:
        del document["web"]["port"]

        with pytest.raises(ConfigurationError, match=r"web\.port: Field required"):
            load_configuration(write(document))

    @pytest.mark.parametrize(
        ("section", "key", "value"),
        [
            ("web", "port", "many"),
            ("web", "port", 70_000),
            ("backtest", "fee_rate", 1),
            ("api", "user_rate", "a lot"),
            ("fetch", "attempts", 0),
        ],
    )
    def test_names_a_key_of_the_wrong_type_or_range(
        self, document: Any, write: Any, section: str, key: str, value: object
    ) -> None:
        document[section][key] = value

        with pytest.raises(ConfigurationError, match=rf"{section}\.{key}"):
            load_configuration(write(document))

    def test_says_which_file_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="nowhere"):
            load_configuration(tmp_path / "nowhere.yaml")

    def test_refuses_what_is_not_yaml(self, write: Any) -> None:
        with pytest.raises(ConfigurationError, match="cannot read"):
            load_configuration(write("a: [1"))

    def test_lets_the_environment_override_a_key(
        self, document: Any, write: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ASSAY_WEB__PORT", "9001")

        assert load_configuration(write(document)).web.port == 9001

    def test_checks_what_the_environment_says(
        self, document: Any, write: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ASSAY_WEB__PORT", "0")

        with pytest.raises(ConfigurationError, match=r"web\.port"):
            load_configuration(write(document))
