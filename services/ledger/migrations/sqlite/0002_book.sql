-- PostgreSQL has a table here by which replicas take turns. A SQLite file has one writer.
SELECT 1;
