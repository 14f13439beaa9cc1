/**
 * The random provider. Values derive from the run's seed, so that a second run of the same stack shows the same ones.
 */
import { derivedBytes } from "./identity";
import type { Creation, ResourceTypes } from "./resourceType";

export const randomTypes: ResourceTypes = {
  "random:index/randomPassword:RandomPassword": {
    required: ["length"],
    replaces: new Set(["length", "special", "upper"]),
    check: ({ special }) => {
      if (special !== false) throw new Error("only passwords without special characters are simulated");
    },
    // bcryptHash is not computed: nothing here logs in with it.
    create: (creation) => ({ id: "none", outputs: { result: randomText(creation) } }),
  },
};

function randomText({ seed, identity, inputs }: Creation): string {
  const lower = "0123456789abcdefghijklmnopqrstuvwxyz";
  const characters = inputs.upper === false ? lower : `${lower}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;
  const length = inputs.length as number;
  // Two bytes each: one byte would favour the first characters of the set visibly.
  const bytes = derivedBytes(seed, identity, length * 2);
  return Array.from({ length }, (_, at) => characters[bytes.readUInt16BE(at * 2) % characters.length]).join("");
}
