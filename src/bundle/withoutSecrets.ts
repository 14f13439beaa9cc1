/**
 * Takes secrets out of what is handed to others: by value, where this computer knows them, by their form, and by the
 * name that they go by. Too much is taken out rather than too little.
 */
export const redacted = "(left out)";

/** Ends of names whose value opens something, without hyphens and underscores. */
const secretName =
  "(?:pass|passwd|password|passphrase|secret|token|cookie|signature|credentials?|auth|authorization|authtoken|apikey|accesskey|accesskeyid|secretkey|privatekey|certificatekey|clientkeydata|encryptionkey|webhookurl|dockerconfigjson|psk)";
/** In any case, with a hyphen, underscore or dot anywhere: `client-key-data`, `DB_PASSWORD`, `secretAccessKey`. */
const named = (end: string) => end.replace(/[a-z]/g, "$&[-_.]?");
const name = `[\\w.-]*${named(secretName)}`;

/** What a secret is by its form, wherever it stands. */
const forms: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  /PuTTY-User-Key-File-[^]*?Private-MAC: \w+/g,
  /AGE-SECRET-KEY-1[0-9A-Z]+/gi,
  // JSON Web Tokens, of service accounts and of people.
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  // Fernet tokens of Keystone.
  /\bgAAAAA[\w-]{20,}={0,2}/g,
  // Bootstrap tokens of kubeadm.
  /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g,
  /\b(?:glpat-[\w-]{20,}|gl[a-z]{2,5}-[\w-]{20,}|gh[pousr]_\w{36,}|github_pat_\w{22,}|xox[abeprs]-[\w-]{10,}|npm_\w{36}|hvs\.[\w-]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35})/g,
  /https:\/\/hooks\.slack\.com\/services\/[\w/]+/g,
  // Hashes of passwords, as in htpasswd and shadow.
  /\$(?:2[abxy]|[156y]|apr1|argon2\w*)\$[^\s:"']+/g,
  // Of Pulumi's encrypted values, which a weak passphrase would open.
  /\bv1:[A-Za-z0-9+/=]{8,}:[A-Za-z0-9+/=]{8,}/g,
];

/** What goes before a secret, and stays. */
const leads: readonly RegExp[] = [
  /(\b(?:Bearer|Basic|Token|Digest|AWS4-HMAC-SHA256)\s+)[^\s"',\\]+/g,
  /(\b(?:authorization|x-auth-token|x-subject-token|x-api-key|private-token|(?:set-)?cookie)"?\s*[:=]\s*)[^\n\\"]+/gi,
  // The password of a URL.
  /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:)[^\s/@"']+(?=@)/gi,
  // "name": "value", name: value, name=value, --name value, &name=value
  new RegExp(`("${name}"\\s*:\\s*")(?:[^"\\\\]|\\\\.)*(?=")`, "gi"),
  new RegExp(`(\\\\"${name}\\\\"\\s*:\\s*\\\\")[^"\\\\]*(?=\\\\")`, "gi"),
  new RegExp(`((?:^|[\\s&?;:,{(\"-])${name}\\s*[:=]\\s*["']?)[^\\s"'&;,})]+`, "gim"),
  new RegExp(`(\\s--?${name}\\s+["']?)[^\\s"'-][^\\s"']*`, "gi"),
  // A container's variable.
  new RegExp(`("name"\\s*:\\s*"${name}"\\s*,\\s*"value"\\s*:\\s*")(?:[^"\\\\]|\\\\.)*(?=")`, "gi"),
];

/** @param known Secrets that this computer knows: they go out whatever they look like, encoded as well. */
export function withoutSecrets(text: string, known: readonly string[] = []): string {
  const values = known
    .filter((value) => value.length >= 6)
    .flatMap((value) => [
      value,
      Buffer.from(value).toString("base64"),
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
    ])
    .sort((a, b) => b.length - a.length);
  const withoutKnown = values.reduce((left, value) => left.replaceAll(value, redacted), text);
  const plain = withoutForms(withoutKnown);
  return plain.replace(/[A-Za-z0-9+/]{24,}={0,2}/g, (encoded) => {
    const decoded = Buffer.from(encoded, "base64").toString("latin1");
    return withoutForms(decoded) === decoded ? encoded : redacted;
  });
}

function withoutForms(text: string): string {
  const shaped = forms.reduce((left, form) => left.replace(form, redacted), text);
  return leads.reduce((left, lead) => left.replace(lead, `$1${redacted}`), shaped);
}

/** Parts of an object that may hold anything, and are of little use to who helps. */
const opaque = new Set(["kubectl.kubernetes.io/last-applied-configuration", "managedFields", "userData", "user_data"]);

/** The object less values of variables, of Helm charts and of Secrets; texts within it as `withoutSecrets` has them. */
export function objectWithoutSecrets(value: unknown, known: readonly string[] = []): unknown {
  if (typeof value === "string") return withoutSecrets(value, known);
  if (Array.isArray(value)) return value.map((item) => objectWithoutSecrets(item, known));
  if (typeof value !== "object" || value === null) return value;
  const { kind } = value as { readonly kind?: unknown };
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isHidden =
        opaque.has(key) ||
        (key === "value" && "name" in value) ||
        (key === "values" && "chart" in value) ||
        (kind === "Secret" && ["data", "stringData"].includes(key)) ||
        (typeof inner === "string" && new RegExp(`^${name}$`, "i").test(key));
      return [key, isHidden ? redacted : objectWithoutSecrets(inner, known)];
    }),
  );
}
