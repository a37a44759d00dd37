// Starts GraphiQL on the /graphql beside it. The operation may come in the address: ?query=…&variables=….
const parameters = new URLSearchParams(location.search);
const defaultQuery = `# What this API answers. Press Ctrl-Enter to run it; Ctrl-Space suggests what fits.
query {
  __schema {
    queryType {
      fields {
        name
        description
      }
    }
  }
}
`;
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: new URL("graphql", location.href).href }),
    query: parameters.get("query") ?? undefined,
    variables: parameters.get("variables") ?? undefined,
    defaultQuery,
  }),
);
