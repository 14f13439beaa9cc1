import { setTimeout as sleep } from "node:timers/promises";
import { OpenstackApi, OpenstackError } from "../../src/openstack/client";
import { carryOut } from "../../src/sweep/carryOut";
import { gatherRemains } from "../../src/sweep/gatherLeftovers";
import { createdTypes, storageTypes, type OpenstackType } from "../../src/openstack/resourceTypes";
import type { SweepStep } from "../../src/sweep/sweepPlan";
import { renderSweep } from "../../src/sweep/sweepReport";
import { keystoneToken, projectId, withServer, type FakeAnswer, type FakeRequest } from "../openstack/fakeOpenstack";

const catalog = { network: "/neutron", compute: "/nova", "load-balancer": "/octavia", "block-storage": "/cinder" };
const soon = { interval: 1, limit: 10_000 };

/**
 * Answers by method and path; what is not named does not exist. Returns what was asked besides the log-in, and what
 * `use` gave.
 */
async function withCloud<T>(
  answers: Readonly<Record<string, readonly FakeAnswer[]>>,
  use: (api: OpenstackApi) => Promise<T>,
  services = catalog,
) {
  const asked: { call: string; body?: unknown }[] = [];
  const turn: Record<string, number> = {};
  const answer = ({ method, url, body }: FakeRequest): FakeAnswer => {
    const call = `${method} ${url}`;
    asked.push(body === undefined ? { call } : { call, body });
    const all = answers[call] ?? [{ status: 404 }];
    const index = (turn[call] = (turn[call] ?? -1) + 1);
    return all[Math.min(index, all.length - 1)] as FakeAnswer;
  };
  const result = await withServer(
    (request, own) => (request.url === "/v3/auth/tokens" ? keystoneToken(own, services) : answer(request)),
    async (url) => use(await OpenstackApi.login({ authUrl: url, region: "one", auth: {}, insecure: false })),
  );
  return { asked, result };
}

const { floatingIp, loadBalancer, port, securityGroup } = createdTypes;
const { volume } = storageTypes;
const step = (type: OpenstackType, id: string): SweepStep => ({
  type,
  id,
  title: `${type.noun} ${id}`,
  consequence: "",
});
const balancer = "/octavia/v2/lbaas/loadbalancers/lb";
const inState = (provisioning_status: string): FakeAnswer => ({
  status: 200,
  body: { loadbalancer: { provisioning_status } },
});

describe("carrying out a sweep", () => {
  it("deletes a load balancer with all in it, waits while Octavia is busy with it, and until it is gone", async () => {
    const said: string[] = [];
    const { asked, result } = await withCloud(
      {
        [`GET ${balancer}`]: [inState("PENDING_DELETE"), inState("DELETED")],
        [`DELETE ${balancer}?cascade=true`]: [{ status: 409, body: { faultstring: "immutable" } }, { status: 204 }],
      },
      (api) => carryOut(api, [step(loadBalancer, "lb")], (line) => said.push(line), soon),
    );
    expect(result).toEqual([]);
    expect(said).toEqual(["deleting load balancer lb"]);
    expect(asked.map(({ call }) => call.replace(balancer, ""))).toEqual([
      "DELETE ?cascade=true",
      "DELETE ?cascade=true",
      "GET ",
      "GET ",
    ]);
  });

  it("takes a security group off its ports before it deletes it", async () => {
    const group: SweepStep = { ...step(securityGroup, "web"), takenOff: [{ portId: "p", keeps: ["node"] }] };
    const { asked } = await withCloud(
      { "PUT /neutron/v2.0/ports/p": [{ status: 200 }], "DELETE /neutron/v2.0/security-groups/web": [{ status: 204 }] },
      (api) => carryOut(api, [group], () => undefined, soon),
    );
    expect(asked).toEqual([
      { call: "PUT /neutron/v2.0/ports/p", body: { port: { security_groups: ["node"] } } },
      { call: "DELETE /neutron/v2.0/security-groups/web" },
    ]);
  });

  it("tells why something stays, in OpenStack's words, and goes on with the rest", async () => {
    const refusal: FakeAnswer = {
      status: 409,
      body: { NeutronError: { type: "InUse", message: 'Port "p" is in use.' } },
    };
    const { result } = await withCloud(
      {
        "DELETE /neutron/v2.0/ports/p": [refusal],
        "GET /cinder/volumes/v": [{ status: 200, body: { volume: { status: "error_deleting" } } }],
      },
      (api) =>
        carryOut(api, [step(port, "p"), step(volume, "v"), step(floatingIp, "gone-already")], () => undefined, soon),
    );
    expect(result).toEqual([
      'port p: Neutron answered 409 to DELETE /ports/p: Port "p" is in use.',
      "volume v: Cinder could not delete it (status error_deleting); the cloud's operator can tell why.",
    ]);
  });

  it("gives up what does not go away, and says what was refused last", async () => {
    const { result } = await withCloud(
      {
        [`GET ${balancer}`]: [inState("PENDING_UPDATE")],
        [`DELETE ${balancer}?cascade=true`]: [{ status: 409, body: { faultstring: "immutable" } }],
      },
      (api) => carryOut(api, [step(loadBalancer, "lb")], () => undefined, { interval: 1, limit: 500 }),
    );
    expect(result).toEqual(["load balancer lb: Octavia answered 409 to DELETE /lbaas/loadbalancers/lb: immutable."]);
  });
});

