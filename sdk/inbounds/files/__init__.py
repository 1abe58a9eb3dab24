"""Files that are read and written safely, and SQLite files."""
