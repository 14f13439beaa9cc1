/** Values as the resource monitor's protocol carries them, and as a test wants to read them. */
import * as rpc from "@pulumi/pulumi/runtime/rpc";

/** Stands for a value that is known only after `up`. */
export const unknown = "<known after up>";

export type Properties = Record<string, unknown>;

/** Properties in plain form, and which of the top-level ones hold a secret or an unknown value at any depth. */
export interface DecodedProperties {
  readonly values: Properties;
  readonly secrets: readonly string[];
  readonly unknowns: readonly string[];
}

interface Findings {
  secret: boolean;
  unknown: boolean;
}

/**
 * Reads properties from their wire form: secrets unwrapped, unknown values replaced by `unknown`, resources by their id
 * or URN.
 */
export function decodeProperties(wire: Properties): DecodedProperties {
  const values: Properties = {};
  const secrets: string[] = [];
  const unknowns: string[] = [];
  for (const [name, value] of Object.entries(wire)) {
    const found: Findings = { secret: false, unknown: false };
    values[name] = decode(value, found);
    if (found.secret) secrets.push(name);
    if (found.unknown) unknowns.push(name);
  }
  return { values, secrets, unknowns };
}

function decode(value: unknown, found: Findings): unknown {
  if (value === rpc.unknownValue) {
    found.unknown = true;
    return unknown;
  }
  if (Array.isArray(value)) return value.map((element) => decode(element, found));
  if (typeof value !== "object" || value === null) return value;
  const object = value as Properties;
  switch (object[rpc.specialSigKey]) {
    case rpc.specialSecretSig:
      found.secret = true;
      return decode(object.value, found);
    case rpc.specialResourceSig:
      return decode(object.id ?? object.urn, found);
    case undefined:
      return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, decode(inner, found)]));
    default:
      // Assets and archives: their text or path is all there is to see.
      return decode(object.text ?? object.path ?? object.uri ?? null, found);
  }
}

/** Brings properties into wire form; those named in `secrets` are marked secret. Undefined ones are left out. */
export function encodeProperties(values: Properties, secrets: ReadonlySet<string>): Properties {
  const wire: Properties = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const encoded = encode(value);
    wire[name] = secrets.has(name) ? { [rpc.specialSigKey]: rpc.specialSecretSig, value: encoded } : encoded;
  }
  return wire;
}

function encode(value: unknown): unknown {
  if (value === unknown) return rpc.unknownValue;
  if (Array.isArray(value)) return value.map((element) => encode(element === undefined ? null : element));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, encode(inner)]),
  );
}
