/**
 * A resource is known by its type and its whole name, so that what a cluster is called decides nothing. The program
 * runs once per name, on the simulation.
 */
import * as fc from "fast-check";
import { consequenceOf } from "../../src/consequences/consequenceRules";
import type { Operation, PlannedChange } from "../../src/consequences/plannedChange";
import { readStackFile } from "../../src/config/stackFile";
import { runProgram } from "../runProgram";

const operations: readonly Operation[] = ["create", "update", "replace", "delete"];
const clusterNames = ["dev-2", "calico", "calico-crds", "admin", "x-admin-key", "encryption-key", "flux-operator"];

type Resource = Pick<PlannedChange, "type" | "name" | "before">;

/** Every resource of a cluster of this name. */
async function resourcesOf(clusterName: string): Promise<Resource[]> {
  const run = await runProgram({ ...readStackFile("Pulumi.dev.yaml").values, clusterName }, { stack: "dev" });
  return run.resources.flatMap(({ custom, type, name, inputs }) => (custom ? [{ type, name, before: inputs }] : []));
}

/** What each operation on each resource means, in the order of their creation. */
function verdicts(resources: readonly Resource[], clusterName: string) {
  const settings = { clusterName, roll: [], drains: true };
  return resources.map(({ type, name, before }) => ({
    type,
    message: operations.map((operation) =>
      consequenceOf({ operation, type, name, changed: [], before, after: before }, settings),
    ),
  }));
}

describe("consequences in clusters of other names", () => {
  let dev: Resource[];
  beforeAll(async () => {
    dev = await resourcesOf("dev");
  }, 180_000);

  it.each(clusterNames)(
    "are in %s what they are in dev",
    async (clusterName) => {
      expect(verdicts(await resourcesOf(clusterName), clusterName)).toEqual(verdicts(dev, "dev"));
    },
    180_000,
  );

  it("are the same in a cluster of any name", () => {
    const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/);
    const adversarial = fc.constantFrom("calico", "admin", "encryption-key", "bootstrap-token-id", "cluster-ca");
    const expected = verdicts(dev, "dev");
    fc.assert(
      fc.property(
        fc.oneof(
          label,
          fc.tuple(label, adversarial).map((parts) => parts.join("-")),
        ),
        (clusterName) => {
          const renamed = dev.map(({ name, ...rest }) => ({ ...rest, name: name.replace(/^dev/, clusterName) }));
          expect(verdicts(renamed, clusterName)).toEqual(expected);
        },
      ),
    );
  });

  it.each([
    ["tls:index/privateKey:PrivateKey", "dev-2-admin-key"],
    ["tls:index/selfSignedCert:SelfSignedCert", "dev-2-cluster-ca"],
    ["random:index/randomPassword:RandomPassword", "dev-2-bootstrap-token-id"],
    ["random:index/randomPassword:RandomPassword", "dev-new-key"],
  ])("are destructive for a %s called %s, which dev does not have", (type, name) => {
    const change = { operation: "delete", type, name, changed: [], before: {}, after: {} } as const;
    expect(consequenceOf(change, { clusterName: "dev", roll: [], drains: true })).toEqual({
      weight: "destructive",
      message: "is deleted: this report does not know what it is for, so look at `pulumi preview --diff`",
    });
  });
});
