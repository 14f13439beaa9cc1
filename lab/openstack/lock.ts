/** One command at a time changes the lab, and one each of its stacks. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isAlive, type Leader, ownIdentity } from "./processes";
import type { Layout } from "./layout";

/** Where the lock is, and the folder that holds it. */
type Locked = Pick<Layout, "root" | "lock">;

/** The lock of one stack: its file and state are one run's at a time. */
export function stackLock({ root, lock }: Locked, stack: string): Locked {
  return { root, lock: `${lock}.${stack}` };
}

/**
 * Runs `action` while holding the lab's lock. A lock whose holder was killed is taken over.
 * Errors: names the process that holds it.
 */
export async function locked<T>(lab: Locked, action: () => Promise<T>): Promise<T> {
  mkdirSync(lab.root, { recursive: true, mode: 0o700 });
  const holder = currentHolder(lab);
  if (holder)
    throw new Error(`Another lab command is at work (process ${holder.pid}): wait for it, or end it, and try again.`);
  rmSync(lab.lock, { force: true });
  try {
    const file = openSync(lab.lock, "wx", 0o600); // Fails if another command was quicker.
    writeFileSync(file, JSON.stringify(ownIdentity()));
    closeSync(file);
  } catch {
    throw new Error("Another lab command has just begun: wait for it, and try again.");
  }
  try {
    return await action();
  } finally {
    rmSync(lab.lock, { force: true });
  }
}

/** The living process that holds the lab, if any. */
export function currentHolder(lab: Locked): Leader | undefined {
  try {
    const leader = JSON.parse(readFileSync(lab.lock, "utf8")) as Leader;
    return isAlive(leader) ? leader : undefined;
  } catch {
    return undefined; // Nobody, or somebody who was killed while writing the lock.
  }
}
