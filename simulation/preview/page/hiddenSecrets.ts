/** Takes out of rendered files whatever opens something: by its value, and by the name or form that it has. */
import type { Simulated } from "../../simulated";

export const hidden = "[secret]";

/** Types whose outputs are the secrets that all others derive from. */
const sources = ["PrivateKey", "RandomPassword"];

/** Secrets that the run made. */
export function secretsOf(run: Simulated): string[] {
  const values = sources.flatMap((type) =>
    run.ofType(type).flatMap(({ outputs, secretOutputs }) => secretOutputs.map((name) => outputs[name])),
  );
  return [...new Set(values.filter((value): value is string => typeof value === "string" && value !== ""))];
}

const privateKey = "-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?-----END [A-Z ]*PRIVATE KEY-----";

/** A line of YAML, JSON or an environment file whose name says that its value is a secret. */
const named =
  /^(\s*(?:- )?["']?(?:[\w.-]*[_.-])?(?:secret|token|password|passphrase|key-data)["']?\s*[:=][ \t]*)(?![ \t]*$)(?!\$).+$/gim;

/**
 * A file as others may read it. `secrets`: values known to be secret. Names decide only in a file that is for root
 * alone: a script has words like `token=` too, and no secret.
 */
export function withSecretsHidden(
  { content, permissions }: { readonly content: string; readonly permissions: string },
  secrets: readonly string[],
): string {
  const known = secrets
    .flatMap((value) => [value, Buffer.from(value).toString("base64")])
    .sort((a, b) => b.length - a.length)
    .map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const shown = content.replace(new RegExp([privateKey, ...known].join("|"), "g"), hidden);
  return /^0?[0-7]00$/.test(permissions) ? shown.replace(named, `$1${hidden}`) : shown;
}
