/**
 * A cluster's gates and hooks as src/index.ts and src/cluster.ts put them together, on machines that no cloud has. What
 * is asked of OpenStack and Kubernetes, gates.engine.test.ts answers.
 */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { repairErrorStacks } from "../../../src/engine/errorStacks";
import type { MachineSummary } from "../../../src/compute/machine";
import { parseClusterConfig } from "../../../src/config/parse";
import { templateDigestKey } from "../../../src/machines/metadataKeys";
import { assertPreflight } from "../../../src/preflight/preflight";
import { beforeFirstMachine } from "../../../src/up/firstMachine";
import { warnOfLostMachines } from "../../../src/up/lostMachines";
import { Readiness } from "../../../src/up/readiness";
import { repairs } from "../../../src/up/repairs";
import { Rolling } from "../../../src/up/rolling";
import { TouchedMachines } from "../../../src/up/touchedMachines";
import { minimalStack } from "../../fixtures/minimalStack";
import type { GatesRun } from "./gatesRun";

interface MachineProps {
  readonly flavorName: pulumi.Input<string>;
  readonly userData: pulumi.Input<string>;
}

const provider: pulumi.dynamic.ResourceProvider = {
  create: (inputs: object) => Promise.resolve({ id: "11111111-0000-4000-8000-000000000000", outs: inputs }),
  diff: (_id: string, olds: { flavorName: string }, news: { flavorName: string }) =>
    Promise.resolve({ changes: olds.flavorName !== news.flavorName }),
  update: (_id: string, _olds: object, news: object) => Promise.resolve({ outs: news }),
};

class Machine extends pulumi.dynamic.Resource {
  declare readonly accessIpV4: pulumi.Output<string>;
  declare readonly metadata: pulumi.Output<Record<string, string>>;

  constructor(name: string, props: MachineProps, opts: pulumi.CustomResourceOptions) {
    super(provider, name, { ...props, accessIpV4: "10.0.0.10", metadata: { [templateDigestKey]: "t" } }, opts);
  }
}

export = async () => {
  repairErrorStacks();
  const run = JSON.parse(process.env.GATES ?? "") as GatesRun;
  const parsed = parseClusterConfig(minimalStack, "dev");
  const limits = {
    apiTimeoutMinutes: run.limit,
    clusterTimeoutMinutes: run.limit,
    drainTimeoutMinutes: run.drainLimit,
  };
  const config = {
    ...parsed,
    readiness: { ...parsed.readiness, ...limits },
    update: { ...parsed.update, nodeTimeoutMinutes: run.limit },
  };
  if (run.preflight === true) await assertPreflight(config);
  const transformations = await repairs(config);
  if (run.securityGroup !== undefined) {
    const group = { name: "dev-node", tags: ["kubernetes-cluster=dev"], ...run.securityGroup };
    new openstack.networking.SecGroup("dev-node", group, { transformations });
    return {};
  }
  const access = pulumi.secret(run.access);
  const rolling = new Rolling(config, access);
  const touched = new TouchedMachines(config.clusterName);
  const flavorName = run.flavor ?? "a";
  const controlPlane = new Machine(
    "dev-control-plane-0",
    { flavorName, userData: "control plane" },
    {
      hooks: {
        beforeCreate: [touched.hook, beforeFirstMachine(config, access)],
        beforeUpdate: [rolling.beforeUpdate, touched.hook],
      },
    },
  );
  const machines = [{ name: "dev-control-plane-0", server: controlPlane, templateDigest: "t" }];
  const asSummaries = (all: object[]) => all as MachineSummary[];
  const bootstrapToken = pulumi.secret("abcdef.0123456789abcdef");
  const readiness = new Readiness(config, { access, bootstrapToken, controlPlane: asSummaries(machines), touched });
  const rolled = {
    name: "dev-default-0",
    role: "worker",
    others: ["dev-control-plane-0"],
    after: [controlPlane],
  } as const;
  const userData = rolling.hold({ ...rolled, creationDigest: pulumi.output("today's") }, pulumi.output("worker"));
  const worker = new Machine(
    "dev-default-0",
    { flavorName, userData },
    { hooks: { beforeCreate: [touched.hook, readiness.beforeWorker, rolling.beforeCreate] }, dependsOn: controlPlane },
  );
  const all = asSummaries([...machines, { name: "dev-default-0", server: worker, templateDigest: "t" }]);
  warnOfLostMachines(config, all, touched);
  const { host, port } = run.access;
  return {
    apiEndpoint: readiness.whenApiReady(pulumi.output(`https://${host}:${port}`)),
    nodes: readiness.whenWhole(all, readiness.beforePlatform).nodes,
  };
};
