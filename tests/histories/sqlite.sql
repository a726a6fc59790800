A shop on SQLite. `=== name` starts the file of a revision; without a line `-- parents:` it follows the one above.
long_history_test.py says how this is read.

=== customers
-- message: what the rest relies on
-- parents:

-- mig:up
CREATE TABLE customers (
  id integer PRIMARY KEY AUTOINCREMENT,
  email text NOT NULL COLLATE NOCASE UNIQUE CHECK (email LIKE '%_@_%'),
  name text NOT NULL DEFAULT 'a; b' -- the end; of it
);

-- mig:verify
SELECT count(*) = 0 FROM customers;

-- mig:down
DROP TABLE customers;

=== first_customers
-- mig:up
INSERT INTO customers (id, email, name) VALUES
  (1, 'ann@example.com', 'Ann; the first'),
  (2, 'bob@example.com', 'Bob O''Hara'),
  (3, 'cid@example.com', "Cid; in the other quotes"),
  (4, 'dee@example.com', 'D''ee;
on two lines');

-- mig:verify
SELECT count(*) = 4 FROM customers;

-- mig:down
DELETE FROM customers;
DELETE FROM sqlite_sequence WHERE name = 'customers';

=== orders
-- mig:up
CREATE TABLE orders (
  id integer PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'sent')),
  ordered_on text NOT NULL DEFAULT '2026-01-01'
);
CREATE INDEX orders_customer_id ON orders (customer_id);

-- mig:down
DROP TABLE orders;

=== order_lines
-- mig:up
CREATE TABLE order_lines (
  order_id integer REFERENCES orders (id),
  position integer CHECK (position > 0),
  product text NOT NULL,
  quantity integer NOT NULL DEFAULT 1,
  price integer NOT NULL,
  PRIMARY KEY (order_id, position)
) WITHOUT ROWID;

-- mig:down
DROP TABLE order_lines;

=== first_orders
-- mig:up
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)
INSERT INTO orders (id, customer_id, ordered_on)
SELECT 10 * c.id + i, c.id, date('2026-01-01', '+' || i || ' days') FROM customers c, n;
WITH n (i) AS (VALUES (1), (2), (3))
INSERT INTO order_lines (order_id, position, product, quantity, price) SELECT id, i, 'product ' || i, i, 100 * i FROM orders, n;

-- mig:verify
SELECT count(*) = 60 FROM order_lines;

-- mig:down
DELETE FROM order_lines;
DELETE FROM orders;

=== changes
-- mig:up
CREATE TABLE changes (n integer PRIMARY KEY, what text NOT NULL, of_table text NOT NULL, id integer);

-- mig:down
DROP TABLE changes;

=== changes_of_orders
-- message: bodies with several statements, and with CASE ... END
-- mig:up
CREATE TRIGGER orders_changed AFTER UPDATE ON orders WHEN old.state <> new.state BEGIN
  INSERT INTO changes (what, of_table, id) VALUES ('state; ' || new.state, 'orders', new.id);
  UPDATE order_lines SET quantity = CASE WHEN quantity > 100 THEN 100 ELSE quantity END WHERE order_id = new.id;
END;
CREATE TRIGGER orders_gone BEFORE DELETE ON orders FOR EACH ROW BEGIN SELECT CASE WHEN old.state = 'sent' THEN RAISE(ABORT, 'sent; it stays') END; END;

-- mig:down
DROP TRIGGER orders_gone;
DROP TRIGGER orders_changed;

=== some_orders_are_paid
-- mig:up
UPDATE orders SET state = 'paid' WHERE id % 5 = 0;

-- mig:verify
SELECT count(*) = 4 FROM changes;

-- mig:down
UPDATE orders SET state = 'open' WHERE id % 5 = 0;
DELETE FROM changes;

=== order_totals
-- mig:up
CREATE VIEW order_totals AS SELECT order_id, sum(quantity * price) AS total FROM order_lines GROUP BY order_id;

-- mig:down
DROP VIEW order_totals;

