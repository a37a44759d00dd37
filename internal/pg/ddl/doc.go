// Package ddl writes the SQL that defines a database: the tables of a schema, and the migrations that change one database into another.
//
// A Target is the database that a schema describes. A Builder creates it in a scratch database and reads its catalog, so that Postgres itself
// decides which definitions are the same. Target.Plan compares the catalog of another scratch database, which the migrations have built, with
// that of the target. A planner writes the difference as steps, each with the statements that undo it, and distributes them among files.
// Plan then runs the files and rolls them back.
//
// What Postgres refuses is left out: each step names the objects that it changes, and a leaver makes these objects of the target equal to those
// of the database, with what depends on them. Then the plan is made again.
package ddl
