/**
 * Credentials and what they are for must come together, and settings must not replace what the program knows better.
 */
import { computedSettings } from "../clusterConfig";
import { chartSettings, chartTypeSetting } from "../platformComponents";
import { settingProblems } from "../fluxSettings";
import { plainHttpKeys } from "../schema/platform";
import { rule, when } from "./rule";

export const cloudCredential = rule(["cloudProvider", "credentials"], ({ cloudProvider, credentials }) => [
  ...when(
    cloudProvider !== undefined && credentials?.openstack === undefined,
    () =>
      "cloudProvider is set but credentials.openstack is absent; set credentials.openstack.id and credentials.openstack.secret.",
  ),
  ...when(
    cloudProvider === undefined && credentials?.openstack !== undefined,
    () =>
      "credentials.openstack is set but cloudProvider is absent, so it would not be used; set cloudProvider.authUrl and cloudProvider.region, or remove it.",
  ),
]);

export const gitCredential = rule(["flux", "credentials"], ({ flux, credentials }) => {
  const git = credentials?.git;
  if (flux === undefined) {
    return [
      ...when(
        git !== undefined,
        () => "credentials.git is set but flux is absent, so it would not be used; set flux.url, or remove it.",
      ),
      ...when(
        credentials?.sopsAgeKey !== undefined,
        () => "credentials.sopsAgeKey is set but flux is absent, so it would not be used; set flux.url, or remove it.",
      ),
    ];
  }
  const scheme = new URL(flux.url).protocol.replace(":", "");
  if (scheme === "ssh") {
    return [
      ...when(
        git?.privateKey === undefined || git.knownHosts === undefined,
        () =>
          `flux.url is "${flux.url}" but ssh needs credentials.git.privateKey and credentials.git.knownHosts; set both.`,
      ),
      ...when(
        git?.username !== undefined || git?.password !== undefined,
        () =>
          `credentials.git has a username or password but flux.url is "${flux.url}", and ssh uses neither; remove them (the user stands in the URL).`,
      ),
    ];
  }
  return [
    ...when(
      git !== undefined && (git.username === undefined || git.password === undefined),
      () =>
        `flux.url is "${flux.url}" but ${scheme} needs credentials.git.username and credentials.git.password; set both.`,
    ),
    ...when(
      git?.privateKey !== undefined || git?.knownHosts !== undefined,
      () =>
        `credentials.git has a privateKey or knownHosts but flux.url is "${flux.url}", and ${scheme} uses neither; remove them.`,
    ),
    ...when(
      scheme === "http" && git !== undefined,
      () => `flux.url is "${flux.url}", which would send credentials.git in the clear; use https or ssh.`,
    ),
  ];
});

export const settings = rule(["flux"], ({ flux }) => {
  const computed: readonly string[] = [...computedSettings, ...chartSettings.map(chartTypeSetting)];
  const isComputed = (name: string) => computed.includes(name);
  const entries = Object.entries(flux?.settings ?? {});
  return [
    ...entries
      .filter(([name]) => isComputed(name))
      .map(([name]) => `flux.settings has "${name}" but the program computes it; remove it, or choose another name.`),
    ...settingProblems(Object.fromEntries(entries.filter(([name]) => !isComputed(name)))),
  ];
});

export const backupCredential = rule(["kubernetes", "credentials"], ({ kubernetes: { etcd }, credentials }) => [
  ...when(
    etcd.backup !== undefined && credentials?.etcdBackup === undefined,
    () =>
      "kubernetes.etcd.backup is set but credentials.etcdBackup is absent; set credentials.etcdBackup.accessKeyId and credentials.etcdBackup.secretAccessKey.",
  ),
  ...when(
    etcd.backup === undefined && credentials?.etcdBackup !== undefined,
    () =>
      "credentials.etcdBackup is set but kubernetes.etcd.backup is absent, so it would not be used; set kubernetes.etcd.backup, or remove it.",
  ),
]);

/**
 * The platform's pods wait for ever without a pool of their role. Its taint is what keeps tenants' pods away: a guard
 * lets them tolerate no taint of a role.
 */
export const platformPool = rule(["flux", "nodePools"], ({ flux, nodePools }) => {
  const role = flux?.settings.PLATFORM_NODE_ROLE ?? "control-plane";
  const key = `node-role.kubernetes.io/${role}`;
  const isForPlatform = ({ count, labels, taints }: (typeof nodePools)[number]) =>
    count > 0 && key in labels && taints.some((taint) => taint.key === key && taint.effect !== "PreferNoSchedule");
  return when(
    role !== "control-plane" &&
      settingProblems({ PLATFORM_NODE_ROLE: role }).length === 0 &&
      !nodePools.some(isForPlatform),
    () =>
      `flux.settings.PLATFORM_NODE_ROLE is "${role}" but no pool with machines has both the label and a NoSchedule taint "${key}"; give a pool both.`,
  );
});

/** Addresses that carry what must not be read or altered on the way: a password, a token, what a cluster runs. */
export const plainHttp = rule(
  ["flux", "cloudProvider", "kubernetes", "allowPlainHttp"],
  ({ flux, cloudProvider, kubernetes, allowPlainHttp }) => {
    const addresses = {
      "flux.url": flux?.url,
      "cloudProvider.authUrl": cloudProvider?.authUrl,
      "kubernetes.etcd.backup.endpoint": kubernetes.etcd.backup?.endpoint,
    };
    const carried = {
      "flux.url": "what the cluster runs",
      "cloudProvider.authUrl": "the application credential",
      "kubernetes.etcd.backup.endpoint": "the encrypted backups",
    };
    return plainHttpKeys.flatMap((key) =>
      when(
        addresses[key]?.toLowerCase().startsWith("http://") === true && !allowPlainHttp.includes(key),
        () =>
          `${key} is "${String(addresses[key])}", where everybody on the way can read and alter ${carried[key]}; use https, or add ${key} to allowPlainHttp.`,
      ),
    );
  },
);
