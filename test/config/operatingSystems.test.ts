/** What every row of the table must have; a new operating system is held to it without a test of its own. */
import { operatingSystem, operatingSystems, osReleases, releaseOf } from "../../src/config/operatingSystems";
import { parseClusterConfig } from "../../src/config/parse";
import { minimal, sentencesOf } from "./fixtures";

const withOs = (os: object) => parseClusterConfig({ ...minimal, os }, "dev").os;

describe("the table of operating systems", () => {
  it.each(osReleases)("lets $family $version boot with its control-group versions and no other", (os) => {
    const { cgroups } = releaseOf(os)!;
    expect(withOs(os).cgroup).toBe(cgroups[0]);
    for (const cgroup of ["v1", "v2"] as const) {
      const refused = `os.cgroup is "${cgroup}" but ${os.family} ${os.version} boots with ${cgroups[0]} only; remove os.cgroup.`;
      if (cgroups.some((possible) => possible === cgroup)) expect(withOs({ ...os, cgroup }).cgroup).toBe(cgroup);
      else expect(sentencesOf(() => withOs({ ...os, cgroup }))).toEqual([refused]);
    }
  });

  it("names every deb release as its repository does, which is never the version", () => {
    const debReleases = osReleases.filter((os) => operatingSystem({ os }).packageManager === "apt");
    expect(debReleases.filter((os) => !/^[a-z]+$/.test(releaseOf(os)?.suite ?? ""))).toEqual([]);
  });

  it("gives no id of a distribution to two families", () => {
    const ids = Object.values(operatingSystems).flatMap(({ osDistros }) => [...osDistros]);
    expect(ids).toEqual([...new Set(ids)]);
  });
});
