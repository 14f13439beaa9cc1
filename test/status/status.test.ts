import { ConfigError } from "../../src/config/configError";
import { askStatus, type Status, type StatusSources } from "../../src/status/status";
import type { LastUp } from "../../src/status/stackOutputs";
import { healthyAnswers, standInConfig, standInOutputs, type StandInAnswers, withStandIn } from "./standIn";

const config = standInConfig(2);

function sources(outputs: LastUp, change: Partial<StatusSources> = {}): StatusSources {
  return {
    stack: "dev",
    readFile: () => ({ config, hasEncrypted: false }),
    readOutputs: () => Promise.resolve(outputs),
    ...change,
  };
}

/** The status of a cluster that answers as a healthy one, but for `answers`. */
function statusWith(answers: StandInAnswers, change: Partial<StatusSources> = {}, limit = 5_000): Promise<Status> {
  return withStandIn({ ...healthyAnswers(config), ...answers }, standInOutputs(config), (outputs) =>
    askStatus(sources(outputs, change), limit),
  );
}

/** Lines as "level part: text", without the port of the stand-in. */
const shown = ({ lines }: Status) =>
  lines.map(({ level, part, text }) => `${level} ${part}: ${text.replace(/127\.0\.0\.1:\d+/g, "API")}`);

const nodesWell = [
  "ok nodes control-plane: 3 of 3 Ready; v1.36.3; 3 of 3 have the files of the last `up`",
  "ok nodes default: 2 of 2 Ready; v1.36.3; 2 of 2 have the files of the last `up`",
];
const stackWell = [
  "ok certificates: 2 certificates of the stack; the first to end, dev-admin, has 300 days left",
  "ok drift: stack file and last `up` agree",
];
const versionWell = "ok drift: nodes run v1.36.3 as in the stack file";

describe("status of a cluster", () => {
  it("is healthy where everybody says so", async () => {
    const found = await statusWith({});
    expect([found.health, ...shown(found)]).toEqual([
      "healthy",
      "ok API: API answers and passes its 5 checks",
      ...nodesWell,
      ...stackWell,
      versionWell,
    ]);
  });

  it("is bad where the API answers but is not ready, and names the check", async () => {
    const body = "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n";
    const found = await statusWith({ "/readyz": () => ({ status: 500, body }) });
    expect([found.health, shown(found)[0]]).toEqual(["bad", "bad API: API answers, but is not ready (500): etcd"]);
  });

  it("is bad where the API refuses the admin certificate", async () => {
    const found = await statusWith({ "/readyz": () => ({ status: 401, body: { message: "Unauthorized" } }) });
    expect([found.health, shown(found)[0]]).toEqual(["bad", "bad API: API refuses the admin certificate (401)"]);
  });

  it("shows all else where one part hangs", async () => {
    const found = await statusWith({ "/api/v1/nodes": () => "hang" }, {}, 1_500);
    expect([found.health, ...shown(found)]).toEqual([
      "unknown",
      "ok API: API answers and passes its 5 checks",
      "unknown nodes: could not be asked: no answer within 1.5 s",
      ...stackWell,
      "unknown drift: could not be asked: no answer within 1.5 s",
    ]);
  });

  it("shows what the API's refusal was", async () => {
    const found = await statusWith({
      "/api/v1/nodes": () => ({ status: 403, body: { message: "nodes is forbidden" } }),
    });
    expect(shown(found)[1]).toBe(
      "unknown nodes: could not be asked: The Kubernetes API refused a listing of the nodes (403): nodes is forbidden",
    );
  });

  it("is bad with the API away, and shows what the stack knows", async () => {
    const outputs = await withStandIn({}, standInOutputs(config), (known) => Promise.resolve(known));
    const found = await askStatus(sources(outputs));
    expect([found.health, ...shown(found)]).toEqual([
      "bad",
      "bad API: could not be asked: API: connect ECONNREFUSED API",
      "unknown nodes: could not be asked: connect ECONNREFUSED API",
      ...stackWell,
      "unknown drift: could not be asked: connect ECONNREFUSED API",
    ]);
  });

  it("is bad where half of the nodes are gone", async () => {
    const nodes = JSON.parse(JSON.stringify(healthyAnswers(config)["/api/v1/nodes"]!(new URL("https://x/")))) as {
      body: { items: object[] };
    };
    const half = { ...nodes.body, items: nodes.body.items.filter((_, index) => index % 2 === 0) };
    const found = await statusWith({ "/api/v1/nodes": () => ({ body: half }) });
    expect([found.health, ...shown(found).slice(1, 5)]).toEqual([
      "bad",
      "bad nodes control-plane: 2 of 3 Ready; v1.36.3; 2 of 2 have the files of the last `up`",
      "bad nodes control-plane: dev-control-plane-1 has no Node",
      "bad nodes default: 1 of 2 Ready; v1.36.3; 1 of 1 have the files of the last `up`",
      "bad nodes default: dev-default-0 has no Node",
    ]);
  });

  it("is unknown, with one reason, where the stack's outputs cannot be read", async () => {
    const readOutputs = () => Promise.reject(new Error("passphrase must be set"));
    const found = await statusWith({}, { readOutputs });
    const blind = "could not be asked: the outputs of the stack are unknown";
    expect([found.health, ...shown(found)]).toEqual([
      "unknown",
      "unknown stack: could not be asked: passphrase must be set",
      `unknown API: ${blind}`,
      `unknown nodes: ${blind}`,
      `unknown certificates: ${blind}`,
      `unknown drift: ${blind}`,
      `unknown drift: ${blind}`,
    ]);
  });

  it("asks the cluster where the stack file is wrong", async () => {
    const readFile = () => {
      throw new ConfigError("Pulumi.dev.yaml", ["image is missing."]);
    };
    const found = await statusWith({}, { readFile });
    expect(found.health).toBe("unknown");
    expect(shown(found).slice(0, 3)).toEqual(["ok API: API answers and passes its 5 checks", ...nodesWell]);
    expect(shown(found).at(-1)).toMatch(/^unknown drift: could not be asked: .*image is missing$/);
  });

  it("shows no secret", async () => {
    const found = await statusWith({ "/api/v1/nodes": () => ({ status: 500, body: "broken" }) });
    expect(JSON.stringify(found)).not.toMatch(/PRIVATE KEY|certificate-authority-data|client-key-data/);
  });
});
