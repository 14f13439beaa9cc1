/** The program's own way to ask the API, to a test's API server: by its token, where a cluster has certificates. */
import { readFileSync } from "node:fs";
import * as https from "node:https";
import { parse } from "yaml";
import type { KubernetesRequest } from "../../../src/kubernetes/client";
import type { Kubectl } from "./kubectl";

export function kubernetesRequest(kubectl: Kubectl): KubernetesRequest {
  const { server, authority } = kubectl.address();
  const { users } = parse(readFileSync(kubectl.kubeconfig, "utf8")) as { users: [{ user: { token: string } }] };
  const ca = readFileSync(authority);
  const headers = { authorization: `Bearer ${users[0].user.token}`, "content-type": "application/json" };
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const request = https.request(`${server}${path}`, { ca, headers, method }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
        );
      });
      request.on("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}
