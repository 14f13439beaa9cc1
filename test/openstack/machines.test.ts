import { clusterMachines, notRunning } from "../../src/openstack/machines";
import { OpenstackApi } from "../../src/openstack/client";
import { keystoneToken, withServer } from "./fakeOpenstack";

const server = (name: string, status: string, metadata: Record<string, string>) => ({
  id: name,
  name,
  status,
  metadata,
});
const marks = { "kubernetes-cluster": "dev", "kubernetes-role": "control-plane" };
const servers = [
  server("dev-control-plane-2", "ERROR", marks),
  server("dev-control-plane-1", "SHUTOFF", { ...marks, "creation-digest": "0123456789ab" }),
  server("dev-general-0", "ACTIVE", { ...marks, "kubernetes-role": "worker" }),
  server("dev-control-plane-backup", "ACTIVE", {}),
  server("dev-control-plane-7", "ACTIVE", { ...marks, "kubernetes-cluster": "another" }),
];

describe("a cluster's machines", () => {
  it.each([
    [
      "control-plane" as const,
      [
        { name: "dev-control-plane-1", status: "SHUTOFF", creationDigest: "0123456789ab" },
        { name: "dev-control-plane-2", status: "ERROR" },
      ],
    ],
    ["worker" as const, [{ name: "dev-general-0", status: "ACTIVE" }]],
  ])("of the role %s are those that bear the cluster's marks, whatever their state", async (role, expected) => {
    const asked: string[] = [];
    const found = await withServer(
      ({ url }, own) => {
        if (url.startsWith("/v3/auth/tokens")) return keystoneToken(own, { compute: "/compute" });
        asked.push(url);
        return { status: 200, body: { servers: url.includes("marker") ? [] : servers } };
      },
      async (own) => {
        const api = await OpenstackApi.login({
          authUrl: own,
          region: "one",
          auth: { identity: { methods: ["password"] } },
          insecure: false,
        });
        return clusterMachines(api, "dev", role);
      },
    );
    expect(found).toEqual(expected);
    expect(asked[0]).toMatch(/^\/compute\/servers\/detail\?name=%5Edev-/);
  });
});

describe("machines that do not run", () => {
  it("are those that are gone, off or in error, not those that boot or are resized", () => {
    const names = ["a", "b", "c", "d", "e"];
    const existing = [
      { name: "a", status: "ACTIVE" },
      { name: "b", status: "SHUTOFF" },
      { name: "d", status: "BUILD" },
      { name: "e", status: "ERROR" },
    ];
    expect(notRunning(names, existing)).toEqual(["b (SHUTOFF)", "c (deleted)", "e (ERROR)"]);
  });
});
