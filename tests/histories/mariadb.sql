A shop on MariaDB. `=== name` starts the file of a revision; without a line `-- parents:` it follows the one above.
long_history_test.py says how this is read.

=== customers
-- message: what the rest relies on
-- parents:

-- mig:up
CREATE TABLE customers (
  id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'a number; no more',
  email varchar(200) NOT NULL,
  name varchar(200) NOT NULL DEFAULT 'a; b', # the end; of it
  UNIQUE KEY email (email)
) ENGINE = InnoDB COMMENT = 'who buys; and who did';

-- mig:verify
SELECT count(*) = 0 FROM customers;

-- mig:down
DROP TABLE customers;

=== first_customers
-- mig:up
INSERT INTO customers (id, email, name) VALUES
  (1, 'ann@example.com', 'Ann; the first'),
  (2, 'bob@example.com', 'Bob O\'Hara; \\'),
  (3, 'cid@example.com', "Cid; in the ""other"" quotes"),
  (4, 'dee@example.com', 'D''ee;
on two lines');

-- mig:verify
SELECT count(*) = 4 FROM customers;

-- mig:down
DELETE FROM customers;

=== orders
-- mig:up
CREATE TABLE orders (
  id bigint unsigned PRIMARY KEY,
  customer_id bigint unsigned NOT NULL,
  state enum('open', 'paid', 'sent') NOT NULL DEFAULT 'open',
  ordered_on date NOT NULL DEFAULT '2026-01-01',
  KEY customer (customer_id),
  CONSTRAINT of_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);

-- mig:down
DROP TABLE orders;

=== order_lines
-- mig:up
CREATE TABLE order_lines (
  order_id bigint unsigned,
  position int CHECK (position > 0),
  product varchar(100) NOT NULL,
  quantity int NOT NULL DEFAULT 1,
  price decimal(12, 2) NOT NULL,
  PRIMARY KEY (order_id, position),
  CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES orders (id)
);

-- mig:down
DROP TABLE order_lines;

=== first_orders
-- mig:up
INSERT INTO orders (id, customer_id, ordered_on)
SELECT 10 * c.id + s.seq, c.id, date '2026-01-01' + INTERVAL s.seq DAY FROM customers c, seq_1_to_5 s;
INSERT INTO order_lines (order_id, position, product, quantity, price)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3)
SELECT id, i, concat('product ', i), i, 100 * i FROM orders, n;

-- mig:verify
SELECT count(*) = 60 FROM order_lines;

-- mig:down
DELETE FROM order_lines;
DELETE FROM orders;

=== order_states
-- message: values of an enum
-- mig:up
ALTER TABLE orders MODIFY state enum('open', 'paid', 'sent', 'returned', 'it''s; none') NOT NULL DEFAULT 'open';
UPDATE orders SET state = 'returned' WHERE id = 11;

-- mig:down
UPDATE orders SET state = 'open' WHERE id = 11;
ALTER TABLE orders MODIFY state enum('open', 'paid', 'sent') NOT NULL DEFAULT 'open';

=== order_states_rebuilt
-- mig:up
UPDATE orders SET state = 'open' WHERE state = 'it''s; none';
ALTER TABLE orders MODIFY state enum('open', 'cancelled', 'paid', 'sent', 'returned') NOT NULL DEFAULT 'open', ALGORITHM = COPY, LOCK = SHARED;

-- mig:down
ALTER TABLE orders MODIFY state enum('open', 'paid', 'sent', 'returned', 'it''s; none') NOT NULL DEFAULT 'open';

=== changes
-- mig:up
CREATE TABLE changes (
  n int AUTO_INCREMENT PRIMARY KEY,
  what varchar(100) NOT NULL,
  id bigint,
  at timestamp NOT NULL DEFAULT '2026-01-01 00:00:00'
);

-- mig:down
DROP TABLE changes;

