/** GitLab and GitHub, as far as comments on a merge request go: pages, log-in, and refusal to edit others' comments. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

interface StoredComment {
  readonly id: number;
  /** Whether it was written with our token. */
  readonly own: boolean;
  body: string;
}

export interface StandIn {
  /** The variables of a pipeline on it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly comments: StoredComment[];
  add(own: boolean, body: string): void;
  stop(): Promise<void>;
}

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: { readonly body: string };
}

type Answer = readonly [status: number, body: unknown];

interface Server {
  readonly token: string;
  tokenOf(headers: IncomingMessage["headers"]): unknown;
  /** Path of the list of comments. */
  readonly list: string;
  /** Path of one, before its id. */
  readonly one: string;
  readonly update: string;
  shown(comment: StoredComment): object;
  other(path: string): unknown;
  environment(api: string): Readonly<Record<string, string>>;
}

async function start(server: Server): Promise<StandIn> {
  const comments: StoredComment[] = [];
  const add = (own: boolean, body: string) => comments.push({ id: comments.length + 1, own, body });
  const answer = ({ method, url, headers, body }: Request): Answer => {
    if (server.tokenOf(headers) !== server.token) return [401, { message: "Bad credentials" }];
    if (method === "GET" && url.pathname === server.list) {
      const size = Number(url.searchParams.get("per_page") ?? 20);
      const from = (Number(url.searchParams.get("page") ?? 1) - 1) * size;
      // The newest first, as GitLab sorts them: ours may then be on a later page.
      return [
        200,
        [...comments]
          .reverse()
          .slice(from, from + Math.min(size, 100))
          .map((one) => server.shown(one)),
      ];
    }
    if (method === "POST" && url.pathname === server.list) {
      add(true, body.body);
      return [201, {}];
    }
    if (method === server.update && url.pathname.startsWith(`${server.one}/`)) {
      const comment = comments.find(({ id }) => String(id) === url.pathname.slice(server.one.length + 1));
      if (comment?.own !== true) return [403, { message: "Forbidden" }];
      comment.body = body.body;
      return [200, {}];
    }
    const other = method === "GET" ? server.other(url.pathname) : undefined;
    return other === undefined ? [404, { message: "Not Found" }] : [200, other];
  };
  const http = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      const url = new URL(request.url ?? "", "http://localhost");
      const body = (text === "" ? {} : JSON.parse(text)) as { body: string };
      const [status, content] = answer({ method: request.method ?? "", url, headers: request.headers, body });
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    environment: server.environment(`http://127.0.0.1:${(http.address() as AddressInfo).port}`),
    comments,
    add,
    stop: () => new Promise((resolve) => http.close(() => resolve())),
  };
}

export const gitlabApi = () =>
  start({
    token: "glpat-test",
    tokenOf: (headers) => headers["private-token"],
    list: "/projects/7/merge_requests/3/notes",
    one: "/projects/7/merge_requests/3/notes",
    update: "PUT",
    shown: ({ id, own, body }) => ({ id, body, author: { id: own ? 42 : 43 } }),
    other: (path) => (path === "/user" ? { id: 42 } : undefined),
    environment: (api) => ({
      CI_API_V4_URL: api,
      CI_PROJECT_ID: "7",
      CI_MERGE_REQUEST_IID: "3",
      COMMENT_TOKEN: "glpat-test",
    }),
  });

export const githubApi = () =>
  start({
    token: "Bearer ghs-test",
    tokenOf: (headers) => headers.authorization,
    list: "/repos/site/clusters/issues/3/comments",
    one: "/repos/site/clusters/issues/comments",
    update: "PATCH",
    shown: ({ id, own, body }) => ({ id, body, user: { type: own ? "Bot" : "User" } }),
    other: () => undefined,
    environment: (api) => ({
      GITHUB_ACTIONS: "true",
      GITHUB_API_URL: api,
      GITHUB_REPOSITORY: "site/clusters",
      GITHUB_REF: "refs/pull/3/merge",
      GITHUB_TOKEN: "ghs-test",
    }),
  });