describe("gathering what remains", () => {
  const mine = `project_id=${projectId}`;
  const tagged = `${mine}&tags=kubernetes-cluster%3Ddev&fields=id&limit=1000`;
  const lists = {
    [`GET /neutron/v2.0/networks?${tagged}`]: { networks: [{ id: "n" }] },
    [`GET /neutron/v2.0/subnets?${tagged}`]: { subnets: [{ id: "s" }] },
    "GET /nova/servers/detail?limit=1000": { servers: [{ id: "server" }] },
    [`GET /neutron/v2.0/floatingips?${mine}&limit=1000`]: { floatingips: [{ id: "f" }] },
    [`GET /neutron/v2.0/security-groups?${mine}&fields=id&fields=name&fields=description&limit=1000`]: {
      security_groups: [{ id: "g" }],
    },
    [`GET /neutron/v2.0/ports?${mine}&limit=1000`]: { ports: [{ id: "p" }] },
  };
  const answers = Object.fromEntries(Object.entries(lists).map(([call, body]) => [call, [{ status: 200, body }]]));
  const found = {
    ownNetworkIds: new Set(["n"]),
    ownSubnetIds: new Set(["s"]),
    servers: [{ id: "server" }],
    floatingIps: [{ id: "f" }],
    securityGroups: [{ id: "g" }],
    ports: [{ id: "p" }],
  };

  it("asks only of what is the project's own", async () => {
    const more = {
      [`GET /octavia/v2/lbaas/loadbalancers?${mine}&limit=1000`]: [
        { status: 200, body: { loadbalancers: [{ id: "lb" }] } },
      ],
      "GET /cinder/volumes/detail?limit=1000": [{ status: 200, body: { volumes: [{ id: "v" }] } }],
      "GET /cinder/snapshots/detail?limit=1000": [{ status: 200, body: { snapshots: [{ id: "sn" }] } }],
    };
    const { result } = await withCloud({ ...answers, ...more }, (api) => gatherRemains(api, "dev"));
    expect(result).toEqual({
      ...found,
      loadBalancers: [{ id: "lb" }],
      volumes: [{ id: "v" }],
      snapshots: [{ id: "sn" }],
    });
  });

  it("finds neither load balancers nor volumes where the cloud has no such service", async () => {
    const services = { network: "/neutron", compute: "/nova" };
    const { result } = await withCloud(answers, (api) => gatherRemains(api, "dev"), services as typeof catalog);
    expect(result).toEqual({ ...found, loadBalancers: [], volumes: [], snapshots: [] });
  });

  it("fails when a service does not answer, rather than call it clean", async () => {
    const { result } = await withCloud(answers, async (api) => {
      const failure = await gatherRemains(api, "dev").catch((error: unknown) => error);
      await sleep(200); // The other questions' answers, before the server goes away.
      return failure;
    });
    expect(result).toEqual(new OpenstackError("Octavia answered 404 to GET /lbaas/loadbalancers"));
  });
});

describe("the report of a sweep", () => {
  it("shows each deletion with its consequence, and what is left alone", () => {
    const plan = {
      steps: [{ ...step(port, "p"), consequence: "no machine has it" }],
      left: ["volume v stays: it holds data."],
    };
    expect(renderSweep("dev", plan)).toBe(
      [
        "To be deleted, none of it known to the stack of cluster dev:",
        "  port p: no machine has it",
        "Left alone:",
        "  volume v stays: it holds data.",
      ].join("\n"),
    );
  });

  it("says so when there is nothing", () => {
    expect(renderSweep("dev", { steps: [], left: [] })).toBe(
      "Nothing to sweep: Kubernetes left nothing of cluster dev that can be deleted.",
    );
  });
});
