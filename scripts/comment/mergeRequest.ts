/** A merge request of GitLab or a pull request of GitHub, as far as a comment needs it. */

type Environment = Readonly<Record<string, string | undefined>>;

interface Comment {
  readonly id: number;
  readonly body: string;
}

interface MergeRequest {
  /** Comments that were written with our own token, of all pages. */
  ownComments(): Promise<readonly Comment[]>;
  create(body: string): Promise<void>;
  update(id: number, body: string): Promise<void>;
}

const pageSize = 100;

/** The merge request whose pipeline this is. Throws a sentence that names the variable that is missing. */
export function mergeRequestOf(environment: Environment): MergeRequest {
  const need = (name: string) => {
    const value = environment[name];
    if (!value)
      throw new Error(
        `${name} is not set: run this in the pipeline of a merge request (docs/previews.md, "In a pipeline").`,
      );
    return value;
  };
  if (environment.GITHUB_ACTIONS === undefined)
    return gitlab(need("CI_API_V4_URL"), need("CI_PROJECT_ID"), need("CI_MERGE_REQUEST_IID"), need("COMMENT_TOKEN"));
  const [, number] = /^refs\/pull\/(\d+)\//.exec(need("GITHUB_REF")) ?? [];
  if (number === undefined) throw new Error(`GITHUB_REF is ${need("GITHUB_REF")}, which is no pull request's.`);
  return github(need("GITHUB_API_URL"), need("GITHUB_REPOSITORY"), number, need("GITHUB_TOKEN"));
}

/** https://docs.gitlab.com/api/notes/#merge-requests */
function gitlab(api: string, project: string, iid: string, token: string): MergeRequest {
  const call = caller(api, { "private-token": token });
  const notes = `/projects/${encodeURIComponent(project)}/merge_requests/${iid}/notes`;
  return {
    async ownComments() {
      const me = (await call("GET", "/user")) as { readonly id: number };
      const all = await pages<Comment & { readonly author: { readonly id: number } }>(call, notes);
      return all.filter(({ author }) => author.id === me.id);
    },
    create: async (body) => {
      await call("POST", notes, { body });
    },
    update: async (id, body) => {
      await call("PUT", `${notes}/${id}`, { body });
    },
  };
}

/** https://docs.github.com/rest/issues/comments: a pull request's comments are those of an issue. */
function github(api: string, repository: string, number: string, token: string): MergeRequest {
  const call = caller(api, {
    authorization: `Bearer ${token}`,
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
  });
  const issues = `/repos/${repository}/issues`;
  return {
    // A job's token cannot ask who it is; people cannot write as a bot.
    async ownComments() {
      const all = await pages<Comment & { readonly user: { readonly type: string } | null }>(
        call,
        `${issues}/${number}/comments`,
      );
      return all.filter(({ user }) => user?.type === "Bot");
    },
    create: async (body) => {
      await call("POST", `${issues}/${number}/comments`, { body });
    },
    update: async (id, body) => {
      await call("PATCH", `${issues}/comments/${id}`, { body });
    },
  };
}

type Call = (method: string, path: string, body?: object) => Promise<unknown>;

/** Errors: the server's answer, with what was asked. */
function caller(api: string, headers: Readonly<Record<string, string>>): Call {
  return async (method, path, body) => {
    const response = await fetch(`${api}${path}`, {
      method,
      headers: { ...headers, "content-type": "application/json", "user-agent": "openstack-kubernetes" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 300) || "nothing"}`);
    return JSON.parse(text) as unknown;
  };
}

async function pages<T>(call: Call, path: string): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; ; page++) {
    const items = (await call("GET", `${path}?per_page=${pageSize}&page=${page}`)) as T[];
    all.push(...items);
    if (items.length < pageSize) return all;
  }
}
