"""What the vendors' models cost and when they end: a dated table, and PITCHQUEST_MODEL_PRICES."""

import re
from datetime import date
from functools import cache
from importlib import resources
from typing import Self

import yaml
from pydantic import Field, model_validator

from pitchquest_assets.errors import SettingsError
from pitchquest_assets.model import Value
from pitchquest_assets.vendor_calls import Usage, VendorName

TOKENS_PER_PRICE = 1_000_000
# Dollars are rounded to this many decimals, a tenth of the price of one token.
DECIMALS = 8

_GIVEN = re.compile(r"(?P<name>[^\s=]+)=(?P<a>[0-9.]+)/(?P<b>[0-9.]+|min)")


class Price(Value):
    """US dollars per million tokens in and out, and per minute of sound."""

    input: float = Field(0.0, ge=0)
    output: float = Field(0.0, ge=0)
    minute: float = Field(0.0, ge=0)

    def of(self, usage: Usage) -> float:
        """Return what this usage costs, in US dollars."""
        tokens = usage.input_tokens * self.input + usage.output_tokens * self.output
        return round(tokens / TOKENS_PER_PRICE + usage.audio_seconds / 60 * self.minute, DECIMALS)


class VendorModel(Value):
    """One model of a vendor, as its pages describe it."""

    vendor: VendorName
    name: str
    input: float | None = None
    output: float | None = None
    minute: float | None = None
    ends: date | None = Field(None, description="the day from which it is no longer available")

    @model_validator(mode="after")
    def _both_token_prices(self) -> Self:
        if (self.input is None) != (self.output is None):
            raise ValueError(f"{self.name} needs both token prices or none")
        return self

    @property
    def price(self) -> Price | None:
        """The price; None if it is unknown."""
        if self.input is None and self.minute is None:
            return None
        return Price(input=self.input or 0, output=self.output or 0, minute=self.minute or 0)


class ModelTable(Value):
    """The table, and the day on which it was correct."""

    as_of: date
    models: tuple[VendorModel, ...]


@cache
def load_table() -> ModelTable:
    """Load the table of the package."""
    source = resources.files("pitchquest_assets.engines.vendors") / "vendor_models.yaml"
    return ModelTable.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))


def find_model(vendor: VendorName, name: str) -> VendorModel | None:
    """Return the model's row of the table; None if there is none."""
    rows = (row for row in load_table().models if row.vendor == vendor)
    return next((row for row in rows if row.name == name), None)


def price_of(vendor: VendorName, name: str, given: str | None) -> Price | None:
    """Return the price of a model: the one in PITCHQUEST_MODEL_PRICES, else the table's, else None.

    Raises:
        SettingsError: `given`, the text of PITCHQUEST_MODEL_PRICES, cannot be parsed.
    """
    prices = read_prices(given)
    if name in prices:
        return prices[name]
    row = find_model(vendor, name)
    return row.price if row else None


def read_prices(given: str | None) -> dict[str, Price]:
    """Parse PITCHQUEST_MODEL_PRICES: `model=IN/OUT` or `model=USD/min`, separated by spaces.

    IN and OUT are US dollars per million tokens.

    Raises:
        SettingsError: it cannot be parsed.
    """
    prices = {}
    for text in (given or "").split():
        match = _GIVEN.fullmatch(text)
        try:
            if match is None:
                raise ValueError(text)
            first = float(match["a"])
            prices[match["name"]] = (
                Price(minute=first)
                if match["b"] == "min"
                else Price(input=first, output=float(match["b"]))
            )
        except ValueError as error:
            raise SettingsError(
                f"PITCHQUEST_MODEL_PRICES: {text!r} is not of the form model=IN/OUT (US dollars "
                "per million tokens) or model=USD/min."
            ) from error
    return prices