=== order_changes
-- message: a body without DELIMITER lines
-- mig:up
CREATE TRIGGER order_changed AFTER UPDATE ON orders FOR EACH ROW BEGIN
  -- a comment; with END; in it, and a 'quote
  IF NOT (new.state <=> old.state) THEN
    INSERT INTO changes (what, id) VALUES (concat('state; ', new.state), new.id);
  END IF;
END;

-- mig:down
DROP TRIGGER order_changed;

=== order_gone
-- message: a body with DELIMITER lines, and a second trigger of the same event
-- mig:up
DELIMITER //
CREATE TRIGGER order_gone BEFORE DELETE ON orders FOR EACH ROW
BEGIN
  DECLARE how_many int DEFAULT 0;
  SELECT count(*) INTO how_many FROM order_lines WHERE order_id = old.id;
  CASE WHEN how_many > 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it has lines; they stay'; ELSE BEGIN END; END CASE;
END //
CREATE TRIGGER order_gone_too BEFORE DELETE ON orders FOR EACH ROW FOLLOWS order_gone
  INSERT INTO changes (what, id) VALUES ('gone // truly', old.id)//
DELIMITER ;

-- mig:down
DROP TRIGGER order_gone_too;
DROP TRIGGER order_gone;

=== some_are_paid
-- mig:up
UPDATE orders SET state = 'paid' WHERE id % 5 = 0;

-- mig:verify
SELECT count(*) = 4 FROM changes;

-- mig:down
UPDATE orders SET state = 'open' WHERE id % 5 = 0;
TRUNCATE changes;

=== order_total
-- mig:up
CREATE FUNCTION order_total(of_order bigint unsigned) RETURNS decimal(14, 2) READS SQL DATA
  RETURN (SELECT sum(quantity * price) FROM order_lines WHERE order_id = of_order);

-- mig:down
DROP FUNCTION order_total;

=== order_total_of_none_is_zero
-- mig:up
CREATE OR REPLACE FUNCTION order_total(of_order bigint unsigned) RETURNS decimal(14, 2) READS SQL DATA
BEGIN
  DECLARE total decimal(14, 2);
  SELECT sum(quantity * price) INTO total FROM order_lines WHERE order_id = of_order;
  RETURN coalesce(total, 0);
END;

-- mig:down
CREATE OR REPLACE FUNCTION order_total(of_order bigint unsigned) RETURNS decimal(14, 2) READS SQL DATA
  RETURN (SELECT sum(quantity * price) FROM order_lines WHERE order_id = of_order);

=== customer_totals
-- message: loops, cursors, handlers, labels
-- mig:up
DELIMITER $$
CREATE PROCEDURE customer_totals(IN at_least decimal(14, 2), OUT how_many int)
  MODIFIES SQL DATA SQL SECURITY INVOKER COMMENT 'counts; and says'
outer_block: BEGIN
  DECLARE done bool DEFAULT false;
  DECLARE one bigint unsigned;
  DECLARE every_order CURSOR FOR SELECT id FROM orders ORDER BY id;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = true;
  SET how_many = 0;
  OPEN every_order;
  again: LOOP
    FETCH every_order INTO one;
    IF done THEN LEAVE again; END IF;
    IF order_total(one) >= at_least THEN SET how_many = how_many + 1; END IF;
  END LOOP again;
  CLOSE every_order;
  REPEAT SET how_many = how_many; UNTIL true END REPEAT;
  WHILE false DO BEGIN END; END WHILE;
  FOR i IN 1..2 DO SET @nothing = i; END FOR;
END outer_block$$
DELIMITER ;

-- mig:down
DROP PROCEDURE customer_totals;

=== customer_totals_called
-- mig:up
CALL customer_totals(100, @how_many);
INSERT INTO changes (n, what, id) VALUES (100, 'counted; by a procedure', @how_many);

-- mig:down
DELETE FROM changes WHERE n = 100;

=== open_orders
-- mig:up
CREATE VIEW open_orders AS SELECT id, customer_id FROM orders WHERE state = 'open';

-- mig:down
DROP VIEW open_orders;

=== open_orders_with_total
-- mig:up
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW open_orders (id, customer, total) AS
  SELECT id, customer_id, order_total(id) FROM orders WHERE state = 'open' WITH CASCADED CHECK OPTION;

