from datetime import date

import pytest

from ledgerin.banks import BANKS
from ledgerin.model import StatementError, Transaction

NORDBANK = """Konto;DE00 1234

Buchungstag;Empfänger;Verwendungszweck;Betrag;Währung
1.3.2025;Müller  AG;SEPA-Rechnung 12;-1.234,50;EUR
02.03.2025;Lohn;März;2000,00;eur
03.03.2025;Shop;"a;b";12,00-;EUR
Kontostand;;;1,00;EUR
""".encode("latin-1")
HARBOUR = "\ufeffDate,Payee,Details,Paid out,Paid in,Currency\n2025-03-01, Tea Ltd ,two  boxes,\"1,020.10\",,\n02/03/99,Old,x,(5.00),,usd\n\n03/03/25,Pay,y,,10.00,GBP\n".encode()
VOLKSFUNK = "# März\n010325\t1'020,5 S\tCafe\u0301\tein  Kaffee\n020325\t7H\tX\t\tchf\n".encode()


def test_nordbank():
    assert BANKS["nordbank"](NORDBANK) == [
        Transaction(date(2025, 3, 1), -123450, "EUR", "Müller AG", "Rechnung 12"),
        Transaction(date(2025, 3, 2), 200000, "EUR", "Lohn", "März"),
        Transaction(date(2025, 3, 3), -1200, "EUR", "Shop", "a;b"),
    ]


def test_harbour():
    assert BANKS["harbour"](HARBOUR) == [
        Transaction(date(2025, 3, 1), -102010, "GBP", "Tea Ltd", "two  boxes"),
        Transaction(date(1999, 3, 2), 500, "USD", "Old", "x"),
        Transaction(date(2025, 3, 3), 1000, "GBP", "Pay", "y"),
    ]


def test_volksfunk():
    assert BANKS["volksfunk"](VOLKSFUNK) == [
        Transaction(date(2025, 3, 1), -102050, "EUR", "Café", "ein Kaffee"),
        Transaction(date(2025, 3, 2), 700, "CHF", "X", ""),
    ]


@pytest.mark.parametrize(
    ("bank", "data", "message"),
    [
        ("nordbank", NORDBANK.replace(b"2000,00", b"2000.00"), "line 5: no amount: '2000.00'"),
        ("nordbank", NORDBANK.replace(b"12,00-", b"-12,00-"), "line 6: two signs: '-12,00-'"),
        ("nordbank", b"x;y\n", "line 1: no table of transactions"),
        ("harbour", HARBOUR.replace(b",10.00", b","), "line 5: neither paid out nor paid in"),
        ("harbour", HARBOUR.replace(b"03/03/25", b"30/02/25"), "line 5: no date: '30/02/25'"),
        ("harbour", b"\xff", "line 1: not UTF-8"),
        ("volksfunk", VOLKSFUNK.replace(b"7H", b"7"), "line 3: no amount: '7'"),
        ("volksfunk", VOLKSFUNK.replace(b"chf", b"Fr."), "line 3: no currency: 'Fr.'"),
        ("volksfunk", b"010325\t1S\n", "line 1: expected 4 columns, found 2"),
    ],
)
def test_problems(bank, data, message):
    with pytest.raises(StatementError) as caught:
        BANKS[bank](data)
    assert str(caught.value) == message
