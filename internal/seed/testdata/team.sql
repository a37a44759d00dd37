CREATE TYPE tier AS ENUM ('FREE', 'POWER', 'TEAM');
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL CONSTRAINT users_name_check CHECK (name <> 'root'),
    tier tier NOT NULL,
    bio text DEFAULT 'new here',
    tags text[] NOT NULL,
    manager_id uuid REFERENCES users,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE TABLE projects (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    owner_id uuid NOT NULL REFERENCES users,
    lead_project_id uuid,
    lead_user_id uuid,
    stars int NOT NULL DEFAULT 3
);
CREATE TABLE memberships (
    project_id uuid NOT NULL REFERENCES projects,
    user_id uuid NOT NULL REFERENCES users,
    role text NOT NULL,
    PRIMARY KEY (project_id, user_id)
);
ALTER TABLE projects ADD FOREIGN KEY (lead_project_id, lead_user_id) REFERENCES memberships;
CREATE TABLE projects_users (
    project_id uuid NOT NULL REFERENCES projects,
    user_id uuid NOT NULL REFERENCES users,
    PRIMARY KEY (project_id, user_id)
);
CREATE TABLE tickets (
    number serial PRIMARY KEY,
    title text NOT NULL UNIQUE,
    project_id uuid REFERENCES projects
);
CREATE TABLE samples (
    code text PRIMARY KEY,
    id uuid,
    an_int int,
    an_int64 bigint,
    a_float double precision,
    a_decimal numeric,
    a_boolean boolean,
    a_date date,
    a_date_time timestamptz,
    a_duration interval,
    a_json jsonb,
    a_bytes bytea,
    an_enum tier,
    texts text[],
    tiers tier[],
    numbers int[],
    documents jsonb[],
    short varchar(3),
    price numeric(10, 2)
);
