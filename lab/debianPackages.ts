/** Which of Debian's packages this host has. */
import { spawnSync } from "node:child_process";

/** Those of the names that are not installed; all of them where there is no dpkg. */
export function absentPackages(wanted: readonly string[]): string[] {
  const format = "${Package} ${db:Status-Status}\\n";
  const { stdout } = spawnSync("dpkg-query", ["-W", "-f", format, ...wanted], { encoding: "utf8" });
  const present = new Set(
    (stdout ?? "")
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return wanted.filter((name) => !present.has(name));
}
