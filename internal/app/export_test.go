package app

// ServeOptions are those of `krowoc serve`.
func (a *App) ServeOptions() ServerOptions { return a.serveOptions(nil, nil, nil) }

// DevServerOptions are those of the API of a development session whose other services do not run.
func (a *App) DevServerOptions() ServerOptions {
	return a.newDevConsole().serverOptions(a.Config.Server.Address)
}
