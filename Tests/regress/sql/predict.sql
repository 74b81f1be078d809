select forge.predict('house', r) from (select 50.0::float8 as area, 2 as rooms) r;
