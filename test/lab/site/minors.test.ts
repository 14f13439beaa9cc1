/** Pins of the older minors of Kubernetes that the lab's site can have. Not proven here: that they build. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isKnownMinor, minorOf } from "../../../src/config/kubernetesMinors";

const site = join(__dirname, "../../../lab/site");
const pinned = (modules: string) => {
  const file = readFileSync(join(modules, "kubernetes/go.mod"), "utf8");
  return { version: /^\s*k8s\.io\/kubernetes v(\S+)/m.exec(file)![1]!, file };
};
const main = pinned(join(site, "modules")).version;

describe.each(readdirSync(join(site, "minors")))("the older minor %s of the lab's site", (minor) => {
  const { version, file } = pinned(join(site, "minors", minor, "modules"));

  it("is the one before the site's own, and known to the program", () => {
    const [, before] = minor.split(".").map(Number);
    expect([minorOf(version), minorOf(main), isKnownMinor(minor)]).toEqual([minor, `1.${before! + 1}`, true]);
  });

  it("takes the staging modules of the same release", () => {
    const staging = [...file.matchAll(/ => k8s\.io\/\S+ v(\S+)/g)].map(([, release]) => release);
    expect([...new Set(staging)]).toEqual([version.replace(/^1/, "0")]);
  });
});
