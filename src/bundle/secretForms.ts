/** What a secret looks like in a text: by its form, and by what stands before it. */

/** Stands in the place of a secret while the text is read, so that nothing finds a secret in it again. */
export const mark = "\uE000";

/** Ends of names whose value opens something, without hyphens and underscores. */
const ends = [
  "pass|passwd|password|passphrase|passcode|pwd|pw|secret|token|jwt|bearer|cookie|signature|credential|psk|salt",
  "auth|authorization|authtoken|sessionid|accesskeyid|webhookurl|dockerconfigjson|clientkeydata",
  "(?:api|access|account|certificate|encryption|hmac|master|preshared|private|secret|shared|signing|ssh)key",
].join("|");
/** In any case, with a hyphen, underscore or dot anywhere: `client-key-data`, `DB_PASSWORD`, `secretAccessKey`. */
const spaced = ends.replace(/[a-z]/g, "$&[-_.]?");
/** Without a limit a line of hyphens would take minutes. */
const bareName = `[\\w./-]{0,100}(?:${spaced})s?(?:[-_.]?(?:\\d{1,3}|b64|base64|hash|new|old|value))?`;
const name = `(?<![\\w.-])${bareName}`;
const wholeName = new RegExp(`^(?:${bareName})$`, "i");

export const isSecretName = (key: string): boolean => wholeName.test(key);
/** `--password`, whose value is the next word of the command. */
export const isSecretFlag = (word: string): boolean => /^--?[a-z]/i.test(word) && isSecretName(word);
/** A key of YAML with nothing behind it but the sign of a block, or with a value that may go on in the next lines. */
export const blockKey = new RegExp(
  `^(?<indent>[ \\t]*(?:- +)*)["']?(?:${bareName}|stringData)["']?[ \\t]*:(?:[ \\t].*)?$`,
  "i",
);
export const dataKey = /^(?<indent>[ \t]*)["']?data["']?[ \t]*:[ \t]*(?:\||>|\{)?[ \t]*$/;

/** A quote as texts within texts have it, with as many backslashes as they lie deep. */
const quote = `(?:\\\\{0,15}["']|&quot;|&#3[49];|%22)`;
/** Up to the quote that ends it, on one line or several. */
const quoted = [
  `"(?:[^"\\\\]|\\\\[^]){0,4000}"`,
  `'(?:[^']|''){0,4000}'`,
  `(?<opening>\\\\{1,15}["']|&quot;|&#3[49];|%22)(?:(?!(?<!\\\\)\\k<opening>)[^]){0,4000}(?<!\\\\)\\k<opening>`,
].join("|");
const assigned = `${quote}?\\s*(?:=>|[:=]|%3A|%3D)\\s*`;
const begins = `(?!${mark}|(?:null|true|false)\\b)`;

/** What a secret is by its form, wherever it stands. */
export const forms: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  /PuTTY-User-Key-File-[^]*?Private-MAC: \w+/g,
  /AGE-SECRET-KEY-1[0-9A-Z]+/gi,
  // Private keys without the lines around them: RSA, elliptic curves, Ed25519.
  /\b(?:MII[\w+/]{2,3}IB(?:AAK|ADAN)|MHcCAQEE|MIGHAgEAM|MC4CAQAwBQYDK2Vw)[\w+/=]*/g,
  // JSON Web Tokens, of service accounts and of people.
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  // Fernet tokens of Keystone.
  /\bgAAAAA[\w-]{20,}={0,2}/g,
  // Bootstrap tokens of kubeadm.
  /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g,
  /\b(?:glpat-[\w-]{20,}|gl[a-z]{2,5}-[\w-]{20,}|gh[pousr]_\w{36,}|github_pat_\w{22,}|xox[abeprs]-[\w-]{10,}|npm_\w{36}|hvs\.[\w-]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35})/g,
  // Whoever knows the address of a web hook may call it.
  /https:\/\/hooks\.slack\.com\/services\/[\w/]+|https:\/\/[\w.:/-]{1,200}\/(?:web)?hooks?\/[^\s"'<>\\]+/g,
  // Hashes of passwords, as in htpasswd and shadow.
  /\$(?:2[abxy]|[156y]|apr1|argon2\w*)\$[^\s:"']+/g,
  // Of Pulumi's encrypted values, which a weak passphrase would open.
  /\bv1:[A-Za-z0-9+/=]{8,}:[A-Za-z0-9+/=]{8,}/g,
];

/** What goes before a secret, and stays; the secret follows. */
export const leads: readonly RegExp[] = [
  /(\b(?:bearer|basic)\s+)(?!\uE000|[a-z]{1,15}\b(?![.+/=-]))[^\s"',\\\]]+/gi,
  /(\b(?:Token|Digest|AWS4-HMAC-SHA256)\s+)(?!\uE000|[a-z]{1,15}\b(?![.+/=-]))[^\s"',\\\]]+/g,
  /(\b(?:authorization|x-auth-token|x-subject-token|x-api-key|private-token|(?:set-)?cookie)"?\s*[:=]\s*)(?!\uE000|\[)[^\n\\"]+/gi,
  // What logs in to an address, up to the last @ of it. Digits up to a slash are a port, sha256 is an image's digest.
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@"']{0,200}:)(?!\d{1,5}[/?#])[^\s"'<>\\]{1,500}(?=@(?!sha256:))/gi,
  /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[\w.~%+-]{16,200}(?=@)/gi,
  /(\b[\w.-]{1,80}:)[^\s"'@/]{1,200}(?=@(?:tcp|unix)\()/gi,
  /([?&](?:sig|sign|code|key)=)[^\s"'&\\]+/gi,
  // Of curl, of MySQL's clients and of ipmitool, of netrc and of keepalived.
  /(\bcurl\s(?:[^\n]{0,300}\s)?(?:-u|--user)[\s=]+["']?[^\s:"']{0,100}:)[^\s"'\\]+/gi,
  /(\b(?:mysql\w*|sshpass|mariadb\w*|ipmitool)\s(?:[^\n]{0,300}\s)?-p\s*)[^\s"'\\]+/gi,
  /(\blogin\s+\S{1,200}\s+password\s+|\bauth_pass\s+)[^\s"'\\]+/gi,
  new RegExp(`(<${bareName}(?:\\s[^<>]{0,200})?>)[^<]+`, "gi"),
  // "name": "value", 'name' => 'value', name: value, name=value, &name=value
  new RegExp(`(${name}${assigned})(?:${quoted})`, "gi"),
  new RegExp(`((?:${name}|stringData)${assigned})(?:\\[[^[\\]{}]*\\]|\\{[^{}]*\\})`, "gi"),
  // A key that begins a line takes the whole of it; anything else ends with the word.
  new RegExp(`(^[ \\t]*(?:- +)*(?:export )?["']?${bareName}["']?[ \\t]*[:=][ \\t]*)${begins}[^\\s{["'].*`, "gim"),
  new RegExp(`(${name}${assigned}["']?)${begins}[^\\s"'\\\\{[]+`, "gi"),
  new RegExp(`((?:^|[\\s"'])--?${bareName}(?:["']?,?\\s*["']|\\s+))${begins}[^\\s"'-][^\\s"']*`, "gi"),
  /(\bsecure"?\s*:\s*"?)[\w+/=:-]{16,}/gi,
  // A container's variable, and a header.
  new RegExp(
    `(${quote}(?:name|key)${assigned}${quote}${bareName}${quote},\\s*${quote}value${assigned})(?:${quoted})`,
    "gi",
  ),
  new RegExp(
    `(${quote}value${assigned})(?:${quoted})(?=,\\s*${quote}(?:name|key)${assigned}${quote}${bareName}${quote})`,
    "gi",
  ),
];
