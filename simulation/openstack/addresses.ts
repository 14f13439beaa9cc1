/** Hands out the addresses of a subnet as Neutron's default IPAM does: each once, from the allocation pools. */
import * as ipaddr from "ipaddr.js";
import { addressCount, contains, nthAddress } from "../../src/config/cidr";

export interface AddressRange {
  readonly start: string;
  readonly end: string;
}

export class AddressPool {
  private readonly owners = new Map<string, string>();
  private next: number;
  private readonly ranges: readonly { start: number; end: number }[];

  /**
   * @param gateway absent: the subnet has none.
   * @param ranges allocation pools; absent: all of the subnet but the network, broadcast and gateway addresses.
   * @param reserved addresses kept for others, for instance for machines of the previous run that have not asked yet.
   */
  constructor(
    public readonly cidr: string,
    public readonly gateway: string | undefined,
    ranges: readonly AddressRange[],
    private readonly reserved: ReadonlyMap<string, string>,
  ) {
    const whole = { start: nthAddress(cidr, 1), end: nthAddress(cidr, Math.max(1, addressCount(cidr) - 2)) };
    this.ranges = (ranges.length > 0 ? ranges : [whole]).map(({ start, end }) => ({
      start: numberOf(start),
      end: numberOf(end),
    }));
    this.next = this.ranges[0]?.start ?? 0;
  }

  /** Number of addresses that machines could have, taken ones included. */
  public get capacity(): number {
    const gateway = this.gateway === undefined ? undefined : numberOf(this.gateway);
    return this.ranges.reduce(
      (sum, { start, end }) =>
        sum + end - start + 1 - (gateway !== undefined && gateway >= start && gateway <= end ? 1 : 0),
      0,
    );
  }

  public get used(): number {
    return this.owners.size;
  }

  /** Takes a certain address; throws when it is outside the subnet or taken. */
  public take(address: string, owner: string): string {
    if (!ipaddr.IPv4.isValidFourPartDecimal(address))
      throw new Error(`${JSON.stringify(address)} is not an IPv4 address`);
    if (!contains(this.cidr, address)) throw new Error(`fixed IP ${address} is outside the subnet ${this.cidr}`);
    if (address === nthAddress(this.cidr, 0) || address === nthAddress(this.cidr, addressCount(this.cidr) - 1)) {
      throw new Error(`fixed IP ${address} is the network or broadcast address of ${this.cidr}`);
    }
    const other = this.owners.get(address);
    if (other !== undefined) throw new Error(`fixed IP ${address} is already in use by ${other}`);
    this.owners.set(address, owner);
    return address;
  }

  /** Takes the address that `owner` had before, else the lowest free one; throws when the subnet is full. */
  public allocate(owner: string, before: string | undefined): string {
    if (before !== undefined && contains(this.cidr, before) && !this.owners.has(before))
      return this.take(before, owner);
    for (const range of this.ranges) {
      for (let candidate = Math.max(this.next, range.start); candidate <= range.end; candidate++) {
        const address = textOf(candidate);
        const keptFor = this.reserved.get(address);
        if (address === this.gateway || this.owners.has(address) || (keptFor !== undefined && keptFor !== owner))
          continue;
        this.next = candidate + 1;
        return this.take(address, owner);
      }
    }
    throw new Error(`subnet ${this.cidr} has no free address left (${this.used} of ${this.capacity} in use)`);
  }
}

function numberOf(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
}

function textOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
