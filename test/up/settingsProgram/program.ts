/**
 * A component with the configuration and the hook of a cluster, one below it that has the configuration too, and a
 * machine of each name that no cloud has: those that `roll` names follow the template TEST_TEMPLATE.
 */
import * as pulumi from "@pulumi/pulumi";
import { parseClusterConfig } from "../../../src/config/parse";
import { recordedConfiguration } from "../../../src/config/recordedConfiguration";
import type { MachineSummary } from "../../../src/compute/machine";
import { repairErrorStacks } from "../../../src/engine/errorStacks";
import { planMachines } from "../../../src/machines/planMachines";
import { TouchedMachines } from "../../../src/up/touchedMachines";
import { refusesDestructiveSettings, warnOfIdleRoll } from "../../../src/up/watchedSettings";

class Below extends pulumi.ComponentResource {
  constructor(inputs: pulumi.Inputs, opts: pulumi.ComponentResourceOptions) {
    super("test:index:Below", "below", inputs, opts);
  }
}

const provider: pulumi.dynamic.ResourceProvider = {
  create: (inputs: object) => Promise.resolve({ id: "11111111-0000-4000-8000-000000000000", outs: inputs }),
  diff: (_id: string, olds: { template: string }, news: { template: string }) =>
    Promise.resolve(olds.template === news.template ? {} : { changes: true, replaces: ["template"] }),
};

class Machine extends pulumi.dynamic.Resource {
  constructor(name: string, template: string, opts: pulumi.CustomResourceOptions) {
    super(provider, name, { template }, opts);
  }
}

class Cluster extends pulumi.ComponentResource {
  constructor(values: Record<string, unknown>) {
    const config = parseClusterConfig(values, "test");
    const configuration = recordedConfiguration(config, new Set());
    const hooks = { beforeUpdate: [refusesDestructiveSettings(config)] };
    super("openstack-kubernetes:index:Cluster", "test", { configuration }, { hooks });
    const touched = new TouchedMachines("test");
    const machines = planMachines(config).map(({ name, pool }) => {
      const isRolled = config.roll.includes(name) || config.roll.includes(pool);
      const template = (isRolled ? process.env.TEST_TEMPLATE : undefined) ?? "first";
      return { name, server: new Machine(name, template, { parent: this, hooks: { beforeCreate: [touched.hook] } }) };
    });
    warnOfIdleRoll(config, machines as object[] as MachineSummary[], touched);
    const fault = process.env.TEST_FAULT;
    const seen = this.urn.apply(() => {
      if (fault !== undefined) throw new pulumi.RunError(fault);
      return configuration;
    });
    const below = new Below({ seen }, { parent: this });
    new pulumi.ComponentResource("test:index:Last", "last", { below: below.urn }, { parent: below });
  }
}

export = () => {
  repairErrorStacks();
  new Cluster(JSON.parse(process.env.TEST_SETTINGS ?? "{}") as Record<string, unknown>);
};
