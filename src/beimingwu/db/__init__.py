"""The database of the dock: connections and transactions, tables, migrations."""