=== order_totals_of_none
-- message: a view that another version replaces
-- mig:up
DROP VIEW order_totals;
CREATE VIEW order_totals (order_id, total) AS
  SELECT o.id, coalesce(sum(l.quantity * l.price), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id GROUP BY o.id;

-- mig:down
DROP VIEW order_totals;
CREATE VIEW order_totals AS SELECT order_id, sum(quantity * price) AS total FROM order_lines GROUP BY order_id;

=== orders_may_be_returned
-- message: a table rebuilt while others refer to it
-- mig:up foreign_keys=off
CREATE TABLE orders_new (
  id integer PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'sent', 'returned')),
  ordered_on text NOT NULL DEFAULT '2026-01-01'
);
INSERT INTO orders_new SELECT * FROM orders ORDER BY id;
DROP VIEW order_totals;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;
CREATE INDEX orders_customer_id ON orders (customer_id);
CREATE VIEW order_totals (order_id, total) AS
  SELECT o.id, coalesce(sum(l.quantity * l.price), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id GROUP BY o.id;
CREATE TRIGGER orders_changed AFTER UPDATE ON orders WHEN old.state <> new.state BEGIN
  INSERT INTO changes (what, of_table, id) VALUES ('state; ' || new.state, 'orders', new.id);
END;

-- mig:down foreign_keys=off
CREATE TABLE orders_new (
  id integer PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'sent')),
  ordered_on text NOT NULL DEFAULT '2026-01-01'
);
INSERT INTO orders_new SELECT id, customer_id, CASE state WHEN 'returned' THEN 'sent' ELSE state END, ordered_on FROM orders ORDER BY id;
DROP VIEW order_totals;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;
CREATE INDEX orders_customer_id ON orders (customer_id);
CREATE VIEW order_totals (order_id, total) AS
  SELECT o.id, coalesce(sum(l.quantity * l.price), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id GROUP BY o.id;
CREATE TRIGGER orders_changed AFTER UPDATE ON orders WHEN old.state <> new.state BEGIN
  INSERT INTO changes (what, of_table, id) VALUES ('state; ' || new.state, 'orders', new.id);
  UPDATE order_lines SET quantity = CASE WHEN quantity > 100 THEN 100 ELSE quantity END WHERE order_id = new.id;
END;
CREATE TRIGGER orders_gone BEFORE DELETE ON orders FOR EACH ROW BEGIN SELECT CASE WHEN old.state = 'sent' THEN RAISE(ABORT, 'sent; it stays') END; END;

=== one_was_returned
-- mig:up
UPDATE orders SET state = 'returned' WHERE id = 11;

-- mig:down
UPDATE orders SET state = 'open' WHERE id = 11;
DELETE FROM changes WHERE id = 11;

=== customers_have_a_phone
-- mig:up
ALTER TABLE customers ADD COLUMN phone text;
UPDATE customers SET phone = '+1 ' || id;
CREATE UNIQUE INDEX customers_phone ON customers (phone) WHERE phone <> ';';

-- mig:down
DROP INDEX customers_phone;
ALTER TABLE customers DROP COLUMN phone;

=== customers_by_lower_name
-- mig:up
CREATE INDEX "customers; by name" ON customers (lower(name) DESC, substr(name, 1, 1));

-- mig:down
DROP INDEX "customers; by name";

=== customers_are_known_by_number
-- message: the key changes, and what refers to it
-- mig:up foreign_keys=off
CREATE TABLE customers_new (
  number integer PRIMARY KEY,
  email text NOT NULL COLLATE NOCASE UNIQUE CHECK (email LIKE '%_@_%'),
  name text NOT NULL,
  phone text
);
INSERT INTO customers_new SELECT 1000 + id, email, name, phone FROM customers ORDER BY id;
DROP TABLE customers;
ALTER TABLE customers_new RENAME TO customers;
CREATE UNIQUE INDEX customers_phone ON customers (phone) WHERE phone <> ';';
CREATE INDEX "customers; by name" ON customers (lower(name) DESC, substr(name, 1, 1));
CREATE TABLE orders_new (
  id integer PRIMARY KEY,
  customer integer NOT NULL REFERENCES customers (number) ON DELETE CASCADE ON UPDATE CASCADE,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'sent', 'returned')),
  ordered_on text NOT NULL DEFAULT '2026-01-01'
);
INSERT INTO orders_new SELECT id, 1000 + customer_id, state, ordered_on FROM orders ORDER BY id;
DROP VIEW order_totals;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;
CREATE INDEX orders_customer ON orders (customer);
CREATE VIEW order_totals (order_id, total) AS
  SELECT o.id, coalesce(sum(l.quantity * l.price), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id GROUP BY o.id;
CREATE TRIGGER orders_changed AFTER UPDATE ON orders WHEN old.state <> new.state BEGIN
  INSERT INTO changes (what, of_table, id) VALUES ('state; ' || new.state, 'orders', new.id);
END;

-- mig:down foreign_keys=off
CREATE TABLE customers_new (
  id integer PRIMARY KEY AUTOINCREMENT,
  email text NOT NULL COLLATE NOCASE UNIQUE CHECK (email LIKE '%_@_%'),
  name text NOT NULL DEFAULT 'a; b' -- the end; of it
, phone text);
INSERT INTO customers_new SELECT number - 1000, email, name, phone FROM customers ORDER BY number;
DROP TABLE customers;
ALTER TABLE customers_new RENAME TO customers;
CREATE UNIQUE INDEX customers_phone ON customers (phone) WHERE phone <> ';';
CREATE INDEX "customers; by name" ON customers (lower(name) DESC, substr(name, 1, 1));
CREATE TABLE orders_new (
  id integer PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'sent', 'returned')),
  ordered_on text NOT NULL DEFAULT '2026-01-01'
);
INSERT INTO orders_new SELECT id, customer - 1000, state, ordered_on FROM orders ORDER BY id;
DROP VIEW order_totals;
DROP TABLE orders;
ALTER TABLE orders_new RENAME TO orders;
CREATE INDEX orders_customer_id ON orders (customer_id);
CREATE VIEW order_totals (order_id, total) AS
  SELECT o.id, coalesce(sum(l.quantity * l.price), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id GROUP BY o.id;
CREATE TRIGGER orders_changed AFTER UPDATE ON orders WHEN old.state <> new.state BEGIN
  INSERT INTO changes (what, of_table, id) VALUES ('state; ' || new.state, 'orders', new.id);
END;

=== vacuumed
-- mig:up transaction=off
VACUUM;
REINDEX orders_customer;

-- mig:down

=== catalog
-- message: here two teams part
-- labels: catalog
-- mig:up
CREATE TABLE products (id integer PRIMARY KEY, name text NOT NULL, price integer NOT NULL, attributes text NOT NULL DEFAULT '{}' CHECK (json_valid(attributes)));
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30)
INSERT INTO products SELECT i, 'product ' || i, 100 * i, json_object('size', i, 'colour; of', 'red') FROM n;

