import type { KubernetesAnswer } from "../../src/kubernetes/client";
import { JoiningMachines } from "../../src/up/joiningMachines";

const token = "abcdef.0123456789abcdef";
const secretPath = "/api/v1/namespaces/kube-system/secrets";

/** An API that grants everything, and keeps what it was asked to change. */
function api() {
  const changes: string[] = [];
  const request = (method: string, path: string): Promise<KubernetesAnswer> => {
    if (method !== "GET") changes.push(`${method} ${path.replace("/apis/rbac.authorization.k8s.io/v1", "")}`);
    return Promise.resolve({ status: 200, body: JSON.stringify({ items: [], metadata: {} }) });
  };
  return { changes, request };
}

function joining(request: ReturnType<typeof api>["request"]) {
  return new JoiningMachines({ request, token, planned: ["test-default-0"], created: () => [], warn: () => undefined });
}

describe("machines that join", () => {
  it("get the rights to join and the token once per run, whoever asks first", async () => {
    const { changes, request } = api();
    const machines = joining(request);
    await Promise.all([machines.admit(), machines.admit()]);
    expect(changes).toEqual([
      "POST /clusterrolebindings",
      "POST /clusterrolebindings",
      "POST /namespaces/kube-system/rolebindings",
      "POST /namespaces/kube-system/rolebindings",
      `POST ${secretPath}`,
    ]);
    await machines.end();
  });

  it("leave no token behind when all have joined, not even that of the first machine", async () => {
    const { changes, request } = api();
    await joining(request).end();
    expect(changes).toEqual([`DELETE ${secretPath}/bootstrap-token-abcdef`]);
  });
});
