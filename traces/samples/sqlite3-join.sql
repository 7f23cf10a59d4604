-- What sqlite3-join.x86_64.mtrace.xz was captured from: a table joined with itself, each row with a random other one.
create table word (id integer primary key, other integer, text text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 50000)
    insert into word select i, i * i % 50021 + 1, printf('%.200c', 'x') from n;
select sum(b.other) from word a cross join word b on b.id = a.other;
