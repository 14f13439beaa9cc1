/**
 * The random provider. Values derive from the run's seed, so that a second run of the same stack shows the same ones.
 */
import { counted } from "../src/config/counted";
import { derivedBytes } from "./identity";
import { words, type Creation, type ResourceTypes } from "./resourceType";

const characterOptions = words(
  "keepers lower minLower minNumeric minSpecial minUpper number numeric overrideSpecial special upper",
);
/** The provider's own set of special characters. */
const specials = "!@#$%&*()-_=+[]{}<>:?";

export const randomTypes: ResourceTypes = {
  // bcryptHash is not computed: nothing here logs in with it.
  "random:index/randomPassword:RandomPassword": {
    required: ["length"],
    optional: characterOptions,
    replaces: new Set(["length", ...characterOptions]),
    create: (creation) => ({ id: "none", outputs: { result: randomText(creation) } }),
  },
  "random:index/randomString:RandomString": {
    required: ["length"],
    optional: characterOptions,
    replaces: new Set(["length", ...characterOptions]),
    create: (creation) => {
      const result = randomText(creation);
      return { id: result, outputs: { result } };
    },
  },
  "random:index/randomBytes:RandomBytes": {
    required: ["length"],
    optional: ["keepers"],
    replaces: new Set(["length", "keepers"]),
    create: ({ seed, identity, inputs }) => {
      const bytes = derivedBytes(seed, identity, inputs.length as number);
      // As the provider does: the id, which no state encrypts, is the value.
      return {
        id: bytes.toString("base64"),
        outputs: { base64: bytes.toString("base64"), hex: bytes.toString("hex") },
      };
    },
  },
  "random:index/randomId:RandomId": {
    required: ["byteLength"],
    optional: ["keepers", "prefix"],
    replaces: new Set(["byteLength", "keepers", "prefix"]),
    create: ({ seed, identity, inputs }) => {
      const bytes = derivedBytes(seed, identity, inputs.byteLength as number);
      const prefix = (inputs.prefix as string | undefined) ?? "";
      const hex = bytes.toString("hex");
      const encodings = {
        b64Std: bytes.toString("base64"),
        b64Url: bytes.toString("base64url"),
        hex,
        dec: BigInt(`0x${hex}`).toString(),
      };
      const outputs = Object.fromEntries(Object.entries(encodings).map(([name, value]) => [name, prefix + value]));
      return { id: encodings.b64Url, outputs };
    },
  },
};

/** A text of `length` characters with at least the asked-for number of each kind. */
function randomText({ seed, identity, inputs }: Creation): string {
  const kinds = [
    { use: inputs.lower !== false, least: inputs.minLower, characters: "abcdefghijklmnopqrstuvwxyz" },
    { use: inputs.upper !== false, least: inputs.minUpper, characters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    { use: inputs.numeric !== false && inputs.number !== false, least: inputs.minNumeric, characters: "0123456789" },
    {
      use: inputs.special !== false,
      least: inputs.minSpecial,
      characters: (inputs.overrideSpecial as string | undefined) ?? specials,
    },
  ].filter((kind) => kind.use);
  const length = inputs.length as number;
  const wanted = kinds.flatMap((kind) => Array<string>((kind.least as number | undefined) ?? 0).fill(kind.characters));
  if (kinds.length === 0 || wanted.length > length)
    throw new Error(`asks for ${counted(wanted.length, "certain character")} in a length of ${length}`);
  const all = kinds.map((kind) => kind.characters).join("");
  const sets = [...wanted, ...Array<string>(length - wanted.length).fill(all)];
  // Two bytes each: one byte would favour the first characters of a set visibly.
  const bytes = derivedBytes(seed, identity, length * 4);
  const picked = sets.map((set, index) => ({
    character: set[bytes.readUInt16BE(index * 4) % set.length],
    place: bytes.readUInt16BE(index * 4 + 2),
  }));
  return picked
    .sort((a, b) => a.place - b.place)
    .map(({ character }) => character)
    .join("");
}
