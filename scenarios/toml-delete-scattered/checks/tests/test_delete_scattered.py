import pytest

from tomlkit import parse
from tomlkit.exceptions import NonExistentKey

NESTED_TWICE = """\
# kept
[foo.bar.baz]
a = 1
[foo.bar]
b = 2
[other]
c = 3  # a comment
[foo.tee]
d = 4
"""

SECTIONS = {
    "bar": "[foo.bar]\na = 1\n",
    "x": "[x]\nb   =   2\n",
    "tee": "[foo.tee]\nd = 4 # four\n",
    "y": "[y]\n",
    "zed": "[foo.zed]\ne = 5\n",
}
SCATTERED = "".join(SECTIONS.values())


def written_without(*gone):
    return "".join(text for name, text in SECTIONS.items() if name not in gone)


def delete_in_order(keys):
    doc = parse(SCATTERED)
    foo = doc["foo"]
    for key in keys:
        del foo[key]
    return doc, foo


def test_key_that_two_headers_of_one_part_define():
    doc = parse(NESTED_TWICE)
    foo = doc["foo"]
    del foo["bar"]
    assert doc.as_string() == "# kept\n[other]\nc = 3  # a comment\n[foo.tee]\nd = 4\n"
    assert "bar" not in foo
    assert doc.unwrap() == {"other": {"c": 3}, "foo": {"tee": {"d": 4}}}


@pytest.mark.parametrize("order", ["bar-tee", "bar-zed", "tee-bar", "zed-tee"])
def test_two_keys_through_one_table_object(order):
    keys = order.split("-")
    doc, foo = delete_in_order(keys)
    assert doc.as_string() == written_without(*keys)
    assert sorted(foo) == sorted({"bar", "tee", "zed"} - set(keys))
    assert doc.unwrap()["foo"].keys() == set(foo)


@pytest.mark.parametrize("order", ["bar-tee-zed", "zed-tee-bar"])
def test_all_keys_through_one_table_object(order):
    doc, foo = delete_in_order(order.split("-"))
    assert list(foo) == []
    assert {k: v for k, v in parse(doc.as_string()).unwrap().items() if v} == {"x": {"b": 2}}


def test_assigning_after_a_delete():
    doc = parse(SCATTERED)
    foo = doc["foo"]
    del foo["bar"]
    foo["tee"] = 5
    assert foo == {"tee": 5, "zed": {"e": 5}}
    assert parse(doc.as_string()).unwrap() == {"x": {"b": 2}, "foo": {"tee": 5, "zed": {"e": 5}}, "y": {}}
    assert SECTIONS["zed"] in doc.as_string()
    assert SECTIONS["x"] in doc.as_string()


def test_parts_that_look_alike():
    text = "[foo.a]\nn = 1\n[x]\n[foo.a.b]\n[y]\n[foo.c]\nn = 1\n"
    doc = parse(text)
    foo = doc["foo"]
    del foo["a"]
    del foo["c"]
    assert list(foo) == []
    assert parse(doc.as_string()).unwrap().get("foo", {}) == {}


def test_fresh_key_can_be_deleted_again():
    doc = parse(SCATTERED)
    foo = doc["foo"]
    foo["new"] = 1
    assert parse(doc.as_string())["foo"]["new"] == 1
    del foo["new"]
    assert "new" not in foo
    assert parse(doc.as_string()).unwrap() == parse(SCATTERED).unwrap()


def test_missing_key_is_still_an_error():
    doc = parse(SCATTERED)
    with pytest.raises(NonExistentKey):
        del doc["foo"]["nope"]
    assert doc.as_string() == SCATTERED
