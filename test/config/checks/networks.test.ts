/** The three networks of an accepted configuration never meet, and the remedies that a refusal proposes work. */
import * as fc from "fast-check";
import { ConfigError } from "../../../src/config/configError";
import { parseClusterConfig } from "../../../src/config/parse";
import { addressCount, overlaps } from "../../../src/config/cidr";
import { minimal } from "../fixtures";

/** Networks of sizes that pass on their own, crowded into few ranges so that they often meet. */
const networkOf = (least: number, most: number) =>
  fc
    .tuple(fc.constantFrom(10, 100, 172, 192), fc.nat(255), fc.integer({ min: least, max: most }))
    .map(([first, second, prefix]) => {
      const address = (first * 256 + second) * 65536;
      const start = Math.floor(address / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
      return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join(".")}/${prefix}`;
    });

interface Networks {
  node: string;
  pod: string;
  service: string;
}

const parse = ({ node, pod, service }: Networks) =>
  parseClusterConfig(
    { ...minimal, network: { cidr: node }, kubernetes: { podCidr: pod, serviceCidr: service } },
    "dev",
  );

function sentences(networks: Networks): readonly string[] {
  try {
    parse(networks);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.sentences;
    throw error;
  }
}

describe("node, pod and service CIDR", () => {
  const networks = fc.record({ node: networkOf(12, 26), pod: networkOf(10, 20), service: networkOf(12, 24) });

  it("are accepted exactly when none overlaps another", () => {
    fc.assert(
      fc.property(networks, ({ node, pod, service }) => {
        const apart = !overlaps(node, pod) && !overlaps(node, service) && !overlaps(pod, service);
        return apart === (sentences({ node, pod, service }).length === 0);
      }),
    );
  });

  it("are accepted once the user did what every sentence proposes", () => {
    fc.assert(
      fc.property(networks, (given) => {
        const mended = sentences(given).reduce<Networks>((result, sentence) => {
          const [, key, cidr] =
            /set kubernetes\.(pod|service)Cidr to a free network such as (\S+)\.$/.exec(sentence) ?? [];
          return key === undefined || cidr === undefined ? result : { ...result, [key]: cidr };
        }, given);
        expect(sentences(mended)).toEqual([]);
      }),
    );
  });
});

describe("a network's size", () => {
  it("is proposed wide enough: the configuration with it is accepted, and one half of it is not", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 1500 }), (count) => {
        const pools = { ...minimal, nodePools: [{ name: "general", count, flavor: "m1.large" }] };
        const sized = (node: number, pod: number) => {
          const config = {
            ...pools,
            network: { cidr: `10.10.0.0/${node}` },
            kubernetes: { podCidr: `172.16.0.0/${pod}` },
          };
          try {
            parseClusterConfig(config, "dev");
            return undefined;
          } catch (error) {
            const found = (error as ConfigError).sentences.map((sentence) =>
              Number(/use a \/(\d+) or wider/.exec(sentence)?.[1]),
            );
            return found as [number, number];
          }
        };
        const proposed = sized(29, 24);
        expect(proposed).toHaveLength(2);
        const [pod, node] = proposed ?? [0, 0];
        expect(sized(node, pod)).toBeUndefined();
        expect(sized(node + 1, pod)).toEqual([node]);
        expect(sized(node, pod + 1)).toEqual([pod]);
        expect(addressCount(`10.10.0.0/${node}`)).toBeGreaterThanOrEqual(count + 3);
      }),
      { numRuns: 60 },
    );
  });
});