-- mig:down
DROP TABLE products;

=== product_gross
-- message: generated columns
-- mig:up
ALTER TABLE products ADD COLUMN gross integer AS (price * 119 / 100) VIRTUAL;
ALTER TABLE products ADD COLUMN colour text GENERATED ALWAYS AS (json_extract(attributes, '$."colour; of"'));
CREATE INDEX products_colour ON products (colour, gross);

-- mig:down
DROP INDEX products_colour;
ALTER TABLE products DROP COLUMN colour;
ALTER TABLE products DROP COLUMN gross;

=== product_sizes
-- mig:up
ALTER TABLE products ADD COLUMN size integer;
UPDATE products SET size = json_extract(attributes, '$.size'), attributes = json_remove(attributes, '$.size');

-- mig:down
UPDATE products SET attributes = json_object('size', size, 'colour; of', colour);
ALTER TABLE products DROP COLUMN size;

=== product_size_not_null
-- message: a constraint more: rebuilt, with a stored generated column
-- mig:up foreign_keys=off
CREATE TABLE products_new (
  id integer PRIMARY KEY,
  name text NOT NULL,
  price integer NOT NULL,
  attributes text NOT NULL DEFAULT '{}' CHECK (json_valid(attributes)),
  size integer NOT NULL,
  gross integer AS (price * 119 / 100) STORED,
  colour text AS (json_extract(attributes, '$."colour; of"'))
);
INSERT INTO products_new (id, name, price, attributes, size) SELECT id, name, price, attributes, size FROM products ORDER BY id;
DROP TABLE products;
ALTER TABLE products_new RENAME TO products;
CREATE INDEX products_colour ON products (colour, gross);

-- mig:down foreign_keys=off
ALTER TABLE products RENAME TO products_old;
DROP INDEX products_colour;
CREATE TABLE products (id integer PRIMARY KEY, name text NOT NULL, price integer NOT NULL, attributes text NOT NULL DEFAULT '{}' CHECK (json_valid(attributes)));
ALTER TABLE products ADD COLUMN gross integer AS (price * 119 / 100) VIRTUAL;
ALTER TABLE products ADD COLUMN colour text GENERATED ALWAYS AS (json_extract(attributes, '$."colour; of"'));
CREATE INDEX products_colour ON products (colour, gross);
ALTER TABLE products ADD COLUMN size integer;
INSERT INTO products (id, name, price, attributes, size) SELECT id, name, price, attributes, size FROM products_old ORDER BY id;
DROP TABLE products_old;

=== product_search
-- message: a virtual table, and triggers that fill it
-- mig:up
CREATE VIRTUAL TABLE product_words USING fts5(name, content = 'products', content_rowid = 'id', tokenize = "unicode61 separators ';'");
INSERT INTO product_words (product_words) VALUES ('rebuild');
CREATE TRIGGER products_added AFTER INSERT ON products BEGIN
  INSERT INTO product_words (rowid, name) VALUES (new.id, new.name);
END;
CREATE TRIGGER products_removed AFTER DELETE ON products BEGIN
  INSERT INTO product_words (product_words, rowid, name) VALUES ('delete', old.id, old.name);
END;

-- mig:verify
SELECT count(*) = 1 FROM product_words WHERE product_words MATCH 'product AND 17';

-- mig:down
DROP TRIGGER products_removed;
DROP TRIGGER products_added;
DROP TABLE product_words;

=== more_products
-- mig:up
INSERT INTO products (id, name, price, size) VALUES (100, 'a hundredth; thing', 1, 1), (101, 'END;', 2, 2);

-- mig:verify
SELECT rowid = 100 FROM product_words WHERE product_words MATCH 'hundredth';

-- mig:down
DELETE FROM products WHERE id >= 100;
INSERT INTO product_words (product_words) VALUES ('rebuild');

