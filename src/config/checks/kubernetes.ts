/** Versions and settings that must fit each other. */
import { releaseNames, releaseOf } from "../operatingSystems";
import { hasEnded, isKnownMinor, kubernetesMinors, minorNames, minorOf, reviewedOn } from "../kubernetesMinors";
import { rule, when } from "./rule";

export const osVersion = rule(["os"], ({ os }) =>
  when(
    releaseOf(os) === undefined,
    () => `os.version is "${os.version}" but for ${os.family} must be one of: ${releaseNames(os.family).join(", ")}.`,
  ),
);

export const cgroupVersion = rule(["os"], ({ os }) => {
  const cgroups = releaseOf(os)?.cgroups ?? ["v1", "v2"];
  return when(
    os.cgroup !== undefined && !cgroups.includes(os.cgroup),
    () => `os.cgroup is "${os.cgroup}" but ${os.family} ${os.version} boots with ${cgroups[0]} only; remove os.cgroup.`,
  );
});

export const kubernetesVersion = rule(["kubernetes"], ({ kubernetes: { version, allowEndedMinor } }) => {
  const minor = minorOf(version);
  const alive = minorNames.filter((name) => !hasEnded(name, reviewedOn)).join(", ");
  if (!isKnownMinor(minor)) return [`kubernetes.version is "${version}" but its minor must be one of: ${alive}.`];
  return when(
    hasEnded(minor, reviewedOn) && allowEndedMinor !== minor,
    () =>
      `kubernetes.version is "${version}" but upstream ended ${minor} on ${kubernetesMinors[minor].endOfLife}; choose one of ${alive}. A cluster that runs ${minor} keeps it by kubernetes.allowEndedMinor "${minor}".`,
  );
});

/** etcd refuses to start with an election timeout under five heartbeats; ten are its recommendation and our default. */
export const etcdTimings = rule(["kubernetes"], ({ kubernetes: { etcd } }) =>
  when(
    etcd.electionTimeoutMs < 5 * etcd.heartbeatIntervalMs,
    () =>
      `kubernetes.etcd.electionTimeoutMs is ${etcd.electionTimeoutMs} but must be at least 5 times kubernetes.etcd.heartbeatIntervalMs (${etcd.heartbeatIntervalMs}), so ${5 * etcd.heartbeatIntervalMs} or more.`,
  ),
);

/** A defragmentation writes the whole database again beside the old one. */
export const etcdQuota = rule(["kubernetes", "controlPlane"], ({ kubernetes: { etcd }, controlPlane }) => {
  const { sizeGb = Infinity } = controlPlane.etcdVolume ?? {};
  return when(
    sizeGb < 2 * etcd.quotaGb,
    () =>
      `kubernetes.etcd.quotaGb is ${etcd.quotaGb} but controlPlane.etcdVolume.sizeGb is ${sizeGb}; make the volume ${2 * etcd.quotaGb} or more, or the quota smaller.`,
  );
});

export const packageMirror = rule(["packageSource", "packageMirror"], ({ packageSource, packageMirror: mirror }) => [
  ...when(
    packageSource === "mirror" && mirror === undefined,
    () => `packageSource is "mirror" but packageMirror is absent; set packageMirror.kubernetesUrl.`,
  ),
  ...when(
    packageSource !== "mirror" && mirror !== undefined,
    () =>
      `packageMirror is set but packageSource is "${packageSource}", so it would not be used; set packageSource to mirror, or remove packageMirror.`,
  ),
]);

/** Ports above 65535 and prefixes above 32 pass the pattern of the schema, which counts digits only. */
export const proxyExceptions = rule(["proxy"], ({ proxy }) =>
  (proxy?.noProxy ?? []).flatMap((entry, index) => {
    const [address = "", prefix] = entry.split("/");
    const octets = address.split(".").map(Number);
    const isAddress = octets.length === 4 && octets.every((octet) => octet <= 255);
    return [
      ...when(
        prefix !== undefined && (!isAddress || Number(prefix) > 32),
        () => `proxy.noProxy[${index}] is "${entry}" but a CIDR must be an IPv4 network such as 10.0.0.0/8.`,
      ),
      ...when(
        Number(entry.split(":")[1] ?? 1) > 65535,
        () => `proxy.noProxy[${index}] is "${entry}" but a port must be at most 65535.`,
      ),
    ];
  }),
);
