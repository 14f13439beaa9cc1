/**
 * How many of `count` workers `up` changes at the same time.
 *
 * @param maxUnavailable As `update.maxUnavailable`: a number, or a share such as "10%", of which one is the least.
 */
export function batchSize(maxUnavailable: string, count: number): number {
  const share = /^(\d+)%$/.exec(maxUnavailable)?.[1];
  return share === undefined ? Number(maxUnavailable) : Math.max(1, Math.floor((count * Number(share)) / 100));
}
