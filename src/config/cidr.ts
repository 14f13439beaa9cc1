/** IPv4 networks in CIDR notation, as plain values. */
import * as ipaddr from "ipaddr.js";

type ParsedCidr = { readonly ok: true; readonly cidr: string } | { readonly ok: false; readonly reason: string };

/**
 * Reads `value` as an IPv4 network; the reason of a refusal is a sentence for the user, with the repaired network where
 * one can be told.
 */
export function parseCidr(value: string): ParsedCidr {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(value) || /\/0\d/.test(value)) {
    const single = ipaddr.IPv4.isValidFourPartDecimal(value) ? ` (a single address is ${value}/32)` : "";
    return { ok: false, reason: `must be an IPv4 network such as 10.0.0.0/24${single}` };
  }
  const network = `${ipaddr.IPv4.networkAddressFromCIDR(value).toString()}/${prefixLength(value)}`;
  return network === value
    ? { ok: true, cidr: value }
    : { ok: false, reason: `has host bits set; did you mean ${network}?` };
}

/** Prefix length of a network, 0 to 32. */
export function prefixLength(cidr: string): number {
  return ipaddr.IPv4.parseCIDR(cidr)[1];
}

/** Number of addresses in a network, network and broadcast address included. */
export function addressCount(cidr: string): number {
  return 2 ** (32 - prefixLength(cidr));
}

/** Whether the two networks share an address. */
export function overlaps(a: string, b: string): boolean {
  const [wide, narrow] = prefixLength(a) <= prefixLength(b) ? [a, b] : [b, a];
  return contains(wide, ipaddr.IPv4.parseCIDR(narrow)[0].toString());
}

/** Whether `address` lies in the network. */
export function contains(cidr: string, address: string): boolean {
  return ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(cidr));
}

/** The n-th address of a network; 0 is the network address. Throws when the network is too small. */
export function nthAddress(cidr: string, n: number): string {
  if (n < 0 || n >= addressCount(cidr)) throw new RangeError(`${cidr} has no address number ${n}`);
  const first = ipaddr.IPv4.parseCIDR(cidr)[0]
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
  const value = first + n;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
