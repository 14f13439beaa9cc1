/** The small value types that the sections of the schema are made of. Each carries the sentence a user reads when it is wrong. */
import { z } from "zod";
import { parseCidr } from "../../network/cidr";

const dnsLabel = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const hostname = /^(?=.{1,253}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Any text that is not empty and does not begin or end with blanks. */
export const text = z.string().refine((value) => value.length > 0 && value === value.trim(), {
  error: "must be text without blanks at its ends, and not empty",
});

/** A DNS label (RFC 1123) that begins with a letter; `limit` is in characters. */
export const label = (limit: number) =>
  z.string().refine((value) => dnsLabel.test(value) && value.length <= limit, {
    error: `must be lower-case letters, digits and "-", begin with a letter, end with a letter or digit, and have at most ${limit} characters`,
  });

export const id = z.string().regex(uuid, { error: "must be an OpenStack id (a UUID such as 5c2f7c53-6a3b-4d0e-9b0a-2f1c6c1c9d3e)" });

/** An IPv4 network in CIDR notation with no host bits set. */
export const cidr = z.string().superRefine((value, context) => {
  const parsed = parseCidr(value);
  if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.reason });
});

export const ipv4 = z.ipv4({ error: "must be an IPv4 address such as 10.0.0.10" });

export const host = z.string().refine((value) => hostname.test(value), { error: "must be a host name or an IPv4 address, without scheme or port" });

export const port = z
  .int({ error: "must be a whole number" })
  .min(1, { error: "must be a port from 1 to 65535" })
  .max(65535, { error: "must be a port from 1 to 65535" });

/** A whole number within bounds; the message names both. */
export const whole = (minimum: number, maximum: number) =>
  z
    .int({ error: `must be a whole number from ${minimum} to ${maximum}` })
    .min(minimum, { error: `must be a whole number from ${minimum} to ${maximum}` })
    .max(maximum, { error: `must be a whole number from ${minimum} to ${maximum}` });

/** An absolute URL of one of the given schemes. */
export const url = (...schemes: readonly string[]) =>
  z.string().refine(
    (value) => {
      try {
        const parsed = new URL(value);
        return schemes.includes(parsed.protocol.replace(/:$/, "")) && parsed.hostname !== "";
      } catch {
        return false;
      }
    },
    { error: `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}` },
  );

/** One PEM block of the given kind, for instance CERTIFICATE. */
export const pem = (kind: string) =>
  z.string().refine((value) => new RegExp(`^\\s*-----BEGIN ${kind}-----\\s[A-Za-z0-9+/=\\s]+-----END ${kind}-----\\s*$`).test(value), {
    error: `must be one PEM block that begins with -----BEGIN ${kind}-----`,
  });

export const choice = <const T extends readonly [string, ...string[]]>(...values: T) => z.enum(values, { error: `must be one of: ${values.join(", ")}` });