-- mig:down
CREATE OR REPLACE ALGORITHM = UNDEFINED SQL SECURITY DEFINER VIEW open_orders AS SELECT id, customer_id FROM orders WHERE state = 'open';

=== customers_have_phones
-- mig:up
ALTER TABLE customers ADD COLUMN phone varchar(20) AFTER email, ADD COLUMN vip bool NOT NULL DEFAULT false FIRST;
UPDATE customers SET phone = concat('+1 ', id);
CREATE UNIQUE INDEX phone ON customers (phone) COMMENT 'nobody shares; one';

-- mig:down
DROP INDEX phone ON customers;
ALTER TABLE customers DROP COLUMN phone, DROP COLUMN vip;

=== expired
-- message: an event, switched off
-- mig:up
CREATE EVENT expire ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' ENDS '2037-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE
  COMMENT 'old; orders' DO
BEGIN
  DELETE FROM changes WHERE at < now() - INTERVAL 1 YEAR;
  UPDATE orders SET state = 'cancelled' WHERE state = 'open' AND ordered_on < '2020-01-01';
END;

-- mig:down
DROP EVENT expire;

=== expired_by_week
-- mig:up
ALTER EVENT expire ON SCHEDULE EVERY 1 WEEK STARTS '2036-01-01 00:00:00' COMMENT 'once; a week';

-- mig:down
DROP EVENT expire;
CREATE EVENT expire ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' ENDS '2037-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE
  COMMENT 'old; orders' DO
BEGIN
  DELETE FROM changes WHERE at < now() - INTERVAL 1 YEAR;
  UPDATE orders SET state = 'cancelled' WHERE state = 'open' AND ordered_on < '2020-01-01';
END;

=== analyzed
-- mig:up transaction=off
ANALYZE TABLE orders, order_lines;
OPTIMIZE TABLE changes;

-- mig:down

