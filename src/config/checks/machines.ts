/** Names, zones, volumes and networks of the machines. */
import { counted } from "../counted";
import { machineName } from "../clusterConfig";
import { didYouMean, shown } from "../keyPath";
import { repeats, rule, when } from "./rule";

/** `path` is a pool's key path, for instance nodePools[0]. */
const eachPool = <P, R>(pools: readonly P[], problems: (pool: P, path: string) => readonly R[]) =>
  pools.flatMap((pool, index) => problems(pool, `nodePools[${index}]`));

/** Why a word cannot be the name of a pool. */
const reservedNames: Readonly<Record<string, string>> = {
  "control-plane": "its machines would bear the names of the control plane's",
  bastion: "its machines would be taken for the bastion",
};

export const poolNames = rule(["nodePools"], ({ nodePools }) =>
  eachPool(nodePools, ({ name }, path) =>
    when(
      Object.hasOwn(reservedNames, name),
      () => `${path}.name is "${name}" but ${String(reservedNames[name])}; choose another.`,
    ),
  ),
);

/** A machine's name is its host name too: one DNS label. */
const longestHostname = 63;

export const machineNameLength = rule(["clusterName", "nodePools"], ({ clusterName, nodePools }) =>
  eachPool(nodePools, (pool, path) => {
    const longest = machineName(clusterName ?? "", pool.name, Math.max(pool.count - 1, 0));
    return when(
      clusterName !== undefined && longest.length > longestHostname,
      () =>
        `${path}.name is "${pool.name}" but the machine name "${longest}" has ${counted(longest.length, "character")}, over the ${longestHostname} of a host name; shorten it or clusterName.`,
    );
  }),
);

export const somewhereToRun = rule(["controlPlane", "nodePools"], ({ controlPlane, nodePools }) =>
  when(
    !controlPlane.schedulable && nodePools.every((pool) => pool.count === 0),
    () =>
      `controlPlane.schedulable is false but ${nodePools.length === 0 ? "there is no node pool" : "every node pool has the count 0"}, so pods have nowhere to run; add workers to nodePools, or set controlPlane.schedulable to true.`,
  ),
);

export const rollNames = rule(
  ["clusterName", "controlPlane", "nodePools", "ssh", "roll"],
  ({ clusterName, controlPlane, nodePools, ssh, roll }) => {
    if (clusterName === undefined || roll.length === 0) return [];
    const numbered = [{ name: "control-plane", count: controlPlane.replicas }, ...nodePools];
    const machines = [
      ...numbered.flatMap(({ name, count }) =>
        Array.from({ length: count }, (_, index) => machineName(clusterName, name, index)),
      ),
      ...(ssh.bastion ? [machineName(clusterName, "bastion")] : []),
    ];
    const pools = [...numbered.map(({ name }) => name), ...(ssh.bastion ? ["bastion"] : [])];
    const known = new Set([...machines, ...pools]);
    return roll.flatMap((name, index) =>
      when(!known.has(name), () => {
        // Comparing with thousands of machine names would be slow and tell nothing that their number does not.
        const near = didYouMean(name, [...pools, ...machines.slice(0, 100)]);
        const help =
          near === undefined
            ? `use the name of a machine such as ${String(machines[0])} or of a pool`
            : `did you mean ${near}`;
        return `roll[${index}] is ${shown(name)} but there is no such machine or pool; ${help}${near === undefined ? "." : "?"}`;
      }),
    );
  },
);

/** Replacing the only control-plane machine would take etcd, and so the cluster, with it. */
export const rolledControlPlane = rule(
  ["clusterName", "controlPlane", "roll"],
  ({ clusterName, controlPlane, roll }) => {
    if (clusterName === undefined || controlPlane.replicas > 1) return [];
    const only = machineName(clusterName, "control-plane", 0);
    return roll.flatMap((name, index) =>
      when(
        name === "control-plane" || name === only,
        () =>
          `roll[${index}] is ${shown(name)} but controlPlane.replicas is 1, and the cluster's data lies on that machine alone; set controlPlane.replicas to 3 first, or move the data as docs/runbooks/restore-etcd.md says.`,
      ),
    );
  },
);

/** A folder that no volume may hide, with whose it is; those with `below` may hold no mount within either. */
interface SystemFolder {
  readonly owner: string;
  readonly below: boolean;
  readonly paths: readonly string[];
}

/**
 * Folders whose content is there before a volume is mounted, or is made without looking for one: a mount would hide it.
 * Volumes for /var/lib/containerd, /var/lib/kubelet, /var/log and the like are meant.
 */
const systemFolders: readonly SystemFolder[] = [
  {
    owner: "the system",
    below: true,
    paths: [
      ...["/bin", "/boot", "/dev", "/efi", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/lost+found"],
      ...["/proc", "/run", "/sbin", "/selinux", "/sys", "/usr", "/var/lock", "/var/run"],
    ],
  },
  { owner: "the system", below: false, paths: ["/home", "/opt", "/root", "/tmp", "/var", "/var/lib", "/var/tmp"] },
  {
    owner: "the package manager",
    below: true,
    paths: ["/var/lib/apt", "/var/lib/dnf", "/var/lib/dpkg", "/var/lib/rpm", "/var/lib/rpm-state", "/var/lib/yum"],
  },
  {
    owner: "systemd and what it starts",
    below: true,
    paths: [
      ...["alternatives", "authselect", "chrony", "cloud", "dbus", "dhclient", "NetworkManager", "os-prober"],
      ...["pam", "polkit-1", "private", "selinux", "sss", "systemd", "ucf", "waagent"],
    ].map((name) => `/var/lib/${name}`),
  },
  { owner: "this program", below: true, paths: ["/opt/openstack-kubernetes", "/var/lib/openstack-kubernetes"] },
  { owner: "the pod network", below: true, paths: ["/opt/cni"] },
];

export const volumes = rule(["nodePools"], ({ nodePools }) =>
  eachPool(nodePools, (pool, path) => [
    ...repeats(
      pool.volumes.filter((volume) => volume.mountPath !== undefined),
      (volume) => volume.mountPath ?? "",
    ).map(({ key }) => `${path}.volumes mounts two volumes at "${key}"; give each its own mountPath.`),
    ...pool.volumes.flatMap(({ mountPath }, index) => {
      const hidden = systemFolders
        .flatMap(({ paths, ...folder }) => paths.map((path) => ({ path, ...folder })))
        .find((known) => mountPath === known.path || (known.below && mountPath?.startsWith(`${known.path}/`)));
      return when(
        hidden !== undefined,
        () =>
          `${path}.volumes[${index}].mountPath is "${String(mountPath)}" but ${String(hidden?.path)} belongs to ${String(hidden?.owner)}; mount it elsewhere, for instance at /var/lib/data.`,
      );
    }),
  ]),
);

export const extraNetworks = rule(["network", "nodePools"], ({ network, nodePools }) =>
  eachPool(nodePools, (pool, path) =>
    pool.networks.flatMap((id, index) =>
      when(
        id.toLowerCase() === network.networkId?.toLowerCase(),
        () =>
          `${path}.networks[${index}] is "${id}" but that is network.networkId, which every machine is attached to already; remove it.`,
      ),
    ),
  ),
);
