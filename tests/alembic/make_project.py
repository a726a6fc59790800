#!/usr/bin/python3
"""Writes an Alembic project as a shop may have grown it in five years: two bases, branches and merges, labels,
depends_on, enums, batch mode, autocommit blocks, data migrations, and one revision that reads what it changes.

    make_project.py DIR

The project runs on PostgreSQL and on SQLite, whichever DATABASE_URL says.
"""
import os
import sys
import textwrap

INI = """\
[alembic]
script_location = %(here)s/alembic
sqlalchemy.url = driver://the.environment.says/it
"""

ENV = '''\
import os

from alembic import context
from sqlalchemy import MetaData, create_engine, pool

NAMES = {"ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
         "ck": "ck_%(table_name)s_%(constraint_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s",
         "pk": "pk_%(table_name)s"}
target_metadata = MetaData(naming_convention=NAMES)
url = os.environ["DATABASE_URL"]

if context.is_offline_mode():
    context.configure(url=url, target_metadata=target_metadata, literal_binds=True,
                      dialect_opts={"paramstyle": "named"}, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
'''

TEMPLATE = '''\
"""%(message)s

Revision ID: %(id)s
Revises: %(revises)s
Create Date: %(created)s
%(notes)s
"""
import sqlalchemy as sa
from alembic import op

revision = %(id)r
down_revision = %(down)r
branch_labels = %(labels)r
depends_on = %(depends)r


def upgrade():
%(up)s


def downgrade():
%(down_code)s
'''


