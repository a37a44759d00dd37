// Package config reads krowoc.yaml, .env and KROWOC_* variables; no other package does. It combines them with the flags of the
// command line into one typed Config that records where each value came from.
//
// A value comes from the first of: flag, KROWOC_* variable, the block of the chosen environment, the base of krowoc.yaml, a standard
// variable of OpenTelemetry, the default. The table in keys.go is the single source of keys, types, defaults, variable names, the JSON Schema for editors and the
// reference page.
package config

import (
	"path/filepath"
	"time"

	"github.com/krowoc/krowoc/internal/diag"
)

// The environments that every project has; krowoc.yaml may declare more.
const (
	Development = "development"
	Test        = "test"
	Production  = "production"
)

var builtIn = []string{Development, Test, Production}

// Config is the configuration of one project in one environment.
type Config struct {
	Environment string    `mapstructure:"-"` // development, test, production or one that krowoc.yaml declares
	File        string    `mapstructure:"-"` // absolute path of krowoc.yaml
	Root        string    `mapstructure:"-"` // the folder of krowoc.yaml
	Warnings    diag.List `mapstructure:"-"` // mistakes that do not prevent the use of the configuration

	ProtectedDatabases []ProtectedDatabase `mapstructure:"-"` // of other environments

	// LogsBrowsersIn is whether auth.session.keys is set in this environment or another one. The API is the same in all of them, so that
	// what is generated from it does not depend on where.
	LogsBrowsersIn bool `mapstructure:"-"`

	Project    string
	Release    string // of the project; empty is the version of Krowoc
	Schema     string
	Protected  bool
	Migrations Migrations
	Lint       Lint
	Drift      Drift
	Generate   []Generate
	CI         CI
	Seeds      Seeds
	Database   Database
	Server     Server
	GraphQL    GraphQL
	Auth       Auth
	Analytics  Analytics
	Health     Health
	Errors     Errors
	Log        Log
	Telemetry  Telemetry
	Dev        Dev

	origins map[string]Origin
}

// Migrations configures the migration files, the table that records them, and how they run.
type Migrations struct {
	Dir, Table                    string
	LockTimeout, StatementTimeout time.Duration
	LockRetries                   int
	Before, After                 []string
}

// Lint configures `krowoc migrate lint`.
type Lint struct {
	Postgres int // major version to check for; 0 is Database.Postgres
	FailOn   string
	Rules    []LintRule
}

// LintRule is the severity of a rule in the files that match Paths, or in all files.
type LintRule struct {
	Rule, Severity string
	Paths          []string
}

// Drift configures `krowoc migrate drift`.
type Drift struct {
	Ignore []string // grants, owners, comments, and patterns of objects
}

// Generate is one target of `krowoc generate`.
type Generate struct {
	Target string
	Out    string // a folder or a file; empty is the default of the target
}

// CI configures `krowoc ci`.
type CI struct {
	Skip       []string // names of steps
	Breaking   string   // refuse or warn
	Operations []string // patterns of files with GraphQL operations
	Steps      []CIStep
}

// CIStep is an additional command that `krowoc ci` runs.
type CIStep struct{ Name, Run string }

// Seeds configures the fixtures, the sets to load in order, and the source and mask key of dumps.
type Seeds struct {
	Dir           string
	Sets          []string
	From, MaskKey Secret
}

// Database is the connection. An empty URL in development means the local Postgres that `krowoc dev` runs.
type Database struct {
	URL            Secret
	MaxConnections int
	ConnectTimeout time.Duration
	Postgres       int // required major version of the local Postgres; 0 allows any supported one
	RLS            RLS
}

// RLS names the roles of Postgres for row-level security, and tells whether the server is subject to it.
type RLS struct {
	Anonymous, Authenticated string
	Enforce                  bool
}

// Server is the HTTP server.
type Server struct {
	Address      string
	ProbeAddress string // of the probes alone; empty leaves them with the API
	PublicURL    string
	Timeouts     Timeouts
	CORS         CORS
	MaxBodyBytes ByteSize
}

// CORS lists the origins whose pages may call the API from a browser.
type CORS struct {
	Origins     []string
	Credentials bool
}

// Timeouts are the HTTP server's deadlines. DrainDelay is how long /readyz fails before connections close.
type Timeouts struct{ ReadHeader, Read, Write, Idle, Shutdown, DrainDelay time.Duration }

// GraphQL configures the limits of operations, and what the endpoint reveals about the schema.
type GraphQL struct {
	MaxDepth, MaxComplexity      int
	MaxAliases                   int
	MaxPageSize, DefaultPageSize int
	Introspection, GraphiQL      bool
	Timeout                      time.Duration

	Limits           []GraphQLLimits
	Relay            bool
	PersistedQueries bool
	TrustedDocuments string // a file
	Documents        string // any or trusted

	HTTP Services
}

