/** The API of a lab cluster as `up` calls it: the machines' network is a namespace that only their programs enter. */
import type { LabCluster } from "../../../lab/machines/cluster";
import type { KubernetesRequest } from "../../../src/kubernetes/client";

const verbs = { GET: "get", POST: "create", PUT: "replace", DELETE: "delete" } as const;
const refusals = { NotFound: 404, AlreadyExists: 409, Conflict: 409, Forbidden: 403 } as const;

export function apiByKubectl(cluster: Pick<LabCluster, "kubectl">): KubernetesRequest {
  return (method, path, body) => {
    const file = method === "POST" || method === "PUT" ? ["--filename", "-"] : [];
    const input = body === undefined ? {} : { input: JSON.stringify(body) };
    const { status, stdout, stderr } = cluster.kubectl([verbs[method], "--raw", path, ...file], input);
    if (status === 0) return Promise.resolve({ status: 200, body: stdout });
    const known = Object.entries(refusals).find(([reason]) => stderr.includes(`(${reason})`));
    return Promise.resolve({ status: known?.[1] ?? 500, body: JSON.stringify({ message: stderr.trim() }) });
  };
}
