/** A journal as a node has it, written by systemd's own daemon. */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const journalPrograms = ["/lib/systemd/systemd-journald", "/usr/bin/systemd-cat"];
export const isThere = () => journalPrograms.every((program) => existsSync(program));

/** An entry as a service of the node would write it, by a journal daemon of its own in a mount namespace of its own. */
export function writeJournal(folder: string, message: string): void {
  const script = [
    "mount -t tmpfs none /run && mkdir -p /run/systemd/journal /run/log/journal",
    `mount --bind "${folder}" /run/log/journal`,
    "/lib/systemd/systemd-journald & daemon=$!",
    "for attempt in $(seq 50); do [ -S /run/systemd/journal/stdout ] && break; sleep 0.2; done",
    `echo "${message}" | systemd-cat --identifier=kubelet --priority=warning`,
    "sleep 1; kill $daemon; wait $daemon || true",
  ].join("\n");
  const file = join(folder, "..", "journal.sh");
  writeFileSync(file, `set -e\n${script}\n`);
  execFileSync("unshare", ["--mount", "sh", file], { stdio: "ignore" });
}
