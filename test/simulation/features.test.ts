/**
 * The simulated monitor's answers to what an SDK asks about its features. That the SDK obeys them is in
 * simulate.test.ts.
 */
import * as protocol from "@pulumi/pulumi/proto/resource_pb";
import { simulate } from "../../simulation";
import { Cloud } from "../../simulation/openstack/cloud";
import { SimulatedMonitor } from "../../simulation/simulatedMonitor";

// The runtime's declarations leave its store out.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { getStore } = require("@pulumi/pulumi/runtime/state") as { getStore: () => Record<string, unknown> };

const monitor = () =>
  new SimulatedMonitor({
    project: "p",
    stack: "s",
    preview: true,
    seed: "",
    cloud: new Cloud({}, []),
    previous: {},
    onFailure: () => undefined,
  });

const prefix = "RESOURCE_MONITOR_FEATURE_";
const supported = [
  "SECRETS",
  "RESOURCE_REFERENCES",
  "OUTPUT_VALUES",
  "ALIAS_SPECS",
  "DELETED_WITH",
  "REPLACE_WITH",
  "PARAMETERIZATION",
  "RESOURCE_HOOKS",
  "ERROR_HOOKS",
];

describe("the simulated monitor", () => {
  it("answers getDeploymentInfo, which newer SDKs ask before anything else, with run and features", () => {
    const reply = jest.fn();
    monitor().getDeploymentInfo({}, reply);
    const [error, response] = reply.mock.calls[0] as [Error | null, protocol.DeploymentInfo?];
    const numbers = supported.map((name) => Reflect.get(protocol.ResourceMonitorFeature, `${prefix}${name}`) as number);
    expect(error).toBeNull();
    expect(response?.getSupportedfeaturesList()).toEqual(numbers);
    expect(response?.toObject()).toMatchObject({ project: "p", stack: "s", dryrun: true });
  });

  it("gives older SDKs, which ask for one feature after the other, the same answer", () => {
    const names = Object.keys(protocol.ResourceMonitorFeature).map((key) => key.replace(prefix, ""));
    const asked = names.filter((name) => {
      const request = new protocol.SupportsFeatureRequest();
      request.setId(name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()));
      const reply = jest.fn();
      monitor().supportsFeature(request, reply);
      return (reply.mock.calls[0] as [null, protocol.SupportsFeatureResponse])[1].getHassupport();
    });
    expect(asked.sort()).toEqual([...supported].sort());
    expect(names.length).toBeGreaterThan(supported.length);
  });

  it("is asked by the installed SDK, which then offers hooks and no transforms to the program", async () => {
    let store: Record<string, unknown> = {};
    await simulate(() => void (store = { ...getStore() }));
    expect(store).toMatchObject({ supportsSecrets: true, supportsResourceHooks: true, supportsTransforms: false });
  });
});
