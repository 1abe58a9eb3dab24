"""The currencies that a sign or a word may stand for (ISO 4217)."""

from __future__ import annotations

from .amounts import CODES

_DOLLARS = "USD AUD CAD NZD SGD HKD TWD"
_CURRENCIES = {
    "$": f"{_DOLLARS} MXN CLP COP",
    "\u00a3": "GBP EGP",
    "\u00a5": "JPY CNY",
    "\u0e3f": "THB",
    "\u20a9": "KRW",
    "\u20aa": "ILS",
    "\u20ab": "VND",
    "\u20ac": "EUR",
    "\u20b1": "PHP",
    "\u20b4": "UAH",
    "\u20b9": "INR",
    "\u20bd": "RUB",
    "\u20a6": "NGN",
    "dollar": _DOLLARS,
    "bucks": "USD",
    "euro": "EUR",
    "quid": "GBP",
    "pound": "GBP EGP",
    "yen": "JPY",
    "yuan": "CNY",
    "franc": "CHF",
    "rupee": "INR PKR",
    "kron": "SEK NOK DKK ISK",
    "zloty": "PLN",
    "peso": "MXN CLP COP PHP",
    "reais": "BRL",
}
"""What a sign or the beginning of a word may stand for."""


def meant(sign: str) -> frozenset[str]:
    """Return the codes that a sign or a word may stand for; "" where there is no currency."""
    sign = sign.strip()
    if not sign:
        return frozenset({""})
    if sign in CODES.split("|"):
        return frozenset({sign})
    words = (codes for word, codes in _CURRENCIES.items() if sign.lower().startswith(word))
    # Of a sign that is not known here, no tool has the currency.
    return frozenset(next(words, "?").split())
