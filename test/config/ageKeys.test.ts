import { agePublicKey, ageSecretKeys } from "../../src/config/ageKeys";
import { cutShort, keyProblem } from "../../src/config/keyForms";
import { newAgeKeys } from "../../lab/ageKeys";

const [keys, others] = [newAgeKeys(), newAgeKeys()];
/** The last letter, in another one of the alphabet. */
const mistyped = (key: string) => {
  const [last, other] = key === key.toUpperCase() ? ["Q", "P"] : ["q", "p"];
  return `${key.slice(0, -1)}${key.endsWith(last) ? other : last}`;
};

describe("an age secret key", () => {
  it.each<[string, string]>([
    ["alone", keys.secret],
    ["in the file that age-keygen writes", `# created: 2026-11-30\n# public key: ${keys.public}\n${keys.secret}\n`],
    ["beside its successor", `${keys.secret}\r\n${others.secret}\r\n`],
  ])("is taken %s", (_, text) => {
    expect(keyProblem(ageSecretKeys, text)).toBeUndefined();
  });

  it.each<[string, string]>([
    ["a letter mistyped", mistyped(keys.secret)],
    ["its end cut off", keys.secret.slice(0, -5)],
    ["a second key cut short", `${keys.secret}\n${others.secret.slice(0, -1)}`],
    ["letters in lower case", keys.secret.toLowerCase()],
    ["the public half under the secret's prefix", keys.public.replace("age1", "AGE-SECRET-KEY-1").toUpperCase()],
  ])("is refused with %s", (_, text) => {
    expect(keyProblem(ageSecretKeys, text)).toBe(cutShort);
  });
});

describe("an age public key", () => {
  it("is taken whole", () => {
    expect(keyProblem(agePublicKey, keys.public)).toBeUndefined();
  });

  it.each<[string, string]>([
    ["mistyped", mistyped(keys.public)],
    ["cut short", keys.public.slice(0, -1)],
    ["partly in upper case", `${keys.public.slice(0, -1)}Q`],
  ])("is refused when it is %s", (_, key) => {
    expect(keyProblem(agePublicKey, key)).toBe(cutShort);
  });
});
