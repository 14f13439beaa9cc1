import { OpenstackApi } from "../../../src/openstack/client";
import { OrphanSearch } from "../../../src/up/orphans/orphanSearch";
import { machinesFailedAtCreation } from "../../../src/up/orphans/failedMachines";
import { completeTags } from "../../../src/up/orphans/unfinishedTags";
import { keystoneToken, projectId, withServer, type FakeAnswer, type FakeRequest } from "../../openstack/fakeOpenstack";

const catalog = { compute: "/nova", network: "/neutron", "load-balancer": "/octavia" };
const pace = { interval: 5, limit: 60_000 };
const instance = "openstack:compute/instance:Instance";
const port = "openstack:networking/port:Port";
const listener = "openstack:loadbalancer/listener:Listener";

interface Seen {
  /** `METHOD path` of every call but the log-in, in order. */
  readonly calls: string[];
  readonly message: string[];
}

/** Runs `use` on a search whose cloud answers with `answer`; a call that it leaves open gets 204. */
async function searching(
  answer: (call: string) => FakeAnswer | undefined,
  use: (search: OrphanSearch, api: OpenstackApi) => Promise<void>,
  patience = pace,
): Promise<Seen> {
  const seen: Seen = { calls: [], message: [] };
  const reply = ({ method, url, body }: FakeRequest, own: string): FakeAnswer => {
    if (url === "/v3/auth/tokens") return keystoneToken(own, catalog);
    seen.calls.push([method, decodeURIComponent(url), ...(body === undefined ? [] : [JSON.stringify(body)])].join(" "));
    return answer(`${method} ${url}`) ?? { status: 204 };
  };
  await withServer(reply, async (url) => {
    const api = await OpenstackApi.login({ authUrl: url, region: "one", auth: {}, insecure: false });
    await use(
      new OrphanSearch(
        () => Promise.resolve(api),
        (sentence) => seen.message.push(sentence),
        patience,
      ),
      api,
    );
  });
  return seen;
}

const ports = (...items: unknown[]): FakeAnswer => ({ status: 200, body: { ports: items } });
const orphan = { id: "p", name: "dev-0", network_id: "n", device_id: "", project_id: projectId };
const inputs = { name: "dev-0", networkId: "n" };
const portsList =
  "GET /neutron/v2.0/ports?network_id=n&fields=id&fields=name&fields=network_id&fields=device_id&fields=created_at&fields=project_id&limit=1000";
const serversList = "GET /nova/servers?name=^dev-&limit=1000";
const machine = { name: "dev-general-0", metadata: { "kubernetes-cluster": "dev", "kubernetes-role": "worker" } };
const neverStarted = { ...machine, id: "s", created: "2026-01-01T00:00:00Z", "OS-SRV-USG:launched_at": null };
const isServersList = (call: string) => call.startsWith("GET /nova/servers?");
const servers: FakeAnswer = { status: 200, body: { servers: [{ id: "s", name: "dev-general-0" }] } };

