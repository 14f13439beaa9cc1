/** Keys of age, in the one kind that both sops and Flux read without a plugin: X25519. */
import { bech32Bytes } from "./bech32";

const keyLength = 32;

/**
 * What is wrong with the content of a file that age-keygen wrote (comments, and a secret key per line), as a part of a
 * sentence; undefined when it is sound.
 */
export function ageSecretKeysProblem(text: string): string | undefined {
  const keys = text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length === 0 || !keys.every((key) => key.startsWith("AGE-SECRET-KEY-1")))
    return "must be an age secret key, from AGE-SECRET-KEY-1 to the end of its line (the file that age-keygen writes will do)";
  return keys.every((key) => isWhole(key, "age-secret-key-"))
    ? undefined
    : "must be a whole age secret key; this one was cut short or altered, so copy its line again";
}

/** What is wrong with an age public key, as a part of a sentence; undefined when it is sound. */
export function agePublicKeyProblem(key: string): string | undefined {
  if (!key.startsWith("age1")) return "must be an age public key (age1...)";
  return isWhole(key, "age")
    ? undefined
    : "must be a whole age public key; this one was cut short or altered, so copy it again";
}

const isWhole = (key: string, prefix: string): boolean => bech32Bytes(key, prefix)?.length === keyLength;
