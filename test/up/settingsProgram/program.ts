/** A component with the configuration and the hook of a cluster, and one below it that has the configuration too. */
import * as pulumi from "@pulumi/pulumi";
import { parseClusterConfig } from "../../../src/config/parse";
import { recordedConfiguration } from "../../../src/config/recordedConfiguration";
import { repairErrorStacks } from "../../../src/engine/errorStacks";
import { refusesDestructiveSettings } from "../../../src/up/watchedSettings";

class Below extends pulumi.ComponentResource {
  constructor(inputs: pulumi.Inputs, opts: pulumi.ComponentResourceOptions) {
    super("test:index:Below", "below", inputs, opts);
  }
}

class Cluster extends pulumi.ComponentResource {
  constructor(values: Record<string, unknown>) {
    const config = parseClusterConfig(values, "test");
    const configuration = recordedConfiguration(config, new Set());
    const hooks = { beforeUpdate: [refusesDestructiveSettings(config)] };
    super("openstack-kubernetes:index:Cluster", "test", { configuration }, { hooks });
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