// Services configures calls of the services of fields with @http.
type Services struct {
	Secret    Secret
	Timeout   time.Duration
	MaxAnswer ByteSize
	Plain     bool
}

// GraphQLLimits are the limits of callers with a role, a tier or both. 0 leaves a limit as it is.
type GraphQLLimits struct {
	Role, Tier                                       string
	MaxDepth, MaxComplexity, MaxAliases, MaxPageSize int
}

// Auth configures who may call the API.
type Auth struct {
	Issuers []Issuer
	People  People
	Session Session
}

// People names the type and fields of people. Without a type, log-ins make no rows.
type People struct{ Type, Email, Name, Avatar, Roles, Tier string }

// Session configures the log-in of browsers. Without keys there is none.
type Session struct {
	Keys     Secret
	Lifetime time.Duration
	Page     string // path of the application's own log-in page
}

// Issuer is an issuer of access tokens. Require has claims as path=value.
type Issuer struct {
	Kind, URL, JWKS   string
	Key               string // public key of a Supabase project
	Audience, Require []string
	Leeway            time.Duration
	Roles, Tier       string // paths of claims
	Subject           string // sub or uuid
	Secret            Secret

	Name, ClientID     string // of an OpenID Connect provider with which browsers log in
	ClientSecret       Secret
	Scopes, Parameters []string
}

// Analytics configures product events.
type Analytics struct {
	PostHog        PostHog
	Log            bool
	Consent        string
	RequestPercent int // of the operations
	Path           string
}

// PostHog is a project of PostHog.
type PostHog struct{ Host, Key string }

// Health configures the checks behind /readyz and /healthz. A check's result is reused for CacheFor.
type Health struct {
	CacheFor, Timeout time.Duration
	Disk              Disk
	URLs              []URL
}

// Disk is a folder whose file system must have at least MinFree bytes free.
type Disk struct {
	Path    string
	MinFree ByteSize
}

// URL is a service to check; while a critical one fails, this server is not ready.
type URL struct {
	Name, URL string
	Critical  bool
}

// Log configures the log on standard error, or in a file.
type Log struct {
	Level, Format, File string
	SlowOperations      time.Duration // those that take as long are logged; 0 logs none
}

// Telemetry configures what the server tells of its work.
type Telemetry struct {
	Service      string // name; empty is the project's
	ServerTiming bool
	Traces       Traces
	Metrics      Metrics
}

// Traces configures who receives traces, and of which requests.
type Traces struct {
	Endpoint string // of the collector; empty traces nothing
	Headers  Secret
	Sample   float64
	Slow     time.Duration
	Follow   bool // the flag of callers counts
}

// Metrics configures who receives the metrics.
type Metrics struct {
	Enabled    bool
	Token      Secret // of the scrape
	Operations int    // names that are told apart

	Endpoint string // of a collector, to which they are pushed
	Headers  Secret // name=value, separated by commas
	Interval time.Duration
}

// Errors configures the list of errors.
type Errors struct {
	Store   bool // keep it
	Clients bool // accept errors of front ends
}

// Dev configures `krowoc dev`. An empty engine of a service means Engine.
type Dev struct {
	Watch, Branching bool
	Web              bool // start the front end in web/ if it is recognized
	Engine, Address  string
	Postgres         DevPostgres
	Redis            DevRedis
	Mail             DevMail
	Traces           DevTraces
	Auth             DevAuth
	Services         []DevService
	Processes        []DevProcess
}

// DevPostgres is the Postgres of the stack.
type DevPostgres struct {
	Engine, Image string
	Replicas      int
}

// DevRedis is the Redis of the stack.
type DevRedis struct {
	Enabled       bool
	Engine, Image string
}

// DevMail is the mail catcher.
type DevMail struct {
	Enabled bool
	Address string // of SMTP
}

// DevTraces is the collector of traces.
type DevTraces struct{ Enabled bool }

// DevAuth is the development identity provider.
type DevAuth struct {
	Enabled    bool
	Users      string // type
	RedirectTo []string
}

// DevService is a container of the stack.
type DevService struct {
	Name, Image   string
	Command, Env  []string
	Port, Publish int
	Data, Ready   string
}

// DevProcess is a command of the stack.
type DevProcess struct {
	Name, Command, Build, Dir string
	Env                       []string
	Port                      int
	Ready, Restart            string
	After, Watch              []string
	Handover                  bool
}

// IsLocal reports whether the environment is one of a developer's machine: it may run a Postgres and a session of its own.
func (c *Config) IsLocal() bool { return c.Environment == Development || c.Environment == Test }

// Path returns the absolute form of a path that is relative to the project folder.
func (c *Config) Path(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(c.Root, path)
}

// Setting is one key with its printable value and the origin of the value.
type Setting struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Origin Origin `json:"origin"`
}
