import { parseClusterConfig } from "../../src/config/parse";
import { repeatedItems } from "../../src/config/repeatedItems";
import { type Shape, shapeOfCluster } from "../../src/config/shape";
import { caCertificate } from "../bootstrap/samples";
import { minimal, sentencesOf } from "./fixtures";

/** Every list of the schema, by its key. */
function listsBelow(shape: Shape, key: string): [string, Shape & { kind: "list" }][] {
  const below = (keys: Readonly<Record<string, Shape>>) =>
    Object.entries(keys).flatMap(([name, inner]) => listsBelow(inner, key === "" ? name : `${key}.${name}`));
  switch (shape.kind) {
    case "section":
      return below(shape.keys);
    case "variants":
      return Object.values(shape.variants).flatMap(({ keys }) => below(keys));
    case "list":
      return [[key, shape], ...listsBelow(shape.items, `${key}[]`)];
    default:
      return [];
  }
}

const item = (shape: Shape) => (shape.kind === "section" ? { name: "one", registry: "one", key: "one" } : "one");

describe("a list of the configuration", () => {
  it.each(listsBelow(shapeOfCluster(), ""))("names everything once: %s", (_, list) => {
    expect(repeatedItems(list, [item(list.items)], ["list"])).toEqual([]);
    expect(repeatedItems(list, [item(list.items), item(list.items)], ["list"])).toEqual([
      expect.stringMatching(
        /^list\[1\] (is "one" but list\[0\] is|has the same .* as list\[0\] \(.*"one".*\); change)/,
      ),
    ]);
  });

  it("is refused with each repetition, whatever else is wrong", () => {
    const config = {
      ...minimal,
      protect: "maybe",
      apiEndpoint: { kind: "loadBalancer", allowedCidrs: ["10.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "10.0.0.0/8"] },
      controlPlane: { flavor: "m1.large", availabilityZones: ["az1", "az1"] },
    };
    expect(sentencesOf(() => parseClusterConfig(config, "dev"))).toEqual([
      'protect is "maybe" but must be true or false.',
      'apiEndpoint.allowedCidrs[1] is "10.0.0.0/8" but apiEndpoint.allowedCidrs[0] is the same; remove one of them.',
      'apiEndpoint.allowedCidrs[3] is "10.0.0.0/8" but apiEndpoint.allowedCidrs[0] is the same; remove one of them.',
      'controlPlane.availabilityZones[1] is "az1" but controlPlane.availabilityZones[0] is the same; remove one of them.',
    ]);
  });

  it.each([
    [{ ntpServers: ["time.example.org", "Time.Example.org"] }],
    [{ extraCas: [caCertificate, `${caCertificate}\n\n`] }],
    [
      {
        ssh: {
          authorizedKeys: [
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl somebody else",
          ],
        },
      },
    ],
    [{ proxy: { httpProxy: "http://proxy.example.org:3128", noProxy: [".example.org", ".EXAMPLE.org"] } }],
  ])("takes what is written otherwise and means the same for the same: %j", (changes) => {
    expect(sentencesOf(() => parseClusterConfig({ ...minimal, ...changes }, "dev"))).toEqual([
      expect.stringMatching(/\[1\] is .* but .*\[0\] is the same; remove one of them\.$/),
    ]);
  });
});
