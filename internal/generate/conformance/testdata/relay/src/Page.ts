import { graphql } from "relay-runtime";

export const page = graphql`
  query PageQuery {
    ...List
  }
`;

export const list = graphql`
  fragment List on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
  @refetchable(queryName: "ListPaginationQuery") {
    prompts(first: $count, after: $cursor, orderBy: [{ title: ASC }]) @connection(key: "List_prompts") {
      totalCount
      edges {
        node {
          id
          ...Card
        }
      }
    }
  }
`;

export const card = graphql`
  fragment Card on Prompt @refetchable(queryName: "CardRefetchQuery") {
    rowId
    title
    owner {
      name
    }
    versions(first: 1) {
      nodes {
        number
      }
    }
  }
`;

export const rename = graphql`
  mutation PageRenameMutation($id: ID!, $title: String!) {
    updatePrompt(id: $id, data: { title: $title }) {
      ...Card
    }
  }
`;
