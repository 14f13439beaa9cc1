import { deleteBootstrapToken, renewBootstrapToken } from "../../src/kubernetes/bootstrapToken";
import type { KubernetesAnswer } from "../../src/kubernetes/client";

const token = "abcdef.0123456789abcdef";
const now = new Date("2030-01-01T00:00:00.500Z");
const collection = "/api/v1/namespaces/kube-system/secrets";

/** Answers in turn, and keeps what it was asked. */
function api(...statuses: number[]) {
  const asked: { method: string; path: string; body: unknown }[] = [];
  const request = (method: string, path: string, body?: unknown): Promise<KubernetesAnswer> => {
    // The rights of joining machines are there already.
    if (path.includes("rolebindings")) return Promise.resolve({ status: 409, body: "{}" });
    asked.push({ method, path, body });
    return Promise.resolve({
      status: statuses.shift() ?? 500,
      body: JSON.stringify({ message: "no room", data: token }),
    });
  };
  return { asked, request };
}

describe("bootstrap token", () => {
  it("is made with two hours to live, for joining only", async () => {
    const { asked, request } = api(201);
    await renewBootstrapToken(request, token, now);
    expect(asked).toEqual([
      {
        method: "POST",
        path: collection,
        body: {
          apiVersion: "v1",
          kind: "Secret",
          type: "bootstrap.kubernetes.io/token",
          metadata: { name: "bootstrap-token-abcdef", namespace: "kube-system" },
          stringData: {
            description: "Join credentials of new machines, renewed by pulumi up.",
            "token-id": "abcdef",
            "token-secret": "0123456789abcdef",
            expiration: "2030-01-01T02:00:00Z",
            "usage-bootstrap-authentication": "true",
            "usage-bootstrap-signing": "true",
            "auth-extra-groups": "system:bootstrappers:openstack-kubernetes",
          },
        },
      },
    ]);
  });

  it.each([
    ["moves the expiry of one that exists", [409, 200], ["POST", "PUT"]],
    ["is made anew when the token controller deletes it in between", [409, 404, 201], ["POST", "PUT", "POST"]],
  ])("%s", async (_, statuses, methods) => {
    const { asked, request } = api(...statuses);
    await renewBootstrapToken(request, token, now);
    expect(asked.map(({ method }) => method)).toEqual(methods);
  });

  it("tells why the API refused, without the token", async () => {
    const { request } = api(403);
    await expect(renewBootstrapToken(request, token, now)).rejects.toThrow(
      new Error("The API refused to renew the bootstrap token bootstrap-token-abcdef (403): no room"),
    );
  });

  it("is refused when it has another form, and not shown", async () => {
    const { asked, request } = api();
    await expect(renewBootstrapToken(request, "secret", now)).rejects.toThrow(
      new Error("a bootstrap token has the form [a-z0-9]{6}.[a-z0-9]{16}"),
    );
    expect(asked).toEqual([]);
  });

  it.each([200, 404])("is deleted, whether it is there or not (%d)", async (status) => {
    const { asked, request } = api(status);
    await deleteBootstrapToken(request, token);
    expect(asked).toEqual([{ method: "DELETE", path: `${collection}/bootstrap-token-abcdef`, body: undefined }]);
  });

  it("that cannot be deleted is an error without the token", async () => {
    const { request } = api(403);
    await expect(deleteBootstrapToken(request, token)).rejects.toThrow(
      new Error("The Kubernetes API refused the deletion of the bootstrap token (403): no room"),
    );
  });
});
