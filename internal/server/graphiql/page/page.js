// Starts GraphiQL on the /graphql beside it. The operation may come in the address: ?query=…&variables=….
const parameters = new URLSearchParams(location.search);
const root = ReactDOM.createRoot(document.getElementById("graphiql"));
root.render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: new URL("graphql", location.href).href }),
    initialQuery: parameters.get("query") ?? undefined,
    initialVariables: parameters.get("variables") ?? undefined,
    defaultEditorToolsVisibility: true,
  }),
);
