import * as fc from "fast-check";
import { addressCount, contains, nthAddress, overlaps, parseCidr, prefixLength } from "../../src/config/cidr";

/** Any IPv4 network without host bits. */
const network = fc.tuple(fc.nat(0xffffffff), fc.nat(32)).map(([address, prefix]) => {
  const first = Math.floor(address / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${prefix}`;
});
/** A network of which every address can be looked at. */
const smallNetwork = network.filter((cidr) => prefixLength(cidr) >= 26);
const addresses = (cidr: string) => Array.from({ length: addressCount(cidr) }, (_, n) => nthAddress(cidr, n));

describe("parseCidr", () => {
  it("accepts every network without host bits as it is", () => {
    fc.assert(fc.property(network, (cidr) => expect(parseCidr(cidr)).toEqual({ ok: true, cidr })));
  });

  it("proposes the network that an address with host bits belongs to", () => {
    fc.assert(
      fc.property(
        network.filter((cidr) => prefixLength(cidr) < 32),
        fc.nat(),
        (cidr, n) => {
          const address = nthAddress(cidr, 1 + (n % (addressCount(cidr) - 1)));
          expect(parseCidr(`${address}/${prefixLength(cidr)}`)).toEqual({
            ok: false,
            reason: `has host bits set; did you mean ${cidr}?`,
          });
        },
      ),
    );
  });

  it.each([
    "",
    "10.0.0.0/33",
    "10.0.0/8",
    "10.0.0.0/8 ",
    "010.0.0.0/8",
    "10.0.0.256/32",
    "fd00::/8",
    "10.0.0.0/-1",
    "10.0.0.0/08",
  ])("refuses %j", (value) => {
    expect(parseCidr(value)).toEqual({ ok: false, reason: "must be an IPv4 network such as 10.0.0.0/24" });
  });

  it("tells how a single address is written", () => {
    expect(parseCidr("203.0.113.7")).toEqual({
      ok: false,
      reason: "must be an IPv4 network such as 10.0.0.0/24 (a single address is 203.0.113.7/32)",
    });
  });

  it("never throws, whatever the text", () => {
    fc.assert(fc.property(fc.string(), (value) => typeof parseCidr(value).ok === "boolean"));
  });
});

describe("overlaps", () => {
  it("is symmetric", () => {
    fc.assert(fc.property(network, network, (a, b) => overlaps(a, b) === overlaps(b, a)));
  });

  it("holds for a network and itself, and for all networks and 0.0.0.0/0", () => {
    fc.assert(fc.property(network, (a) => overlaps(a, a) && overlaps(a, "0.0.0.0/0")));
  });

  it("holds exactly when the two share an address", () => {
    fc.assert(
      fc.property(smallNetwork, smallNetwork, fc.boolean(), (a, b, near) => {
        const other = near ? `${nthAddress(a, 0)}/32` : b;
        return overlaps(a, other) === addresses(a).some((address) => contains(other, address));
      }),
    );
  });

  it.each([
    ["10.0.0.0/24", "10.0.1.0/24", false],
    ["10.0.0.0/23", "10.0.1.0/24", true],
    ["192.168.0.0/16", "192.169.0.0/16", false],
  ])("%s and %s: %s", (a, b, expected) => {
    expect(overlaps(a, b)).toBe(expected);
  });
});

describe("nthAddress", () => {
  it("lies in the network, for every address of it", () => {
    fc.assert(fc.property(network, fc.nat(), (cidr, n) => contains(cidr, nthAddress(cidr, n % addressCount(cidr)))));
  });

  it("gives each number another address", () => {
    fc.assert(fc.property(smallNetwork, (cidr) => new Set(addresses(cidr)).size === addressCount(cidr)));
  });

  it("counts across octets", () => {
    expect([
      nthAddress("10.96.0.0/12", 10),
      nthAddress("10.10.0.0/22", 1023),
      nthAddress("255.255.255.255/32", 0),
    ]).toEqual(["10.96.0.10", "10.10.3.255", "255.255.255.255"]);
  });

  it("refuses a number that the network does not have", () => {
    expect(() => nthAddress("10.0.0.0/30", 4)).toThrow(new RangeError("10.0.0.0/30 has no address number 4"));
    expect(() => nthAddress("10.0.0.0/30", -1)).toThrow(new RangeError("10.0.0.0/30 has no address number -1"));
  });
});
