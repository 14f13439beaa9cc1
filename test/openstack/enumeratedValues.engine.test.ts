/**
 * Every value that an enumerated key of the configuration allows, sent to the real OpenStack provider: whatever the
 * program asks for with it gets as far as a request to OpenStack, as often as its inputs differ. Not proven: what
 * OpenStack answers (test/cluster).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { existingThings } from "../../simulation";
import { parseClusterConfig } from "../../src/config/parse";
import { everyChoice } from "../consequences/everyChoice";
import { describeUnless } from "../describeUnless";
import { engineObstacle } from "../realEngine/installedEngine";
import { withOpenstackPlugin } from "../realEngine/openstackPlugin";
import { runProgram } from "../runProgram";
import { keystoneToken, withServer, type FakeAnswer, type FakeRequest } from "./fakeOpenstack";

const services = {
  compute: "/compute",
  network: "/network",
  "load-balancer": "/balancer",
  volumev3: "/volume",
  image: "/image",
};
/** What the fake cloud says to whatever would change it: that far a request must come. */
const refusal = "recorded by the test";
const json = { "content-type": "application/json" };

const found = { id: "found", name: "found", status: "ACTIVE", provisioning_status: "ACTIVE" };
const flavors = ["small", "medium", "large"].map((name) => ({ id: name, name, vcpus: 2, ram: 4096, disk: 20 }));
/** What is found, by the last word of the path that is not an id. */
const things: Readonly<Record<string, unknown>> = {
  detail: { flavors },
  images: { images: [{ ...found, name: "rocky-9" }] },
  networks: { networks: [{ ...found, name: "public", "router:external": true }] },
  ports: { ports: [{ ...found, fixed_ips: [{ ip_address: "10.20.0.10", subnet_id: "found" }] }] },
  loadbalancers: { loadbalancer: { ...found, listeners: [], pools: [] } },
  listeners: { listener: { ...found, loadbalancers: [{ id: "found" }] } },
  pools: { pool: { ...found, loadbalancers: [{ id: "found" }], members: [] } },
};

/** Finds each thing that is asked for, and takes nothing that is sent. */
function answer({ method, url }: FakeRequest, own: string): FakeAnswer {
  if (url.endsWith("/auth/tokens"))
    return { ...keystoneToken(own, services), headers: { ...json, "x-subject-token": "T" } };
  if (method !== "GET") return { status: 400, headers: json, body: { error: refusal } };
  const words = url.replace(/\?.*/, "").split("/");
  const word = words.filter((one) => one in things).at(-1) ?? "";
  return { status: 200, headers: json, body: things[word] ?? {} };
}

/** Inputs that say which one it is, not what it is like. */
const identity = /^(name|description|tags|metadata|userData)$|Id$/;
const likeness = (type: string, inputs: Readonly<Record<string, unknown>>) =>
  JSON.stringify([type, Object.entries(inputs).filter(([key]) => !identity.test(key))]);

describeUnless(engineObstacle(["openstack"]), "the real OpenStack provider", () => {
  const choices = everyChoice();
  const known = new Set<string>();

  it.each(choices.map((choice) => [choice.title, choice] as const))(
    "sends what the program asks for with %s",
    async (_, { values }) => {
      const defined = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
      const run = await runProgram(defined, { existing: existingThings(parseClusterConfig(defined, "test")) });
      const asked = run.resources.filter(({ type }) => type.startsWith("openstack:"));
      expect(asked.length).toBeGreaterThan(0);
      const fresh = asked.filter(({ type, inputs }) => {
        const like = likeness(type, inputs);
        return !known.has(like) && known.add(like);
      });
      const folder = mkdtempSync(join(tmpdir(), "provider-"));
      const logIn = {
        OS_USERNAME: "u",
        OS_PASSWORD: "p",
        OS_PROJECT_NAME: "p",
        OS_USER_DOMAIN_NAME: "d",
        OS_PROJECT_DOMAIN_NAME: "d",
      };
      try {
        await withServer(answer, (own) =>
          withOpenstackPlugin(
            {},
            { ...logIn, OS_AUTH_URL: `${own}/v3`, OS_REGION_NAME: "one" },
            folder,
            async (plugin) => {
              for (const { type, name, inputs } of fresh) {
                const said = await plugin.create(type, inputs);
                expect([name, said]).toEqual([name, expect.stringContaining(refusal)]);
              }
            },
          ),
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it("is asked for each kind of protocol and policy that the program has", () => {
    const kinds = [...known].map((like) => (JSON.parse(like) as [string])[0].split(":").at(-1)!);
    expect(new Set(kinds)).toEqual(
      new Set([
        "FloatingIp",
        "Instance",
        "Listener",
        "LoadBalancer",
        "Member",
        "Monitor",
        "Network",
        "Pool",
        "Port",
        "Router",
        "RouterInterface",
        "SecGroup",
        "SecGroupRule",
        "ServerGroup",
        "Subnet",
      ]),
    );
  });
});
