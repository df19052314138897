"""Amounts as decisions state them, in units of ten thousand yuan (万元); pure."""

from decimal import Decimal, InvalidOperation

from exam.records.credit.errors import AmountError

PLACES = 6
MOST = Decimal(1_000_000)


def parse_wan(text: str) -> Decimal:
    """Return what was typed as an exact amount; an empty text is nought. Raises AmountError."""
    typed = text.strip() or "0"
    if not typed.isascii() or set(typed) - set("0123456789."):
        raise AmountError
    try:
        amount = Decimal(typed)
    except InvalidOperation:
        raise AmountError from None
    exponent = amount.as_tuple().exponent
    if amount > MOST or (isinstance(exponent, int) and -exponent > PLACES):
        raise AmountError
    return amount


def show_wan(amount: Decimal) -> str:
    """Return an amount without needless noughts."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
