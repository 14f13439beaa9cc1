/**
 * The runbooks' calls of OpenStack's client, letter for letter, by the client itself on an OpenStack of a few lines:
 * what they print, and what they ask to be changed. Not proven: that a real OpenStack does what it is asked.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWithTools } from "../findTool";
import { withServer } from "../openstack/fakeOpenstack";
import { commandBlocks, runbooks } from "./runbooks";
import { StandInOpenstack } from "./standInOpenstack";

jest.setTimeout(240_000);

const blocks = runbooks()
  .flatMap(commandBlocks)
  .filter(({ marker }) => marker === "run by test/docs/openstackRequests.tools.test.ts");

const server = (index: number) => `/nova/v2.1/servers/00000000-0000-4000-8000-00000000000${index}/action`;
const credentials = "/v3/users/u/application_credentials";

/** By the begin of the commands: what they print, and every change that they ask for. */
const expected: Readonly<Record<string, { readonly prints?: RegExp; readonly changes?: readonly unknown[] }>> = {
  "openstack server list --name": { prints: /dev-control-plane-0 +\| ACTIVE [^]*dev-control-plane-2 +\| SHUTOFF / },
  "openstack server start": {
    changes: [1, 2].map((index) => ({ request: `POST ${server(index)}`, body: { "os-start": null } })),
  },
  "openstack console log show NODE | grep": {
    prints: /^openstack-kubernetes: becoming a worker node\nopenstack-kubernetes: still becoming .*\n$/,
    changes: [{ request: `POST ${server(0)}`, body: { "os-getConsoleOutput": {} } }],
  },
  "openstack server show NODE": {
    prints: /status +\| ACTIVE [^]*debian login:/,
    changes: [{ request: `POST ${server(0)}`, body: { "os-getConsoleOutput": {} } }],
  },
  "openstack loadbalancer status show": {
    prints: /"provisioning_status": "ACTIVE"[^]*"name": "dev-control-plane-0"[^]*"operating_status": "ERROR"/,
  },
  "openstack loadbalancer failover": {
    changes: [{ request: "PUT /octavia/v2.0/lbaas/loadbalancers/10000000-0000-4000-8000-000000000000/failover" }],
  },
  "openstack port show": { prints: /allowed_address_pairs +\| ip_address='10\.0\.0\.10'[^]*security_group_ids +\| \S/ },
  "openstack floating ip show": { prints: /fixed_ip_address +\| 10\.0\.0\.10 [^]*status +\| ACTIVE / },
  "openstack application credential list": { prints: /kubernetes-dev [^]*expires_at +\| 2026-11-30T00:00:00/ },
  "openstack application credential create": {
    prints: /secret +\| printed once /,
    changes: [
      {
        request: `POST ${credentials}`,
        body: {
          application_credential: expect.objectContaining({
            name: "kubernetes-dev-2",
            roles: [{ id: "role-member" }, { id: "role-load-balancer_member" }],
          }) as unknown,
        },
      },
    ],
  },
  "openstack application credential delete": {
    changes: [{ request: `DELETE ${credentials}/40000000-0000-4000-8000-000000000000` }],
  },
};

describeWithTools("A call of OpenStack's client", ["openstack"], (path) => {
  const folder = mkdtempSync(join(tmpdir(), "openstack-requests-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Every call that fails is noted, wherever in a pipe it stands. */
  async function run(commands: string) {
    const cloud = new StandInOpenstack();
    const printed = await withServer(cloud.answer, async (own) => {
      const login = { OS_AUTH_URL: `${own}/v3`, OS_USERNAME: "u", OS_PASSWORD: "p", OS_PROJECT_NAME: "p" };
      const domains = { OS_USER_DOMAIN_NAME: "Default", OS_PROJECT_DOMAIN_NAME: "Default", OS_REGION_NAME: "one" };
      const env = { PATH: process.env.PATH, HOME: folder, OPENSTACK: path("openstack"), ...login, ...domains };
      const script = `openstack() { "$OPENSTACK" "$@" || echo "FAILED: openstack $*" >&2; }\n${commands}`;
      return new Promise<{ stdout: string; stderr: string }>((resolve) => {
        execFile("bash", ["-c", script], { env, timeout: 200_000 }, (_, stdout, stderr) => resolve({ stdout, stderr }));
      });
    });
    return { ...printed, changes: cloud.changes };
  }

  it("is expected here for every block, and no other", () => {
    const begins = Object.keys(expected);
    expect(blocks.filter(({ commands }) => !begins.some((begin) => commands.startsWith(begin)))).toEqual([]);
    expect(begins.filter((begin) => !blocks.some(({ commands }) => commands.startsWith(begin)))).toEqual([]);
  });

  it.each(blocks)("$place asks OpenStack for what its page says", async ({ commands }) => {
    const [, { prints = /^/, changes = [] } = {}] =
      Object.entries(expected).find(([begin]) => commands.startsWith(begin)) ?? [];
    const { stdout, stderr, changes: asked } = await run(commands.replaceAll("NODE", "dev-control-plane-0"));
    expect({ stderr, asked }).toEqual({ stderr: "", asked: changes });
    expect(stdout).toMatch(prints);
  });

  it("that names what is not there would fail here", async () => {
    const { stderr } = await run("openstack server start dev-control-plane-9");
    expect(stderr).toMatch(/dev-control-plane-9[^]*FAILED: openstack server start dev-control-plane-9/);
  });
});