=== categories
-- message: rows that refer to each other, checked when the transaction commits
-- mig:up
CREATE TABLE categories (
  id integer PRIMARY KEY,
  parent_id integer REFERENCES categories DEFERRABLE INITIALLY DEFERRED,
  title text NOT NULL
) STRICT;
INSERT INTO categories VALUES (2, 1, 'below'), (3, 2, 'further below'), (1, NULL, 'top');

-- mig:down
DROP TABLE categories;

=== category_paths
-- mig:up
CREATE VIEW category_paths AS
  WITH RECURSIVE p (id, path) AS (
    SELECT id, title FROM categories WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, p.path || ' / ' || c.title FROM categories c JOIN p ON p.id = c.parent_id
  )
  SELECT * FROM p;

-- mig:verify
SELECT path = 'top / below / further below' FROM category_paths WHERE id = 3;

-- mig:down
DROP VIEW category_paths;

=== product_categories
-- mig:up
ALTER TABLE products ADD COLUMN category_id integer REFERENCES categories;
UPDATE products SET category_id = 1 + id % 3;

-- mig:down
ALTER TABLE products DROP COLUMN category_id;

=== product_names
-- message: names that need quotes, each kind of them
-- mig:up
ALTER TABLE categories RENAME COLUMN title TO "the ""title""; of it";
CREATE TABLE [odd; table] (`a;b` integer, [c;d] text, "e;f" blob DEFAULT x'3b', 'g' text DEFAULT (';' || ';'));
INSERT INTO [odd; table] (`a;b`) VALUES (1), (2);

-- mig:down
DROP TABLE "odd; table";
ALTER TABLE categories RENAME COLUMN "the ""title""; of it" TO title;

=== product_prices
-- mig:up
CREATE TABLE product_prices (
  product_id integer NOT NULL REFERENCES products ON DELETE CASCADE,
  since text NOT NULL,
  price integer NOT NULL,
  CONSTRAINT one_a_day PRIMARY KEY (product_id, since) ON CONFLICT REPLACE
);
INSERT INTO product_prices SELECT id, '2026-01-01', price FROM products;

-- mig:down
DROP TABLE product_prices;

=== prices_upserted
-- mig:up
INSERT INTO product_prices AS p VALUES (1, '2026-01-01', 7), (1, '2026-02-01', 8)
  ON CONFLICT (product_id, since) DO UPDATE SET price = excluded.price + p.price WHERE excluded.price > 0;
UPDATE product_prices SET price = product_prices.price + q.size FROM products q WHERE q.id = product_prices.product_id AND q.id > 20;

-- mig:verify
SELECT price = 107 FROM product_prices WHERE product_id = 1 AND since = '2026-01-01';

-- mig:down
UPDATE product_prices SET price = product_prices.price - q.size FROM products q WHERE q.id = product_prices.product_id AND q.id > 20;
DELETE FROM product_prices WHERE since = '2026-02-01';
UPDATE product_prices SET price = 100 WHERE product_id = 1;

=== payments
-- message: the other team
-- labels: billing
-- parents: vacuumed
-- mig:up
CREATE TABLE payments (id integer PRIMARY KEY, order_id integer NOT NULL, amount integer NOT NULL, method text NOT NULL);
INSERT INTO payments SELECT order_id, order_id, total, CASE order_id % 3 WHEN 0 THEN 'card' WHEN 1 THEN 'cash' ELSE 'debit' END FROM order_totals;

-- mig:down
DROP TABLE payments;

=== payments_refer_to_orders
-- message: a foreign key comes in by a rebuild
-- mig:up foreign_keys=off
CREATE TABLE payments_new (
  id integer PRIMARY KEY,
  order_id integer NOT NULL REFERENCES orders,
  amount integer NOT NULL CHECK (amount >= 0),
  method text NOT NULL
);
INSERT INTO payments_new SELECT * FROM payments ORDER BY id;
DROP TABLE payments;
ALTER TABLE payments_new RENAME TO payments;

-- mig:down foreign_keys=off
ALTER TABLE payments RENAME TO payments_old;
CREATE TABLE payments (id integer PRIMARY KEY, order_id integer NOT NULL, amount integer NOT NULL, method text NOT NULL);
INSERT INTO payments SELECT * FROM payments_old ORDER BY id;
DROP TABLE payments_old;

=== payment_methods
-- message: words become rows
-- mig:up
CREATE TABLE methods (id integer PRIMARY KEY, word text NOT NULL UNIQUE);
INSERT INTO methods (word) SELECT DISTINCT method FROM payments ORDER BY 1;
ALTER TABLE payments ADD COLUMN method_id integer REFERENCES methods;
UPDATE payments SET method_id = (SELECT id FROM methods WHERE word = method);
ALTER TABLE payments DROP COLUMN method;

-- mig:down
CREATE TABLE payments_old (
  id integer PRIMARY KEY,
  order_id integer NOT NULL REFERENCES orders,
  amount integer NOT NULL CHECK (amount >= 0),
  method text NOT NULL
);
INSERT INTO payments_old SELECT p.id, order_id, amount, word FROM payments p JOIN methods m ON m.id = method_id ORDER BY p.id;
DROP TABLE payments;
ALTER TABLE payments_old RENAME TO payments;
DROP TABLE methods;

