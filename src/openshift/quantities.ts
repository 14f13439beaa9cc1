/** Quantities as Kubernetes writes them. */

export const mebi = 1024 ** 2;
export const gibi = 1024 ** 3;
/** Bytes of a unit of Kubernetes. */
const units: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: mebi,
  Gi: gibi,
  Ti: 1024 ** 4,
};

/** Undefined of what is no quantity of bytes. */
export function bytesOf(quantity: string): number | undefined {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?(?:e\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(quantity) ?? [];
  return number === "" ? undefined : Number(number) * (units[unit] ?? 1);
}

/** Rounded up to what a tenant's file takes: whole Mi or Gi. */
export const quantityOf = (bytes: number): string =>
  bytes >= gibi ? `${Math.ceil(bytes / gibi)}Gi` : `${Math.max(1, Math.ceil(bytes / mebi))}Mi`;

/** Cores, `undefined` of what is no quantity. */
export function coresOf(quantity: string): number | undefined {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)(m?)$/.exec(quantity) ?? [];
  return number === "" ? undefined : Number(number) / (unit === "m" ? 1000 : 1);
}