=== catalog
-- message: here two teams part
-- labels: catalog
-- mig:up
CREATE TABLE products (
  id bigint unsigned PRIMARY KEY,
  name varchar(100) NOT NULL,
  price decimal(12, 2) NOT NULL,
  attributes longtext NOT NULL DEFAULT '{}' CHECK (json_valid(attributes))
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci ROW_FORMAT = DYNAMIC;
INSERT INTO products SELECT seq, concat('product ', seq), 100 * seq, json_object('size', seq, 'colour; of', 'red') FROM seq_1_to_30;

-- mig:down
DROP TABLE products;

=== product_gross
-- message: generated columns
-- mig:up
ALTER TABLE products
  ADD COLUMN gross decimal(12, 2) AS (price * 1.19) PERSISTENT,
  ADD COLUMN colour varchar(20) GENERATED ALWAYS AS (json_unquote(json_extract(attributes, '$."colour; of"'))) VIRTUAL,
  ADD KEY colour (colour, gross);

-- mig:down
ALTER TABLE products DROP KEY colour, DROP COLUMN colour, DROP COLUMN gross;

=== product_sizes
-- mig:up
ALTER TABLE products ADD COLUMN size int AFTER price;
UPDATE products SET size = json_value(attributes, '$.size'), attributes = json_remove(attributes, '$.size');
ALTER TABLE products MODIFY size int NOT NULL;

-- mig:down
UPDATE products SET attributes = json_object('size', size, 'colour; of', colour);
ALTER TABLE products DROP COLUMN size;

=== product_search
-- mig:up
ALTER TABLE products ADD FULLTEXT KEY words (name);
CREATE INDEX backwards ON products (size, name(10)) USING BTREE;

-- mig:down
DROP INDEX backwards ON products;
ALTER TABLE products DROP KEY words;

=== product_check
-- mig:up
ALTER TABLE products ADD CONSTRAINT `sizes; known` CHECK (size > 0 AND name <> ';');

-- mig:down
ALTER TABLE products DROP CONSTRAINT `sizes; known`;

=== categories
-- mig:up
SET FOREIGN_KEY_CHECKS = 0;
CREATE TABLE categories (
  id int PRIMARY KEY,
  parent_id int,
  title varchar(100) CHARACTER SET latin1 COLLATE latin1_german2_ci NOT NULL,
  FOREIGN KEY below (parent_id) REFERENCES categories (id)
);
INSERT INTO categories VALUES (2, 1, 'below'), (3, 2, 'further below; ü'), (1, NULL, 'top');

-- mig:down
DROP TABLE categories;

=== category_paths
-- mig:up
CREATE VIEW category_paths AS
  WITH RECURSIVE p (id, path) AS (
    SELECT id, cast(title AS char(500)) FROM categories WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, concat(p.path, ' / ', c.title) FROM categories c JOIN p ON p.id = c.parent_id
  )
  SELECT * FROM p;

-- mig:verify
SELECT path = 'top / below / further below; ü' FROM category_paths WHERE id = 3;

-- mig:down
DROP VIEW category_paths;

=== categories_in_unicode
-- mig:up
ALTER TABLE categories CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO categories VALUES (4, 1, '☃; 𝄞');

-- mig:down
DELETE FROM categories WHERE id = 4;
ALTER TABLE categories CONVERT TO CHARACTER SET latin1 COLLATE latin1_swedish_ci;
ALTER TABLE categories MODIFY title varchar(100) CHARACTER SET latin1 COLLATE latin1_german2_ci NOT NULL;

=== product_categories
-- mig:up
ALTER TABLE products ADD COLUMN category_id int;
UPDATE products SET category_id = 1 + id % 3;
ALTER TABLE products ADD CONSTRAINT in_category FOREIGN KEY (category_id) REFERENCES categories (id) ON DELETE SET NULL ON UPDATE CASCADE;

-- mig:down
ALTER TABLE products DROP FOREIGN KEY in_category, DROP KEY in_category;
ALTER TABLE products DROP COLUMN category_id;

=== names
-- message: names that need quotes
-- mig:up
CREATE TABLE `odd; table` (`a;``b` int, `c"d` text, `e'f` varbinary(10) DEFAULT X'3B', `select` bit(3) DEFAULT b'101');
INSERT INTO `odd; table` (`a;``b`) VALUES (1), (2);
ALTER TABLE `odd; table` CHANGE `c"d` `c;d` text CHARACTER SET utf8mb3, RENAME COLUMN `select` TO `from; where`;

-- mig:down
DROP TABLE `odd; table`;

=== product_prices
-- message: a history of rows that the server keeps, and periods of the application
-- mig:up
CREATE TABLE product_prices (
  product_id bigint unsigned NOT NULL,
  price decimal(12, 2) NOT NULL,
  since date NOT NULL,
  until date NOT NULL,
  PERIOD FOR valid (since, until),
  UNIQUE one_at_a_time (product_id, valid WITHOUT OVERLAPS)
);
INSERT INTO product_prices SELECT id, price, '2026-01-01', '2030-01-01' FROM products;
UPDATE product_prices FOR PORTION OF valid FROM '2027-01-01' TO '2028-01-01' SET price = price + 1;

-- mig:verify
SELECT count(*) = 90 FROM product_prices;

-- mig:down
DROP TABLE product_prices;

=== payments
-- message: the other team
-- labels: billing
-- parents: analyzed
-- mig:up
CREATE TABLE payments (
  id bigint NOT NULL,
  paid_on date NOT NULL,
  amount decimal(12, 2) NOT NULL,
  method varchar(10) NOT NULL
) PARTITION BY RANGE COLUMNS (paid_on) (
  PARTITION y2025 VALUES LESS THAN ('2026-01-01') COMMENT = 'before; it',
  PARTITION y2026 VALUES LESS THAN ('2027-01-01'),
  PARTITION rest VALUES LESS THAN (MAXVALUE)
);

-- mig:down
DROP TABLE payments;

=== first_payments
-- mig:up
INSERT INTO payments SELECT seq, date '2025-06-01' + INTERVAL 30 * seq DAY, seq, elt(1 + seq % 3, 'card', 'cash', 'debit') FROM seq_1_to_40;

-- mig:down
DELETE FROM payments;

=== payments_key
-- mig:up
ALTER TABLE payments ADD PRIMARY KEY (id, paid_on), ADD KEY method (method);

-- mig:down
ALTER TABLE payments DROP PRIMARY KEY, DROP KEY method;

=== payments_2027
-- mig:up
ALTER TABLE payments REORGANIZE PARTITION rest INTO (PARTITION y2027 VALUES LESS THAN ('2028-01-01'), PARTITION rest VALUES LESS THAN (MAXVALUE));

-- mig:down
ALTER TABLE payments REORGANIZE PARTITION y2027, rest INTO (PARTITION rest VALUES LESS THAN (MAXVALUE));

=== payments_by_hash
-- message: partitions of another kind
-- mig:up
CREATE TABLE refunds (id bigint PRIMARY KEY, amount decimal(12, 2)) PARTITION BY HASH (id) PARTITIONS 3;
INSERT INTO refunds SELECT id, amount FROM payments WHERE id % 2;
ALTER TABLE refunds ADD PARTITION PARTITIONS 2;
ALTER TABLE refunds COALESCE PARTITION 1;

-- mig:down
DROP TABLE refunds;

=== payments_by_list
-- mig:up
CREATE TABLE methods (word varchar(10) PRIMARY KEY, fee decimal(5, 2) INVISIBLE DEFAULT 0.5)
  PARTITION BY LIST COLUMNS (word) (PARTITION cards VALUES IN ('card', 'debit'), PARTITION others DEFAULT);
INSERT INTO methods (word) SELECT DISTINCT method FROM payments ORDER BY 1;

-- mig:down
DROP TABLE methods;

=== invoices
-- mig:up
CREATE SEQUENCE invoice_number START WITH 1000 INCREMENT BY 10 MINVALUE 1000 NOCACHE;
CREATE TABLE invoices (
  number bigint NOT NULL DEFAULT nextval(invoice_number) PRIMARY KEY,
  order_id bigint unsigned NOT NULL,
  amount decimal(14, 2) NOT NULL,
  FOREIGN KEY invoiced (order_id) REFERENCES orders (id)
);
INSERT INTO invoices (order_id, amount) SELECT id, order_total(id) FROM orders ORDER BY id;

-- mig:down
DROP TABLE invoices;
DROP SEQUENCE invoice_number;

=== invoice_changes
-- mig:up
CREATE TABLE invoice_changes (number bigint, what varchar(100));
DELIMITER |
CREATE OR REPLACE TRIGGER invoice_changed AFTER UPDATE ON invoices FOR EACH ROW BEGIN
  INSERT INTO invoice_changes VALUES (new.number, 'amount; of it');
END |
DELIMITER ;
UPDATE invoices SET amount = amount + 1 WHERE number < 1050;

-- mig:verify
SELECT count(*) = 5 FROM invoice_changes;

-- mig:down
DROP TRIGGER invoice_changed;
UPDATE invoices SET amount = amount - 1 WHERE number < 1050;
DROP TABLE invoice_changes;

=== invoice_versions
-- message: the server keeps every version of a row
-- mig:up
CREATE TABLE invoice_notes (number bigint PRIMARY KEY, note text) WITH SYSTEM VERSIONING;
CREATE TABLE plain_notes (number bigint PRIMARY KEY, note text);
ALTER TABLE plain_notes ADD SYSTEM VERSIONING;
ALTER TABLE plain_notes DROP SYSTEM VERSIONING;

-- mig:down
DROP TABLE plain_notes;
DROP TABLE invoice_notes;

=== invoice_notes
-- message: without the times that the server would note
-- mig:up
SET @@timestamp = unix_timestamp('2026-01-02 00:00:00');
INSERT INTO invoice_notes VALUES (1000, 'first; note'), (1010, 'second');
SET @@timestamp = DEFAULT;

-- mig:down
DELETE FROM invoice_notes;
DELETE HISTORY FROM invoice_notes;

=== both_teams
-- message: the middle of the history
-- parents: product_prices, invoice_notes
-- mig:up

-- mig:down

=== lines_refer_to_products
-- depends: catalog
-- mig:up
ALTER TABLE order_lines ADD COLUMN product_id bigint unsigned;
UPDATE order_lines l JOIN products p ON p.name = l.product SET l.product_id = p.id;
ALTER TABLE order_lines ADD CONSTRAINT of_product FOREIGN KEY (product_id) REFERENCES products (id);

-- mig:verify
SELECT count(*) = 60 FROM order_lines WHERE product_id IS NOT NULL;

-- mig:down
ALTER TABLE order_lines DROP FOREIGN KEY of_product, DROP KEY of_product, DROP COLUMN product_id;

=== lines_without_names
-- message: a column that goes away, with a way back for what was in it
-- mig:up
ALTER TABLE order_lines DROP COLUMN product;

-- mig:down
ALTER TABLE order_lines ADD COLUMN product varchar(100) NOT NULL AFTER position;
UPDATE order_lines l JOIN products p ON p.id = l.product_id SET l.product = p.name;

=== texts
-- message: text that a splitter could trip over
-- mig:up
CREATE TABLE texts (id int PRIMARY KEY, text text) CHARSET utf8mb4;
INSERT INTO texts VALUES (1, 'a\\'), (2, 'b\'; c'), (3, '$$;$$'), (4, '-- mig:no mark; it is not at the start'), (5, '/* no comment');
INSERT INTO texts VALUES (6, /* a comment; */ 'six' -- ; '
  '; the same string' # and '; another one
);
INSERT INTO texts VALUES (7, 'Ünïcödé – ☃; 𝄞'), (8, 'DELIMITER //'), (9, 'END;
DELIMITER //
go');
INSERT INTO texts VALUES (10, 4--1), (11, N'national; one'), (12, _latin1 X'E4'), (13, "it's; \"so\"");
;;

-- mig:verify
SELECT count(*) = 13 FROM texts;

-- mig:down
DROP TABLE texts;

=== executable_comments
-- mig:up
CREATE TABLE commented (id int /*!50000 NOT NULL DEFAULT 5 */ /*M! COMMENT 'of; MariaDB' */ /*!99999 , never int */) /*!40100 DEFAULT CHARSET=utf8mb4 */;

-- mig:down
DROP TABLE commented;

=== session_settings
-- message: settings of one revision do not reach the next
-- mig:up
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,STRICT_TRANS_TABLES', @kept = 'a;b';
CREATE TABLE zeros (id int AUTO_INCREMENT PRIMARY KEY, kept varchar(10));
INSERT INTO zeros VALUES (0, @kept);

-- mig:verify
SELECT id = 0 FROM zeros;

-- mig:down
DROP TABLE zeros;

=== after_session_settings
-- mig:up
INSERT INTO zeros (id, kept) VALUES (5, coalesce(@kept, 'nothing'));

-- mig:verify
SELECT kept = 'nothing' FROM zeros WHERE id = 5;

-- mig:down
DELETE FROM zeros WHERE id = 5;

=== temporary_tables
-- mig:up
CREATE TEMPORARY TABLE texts_of_today LIKE texts;
CREATE TEMPORARY TABLE lookup AS SELECT 20 AS id, 'twenty; once' AS word;
INSERT INTO texts SELECT * FROM lookup;
DROP TEMPORARY TABLE lookup;

-- mig:down
DELETE FROM texts WHERE id = 20;

=== prepared_statements
-- mig:up
PREPARE addition FROM 'INSERT INTO texts VALUES (?, ?)';
SET @id = 21, @text = 'by; a prepared statement';
EXECUTE addition USING @id, @text;
DEALLOCATE PREPARE addition;
EXECUTE IMMEDIATE 'INSERT INTO texts VALUES (22, ''at once; so'')';

-- mig:down
DELETE FROM texts WHERE id IN (21, 22);

=== savepoints
-- mig:up
SAVEPOINT before_it;
DELETE FROM texts;
ROLLBACK TO before_it;
RELEASE SAVEPOINT before_it;
INSERT INTO texts VALUES (1, 'again') ON DUPLICATE KEY UPDATE text = concat(text, '; ', VALUES(text));
REPLACE INTO texts VALUES (23, 'replaced');

-- mig:down
DELETE FROM texts WHERE id = 23;
UPDATE texts SET text = 'a\\' WHERE id = 1;

=== compound_statement
-- mig:up
BEGIN NOT ATOMIC
  DECLARE i int DEFAULT 30;
  WHILE i < 33 DO
    INSERT INTO texts VALUES (i, concat('by a loop; ', i));
    SET i = i + 1;
  END WHILE;
END;

-- mig:down
DELETE FROM texts WHERE id BETWEEN 30 AND 32;

=== places
-- labels: logistics
-- mig:up
CREATE TABLE places (id int PRIMARY KEY, at point NOT NULL, net inet6 DEFAULT '::1', tag uuid, SPATIAL KEY at (at));
INSERT INTO places (id, at, tag) VALUES (1, point(1, 2), '123e4567-e89b-12d3-a456-426655440000'), (2, ST_GeomFromText('POINT(3 4)'), NULL);

-- mig:down
DROP TABLE places;

=== swapped
-- message: a table is made anew beside the old one, and takes its place
-- mig:up
CREATE TABLE places_new LIKE places;
INSERT INTO places_new SELECT id + 100, at, net, tag FROM places;
RENAME TABLE places TO places_old, places_new TO places;

-- mig:down
RENAME TABLE places TO places_new, places_old TO places;
DROP TABLE places_new;

=== old_places_dropped
-- mig:up
DROP TABLE IF EXISTS places_old, places_older;

-- mig:down
CREATE TABLE places_old LIKE places;
INSERT INTO places_old SELECT id - 100, at, net, tag FROM places;

=== reports
-- message: a branch of its own
-- labels: reports
-- parents: compound_statement
-- mig:up
CREATE VIEW report AS
  SELECT o.ordered_on AS day, sum(CASE WHEN o.state = 'returned' THEN 0 ELSE order_total(o.id) END) AS total FROM orders o GROUP BY 1;

-- mig:down
DROP VIEW report;

=== weekly_report
-- depends: places
-- mig:up
CREATE VIEW weekly AS
  SELECT week(day) AS week, sum(total) AS total, row_number() OVER (ORDER BY week(day)) AS n, (SELECT min(id) FROM places) AS place FROM report GROUP BY 1;

-- mig:down
DROP VIEW weekly;

=== report_rows
-- mig:up
CREATE TABLE report_rows (PRIMARY KEY (week)) SELECT week, total FROM weekly ORDER BY week;

-- mig:down
DROP TABLE report_rows;

=== logistics_and_reports
-- parents: old_places_dropped, report_rows
-- mig:up

-- mig:down

=== many_in_turns
-- message: what commits and what does not, in turns
-- mig:up
CREATE TABLE steps (n int);
INSERT INTO steps VALUES (1);
SET @two = 2;
CREATE INDEX steps_n ON steps (n);
INSERT INTO steps VALUES (@two);

-- mig:up transaction=off
INSERT INTO steps VALUES (3);
ALTER TABLE steps COMMENT = 'three; so far';

-- mig:up
INSERT INTO steps VALUES (4);

-- mig:verify
SELECT group_concat(n ORDER BY n) = '1,2,3,4' FROM steps;

-- mig:down
DROP TABLE steps;

=== for place: north south east west

=== stock_<place>
-- message: four branches side by side, one for each place
-- labels: <place>
-- parents: many_in_turns
-- mig:up
CREATE TABLE stock_<place> (product_id bigint unsigned PRIMARY KEY, pieces int NOT NULL, CONSTRAINT stock_<place>_products FOREIGN KEY (product_id) REFERENCES products (id));

-- mig:down
DROP TABLE stock_<place>;

=== stock_<place>_counted
-- mig:up
INSERT INTO stock_<place> SELECT id, length('<place>') * id FROM products WHERE id < 20;

-- mig:down
DELETE FROM stock_<place>;

=== stock_<place>_index
-- mig:up
CREATE INDEX stock_<place>_pieces ON stock_<place> (pieces DESC) ALGORITHM = INPLACE LOCK = NONE;

-- mig:down
DROP INDEX stock_<place>_pieces ON stock_<place>;

=== moves_<place>
-- mig:up
CREATE TABLE moves_<place> (n int PRIMARY KEY, product_id bigint unsigned NOT NULL, pieces int NOT NULL);
DELIMITER //
CREATE TRIGGER moved_<place> AFTER INSERT ON moves_<place> FOR EACH ROW BEGIN
  UPDATE stock_<place> SET pieces = CASE WHEN pieces + new.pieces < 0 THEN 0 ELSE pieces + new.pieces END WHERE product_id = new.product_id;
END//
DELIMITER ;

-- mig:down
DROP TABLE moves_<place>;

=== moves_<place>_first
-- mig:up
INSERT INTO moves_<place> VALUES (1, 1, 10), (2, 2, -1), (3, 3, 5);

-- mig:verify
SELECT pieces = length('<place>') + 10 FROM stock_<place> WHERE product_id = 1;

-- mig:down
DELETE FROM moves_<place>;
UPDATE stock_<place> SET pieces = length('<place>') * product_id;

=== stock_<place>_shelf
-- mig:up
ALTER TABLE stock_<place> ADD COLUMN shelf varchar(40) NOT NULL DEFAULT '?', ADD COLUMN checked_on date INVISIBLE;
UPDATE stock_<place> SET shelf = concat(left('<place>', 1), '; ', product_id);

-- mig:down
ALTER TABLE stock_<place> DROP COLUMN checked_on, DROP COLUMN shelf;

=== empty_in_<place>
-- mig:up
CREATE PROCEDURE empty_in_<place>() READS SQL DATA SELECT product_id FROM stock_<place> WHERE pieces = 0;

-- mig:down
DROP PROCEDURE empty_in_<place>;

=== empty_in_<place>_again
-- mig:up
CREATE OR REPLACE PROCEDURE empty_in_<place>(at_most int) READS SQL DATA
BEGIN
  IF at_most IS NULL THEN SET at_most = 0; END IF;
  SELECT product_id, shelf FROM stock_<place> WHERE pieces <= at_most;
END;

-- mig:down
CREATE OR REPLACE PROCEDURE empty_in_<place>() READS SQL DATA SELECT product_id FROM stock_<place> WHERE pieces = 0;

=== stock_<place>_renamed
-- mig:up
ALTER TABLE stock_<place> RENAME COLUMN pieces TO `pieces; there`;
ALTER TABLE stock_<place> RENAME KEY stock_<place>_pieces TO pieces;

-- mig:down
ALTER TABLE stock_<place> RENAME KEY pieces TO stock_<place>_pieces;
ALTER TABLE stock_<place> RENAME COLUMN `pieces; there` TO pieces;

=== end

=== stock
-- message: four branches meet
-- parents: stock_north_renamed, stock_south_renamed, stock_east_renamed, stock_west_renamed
-- mig:up
CREATE VIEW stock AS
  SELECT 'north' AS place, n.* FROM stock_north n UNION ALL SELECT 'south', s.* FROM stock_south s
  UNION ALL SELECT 'east', e.* FROM stock_east e UNION ALL SELECT 'west', w.* FROM stock_west w;

-- mig:down
DROP VIEW stock;

=== temporary_tables_are_gone
-- mig:up
CREATE TEMPORARY TABLE texts_of_today (id int);
INSERT INTO texts_of_today VALUES (1);

-- mig:down

=== stock_table
-- mig:up
CREATE TABLE all_stock (PRIMARY KEY (place, product_id)) ENGINE = Aria TRANSACTIONAL = 1 IGNORE SELECT * FROM stock;

-- mig:down
DROP TABLE all_stock;
