/**
 * The small value types that the sections of the schema are made of. Each carries the sentence part a user reads when
 * it is wrong ("image is "" but must be ...").
 */
import { z } from "zod";
import { caCertificate } from "../caCertificate";
import { contains, parseCidr } from "../cidr";
import { keyProblem, type WantedKey } from "../keyForms";
import { isOpenstackId } from "../openstackId";

const dnsLabel = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const hostname = /^(?=.{1,253}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i;
/** Four numbers between dots look like an address, and are a wrong one when they are no IPv4 address. */
const dottedNumbers = /^\d+(\.\d+)*$/;
const ipv4Pattern = /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;

/**
 * Text with which nothing is wrong: `problem` says what is, as a part of a sentence, and `error` is said of what is no
 * text. `format` is the word of docs/configuration.md for it.
 */
const judged = (format: string, error: string, problem: (value: string) => string | undefined) =>
  z
    .string({ error })
    .superRefine((value, context) => {
      const message = problem(value);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .meta({ format });

/** Text that passes `test`. */
export const matching = (format: string, error: string, test: RegExp | ((value: string) => boolean)) =>
  judged(format, error, (value) => ((test instanceof RegExp ? test.test(value) : test(value)) ? undefined : error));

/**
 * One line of text: not empty, no blanks at its ends, and no control character that could break out of the file it is
 * written to.
 */
export const text = matching(
  "text",
  "must be one line of text, not empty and without blanks at its ends",
  (value) => value.length > 0 && value === value.trim() && !/[\u0000-\u001f\u007f]/.test(value),
);

/** What stands in for a secret where it cannot be read: the offline preview has no key to decrypt with. */
export const encryptedPlaceholder = "encrypted";

const notEmpty = "must not be empty";

/**
 * Text that opens something. It may have several lines; no sentence shows it, and in a stack file it must be encrypted.
 * `problem` sees it without blanks at its ends, and never the placeholder of the offline preview.
 */
export const secret = (
  problem: (value: string) => string | undefined = (value) => (value === "" ? notEmpty : undefined),
) => judged("secret", notEmpty, (value) => (value === encryptedPlaceholder ? undefined : problem(value.trim())));

/** Keys and certificates that are public; no sentence shows them, as a private one may stand there by mistake. */
export const publicKey = (format: string, wanted: WantedKey) =>
  judged(format, keyProblem(wanted, "") ?? "", (value) => keyProblem(wanted, value)).meta({ neverShown: true });

/** A private key, encrypted in the stack file. */
export const privateKey = (wanted: WantedKey) => secret((value) => keyProblem(wanted, value));

/** One certificate of a CA that can be read; in a list, one per item. */
export const certificate = publicKey("PEM certificate", caCertificate("keep the one of the CA"));
export const certificateItem = publicKey("PEM certificate", caCertificate("give each a list item of its own"));

/** A DNS label (RFC 1123) that begins with a letter; `limit` is in characters. */
export const label = (limit: number) =>
  matching(
    "name",
    `must be lower-case letters, digits and "-", begin with a letter, end with a letter or digit, and have at most ${limit} characters`,
    (value) => dnsLabel.test(value) && value.length <= limit,
  );

export const id = matching(
  "OpenStack id",
  "must be an OpenStack id (a UUID such as 5c2f7c53-6a3b-4d0e-9b0a-2f1c6c1c9d3e)",
  isOpenstackId,
);

/** An IPv4 network in CIDR notation with no host bits set. */
export const cidr = judged("CIDR", "must be an IPv4 network such as 10.0.0.0/24", (value) => {
  const parsed = parseCidr(value);
  return parsed.ok ? undefined : parsed.reason;
});

/** IANA's special-purpose ranges that no machine, pod, Service or server for them can have its address in. */
export const reservedRanges = [
  { range: "0.0.0.0/8", name: "this network" },
  { range: "127.0.0.0/8", name: "loopback" },
  { range: "169.254.0.0/16", name: "link-local, with the metadata service" },
  { range: "224.0.0.0/4", name: "multicast" },
  { range: "240.0.0.0/4", name: "reserved" },
] as const;

/**
 * Why machines and pods cannot reach `name` as a server, as a part of a sentence; undefined when nothing speaks against
 * it. A machine or pod that is told "localhost" asks itself.
 */
function unreachable(name: string): string | undefined {
  const bare = name.toLowerCase().replace(/\.$/, "");
  if (/^(.+\.)?localhost(\.localdomain)?$/.test(bare) || bare === "[::1]" || bare === "[::]")
    return "must be a server that machines and pods can reach; by this name each of them reaches only itself";
  const hit = ipv4Pattern.test(bare) ? reservedRanges.find(({ range }) => contains(range, bare)) : undefined;
  return hit && `must not lie in ${hit.range} (${hit.name}); use an address that machines and pods can reach`;
}

/** Text that passes `test` and names a server that machines and pods can reach. */
const reachable = (format: string, error: string, test: (value: string) => boolean) =>
  judged(format, error, (value) => (test(value) ? unreachable(value) : error));

export const ipv4 = reachable("IPv4 address", "must be an IPv4 address such as 10.0.0.10", (value) =>
  ipv4Pattern.test(value),
);

const hostError = "must be a host name or an IPv4 address, without scheme or port";
const isHost = (value: string) => (dottedNumbers.test(value) ? ipv4Pattern : hostname).test(value);

/** A server that machines and pods are told to reach. */
export const host = reachable("host", hostError, isHost);

/** A name in a certificate: unlike a server's it may be localhost, for those who come through a tunnel. */
export const certificateName = matching("host", hostError, isHost);

/** A whole number within bounds; the message names both. */
export const whole = (minimum: number, maximum: number) => {
  const error = `must be a whole number from ${minimum} to ${maximum}`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
};

export const port = whole(1, 65535);

export const flag = z.boolean({ error: "must be true or false" });

interface UrlOptions {
  /** Allow `user:password@` before the host: proxies and package mirrors take it. */
  readonly credentials?: boolean;
  /** Allow `?query` and `#fragment`. */
  readonly query?: boolean;
  /** The computer that runs `up` asks there, which may be its own server. */
  readonly askedByUp?: boolean;
}

/** Why `value` is not an absolute URL of one of the schemes, as a part of a sentence; undefined when it is one. */
function urlProblem(
  value: string,
  schemes: readonly string[],
  { credentials = false, query = false, askedByUp = false }: UrlOptions,
): string | undefined {
  const wanted = `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`;
  // URL() repairs blanks and line breaks silently; such a value must not reach a file on a machine.
  if (!/^[\u0021-\u007e]+$/.test(value) || /["'`\\<>]/.test(value)) return wanted;
  const scpLike = /^(?:[\w.-]+@)[\w.-]+:(?!\/\/)(.+)$/.exec(value);
  if (scpLike && schemes.includes("ssh")) return `${wanted}; did you mean ssh://${value.replace(":", "/")}?`;
  if (!value.includes("://")) {
    const withScheme = `${schemes[0] ?? "https"}://${value}`;
    // A value with "@" may hold a password, which no sentence repeats.
    return /^[A-Za-z0-9]/.test(value) && !value.includes("@") && URL.canParse(withScheme)
      ? `${wanted}; did you mean ${withScheme}?`
      : wanted;
  }
  if (!URL.canParse(value)) return wanted;
  const url = new URL(value);
  if (!schemes.includes(url.protocol.replace(/:$/, "")) || url.hostname === "") return wanted;
  if (!credentials && (url.password !== "" || (url.username !== "" && url.protocol !== "ssh:")))
    return "must not carry a user name or password";
  if (!query && (url.search !== "" || url.hash !== "")) return 'must not have a query ("?") or fragment ("#")';
  return askedByUp ? undefined : unreachable(url.hostname);
}

/** An absolute URL of one of the given schemes. */
export const url = (schemes: readonly string[], options: UrlOptions = {}) =>
  z
    .string({ error: `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}` })
    .superRefine((value, context) => {
      const problem = urlProblem(value, schemes, options);
      if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
    })
    .meta({ format: "URL", schemes, ...(options.credentials === true && { credentials: true }) });

export const choice = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: `must be one of: ${values.join(", ")}` });

/** A list that is empty when absent. */
export const listOf = <T extends z.ZodType>(item: T) => z.array(item, { error: "must be a list" }).default([]);

/** Metadata of a list's items: the keys that tell two of them apart. Without it items differ when anything does. */
export const distinctBy = (...keys: readonly string[]) => ({ distinctBy: keys });

/** A mapping of keys that the program knows; `strictObject` with the sentence for a value that is no mapping. */
export const section = <T extends z.ZodRawShape>(keys: T) =>
  z.strictObject(keys, {
    error: (issue) =>
      issue.code === "invalid_type" ? `must be a section with the keys ${Object.keys(keys).join(", ")}` : undefined,
  });