=== payments_by_method
-- mig:up
CREATE INDEX payments_method ON payments (method_id) WHERE amount > 0;

-- mig:down
DROP INDEX payments_method;

=== invoices
-- mig:up
CREATE TABLE invoices (
  number integer PRIMARY KEY AUTOINCREMENT,
  order_id integer NOT NULL REFERENCES orders DEFERRABLE INITIALLY DEFERRED,
  amount integer NOT NULL DEFAULT 0,
  made_at text NOT NULL DEFAULT ('2026-' || '01-01')
);
INSERT INTO invoices (number, order_id, amount) VALUES (1000, 11, 0);
INSERT INTO invoices (order_id, amount) SELECT order_id, total FROM order_totals ORDER BY order_id;

-- mig:down
DROP TABLE invoices;

=== invoice_changes
-- message: a view that is written to
-- mig:up
CREATE VIEW open_invoices AS SELECT number, amount FROM invoices WHERE amount > 0;
CREATE TRIGGER open_invoices_pay INSTEAD OF UPDATE OF amount ON open_invoices BEGIN
  UPDATE invoices SET amount = new.amount WHERE number = old.number;
  INSERT INTO changes (what, of_table, id) SELECT iif(new.amount = 0, 'paid; wholly', 'paid; in part'), 'invoices', old.number;
END;
UPDATE open_invoices SET amount = 0 WHERE number = 1001;

-- mig:verify
SELECT count(*) = 1 FROM changes WHERE of_table = 'invoices';

-- mig:down
DELETE FROM changes WHERE of_table = 'invoices';
UPDATE invoices SET amount = (SELECT total FROM order_totals t WHERE t.order_id = invoices.order_id) WHERE number = 1001;
DROP VIEW open_invoices;

=== invoice_texts
-- mig:up
CREATE TABLE invoice_texts (number integer PRIMARY KEY REFERENCES invoices, text text, CHECK (text <> '' OR text IS NULL));
INSERT INTO invoice_texts SELECT number, printf('%05d; %s', number, char(9, 59, 10)) FROM invoices WHERE number % 2;

-- mig:down
DROP TABLE invoice_texts;

=== invoice_positions
-- message: windows
-- mig:up
CREATE TABLE invoice_positions AS
  SELECT number, row_number() OVER w AS position, sum(amount) OVER (w ROWS UNBOUNDED PRECEDING) AS running
  FROM invoices WINDOW w AS (PARTITION BY order_id / 10 ORDER BY number);

-- mig:down
DROP TABLE invoice_positions;

=== billing_settings
-- mig:up
CREATE TABLE settings (key text PRIMARY KEY, value any) STRICT, WITHOUT ROWID;
INSERT INTO settings VALUES ('tax; in percent', 19), ('name', 'a;b'), ('nothing', NULL), ('blob', x'00ff'), ('real', 1.5e3);

-- mig:down
DROP TABLE settings;

=== both_teams
-- message: the middle of the history
-- parents: prices_upserted, billing_settings
-- mig:up

-- mig:down

