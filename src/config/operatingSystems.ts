/**
 * The operating systems of machines. All that differs between them stands here: a family is a row, a release a line in
 * it. The schema, the checks, the bootstrap, pre-flight and docs/configuration.md read this table.
 */

type CgroupVersion = "v1" | "v2";

interface Release {
  /** Control-group versions that the release can boot with; the first is its default. */
  readonly cgroups: readonly [CgroupVersion, ...CgroupVersion[]];
  /** Name of the release in Docker's repository. Absent: its version. */
  readonly suite?: string;
  /** sshd is older than 8.2 and reads no drop-ins. */
  readonly sshdWithoutDropIns?: boolean;
  /** Python of cloud-init and dnf, where the path has none. Absent: `python3`. */
  readonly python?: string;
}

interface OperatingSystem {
  /** What the property os_distro of a Glance image says: libosinfo's id (osinfo-db, `distro`). */
  readonly osDistros: readonly string[];
  /** Words, in lower case, by which names of images tell the family. */
  readonly imageWords: readonly string[];
  readonly releases: Readonly<Record<string, Release>>;
  readonly packageManager: "apt" | "dnf";
  /** Folder of https://download.docker.com/linux that holds containerd.io for it. */
  readonly dockerFolder: string;
  /** Boots with SELinux enforcing, and stays so. */
  readonly selinux: boolean;
  /** NetworkManager configures the interfaces of its images. */
  readonly networkManager: boolean;
  /** Configuration file and systemd unit of chrony. */
  readonly chrony: { readonly config: string; readonly unit: string };
  /** Folder of CA certificates that the machine trusts, and the command that makes it read them. */
  readonly trustStore: { readonly folder: string; readonly update: readonly string[] };
  /** systemd unit of the SSH server. */
  readonly sshUnit: string;
}

const debianLike = {
  packageManager: "apt",
  selinux: false,
  networkManager: false,
  chrony: { config: "/etc/chrony/chrony.conf", unit: "chrony" },
  trustStore: { folder: "/usr/local/share/ca-certificates", update: ["update-ca-certificates"] },
  sshUnit: "ssh",
} as const;

const rhelLike = {
  packageManager: "dnf",
  // Docker's builds for RHEL serve its rebuilds as well.
  dockerFolder: "rhel",
  selinux: true,
  networkManager: true,
  chrony: { config: "/etc/chrony.conf", unit: "chronyd" },
  trustStore: { folder: "/etc/pki/ca-trust/source/anchors", update: ["update-ca-trust", "extract"] },
  sshUnit: "sshd",
  releases: {
    "8": { cgroups: ["v1", "v2"], sshdWithoutDropIns: true, python: "/usr/libexec/platform-python" },
    "9": { cgroups: ["v2", "v1"] },
  },
} as const;

export const operatingSystems = {
  rhel: { ...rhelLike, osDistros: ["rhel"], imageWords: ["rhel", "redhat", "red-hat", "red hat"] },
  rocky: { ...rhelLike, osDistros: ["rocky"], imageWords: ["rocky", "rockylinux"] },
  almalinux: { ...rhelLike, osDistros: ["almalinux"], imageWords: ["almalinux", "alma"] },
  ubuntu: {
    ...debianLike,
    osDistros: ["ubuntu"],
    imageWords: ["ubuntu"],
    dockerFolder: "ubuntu",
    releases: {
      "22.04": { cgroups: ["v2", "v1"], suite: "jammy" },
      "24.04": { cgroups: ["v2", "v1"], suite: "noble" },
    },
  },
  debian: {
    ...debianLike,
    osDistros: ["debian"],
    imageWords: ["debian"],
    dockerFolder: "debian",
    releases: {
      "12": { cgroups: ["v2", "v1"], suite: "bookworm" },
      // systemd 256 boots with v1 only by a switch on the kernel's command line, 258 not at all; Debian 13 has 257.
      "13": { cgroups: ["v2"], suite: "trixie" },
    },
  },
} as const satisfies Readonly<Record<string, OperatingSystem>>;

type OsFamily = keyof typeof operatingSystems;

export const osFamilies = Object.keys(operatingSystems) as [OsFamily, ...OsFamily[]];

/** The row of a configuration's machines. */
export function operatingSystem({ os }: { readonly os: { readonly family: OsFamily } }): OperatingSystem {
  return operatingSystems[os.family];
}

/** Releases of a family, in the order of the table. */
export function releaseNames(family: OsFamily): string[] {
  return Object.keys(operatingSystems[family].releases);
}

/** Every release of every family. */
export const osReleases = osFamilies.flatMap((family) => releaseNames(family).map((version) => ({ family, version })));

/** What a release of a family is; undefined for one that the table lacks. */
export function releaseOf({ family, version }: { readonly family: OsFamily; readonly version: string }) {
  const releases: Readonly<Record<string, Release>> = operatingSystems[family].releases;
  return Object.hasOwn(releases, version) ? releases[version] : undefined;
}