describe("the search for orphans", () => {
  it("deletes what is there, and says so", async () => {
    const { calls, message } = await searching(
      (call) => (call.startsWith("GET") ? ports(orphan) : undefined),
      (search) => search.before(port, inputs),
    );
    expect(calls).toEqual([portsList, "DELETE /neutron/v2.0/ports/p"]);
    expect(message).toEqual([
      "Deleted port dev-0 (p), which an interrupted `up` had created without recording it; it is created again.",
    ]);
  });

  it("leaves alone what is another project's, for an administrator sees that too", async () => {
    const { calls } = await searching(
      () => ports({ ...orphan, project_id: "another" }),
      (search) => search.before(port, inputs),
    );
    expect(calls).toEqual([portsList]);
  });

  it("asks for a list once in a run", async () => {
    const { calls } = await searching(
      () => ports(),
      async (search) => {
        await Promise.all([search.before(port, inputs), search.before(port, inputs)]);
        await search.before(port, inputs);
      },
    );
    expect(calls).toEqual([portsList]);
  });

  it("asks nothing about a resource that is no thing of its own", async () => {
    const { calls } = await searching(
      () => undefined,
      (search) => search.before("tls:index/privateKey:PrivateKey", {}),
    );
    expect(calls).toEqual([]);
  });

  it("lets the creation go on when it may not look", async () => {
    const { message } = await searching(
      () => ({ status: 403 }),
      (search) => search.before(port, inputs),
    );
    expect(message).toEqual([]);
  });

  it("says nothing of what OpenStack finds in use", async () => {
    const { calls, message } = await searching(
      (call) => (call.startsWith("GET") ? ports(orphan) : { status: 409 }),
      (search) => search.before(port, inputs),
    );
    expect(calls.length).toBe(2);
    expect(message).toEqual([]);
  });

  it("waits until a machine is gone, since the new one needs its port and name", async () => {
    let looks = 0;
    const { calls } = await searching(
      (call) => {
        if (isServersList(call)) return servers;
        // The first look is for its age; then it goes.
        if (call.startsWith("GET"))
          return ++looks < 4 ? { status: 200, body: { server: neverStarted } } : { status: 404 };
        return undefined;
      },
      (search) => search.before(instance, machine),
    );
    const look = "GET /nova/servers/s";
    expect(calls).toEqual([serversList, look, "DELETE /nova/servers/s", look, look, look]);
  });

  it("takes a machine that is gone by now for gone", async () => {
    const { calls, message } = await searching(
      (call) => (isServersList(call) ? servers : { status: 404 }),
      (search) => search.before(instance, machine),
    );
    expect(calls).toEqual([serversList, "GET /nova/servers/s"]);
    expect(message).toEqual([]);
  });

  it("asks one list for all machines", async () => {
    const { calls } = await searching(
      () => ({ status: 200, body: { servers: [] } }),
      async (search) => {
        await search.before(instance, machine);
        await search.before(instance, { ...machine, name: "dev-general-1" });
      },
    );
    expect(calls).toEqual([serversList]);
  });

  it("gives up on a machine that does not go", async () => {
    await searching(
      (call) => {
        if (isServersList(call)) return servers;
        return call.startsWith("GET") ? { status: 200, body: { server: neverStarted } } : undefined;
      },
      async (search) => {
        await expect(search.before(instance, machine)).rejects.toThrow(
          "/servers/s is being deleted, but is still there after 0.04 s",
        );
      },
      { interval: 5, limit: 40 },
    );
  });

  it("stops the creation of a machine whose name another's has", async () => {
    await searching(
      (call) =>
        isServersList(call)
          ? servers
          : { status: 200, body: { server: { ...neverStarted, metadata: { owner: "me" } } } },
      async (search) => {
        await expect(search.before(instance, machine)).rejects.toThrow("which is no machine of this cluster");
      },
    );
  });

  it("is patient with an Octavia that is busy with the load balancer", async () => {
    let attempts = 0;
    const listeners = [{ id: "x", name: "dev-api", loadbalancers: [{ id: "l" }], default_pool_id: null }];
    const { message } = await searching(
      (call) => {
        if (call.startsWith("GET")) return { status: 200, body: { listeners } };
        return ++attempts < 3 ? { status: 409 } : undefined;
      },
      (search) => search.before(listener, { name: "dev-api", loadbalancerId: "l" }),
    );
    expect([attempts, message.length]).toEqual([3, 1]);
  });
});

describe("machines that never ran", () => {
  it("are those that Nova could not start, not those that failed later", async () => {
    const metadata = { "kubernetes-cluster": "dev" };
    const others = { "kubernetes-cluster": "dev-2" };
    const servers = [
      { name: "dev-general-0", metadata, status: "ERROR", "OS-SRV-USG:launched_at": null },
      { name: "dev-general-1", metadata, status: "ERROR", "OS-SRV-USG:launched_at": "2026-11-22T11:59:00.000000" },
      { name: "dev-general-2", metadata, status: "BUILD", "OS-SRV-USG:launched_at": null },
      { name: "dev-2-general-0", metadata: others, status: "ERROR", "OS-SRV-USG:launched_at": null },
    ];
    const { calls } = await searching(
      () => ({ status: 200, body: { servers } }),
      async (_, api) => expect([...(await machinesFailedAtCreation(api, "dev"))]).toEqual(["dev-general-0"]),
    );
    expect(calls).toEqual(["GET /nova/servers/detail?status=ERROR&name=^dev-&limit=1000"]);
  });
});

describe("tags that were not set any more", () => {
  const tags = ["kubernetes-cluster=dev", "owner=me"];

  it("are set, all of them", async () => {
    const { calls } = await searching(
      (call) =>
        call.startsWith("GET") ? { status: 200, body: { tags: ["owner=me"] } } : { status: 200, body: { tags } },
      (_, api) => completeTags(api, port, "p", { tags }),
    );
    expect(calls).toEqual([
      "GET /neutron/v2.0/ports/p/tags",
      `PUT /neutron/v2.0/ports/p/tags ${JSON.stringify({ tags })}`,
    ]);
  });

  it("are not asked for where there are none, and not set again where they are", async () => {
    const { calls } = await searching(
      () => ({ status: 200, body: { tags } }),
      async (_, api) => {
        await completeTags(api, port, "p", { tags });
        await completeTags(api, instance, "s", { tags });
        await completeTags(api, port, "q", {});
      },
    );
    expect(calls).toEqual(["GET /neutron/v2.0/ports/p/tags"]);
  });
});
