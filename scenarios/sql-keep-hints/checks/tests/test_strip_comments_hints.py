import pytest

import sqlparse
from sqlparse import cli


def strip(sql, **options):
    return sqlparse.format(sql, strip_comments=True, **options)


def words(sql):
    return sql.split()


STAYS = {
    "select-block": "select /*+ INDEX(t  i) */ a from t",
    "select-line": "select --+ FULL(t)\n a from t",
    "update": "update /*+ PARALLEL(4) */ t set a = 1 where b = 2",
    "leading": "/*+ SET_VAR(x=1) */ select 1",
    "two": "select /*+ A */ x from (select /*+ B */ y from t) s",
    "subselect": "select * from t where id in (select /*+ NO_MERGE */ id from u)",
    "select-list": "select a, /*+ C */ b, c from t",
}


@pytest.mark.parametrize("name", STAYS)
def test_hint_stays(name):
    assert words(strip(STAYS[name])) == words(STAYS[name])


AROUND = {
    "before": ("select /* no */ /*+ H */ a from t", "select /*+ H */ a from t"),
    "after": ("select /*+ H */ /* no */ a -- no\nfrom t", "select /*+ H */ a from t"),
    "between": ("select /*+ H */ /* no */ /*+ I */ a from t", "select /*+ H */ /*+ I */ a from t"),
    "same-block": ("select /* no *//*+ H *//* no */ a from t", "select /*+ H */ a from t"),
    "line-block": ("-- no\n--+ H\n-- no\nselect 2 -- no", "--+ H select 2"),
}


@pytest.mark.parametrize("name", AROUND)
def test_comments_around_a_hint_go(name):
    sql, expected = AROUND[name]
    assert words(strip(sql)) == words(expected)
    assert words(strip(sql, strip_whitespace=True)) == words(expected)


@pytest.mark.parametrize("options", [{}, {"strip_whitespace": True}, {"reindent": True}])
def test_line_hint_ends_its_line(options):
    result = strip("select --+ FULL(t)\n a /* no */, b from t where c = 1", **options)
    hint_line = next(line for line in result.splitlines() if "--+" in line)
    assert hint_line.rstrip().endswith("--+ FULL(t)")
    assert words(result) == words("select --+ FULL(t) a , b from t where c = 1") or words(result) == words(
        "select --+ FULL(t) a, b from t where c = 1"
    )


def test_many_hints():
    sql = "select " + ", ".join(f"/*+ H{i} */ c{i} /* no {i} */" for i in range(60)) + " from t"
    result = strip(sql)
    assert "no" not in result
    assert [word for word in words(result) if word.startswith("H")] == [f"H{i}" for i in range(60)]


def test_command_line(tmp_path, capsys):
    source = tmp_path / "q.sql"
    source.write_text("select /*+ H */ a /* no */ from t")
    assert cli.main([str(source), "--strip-comments"]) == 0
    assert words(capsys.readouterr().out) == words("select /*+ H */ a from t")


def test_formatting_twice_keeps_the_hint():
    for sql, expected in AROUND.values():
        assert words(strip(strip(sql, strip_whitespace=True), strip_whitespace=True)) == words(expected)


def test_literal_is_no_hint():
    sql = "insert into t values ('/*+ H */', '--+ x') -- no"
    assert words(strip(sql)) == words("insert into t values ('/*+ H */', '--+ x')")


def test_no_hint_no_change():
    assert strip("select a /* x */ from t -- y\nwhere b") == "select a   from t\nwhere b"
    assert strip("select (/* x */ 1)") == "select ( 1)"
