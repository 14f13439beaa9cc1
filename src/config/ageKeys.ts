/** Keys of age, in the one kind that both sops and Flux read without a plugin: X25519. */
import { bech32Bytes } from "./bech32";
import { brokenLine, cutShort, type WantedKey } from "./keyForms";

const keyLength = 32;
const isWhole = (key: string, prefix: string): boolean => bech32Bytes(key, prefix)?.length === keyLength;

/** The content of a file that age-keygen wrote: comments, and a secret key per line. */
export const ageSecretKeys: WantedKey = {
  name: "an age secret key (AGE-SECRET-KEY-1...)",
  forms: ["ageSecret"],
  source: "give the content of the file that age-keygen wrote",
  conversions: { ageFile: "decrypt it with age -d FILE" },
  problem: (text) => {
    const keys = text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
    if (keys.some((key) => /^AGE-PLUGIN-/i.test(key)))
      return "must be a key of age itself, as Flux has no plugins; make one with age-keygen";
    if (!keys.every((key) => /^AGE-SECRET-KEY-/i.test(key))) return brokenLine;
    return keys.every((key) => key === key.toUpperCase() && isWhole(key, "age-secret-key-")) ? undefined : cutShort;
  },
};

export const agePublicKey: WantedKey = {
  name: "an age public key (age1...)",
  forms: ["agePublic"],
  source: "copy it from the file that age-keygen wrote",
  onlyOne: "separate them by commas",
  problem: (key) => (key === key.toLowerCase() && isWhole(key, "age") ? undefined : cutShort),
};