=== lines_refer_to_products
-- depends: catalog
-- mig:up foreign_keys=off
CREATE TABLE lines_new (
  order_id integer REFERENCES orders (id),
  position integer CHECK (position > 0),
  product_id integer NOT NULL REFERENCES products,
  quantity integer NOT NULL DEFAULT 1,
  price integer NOT NULL,
  PRIMARY KEY (order_id, position)
) WITHOUT ROWID;
INSERT INTO lines_new SELECT order_id, position, p.id, quantity, l.price FROM order_lines l JOIN products p ON p.name = l.product;
DROP VIEW order_totals;
DROP TABLE order_lines;
ALTER TABLE lines_new RENAME TO order_lines;
CREATE VIEW order_totals (order_id, total) AS
  SELECT o.id, coalesce(sum(l.quantity * l.price), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id GROUP BY o.id;

-- mig:verify
SELECT count(*) = 60 FROM order_lines;

-- mig:down foreign_keys=off
CREATE TABLE lines_old (
  order_id integer REFERENCES orders (id),
  position integer CHECK (position > 0),
  product text NOT NULL,
  quantity integer NOT NULL DEFAULT 1,
  price integer NOT NULL,
  PRIMARY KEY (order_id, position)
) WITHOUT ROWID;
INSERT INTO lines_old SELECT order_id, position, p.name, quantity, l.price FROM order_lines l JOIN products p ON p.id = l.product_id;
DROP VIEW order_totals;
DROP TABLE order_lines;
ALTER TABLE lines_old RENAME TO order_lines;
CREATE VIEW order_totals (order_id, total) AS
  SELECT o.id, coalesce(sum(l.quantity * l.price), 0) FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id GROUP BY o.id;

=== texts
-- message: text that a splitter could trip over
-- mig:up
CREATE TABLE texts (id integer PRIMARY KEY, text text);
INSERT INTO texts VALUES (1, 'a\'), (2, "b\"), (3, '$$;$$'), (4, '-- mig:no mark; it is not at the start'), (5, '/* no comment');
INSERT INTO texts VALUES (6, /* a comment; /* which ends here: */ 'six' -- ; '
);
INSERT INTO texts VALUES (7, 'Ünïcödé – ☃; 𝄞'), (8, 'CREATE TRIGGER t BEGIN'), (9, 'END;
/
go');
;;
EXPLAIN QUERY PLAN SELECT 1; -- and nothing follows

-- mig:verify
SELECT count(*) = 9 FROM texts;

-- mig:down
DROP TABLE texts;

=== savepoints
-- mig:up
SAVEPOINT before;
DELETE FROM texts;
ROLLBACK TO before;
RELEASE before;
INSERT OR REPLACE INTO texts VALUES (9, 'nine; again');
REPLACE INTO texts (id, text) VALUES (10, 'ten');

-- mig:down
DELETE FROM texts WHERE id = 10;
UPDATE texts SET text = 'END;
/
go' WHERE id = 9;

=== temporary_tables
-- mig:up
CREATE TEMPORARY TABLE mig_version (id text);
CREATE TEMP TABLE lookup AS SELECT 11 AS id, 'temporary; once' AS word;
CREATE TEMP TRIGGER looked AFTER INSERT ON main.texts BEGIN DELETE FROM lookup; END;
INSERT INTO texts SELECT id, word FROM lookup;
DROP TABLE lookup;

-- mig:down
DELETE FROM texts WHERE id = 11;

=== temporary_tables_are_gone
-- mig:up
CREATE TEMP TABLE lookup (id);
INSERT INTO texts VALUES (12, 'no trigger');

-- mig:down
DELETE FROM texts WHERE id = 12;

=== trigger_keywords
-- message: words that begin or end bodies, as names
-- mig:up
CREATE TABLE "begin" ("end" integer, "case" text);
CREATE TRIGGER "end" AFTER INSERT ON "begin" WHEN new."end" > CASE WHEN 1 THEN 0 END BEGIN
  -- END; in a comment
  INSERT INTO changes (what, of_table, id) VALUES ('END;', 'begin', new."end");
  SELECT CASE new."end" WHEN 1 THEN CASE WHEN 2 THEN 3 END END;
  DELETE FROM "begin" WHERE "end" = new."end" - 100;
END;
INSERT INTO "begin" VALUES (7, 'end');

-- mig:verify
SELECT count(*) = 1 FROM changes WHERE what = 'END;';

-- mig:down
DROP TABLE "begin";
DELETE FROM changes WHERE what = 'END;';

=== user_version
-- mig:up
PRAGMA user_version = 7;
PRAGMA application_id = 1234;

-- mig:down
PRAGMA application_id = 0;
PRAGMA user_version = 0;

=== statistics
-- mig:up
ANALYZE order_lines;

-- mig:down
DROP TABLE sqlite_stat1;
DROP TABLE IF EXISTS sqlite_stat4;

=== shipments
-- labels: logistics
-- mig:up
CREATE TABLE shipments (id integer PRIMARY KEY, order_id integer REFERENCES orders, weight real, sent text AS (date('2026-01-01')) VIRTUAL);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20) INSERT INTO shipments (id, order_id, weight) SELECT i, 11, i / 4.0 FROM n;

-- mig:down
DROP TABLE shipments;

=== shipment_places
-- mig:up
CREATE VIRTUAL TABLE places USING rtree(id, west, east, south, north);
INSERT INTO places SELECT id, id, id + 1, -id, id FROM shipments;

-- mig:verify
SELECT count(*) = 2 FROM places WHERE west <= 3 AND east >= 3;

-- mig:down
DROP TABLE places;

=== shipment_weights
-- message: a sum that triggers keep
-- mig:up
CREATE TABLE weights (order_id integer PRIMARY KEY, total real NOT NULL DEFAULT 0.0);
INSERT INTO weights SELECT order_id, sum(weight) FROM shipments GROUP BY 1;
CREATE TRIGGER weight_added AFTER INSERT ON shipments BEGIN
  INSERT INTO weights VALUES (new.order_id, new.weight) ON CONFLICT (order_id) DO UPDATE SET total = total + excluded.total;
END;
CREATE TRIGGER weight_changed AFTER UPDATE OF weight ON shipments WHEN old.weight IS NOT new.weight BEGIN
  UPDATE weights SET total = total - old.weight + new.weight WHERE order_id = new.order_id;
END;
CREATE TRIGGER weight_gone AFTER DELETE ON shipments BEGIN
  UPDATE weights SET total = total - old.weight WHERE order_id = old.order_id;
  DELETE FROM weights WHERE order_id = old.order_id AND total <= 0;
END;

-- mig:down
DROP TRIGGER weight_gone;
DROP TRIGGER weight_changed;
DROP TRIGGER weight_added;
DROP TABLE weights;

=== shipments_in_kilograms
-- mig:up
UPDATE shipments SET weight = weight * 2;

-- mig:verify
SELECT total = (SELECT sum(weight) FROM shipments) FROM weights;

-- mig:down
UPDATE shipments SET weight = weight / 2;

=== reports
-- message: a branch of its own
-- labels: reports
-- parents: statistics
-- mig:up
CREATE VIEW report AS
  SELECT o.ordered_on AS day, sum(CASE WHEN o.state = 'returned' THEN 0 ELSE t.total END) AS total
  FROM orders o JOIN order_totals t ON t.order_id = o.id GROUP BY 1;

-- mig:down
DROP VIEW report;

=== weekly_report
-- depends: shipment_weights
-- mig:up
CREATE VIEW weekly AS SELECT strftime('%W', day) AS week, total(total) AS total, (SELECT sum(total) FROM weights) AS weight FROM report GROUP BY 1;

-- mig:down
DROP VIEW weekly;

=== report_rows
-- mig:up
CREATE TABLE report_rows AS SELECT * FROM weekly;

-- mig:down
DROP TABLE report_rows;

=== logistics_and_reports
-- parents: shipments_in_kilograms, report_rows
-- mig:up

-- mig:down

=== renamed
-- message: names change in tables, views and triggers that use them
-- mig:up
ALTER TABLE order_lines RENAME TO lines;
ALTER TABLE lines RENAME COLUMN quantity TO "how many";

-- mig:down
ALTER TABLE lines RENAME COLUMN "how many" TO quantity;
ALTER TABLE lines RENAME TO order_lines;

=== tree
-- mig:up
CREATE TABLE tree (id integer PRIMARY KEY, parent integer REFERENCES tree ON DELETE SET NULL, depth integer NOT NULL DEFAULT 0);
INSERT INTO tree (id, parent) VALUES (1, NULL), (2, 1), (3, 2), (4, 2);

-- mig:down
DROP TABLE tree;

=== tree_depths
-- mig:up
WITH RECURSIVE d (id, depth) AS (SELECT id, 0 FROM tree WHERE parent IS NULL UNION ALL SELECT t.id, d.depth + 1 FROM tree t JOIN d ON t.parent = d.id)
UPDATE tree SET depth = (SELECT depth FROM d WHERE d.id = tree.id);

-- mig:verify
SELECT sum(depth) = 5 FROM tree;

-- mig:down
UPDATE tree SET depth = 0;

=== tree_rebuilt
-- message: a table that refers to itself, rebuilt
-- mig:up foreign_keys=off
CREATE TABLE tree_new (id integer PRIMARY KEY, parent integer REFERENCES tree_new ON DELETE CASCADE, depth integer NOT NULL CHECK (depth >= 0), name text NOT NULL DEFAULT '');
INSERT INTO tree_new (id, parent, depth) SELECT id, parent, depth FROM tree ORDER BY id DESC;
DROP TABLE tree;
ALTER TABLE tree_new RENAME TO tree;

-- mig:down foreign_keys=off
CREATE TABLE tree_old (id integer PRIMARY KEY, parent integer REFERENCES tree_old ON DELETE SET NULL, depth integer NOT NULL DEFAULT 0);
INSERT INTO tree_old SELECT id, parent, depth FROM tree;
DROP TABLE tree;
ALTER TABLE tree_old RENAME TO tree;

=== many_sections
-- message: transactions and none of them, in turns
-- mig:up
CREATE TABLE steps (n integer);

-- mig:up transaction=off
INSERT INTO steps VALUES (1);
VACUUM;

-- mig:up
INSERT INTO steps VALUES (2);

-- mig:up foreign_keys=on
INSERT INTO steps VALUES (3);

-- mig:up transaction=off
INSERT INTO steps VALUES (4);
ANALYZE steps;

-- mig:verify
SELECT group_concat(n) = '1,2,3,4' FROM steps;

-- mig:down transaction=off
DELETE FROM steps WHERE n = 4;
DELETE FROM sqlite_stat1 WHERE tbl = 'steps';

-- mig:down
DROP TABLE steps;

=== for place: north south east west

=== stock_<place>
-- message: four branches side by side, one for each place
-- labels: <place>
-- parents: many_sections
-- mig:up
CREATE TABLE stock_<place> (product_id integer PRIMARY KEY REFERENCES products, pieces integer NOT NULL);

-- mig:down
DROP TABLE stock_<place>;

=== stock_<place>_counted
-- mig:up
INSERT INTO stock_<place> SELECT id, length('<place>') * id FROM products WHERE id < 20;

-- mig:down
DELETE FROM stock_<place>;

=== stock_<place>_index
-- mig:up
CREATE INDEX stock_<place>_pieces ON stock_<place> (pieces DESC);

-- mig:down
DROP INDEX stock_<place>_pieces;

=== moves_<place>
-- mig:up
CREATE TABLE moves_<place> (n integer PRIMARY KEY, product_id integer NOT NULL REFERENCES stock_<place>, pieces integer NOT NULL);
CREATE TRIGGER moved_<place> AFTER INSERT ON moves_<place> BEGIN
  UPDATE stock_<place> SET pieces = CASE WHEN pieces + new.pieces < 0 THEN RAISE(ABORT, 'not enough; in <place>') ELSE pieces + new.pieces END
  WHERE product_id = new.product_id;
END;

-- mig:down
DROP TABLE moves_<place>;

=== moves_<place>_first
-- mig:up
INSERT INTO moves_<place> (product_id, pieces) VALUES (1, 10), (2, -1), (3, 5);

-- mig:verify
SELECT pieces = length('<place>') + 10 FROM stock_<place> WHERE product_id = 1;

-- mig:down
DELETE FROM moves_<place>;
UPDATE stock_<place> SET pieces = length('<place>') * product_id;

=== stock_<place>_shelf
-- mig:up
ALTER TABLE stock_<place> ADD COLUMN shelf text NOT NULL DEFAULT '?';
UPDATE stock_<place> SET shelf = substr('<place>', 1, 1) || '; ' || product_id;

-- mig:down
ALTER TABLE stock_<place> DROP COLUMN shelf;

=== stock_<place>_checked
-- message: rebuilt, with what hangs on it: a trigger of another table and a foreign key
-- mig:up foreign_keys=off
CREATE TABLE stock_<place>_new (
  product_id integer PRIMARY KEY REFERENCES products,
  pieces integer NOT NULL CHECK (pieces >= 0),
  shelf text NOT NULL UNIQUE
);
DROP TRIGGER moved_<place>;
INSERT INTO stock_<place>_new SELECT * FROM stock_<place>;
DROP TABLE stock_<place>;
ALTER TABLE stock_<place>_new RENAME TO stock_<place>;
CREATE INDEX stock_<place>_pieces ON stock_<place> (pieces DESC);
CREATE TRIGGER moved_<place> AFTER INSERT ON moves_<place> BEGIN
  UPDATE stock_<place> SET pieces = CASE WHEN pieces + new.pieces < 0 THEN RAISE(ABORT, 'not enough; in <place>') ELSE pieces + new.pieces END
  WHERE product_id = new.product_id;
END;

-- mig:down foreign_keys=off
CREATE TABLE stock_<place>_old (product_id integer PRIMARY KEY REFERENCES products, pieces integer NOT NULL);
ALTER TABLE stock_<place>_old ADD COLUMN shelf text NOT NULL DEFAULT '?';
DROP TRIGGER moved_<place>;
INSERT INTO stock_<place>_old SELECT * FROM stock_<place>;
DROP TABLE stock_<place>;
ALTER TABLE stock_<place>_old RENAME TO stock_<place>;
CREATE INDEX stock_<place>_pieces ON stock_<place> (pieces DESC);
CREATE TRIGGER moved_<place> AFTER INSERT ON moves_<place> BEGIN
  UPDATE stock_<place> SET pieces = CASE WHEN pieces + new.pieces < 0 THEN RAISE(ABORT, 'not enough; in <place>') ELSE pieces + new.pieces END
  WHERE product_id = new.product_id;
END;

=== stock_<place>_view
-- mig:up
CREATE VIEW empty_in_<place> AS SELECT product_id FROM stock_<place> WHERE pieces = 0;

-- mig:down
DROP VIEW empty_in_<place>;

=== stock_<place>_view_again
-- mig:up
DROP VIEW empty_in_<place>;
CREATE VIEW empty_in_<place> AS SELECT product_id, shelf FROM stock_<place> WHERE pieces < 5;

-- mig:down
DROP VIEW empty_in_<place>;
CREATE VIEW empty_in_<place> AS SELECT product_id FROM stock_<place> WHERE pieces = 0;

=== stock_<place>_renamed
-- mig:up
ALTER TABLE stock_<place> RENAME COLUMN pieces TO "pieces; there";

-- mig:down
ALTER TABLE stock_<place> RENAME COLUMN "pieces; there" TO pieces;

=== end

=== stock
-- message: four branches meet
-- parents: stock_north_renamed, stock_south_renamed, stock_east_renamed, stock_west_renamed
-- mig:up
CREATE VIEW stock AS
  SELECT 'north' AS place, * FROM stock_north UNION ALL SELECT 'south', * FROM stock_south
  UNION ALL SELECT 'east', * FROM stock_east UNION ALL SELECT 'west', * FROM stock_west;

-- mig:down
DROP VIEW stock;

=== stock_table
-- mig:up
CREATE TABLE all_stock (place text, product_id integer, pieces integer, shelf text, PRIMARY KEY (place, product_id)) WITHOUT ROWID;
INSERT INTO all_stock SELECT * FROM stock;

-- mig:down
DROP TABLE all_stock;

=== end_of_it
-- mig:up transaction=off
VACUUM;

-- mig:down
