package config

// keys is every key of krowoc.yaml, in the order in which they are shown.
var keys = []Key{
	{Path: "project", Kind: Text, Doc: "Name of the project; the folder's name unless given.", Pattern: `^[a-z][a-z0-9_-]*$`},
	{Path: "schema", Kind: Text, Default: "schema.graphql", Doc: "The types: a file, a folder of *.graphql files or a glob."},
	{Path: "protected", Kind: Bool, Default: "false", DefaultIn: in{Production: "true"},
		Doc: "Refuse destructive commands (seed, migrate down, redo) unless they are told twice."},

	{Path: "migrations.dir", Kind: Text, Default: "migrations", Doc: "Folder of the migration files."},
	{Path: "migrations.table", Kind: Text, Default: "goose_db_version", Pattern: `^[A-Za-z_][A-Za-z0-9_.]*$`,
		Doc: "Table in which the database records what was applied."},
	{Path: "migrations.lockTimeout", Kind: Duration, Default: "5s",
		Doc: "How long a statement waits for a lock before its file gives way and is tried again; 0s is the server's setting."},
	{Path: "migrations.lockRetries", Kind: Int, Default: "30", Min: 0, Max: 10000, Doc: "How often a file is tried again for want of a lock."},
	{Path: "migrations.statementTimeout", Kind: Duration, Default: "0s", Doc: "How long a statement may run; 0s is the server's setting."},
	{Path: "migrations.before", Kind: List, Doc: "SQL to run before the first migration, when there is one to apply or roll back."},
	{Path: "migrations.after", Kind: List, Doc: "SQL to run after the last, such as ANALYZE or GRANT."},

	{Path: "lint.postgres", Kind: Int, Default: "0", OneOf: []string{"0", "11", "12", "13", "14", "15", "16", "17", "18"},
		Doc: "Major version of Postgres that `krowoc migrate lint` judges for; 0 is `database.postgres`, or else the oldest that Krowoc supports."},
	{Path: "lint.failOn", Kind: Text, Default: "warning", OneOf: []string{"error", "warning", "info"}, Doc: "The mildest finding with which lint fails."},
	{Path: "lint.rules", Kind: Objects, Doc: "Severities of rules, of all files or some; the last that fits counts.", Items: []Key{
		{Path: "rule", Kind: Text, Required: true, Doc: "Id of a rule, or * for all."},
		{Path: "severity", Kind: Text, Required: true, OneOf: []string{"off", "info", "warning", "error"}, Doc: "How bad its findings are; off silences it."},
		{Path: "paths", Kind: List, Doc: "Patterns of file names in the migrations' folder, such as 0000*.sql; none is all files."},
	}},

	{Path: "generate", Kind: Objects, Doc: "What `krowoc generate` writes from the schema.", Items: []Key{
		{Path: "target", Kind: Text, Required: true, OneOf: []string{"go", "typescript", "typescript-client", "pydantic", "jsonschema", "graphql", "sql", "markdown", "compose"},
			Doc: "Kind of files."},
		{Path: "out", Kind: Text, Doc: "Folder or file that they go to; each target has a usual one."},
	}},

	{Path: "ci.skip", Kind: List, Doc: "Steps of `krowoc ci` to leave out: schema, changes, generate, lint, diff, verify or seed."},
	{Path: "ci.breaking", Kind: Text, Default: "refuse", OneOf: []string{"refuse", "warn"}, Doc: "What `krowoc ci --since` does about a breaking change of the schema."},
	{Path: "ci.operations", Kind: List, Doc: "Patterns of files with GraphQL operations that a change of the schema may break, such as web/**/*.graphql."},
	{Path: "ci.steps", Kind: Objects, Doc: "Commands that `krowoc ci` runs after its own steps.", Items: []Key{
		{Path: "name", Kind: Text, Required: true, Doc: "Name of the step."},
		{Path: "run", Kind: Text, Required: true, Doc: "Command for `sh`, in the project's folder; any exit code but 0 is a finding."},
	}},

	{Path: "seeds.dir", Kind: Text, Default: "seeds", Doc: "Folder of the fixtures, one sub-folder per set."},
	{Path: "seeds.sets", Kind: List, Default: "common", DefaultIn: in{Development: "common,dev", Test: "common,test"},
		Doc: "Sets of fixtures to load, in order."},

	{Path: "database.url", Kind: SecretText,
		Doc: "Connection URL of Postgres. Empty in development: the local Postgres that `krowoc dev` runs."},
	{Path: "database.maxConnections", Kind: Int, Default: "10", Min: 1, Max: 10000, Doc: "Most connections that one process opens."},
	{Path: "database.connectTimeout", Kind: Duration, Default: "5s", Doc: "How long to wait for a connection."},
	{Path: "database.postgres", Kind: Int, Default: "0", OneOf: []string{"0", "14", "15", "16", "17", "18"},
		Doc: "Major version of the local Postgres; 0 takes any that is there."},

	{Path: "server.address", Kind: Address, Default: "127.0.0.1:8080", Doc: "Address to listen on, host:port; port 0 takes a free one."},
	{Path: "server.timeouts.readHeader", Kind: Duration, Default: "5s", Doc: "For the headers of a request."},
	{Path: "server.timeouts.read", Kind: Duration, Default: "30s", Doc: "For the whole request."},
	{Path: "server.timeouts.write", Kind: Duration, Default: "60s", Doc: "For the response."},
	{Path: "server.timeouts.idle", Kind: Duration, Default: "120s", Doc: "For the next request on a kept connection."},
	{Path: "server.timeouts.shutdown", Kind: Duration, Default: "15s", Doc: "For requests in flight when the server stops."},
	{Path: "server.timeouts.drainDelay", Kind: Duration, Default: "0s", DefaultIn: in{Production: "5s"},
		Doc: "How long /readyz fails before the server stops accepting, so that load balancers notice."},
	{Path: "server.maxBodyBytes", Kind: Size, Default: "1MiB", Doc: "Largest request body."},

	{Path: "graphql.maxDepth", Kind: Int, Default: "12", Min: 1, Max: 1000, Doc: "Deepest nesting of one operation."},
	{Path: "graphql.maxComplexity", Kind: Int, Default: "10000", Min: 1, Max: 100000000, Doc: "Most rows and fields that one operation may ask for."},
	{Path: "graphql.maxPageSize", Kind: Int, Default: "100", Min: 1, Max: 100000, Doc: "Largest `first` or `last` of a connection."},
	{Path: "graphql.introspection", Kind: Bool, Default: "true", DefaultIn: in{Production: "false"}, Doc: "Answer introspection queries."},
	{Path: "graphql.graphiql", Kind: Bool, Default: "false", DefaultIn: in{Development: "true"}, Doc: "Serve the GraphiQL page."},
	{Path: "graphql.timeout", Kind: Duration, Default: "30s", Doc: "For one operation, its SQL included."},

	{Path: "health.cacheFor", Kind: Duration, Default: "1s", Doc: "How long a check's result is reused, so that a storm of probes costs nothing."},
	{Path: "health.timeout", Kind: Duration, Default: "3s", Doc: "For one check."},
	{Path: "health.disk.path", Kind: Text, Default: ".", Doc: "Folder whose file system must have space left."},
	{Path: "health.disk.minFree", Kind: Size, Default: "256MiB", Doc: "Space that must be left."},
	{Path: "health.urls", Kind: Objects, Doc: "Other services that must answer.", Items: []Key{
		{Path: "name", Kind: Text, Required: true, Doc: "Name of the check."},
		{Path: "url", Kind: HTTPURL, Required: true, Doc: "Address to GET; any 2xx answer is healthy."},
		{Path: "critical", Kind: Bool, Default: "false", Doc: "Whether this service is not ready without it."},
	}},

	{Path: "log.level", Kind: Text, Default: "info", OneOf: []string{"debug", "info", "warn", "error"}, Doc: "Least severe record to write."},
	{Path: "log.format", Kind: Text, Default: "json", DefaultIn: in{Development: "text", Test: "text"}, OneOf: []string{"text", "json"},
		Doc: "Form of the log on standard error."},

	{Path: "dev.branching", Kind: Bool, Default: "false", Doc: "Give each branch of git a development database of its own, which `krowoc dev` switches to."},
	{Path: "dev.watch", Kind: Bool, Default: "true", Doc: "Reload `krowoc dev` when the schema, a migration or a fixture changes."},
}

// in is a default per environment.
type in map[string]string
