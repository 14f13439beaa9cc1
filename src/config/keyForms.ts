/**
 * What kind of key or certificate a text is by its form, and what is wrong with one in the place of another: one
 * sentence for each kind of mistake, whichever key of the configuration it was made in. No sentence shows a value.
 */

interface KeyForm {
  /** What it is called in a sentence. */
  readonly name: string;
  readonly pattern: RegExp;
  readonly isPrivate?: true;
  /** Whether people and tools write words of their own before it. */
  readonly hasPreface?: true;
}

/** Private keys first: a text that holds both is told as the private key that it gives away. */
const forms = {
  ageSecret: { name: "an age secret key", pattern: /AGE-(SECRET-KEY|PLUGIN-[A-Z]+)-/i, isPrivate: true },
  opensshPrivate: { name: "an OpenSSH private key", pattern: /-----BEGIN OPENSSH PRIVATE KEY-----/, isPrivate: true },
  pgpPrivate: { name: "a PGP private key", pattern: /-----BEGIN PGP PRIVATE KEY BLOCK-----/, isPrivate: true },
  pemPrivate: { name: "a PEM private key", pattern: /-----BEGIN ([A-Z]+ )*PRIVATE KEY-----/, isPrivate: true },
  putty: { name: "a PuTTY private key", pattern: /PuTTY-User-Key-File-/, isPrivate: true },
  ageFile: { name: "a file that age encrypted", pattern: /-----BEGIN AGE ENCRYPTED FILE-----|^age-encryption\.org\// },
  pgpPublic: { name: "a PGP public key", pattern: /-----BEGIN PGP PUBLIC KEY BLOCK-----/, hasPreface: true },
  pgpOther: { name: "a PGP message or signature", pattern: /-----BEGIN PGP / },
  ssh2Public: { name: "an SSH2 public key", pattern: /---- BEGIN SSH2 PUBLIC KEY ----/ },
  pemPublic: { name: "a PEM public key", pattern: /-----BEGIN (RSA )?PUBLIC KEY-----/ },
  certificate: { name: "a certificate", pattern: /-----BEGIN CERTIFICATE-----/ },
  request: { name: "a certificate request", pattern: /-----BEGIN (NEW )?CERTIFICATE REQUEST-----/ },
  trusted: { name: "a trusted certificate of OpenSSL", pattern: /-----BEGIN TRUSTED CERTIFICATE-----/ },
  pkcs7: { name: "a PKCS7 bundle", pattern: /-----BEGIN PKCS7-----/ },
  sshPublic: { name: "an OpenSSH public key", pattern: /\b(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+\s+AAAA/ },
  agePublic: { name: "an age public key", pattern: /\bage1[02-9ac-hj-np-z]{20}/ },
} as const satisfies Record<string, KeyForm>;

type FormName = keyof typeof forms;

/** What a key of the configuration takes. */
export interface WantedKey {
  /** With its article, behind "must be". */
  readonly name: string;
  readonly forms: readonly FormName[];
  /** Where to find one, behind "so". */
  readonly source: string;
  /** How to make one out of another form, behind "so". */
  readonly conversions?: Readonly<Partial<Record<FormName, string>>>;
  /** Whether words may stand before a key, as the host's name does in known_hosts. */
  readonly hasPreface?: true;
  /** What to do with a second key in the same value, behind "so". Absent: a value may hold several. */
  readonly onlyOne?: string;
  /** What is wrong with a text of the right form, as a part of a sentence; undefined when it is sound. */
  readonly problem: (text: string, form: FormName) => string | undefined;
}

export const cutShort = "must be whole; this one was cut short or altered, so copy it again";
export const hasPassphrase = "must be without a passphrase; take it off a copy with ssh-keygen -p -f FILE";
export const brokenLine = "must be one line; remove the line breaks within it and after it";
const lostLines = "must have the line breaks of its file; this text lost them, so copy the file as it is";
const misplacedWords = "must begin with the key itself; remove the quotes, names or options before it";

/** What is wrong with `text` in the place of the wanted key, as a part of a sentence; undefined when it is sound. */
export function keyProblem(wanted: WantedKey, text: string): string | undefined {
  const name = formOf(text);
  if (name === undefined) return `must be ${wanted.name}; ${wanted.source}`;
  const form: KeyForm = forms[name];
  if (!wanted.forms.includes(name)) return `must be ${wanted.name}; this is ${form.name}, so ${remedy(wanted, name)}`;
  const count = text.match(new RegExp(form.pattern, "g"))?.length ?? 0;
  if (count > 1 && wanted.onlyOne !== undefined)
    return `must be only one; this text has ${count}, so ${wanted.onlyOne}`;
  if (form.hasPreface !== true && wanted.hasPreface !== true && !beginsWith(form.pattern, text)) return misplacedWords;
  if (/-----BEGIN [^-]+-----(?![ \t]*\r?\n)/.test(text)) return lostLines;
  return wanted.problem(text, name);
}

/** Whether a text gives a private key away, in whatever form. */
export const holdsPrivateKey = (text: string): boolean => {
  const name = formOf(text);
  return name !== undefined && "isPrivate" in forms[name];
};

function formOf(text: string): FormName | undefined {
  return (Object.keys(forms) as FormName[]).find((name) => forms[name].pattern.test(text));
}

function remedy({ forms: [first], source, conversions }: WantedKey, found: FormName): string {
  const wantsPublic = first !== undefined && !("isPrivate" in forms[first]);
  return wantsPublic && "isPrivate" in forms[found]
    ? "make a new pair, as it stood here for all to read"
    : (conversions?.[found] ?? source);
}

/** Comments, lines that begin with #, may stand before a key. */
function beginsWith(pattern: RegExp, text: string): boolean {
  const bare = text.replace(/^(\s*#.*\n)+/, "").trimStart();
  return bare.search(pattern) === 0;
}
