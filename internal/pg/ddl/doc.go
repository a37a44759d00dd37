// Package ddl writes the SQL that defines a database: the tables of a schema, and the migrations that change one database into another.
package ddl
