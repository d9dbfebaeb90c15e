"""Forms of the back office as a browser reads and sends them."""

from html.parser import HTMLParser

from django.test import Client

type Fields = dict[str, str | list[str]]


class _Reader(HTMLParser):
    """Collects what a browser would send of the form that has a key."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: Fields = {}
        self.offered: dict[str, dict[str, str]] = {}
        self._select = self._area = self._option = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "select":
            self._select, self.offered[name] = name, {}
        elif tag == "option" and self._select:
            self._option = value
            if "selected" in given or self._select not in self.fields:
                self.fields[self._select] = value
        elif tag == "textarea":
            self._area, self.fields[name] = name, ""
        elif tag == "input" and given.get("type") not in {"checkbox", "submit"}:
            self.fields[name] = value
        elif tag == "input" and "checked" in given:
            self.fields[name] = given.get("value", "on")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] = f"{self.fields[self._area]}{data}"
        elif self._option:
            self.offered[self._select][data.strip()] = self._option

    def handle_endtag(self, tag: str) -> None:
        if tag in {"select", "textarea"}:
            self._select = self._area = ""
        if tag == "option":
            self._option = ""


def fields_of(page: str) -> tuple[Fields, dict[str, dict[str, str]]]:
    """Return what is filled in, and what each list offers: label and value."""
    reader = _Reader()
    reader.feed(page)
    # An area begins with a line end that no browser counts.
    filled = {
        name: value.removeprefix("\n") if isinstance(value, str) else value
        for name, value in reader.fields.items()
        if name and name != "csrfmiddlewaretoken"
    }
    return filled, reader.offered


def filled(client: Client, address: str, **values: str | list[str]) -> Fields:
    """Return the form at an address with some of its fields filled in.

    Of what is in a list, the label may be given.
    """
    fields, offered = fields_of(client.get(address).content.decode())
    chosen = {
        name: offered.get(name, {}).get(value, value) if isinstance(value, str) else value
        for name, value in values.items()
    }
    return {**fields, **chosen}
