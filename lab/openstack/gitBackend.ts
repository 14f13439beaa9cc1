/** Git repositories over HTTP by Git's own http-backend, as a forge serves them. */
import { spawn } from "node:child_process";
import type { RequestListener } from "node:http";

/** Answers requests for the repositories of a folder. `environment` is what Git and its hooks see. */
export function gitBackend(folder: string, environment: NodeJS.ProcessEnv): RequestListener {
  return (request, response) => {
    const [path = "", query = ""] = (request.url ?? "").split("?");
    // CGI, as RFC 3875 has it: the request in the environment, the answer's head as the first lines of the output.
    const backend = spawn("git", ["http-backend"], {
      env: {
        ...environment,
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: "1",
        REQUEST_METHOD: request.method,
        PATH_INFO: path,
        QUERY_STRING: query,
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        ...(request.headers["content-encoding"] ? { HTTP_CONTENT_ENCODING: request.headers["content-encoding"] } : {}),
        ...(request.headers["git-protocol"] ? { GIT_PROTOCOL: String(request.headers["git-protocol"]) } : {}),
      },
    });
    // Git may answer before it has read everything.
    backend.stdin.on("error", () => undefined);
    request.pipe(backend.stdin);
    const output: Buffer[] = [];
    backend.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    backend.on("close", () => {
      const answer = Buffer.concat(output);
      const end = answer.indexOf("\r\n\r\n");
      const head = answer
        .subarray(0, end)
        .toString()
        .split("\r\n")
        .map((line): [string, string] => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon), line.slice(colon + 1).trim()];
        });
      const status = head.find(([name]) => name === "Status")?.[1] ?? "200";
      response.writeHead(Number.parseInt(status, 10), Object.fromEntries(head.filter(([name]) => name !== "Status")));
      response.end(answer.subarray(end + 4));
    });
  };
}