class Project:
    """Revisions in the order in which they were written; each follows the one before unless it says otherwise."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.last = None
        os.makedirs(folder + "/alembic/versions")
        self.write("alembic.ini", INI)
        self.write("alembic/env.py", ENV)
        self.write("alembic/script.py.mako", "")

    def write(self, path, text):
        with open(os.path.join(self.folder, path), "w") as file:
            file.write(text)

    def add(self, id, message, up, down, after="the last", labels=None, depends=None, notes=""):
        self.count += 1
        follows = self.last if after == "the last" else after
        created = "20%02d-%02d-%02d 09:30:00.%06d" % (19 + self.count // 16, 1 + self.count % 12, 1 + self.count % 28,
                                                     self.count)
        code = lambda text: textwrap.indent(textwrap.dedent(text).strip() or "pass", "    ")
        revises = ", ".join(follows) if isinstance(follows, tuple) else follows or ""
        self.write("alembic/versions/%s_%s.py" % (id, "_".join(message.lower().split())[:40]), TEMPLATE % dict(
            id=id, message=message, revises=revises, created=created, down=follows, labels=labels, depends=depends,
            notes="\n" + notes + "\n" if notes else "", up=code(up), down_code=code(down)))
        self.last = id
        return id

    # The everyday revisions.

    def table(self, id, name, *columns, **options):
        lines = ",\n    ".join(["sa.Column('id', sa.Integer, primary_key=True)"] + list(columns))
        return self.add(id, "create %s" % name, "op.create_table(\n    %r,\n    %s)" % (name, lines),
                        "op.drop_table(%r)" % name, **options)

    def column(self, id, table, name, kind, **options):
        return self.add(id, "add %s to %s" % (name, table),
                        "op.add_column(%r, sa.Column(%r, %s))" % (table, name, kind),
                        "with op.batch_alter_table(%r) as batch:\n    batch.drop_column(%r)" % (table, name), **options)

    def index(self, id, table, *columns, **options):
        name = "ix_%s_%s" % (table, "_".join(columns))
        return self.add(id, "index %s by %s" % (table, " ".join(columns)),
                        "op.create_index(%r, %r, %r)" % (name, table, list(columns)),
                        "op.drop_index(%r, %r)" % (name, table), **options)

    def merge(self, id, *parents):
        return self.add(id, "merge " + " and ".join(parents), "", "", after=parents)


REFERENCE = "sa.Column('%s_id', sa.Integer, sa.ForeignKey('%s.id'), nullable=False)"


def first_year(p):
    p.table("1a2b3c000001", "users", "sa.Column('email', sa.String(200), nullable=False)",
            "sa.UniqueConstraint('email')", labels=("shop",), notes="The first table of all.\nMails are unique.")
    p.column("1a2b3c000002", "users", "name", "sa.String(80)")
    p.table("2c4e6a8b0001", "categories", "sa.Column('title', sa.Text, nullable=False)")
    p.table("2c4e6a8b0002", "products", "sa.Column('title', sa.Text, nullable=False)", REFERENCE % ("category", "categories"),
            "sa.Column('price', sa.Numeric(10, 2), nullable=False, server_default='0')",
            "sa.CheckConstraint('price >= 0', name='price_not_negative')")
    p.index("2c4e6a8b0003", "products", "category_id")
    p.column("3f0000aa0001", "products", "stock", "sa.Integer, nullable=False, server_default='0'")
    p.table("3f0000aa0002", "orders", REFERENCE % ("user", "users"),
            "sa.Column('placed', sa.DateTime, nullable=False, server_default=sa.func.current_timestamp())",
            "sa.Column('state', sa.Enum('new', 'paid', 'sent', name='order_state'), nullable=False)")
    p.add("3f0000aa0003", "nothing after all", "", "")
    p.table("3f0000aa0004", "order_items", REFERENCE % ("order", "orders"), REFERENCE % ("product", "products"),
            "sa.Column('quantity', sa.Integer, nullable=False)")
    p.add("4d5e6f000001", "fill categories", """
        categories = sa.table('categories', sa.column('id', sa.Integer), sa.column('title', sa.Text))
        op.bulk_insert(categories, [
            {'id': 1, 'title': "books"},
            {'id': 2, 'title': "children's toys"},
            {'id': 3, 'title': "100% wool"},
        ])
        """, "op.execute(\"DELETE FROM categories WHERE id IN (1, 2, 3)\")")
    p.add("4d5e6f000002", "names are never missing", """
        op.execute("UPDATE users SET name = 'unknown' WHERE name IS NULL OR name LIKE '%:%'".replace(':', '\\\\:'))
        with op.batch_alter_table('users') as batch:
            batch.alter_column('name', existing_type=sa.String(80), nullable=False)
        """, """
        with op.batch_alter_table('users') as batch:
            batch.alter_column('name', existing_type=sa.String(80), nullable=True)
        """)
    p.index("4d5e6f000003", "orders", "user_id", "placed")


def two_teams(p):
    """Payments and catalogue work side by side, and meet twice."""
    start = p.last
    p.table("5a0000000001", "payments", REFERENCE % ("order", "orders"),
            "sa.Column('amount', sa.Numeric(10, 2), nullable=False)", after=start, labels=("payments",))
    p.column("5a0000000002", "payments", "paid_at", "sa.DateTime")
    p.add("5a0000000003", "how it was paid", """
        method = sa.Enum('card', 'transfer', name='payment_method')
        method.create(op.get_bind(), checkfirst=False)
        op.add_column('payments', sa.Column('method', method, nullable=True))
        """, """
        with op.batch_alter_table('payments') as batch:
            batch.drop_column('method')
        sa.Enum(name='payment_method').drop(op.get_bind(), checkfirst=False)
        """)
    payments = p.index("5a0000000004", "payments", "order_id")
    p.table("6b0000000001", "suppliers", "sa.Column('title', sa.Text, nullable=False)", after=start, labels=("catalogue", "stock-keeping"))
    p.add("6b0000000002", "products have a supplier", """
        with op.batch_alter_table('products') as batch:
            batch.add_column(sa.Column('supplier_id', sa.Integer, nullable=True))
            batch.create_foreign_key('fk_products_supplier_id', 'suppliers', ['supplier_id'], ['id'])
        """, """
        with op.batch_alter_table('products') as batch:
            batch.drop_constraint('fk_products_supplier_id', type_='foreignkey')
            batch.drop_column('supplier_id')
        """)
    catalogue = p.column("6b0000000003", "suppliers", "country", "sa.String(2), nullable=False, server_default='DE'")
    p.merge("7c0000000001", payments, catalogue)
    p.column("7c0000000002", "order_items", "price", "sa.Numeric(10, 2)")
    p.add("7c0000000003", "prices of old orders", """
        op.execute('''
            UPDATE order_items SET price = (SELECT price FROM products WHERE products.id = order_items.product_id)
            WHERE price IS NULL
        ''')
        """, "op.execute('UPDATE order_items SET price = NULL')")


def an_own_history(p):
    """The audit log is a base of its own and needs users."""
    main = p.last
    p.table("8d0000000001", "audit_entries", "sa.Column('what', sa.Text, nullable=False)", after=None, labels=("audit",))
    p.column("8d0000000002", "audit_entries", "at", "sa.DateTime")
    p.add("8d0000000003", "who did it", """
        with op.batch_alter_table('audit_entries') as batch:
            batch.add_column(sa.Column('user_id', sa.Integer, nullable=True))
            batch.create_foreign_key('fk_audit_entries_user_id', 'users', ['user_id'], ['id'])
        """, """
        with op.batch_alter_table('audit_entries') as batch:
            batch.drop_constraint('fk_audit_entries_user_id', type_='foreignkey')
            batch.drop_column('user_id')
        """, depends="4d5e6f000002")
    p.index("8d0000000004", "audit_entries", "user_id")
    p.column("8d0000000005", "audit_entries", "address", "sa.String(45)")
    p.last = main


def the_busy_years(p):
    """A column, an index or a table every other week."""
    for number, (table, name, kind) in enumerate([
            ("users", "phone", "sa.String(30)"), ("users", "locale", "sa.String(5), server_default='en'"),
            ("users", "newsletter", "sa.Boolean, nullable=False, server_default=sa.false()"),
            ("orders", "note", "sa.Text"), ("orders", "shipped", "sa.Date"), ("orders", "weight", "sa.Float"),
            ("products", "sku", "sa.String(40)"), ("products", "described", "sa.Text"),
            ("products", "withdrawn", "sa.DateTime"), ("suppliers", "mail", "sa.String(200)"),
            ("payments", "reference", "sa.String(60)"), ("order_items", "discount", "sa.Numeric(5, 2)")], 1):
        p.column("9e00000000%02x" % number, table, name, kind)
    for number, (table, column) in enumerate([
            ("orders", "state"), ("products", "sku"), ("payments", "paid_at"), ("order_items", "product_id"),
            ("order_items", "order_id")], 1):
        p.index("af00000000%02x" % number, table, column)
    p.table("b0000000abcd", "addresses", REFERENCE % ("user", "users"), "sa.Column('street', sa.Text, nullable=False)",
            "sa.Column('city', sa.Text, nullable=False)", "sa.Column('since', sa.Date)")
    p.table("b0000000abce", "reviews", REFERENCE % ("product", "products"), REFERENCE % ("user", "users"),
            "sa.Column('stars', sa.SmallInteger, nullable=False)",
            "sa.CheckConstraint('stars BETWEEN 1 AND 5', name='one_to_five')")


def without_a_transaction(p):
    p.add("c1000000c0de", "search products without stopping them", """
        with op.get_context().autocommit_block():
            op.create_index('ix_products_title', 'products', ['title'], postgresql_concurrently=True)
        op.add_column('products', sa.Column('searched', sa.Integer, server_default='0'))
        """, """
        with op.batch_alter_table('products') as batch:
            batch.drop_column('searched')
        with op.get_context().autocommit_block():
            op.drop_index('ix_products_title', 'products', postgresql_concurrently=True)
        """)
    p.add("c1000000c0df", "orders can come back", """
        if op.get_bind().dialect.name == 'postgresql':
            with op.get_context().autocommit_block():
                op.execute("ALTER TYPE order_state ADD VALUE IF NOT EXISTS 'returned'")
        else:
            with op.batch_alter_table('orders') as batch:
                batch.alter_column('state', existing_nullable=False,
                                   type_=sa.Enum('new', 'paid', 'sent', 'returned', name='order_state'),
                                   existing_type=sa.Enum('new', 'paid', 'sent', name='order_state'))
        """, "", notes="PostgreSQL takes no value out of an enum, and so we do not either.")
    p.add("c1000000c0e0", "one review each", """
        with op.batch_alter_table('reviews') as batch:
            batch.create_unique_constraint('uq_reviews_once', ['product_id', 'user_id'])
        """, """
        with op.batch_alter_table('reviews') as batch:
            batch.drop_constraint('uq_reviews_once', type_='unique')
        """)


def what_python_did(p):
    """No script can be made of this: it looks at rows, one by one."""
    p.add("d2000000dada", "split names", """
        op.add_column('users', sa.Column('family_name', sa.String(80)))
        connection = op.get_bind()
        users = sa.table('users', sa.column('id', sa.Integer), sa.column('name'), sa.column('family_name'))
        for row in connection.execute(sa.select(users.c.id, users.c.name)):
            family = row.name.rsplit(' ', 1)[-1]
            connection.execute(users.update().where(users.c.id == row.id).values(family_name=family))
        """, """
        with op.batch_alter_table('users') as batch:
            batch.drop_column('family_name')
        """)


def since_then(p):
    start = p.last
    p.column("e30000000001", "users", "deleted", "sa.DateTime", after=start)
    left = p.index("e30000000002", "users", "deleted")
    p.table("e30000000011", "coupons", "sa.Column('code', sa.String(20), nullable=False, unique=True)",
            "sa.Column('percent', sa.Integer, nullable=False)", after=start, labels=("coupons",))
    p.column("e30000000012", "orders", "coupon_id", "sa.Integer")
    right = p.add("e30000000013", "orders refer to coupons", """
        with op.batch_alter_table('orders') as batch:
            batch.create_foreign_key('fk_orders_coupon_id', 'coupons', ['coupon_id'], ['id'])
        """, """
        with op.batch_alter_table('orders') as batch:
            batch.drop_constraint('fk_orders_coupon_id', type_='foreignkey')
        """, depends="audit")
    p.merge("e300000000ff", left, right)
    p.add("f40000000001", "totals as a view", """
        op.execute('''
            CREATE VIEW order_totals AS
            SELECT order_id, sum(quantity * price) AS total FROM order_items GROUP BY order_id
        ''')
        """, "op.execute('DROP VIEW order_totals')")
    p.add("f40000000002", "first coupons", """
        coupons = sa.table('coupons', sa.column('code', sa.String), sa.column('percent', sa.Integer))
        op.get_bind().execute(coupons.insert(), [{'code': 'WELCOME', 'percent': 10}, {'code': 'SORRY', 'percent': 15}])
        op.execute(coupons.update().where(coupons.c.code == 'SORRY').values(percent=20))
        """, "op.execute(\"DELETE FROM coupons WHERE code IN ('WELCOME', 'SORRY')\")")
    for number, (table, name, kind) in enumerate([
            ("users", "vat_number", "sa.String(20)"), ("suppliers", "rating", "sa.Integer"),
            ("reviews", "text", "sa.Text"), ("addresses", "country", "sa.String(2)")], 1):
        p.column("f500000000%02x" % number, table, name, kind)


def main():
    project = Project(sys.argv[1])
    for chapter in (first_year, two_teams, an_own_history, the_busy_years, without_a_transaction, what_python_did,
                    since_then):
        chapter(project)
    print("%d revisions" % project.count)


if __name__ == "__main__":
    main()
