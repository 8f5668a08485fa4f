"""Cleans one customer record, as the instruction in the dataset says."""

import json
import re
from datetime import date

COUNTRIES = {
    "DE": {"de", "ger", "germany", "deutschland", "bundesrepublik deutschland"},
    "GB": {"gb", "uk", "u.k.", "united kingdom", "great britain", "england"},
    "FR": {"fr", "france", "frankreich"},
    "US": {"us", "usa", "u.s.", "u.s.a.", "united states", "united states of america"},
}
DIALLING = {"DE": "49", "GB": "44", "FR": "33", "US": "1"}
CURRENCY = {"DE": "EUR", "FR": "EUR", "GB": "GBP", "US": "USD"}
SYMBOLS = {"€": "EUR", "eur": "EUR", "$": "USD", "usd": "USD", "£": "GBP", "gbp": "GBP"}
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def run(task_input, *, proxy_url, run_token):
    row = task_input["input"]
    country = clean_country(row["country"])
    amount, currency = clean_amount(row["amount"])
    return json.dumps(
        {
            "name": clean_name(row["name"]),
            "email": clean_email(row["email"]),
            "phone": clean_phone(row["phone"], country),
            "country": country,
            "joined": clean_date(row["joined"], country),
            "amount": amount,
            "currency": (currency or CURRENCY.get(country)) if amount is not None else None,
        },
        ensure_ascii=False,
    )


def clean_country(text):
    folded = " ".join(text.lower().split())
    return next((code for code, names in COUNTRIES.items() if folded in names), None)


def clean_name(text):
    name = " ".join(text.split())
    if name.count(",") == 1:
        last, first = name.split(",")
        name = f"{first.strip()} {last.strip()}"
    if name.isupper() or name.islower():
        name = re.sub(r"[^\W\d_]+", lambda word: word[0].capitalize(), name)
    return name or None


def clean_email(text):
    email = re.sub(r"^mailto:", "", text.strip().strip("<>").strip().lower())
    return email if re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", email) else None


def clean_phone(text, country):
    text = re.sub(r"(ext\.?|x)\s*\d+\s*$", "", text.strip().lower()).replace("(0)", "")
    digits = re.sub(r"[^\d+]", "", text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if not digits.startswith("+"):
        if country is None:
            return None
        if country == "US":
            digits = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
        elif digits.startswith("0"):
            digits = digits[1:]
        digits = f"+{DIALLING[country]}{digits}"
    return digits if re.fullmatch(r"\+\d{8,15}", digits) else None


def clean_date(text, country):
    text = text.strip().lower()
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text):
        year, month, day = map(int, match.groups())
    elif match := re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4}|\d{2})", text):
        day, month, year = map(int, match.groups())
        if country == "US" and "/" in text:
            day, month = month, day
    elif match := re.fullmatch(r"(?:(\d{1,2})\.? )?([a-z]{3,9})\.? (?:(\d{1,2}), )?(\d{4})", text):
        if match[2][:3] not in MONTHS or bool(match[1]) == bool(match[3]):
            return None
        day, month, year = int(match[1] or match[3]), MONTHS.index(match[2][:3]) + 1, int(match[4])
    else:
        return None
    try:
        return date(year + 2000 if year < 100 else year, month, day).isoformat()
    except ValueError:
        return None


def clean_amount(text):
    text = text.strip().lower()
    currency = next((code for symbol, code in SYMBOLS.items() if symbol in text), None)
    number = re.sub(r"[^\d.,]", "", text)
    if not re.search(r"\d", number):
        return None, None
    match = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", number)
    whole = re.sub(r"[.,]", "", match[1]) or "0"
    value = float(f"{whole}.{match[2] or '0'}")
    return (-value if "(" in text or re.search(r"-\s*[\d€$£]", text) else value), currency
