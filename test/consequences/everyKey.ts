/** Every key of the schema, each with another value than a cluster has: for the test of what a change is said to do. */
import { generateKeyPairSync } from "node:crypto";
import { type Shape, shapeOfCluster, valueAt } from "../../src/config/shape";
import { caCertificate } from "../bootstrap/samples";
import { validConfig } from "../config/fixtures";
import { newAgeKeys } from "../../lab/ageKeys";

export type Values = Readonly<Record<string, unknown>>;
export type Path = readonly (string | number)[];

export interface KeyChange {
  /** The schema's name of the key: `nodePools[].count`. */
  readonly pattern: string;
  /** A configuration that has the key, and the same with another value of it. */
  readonly before: Values;
  readonly after: Values;
}

const uuid = (digit: number) => `5c2f7c53-6a3b-4d0e-9b0a-2f1c6c1c9d3${digit}`;

const otherPrivateKey = generateKeyPairSync("ed25519")
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString()
  .trim();
const otherCertificate = validConfig("etcd-backup").kubernetes.etcd.backup?.recipient;
const otherAgeKey = newAgeKeys().secret;

/** A cluster that says something of every section, as small as can be: each change is a run of the whole program. */
export const full: Values = {
  os: { family: "rocky", version: "9" },
  image: "rocky-9",
  network: { cidr: "10.20.0.0/22", externalNetwork: "public", dnsServers: ["10.0.0.53"] },
  apiEndpoint: { kind: "loadBalancer", allowedCidrs: ["10.0.0.0/8"], floatingIp: true, address: "10.20.0.5" },
  controlPlane: {
    replicas: 1,
    flavor: "medium",
    etcdVolume: { sizeGb: 10 },
    bootVolume: { sizeGb: 20 },
  },
  nodePools: [
    {
      name: "general",
      count: 1,
      flavor: "large",
      image: "rocky-9",
      bootVolume: { sizeGb: 20 },
      volumes: [{ name: "data", sizeGb: 5, mountPath: "/var/lib/data" }],
    },
  ],
  ssh: {
    authorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEga2V5IGZvciB0aGUgdGVzdHMgb2YgZXZlcnkga2V5 one"],
    bastion: { flavor: "small", image: "rocky-9", allowedCidrs: ["10.0.0.0/8"] },
  },
  kubernetes: {
    version: "1.35.2",
    kubeletServingCertificate: "clusterCa",
    etcd: { backup: { endpoint: "https://s3.example.org", bucket: "one", keepDays: 30, recipient: caCertificate } },
  },
  oidc: { issuerUrl: "https://id.example.org", clientId: "kubernetes", ca: caCertificate },
  proxy: { httpProxy: "http://proxy.example.org:3128", httpsProxy: "http://proxy.example.org:3129" },
  packageSource: "mirror",
  packageMirror: { kubernetesUrl: "https://mirror.example.org/k", containerdUrl: "https://mirror.example.org/c" },
  flux: { url: "https://git.example.org/a.git", path: "gitops/clusters/dev" },
  cloudProvider: { authUrl: "https://keystone.example.org:5000/v3", region: "one", loadBalancer: {} },
  credentials: {
    openstack: { id: "one", secret: "encrypted" },
    git: { username: "flux", password: "encrypted" },
    etcdBackup: { accessKeyId: "writer", secretAccessKey: "encrypted" },
    sopsAgeKey: "encrypted",
  },
  platform: { chartRegistry: "oci://registry.example.org/charts" },
  promotion: { from: "dev", soakDays: 7, allow: ["1.35.2"] },
};

/** Other clusters, for keys that `full` cannot have. */
export const bases: Readonly<Record<string, Values>> = {
  virtualIp: { ...full, apiEndpoint: { kind: "virtualIp", address: "10.20.0.5", floatingIp: false } },
  external: { ...full, apiEndpoint: { kind: "external", host: "api.example.org", allowedCidrs: ["10.0.0.0/8"] } },
  ssh: {
    ...full,
    flux: { url: "ssh://git@git.example.org/a.git" },
    credentials: {
      ...(full.credentials as Values),
      git: {
        privateKey: "encrypted",
        knownHosts: "git.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEga2V5IGZvciB0aGUgdGVzdHMgb2YgZXZlcnkga2V5",
      },
    },
  },
  existing: {
    ...full,
    network: { cidr: "10.20.0.0/22", networkId: uuid(0), subnetId: uuid(1) },
    apiEndpoint: { kind: "loadBalancer" },
    ssh: {},
  },
  existingRouter: {
    ...full,
    network: { cidr: "10.20.0.0/22", routerId: uuid(2) },
    apiEndpoint: { kind: "loadBalancer" },
    ssh: {},
  },
  upstream: { ...full, packageSource: "upstream", packageMirror: undefined },
};

/** Which cluster has the key, where it is not `full`. */
function baseOf(pattern: string, variant: string | undefined): Values {
  if (variant !== undefined && variant !== "loadBalancer") return bases[variant] as Values;
  if (/^credentials\.git\.(privateKey|knownHosts)$/.test(pattern)) return bases.ssh as Values;
  if (pattern === "network.subnetId") return bases.existing as Values;
  if (pattern === "network.routerId") return bases.existingRouter as Values;
  return full;
}

/** Other values of keys that must fit something: what else changes with them stands beside. */
const others: Readonly<Record<string, readonly (readonly [Path, unknown])[]>> = {
  "os.family": [[["os"], { family: "ubuntu", version: "24.04" }]],
  "os.version": [[["os", "version"], "8"]],
  "network.cidr": [
    [["network", "cidr"], "10.30.0.0/22"],
    [["apiEndpoint", "address"], "10.30.0.5"],
  ],
  "kubernetes.podCidr": [[["kubernetes", "podCidr"], "10.244.0.0/16"]],
  "kubernetes.serviceCidr": [[["kubernetes", "serviceCidr"], "10.112.0.0/12"]],
  "kubernetes.version": [[["kubernetes", "version"], "1.36.3"]],
  "kubernetes.allowEndedMinor": [[["kubernetes", "allowEndedMinor"], "1.34"]],
  "controlPlane.replicas": [[["controlPlane", "replicas"], 3]],
  "apiEndpoint.address": [[["apiEndpoint", "address"], "10.20.0.6"]],
  "apiEndpoint.kind": [[["apiEndpoint"], { kind: "external", host: "api.example.org" }]],
  packageSource: [
    [["packageSource"], "upstream"],
    [["packageMirror"], undefined],
  ],
  packageMirror: [
    [["packageMirror"], undefined],
    [["packageSource"], "upstream"],
  ],
  roll: [[["roll"], ["general"]]],
  "promotion.allow": [[["promotion", "allow"], ["1.36.3"]]],
  flux: [
    [["flux"], undefined],
    [["credentials", "git"], undefined],
    [["credentials", "sopsAgeKey"], undefined],
  ],
  cloudProvider: [
    [["cloudProvider"], undefined],
    [["credentials", "openstack"], undefined],
  ],
  credentials: [
    [["credentials"], undefined],
    [["cloudProvider"], undefined],
    [["kubernetes", "etcd", "backup"], undefined],
  ],
  "credentials.etcdBackup": [
    [["credentials", "etcdBackup"], undefined],
    [["kubernetes", "etcd", "backup"], undefined],
  ],
  "kubernetes.etcd.backup": [
    [["kubernetes", "etcd", "backup"], undefined],
    [["credentials", "etcdBackup"], undefined],
  ],
  "kubernetes.etcd.backup.prefix": [[["kubernetes", "etcd", "backup", "prefix"], "etcd/"]],
  "kubernetes.etcd.backup.recipient": [[["kubernetes", "etcd", "backup", "recipient"], otherCertificate]],
  "credentials.openstack": [
    [["credentials", "openstack"], undefined],
    [["cloudProvider"], undefined],
  ],
  "credentials.git.privateKey": [[["credentials", "git", "privateKey"], otherPrivateKey]],
  "credentials.sopsAgeKey": [[["credentials", "sopsAgeKey"], otherAgeKey]],
  "ssh.authorizedKeys": [
    [
      ["ssh", "authorizedKeys"],
      ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEga2V5IGZvciB0aGUgdGVzdHMgb2YgZXZlcnkga2V5 two"],
    ],
  ],
  "flux.commitSigners": [
    [
      ["flux", "commitSigners"],
      ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEga2V5IGZvciB0aGUgdGVzdHMgb2YgZXZlcnkga2V5 one"],
    ],
  ],
  "packageMirror.signingKey": [
    [
      ["packageMirror", "signingKey"],
      "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmAEE\n-----END PGP PUBLIC KEY BLOCK-----",
    ],
  ],
  extraCas: [[["extraCas"], [caCertificate]]],
  "oidc.ca": [[["oidc", "ca"], undefined]],
  "cloudProvider.ca": [[["cloudProvider", "ca"], caCertificate]],
  "kubernetes.etcd.electionTimeoutMs": [[["kubernetes", "etcd", "electionTimeoutMs"], 3000]],
  "kubernetes.podSecurity.exemptNamespaces": [
    [
      ["kubernetes", "podSecurity", "exemptNamespaces"],
      ["kube-system", "tigera-operator", "calico-system", "calico-apiserver", "csi"],
    ],
  ],
};

/** Every key of the schema that can change on a cluster that exists. */
export function everyKeyChange(): KeyChange[] {
  return changesBelow(shapeOfCluster(), [], "", undefined);
}

function changesBelow(shape: Shape, path: Path, pattern: string, variant: string | undefined): KeyChange[] {
  const below = (keys: Readonly<Record<string, Shape>>, of = variant) =>
    Object.entries(keys).flatMap(([key, inner]) =>
      changesBelow(inner, [...path, key], pattern === "" ? key : `${pattern}.${key}`, of),
    );
  if (shape.kind === "section") {
    return [
      ...(path.length > 0 && !shape.required && shape.default === undefined ? one(shape, path, pattern, variant) : []),
      ...below(shape.keys),
    ];
  }
  if (shape.kind === "variants") {
    return Object.entries(shape.variants).flatMap(([name, { keys }]) => {
      const rest = Object.fromEntries(Object.entries(keys).filter(([key]) => key !== "kind"));
      return [
        ...(name === "loadBalancer" ? one(shape, [...path, "kind"], `${pattern}.kind`, name) : []),
        ...below(rest, name),
      ];
    });
  }
  if (shape.kind === "list" && shape.items.kind === "section" && "name" in shape.items.keys) {
    return [
      ...one(shape, path, pattern, variant),
      ...changesBelow({ ...shape.items, required: true }, [...path, 0], `${pattern}[]`, variant),
    ];
  }
  return one(shape, path, pattern, variant);
}

function one(shape: Shape, path: Path, pattern: string, variant: string | undefined): KeyChange[] {
  const before = baseOf(pattern, variant);
  const changes = others[pattern] ?? [[path, anotherValue(shape, valueAt(path, before))] as const];
  const after = changes.reduce<unknown>((values, [at, value]) => put(values, at, value), before) as Values;
  return [{ pattern, before, after }];
}

/** A value of the shape that differs from `value`, or from the default where there is none. */
function anotherValue(shape: Shape, value: unknown): unknown {
  const current = value ?? shape.default;
  switch (shape.kind) {
    case "boolean":
      return current !== true;
    case "number": {
      const number = Number(current ?? shape.minimum);
      return shape.maximum !== undefined && number >= shape.maximum ? number - 1 : number + 1;
    }
    case "text":
      return anotherText(shape.choices, shape.format, current as string | undefined);
    case "map":
      return {
        ...(current as object | undefined),
        [shape.keyFormat === "setting name" ? "ANOTHER" : "another"]: "value",
      };
    case "list":
      return shape.items.kind === "section"
        ? [...((current ?? []) as unknown[]), item(shape.items.keys)]
        : [anotherValue(shape.items, undefined)];
    default:
      return undefined;
  }
}

/** The least item of a list. */
export function item(keys: Readonly<Record<string, Shape>>): unknown {
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, shape]) =>
      shape.required ? [[key, anotherValue(shape, undefined)] as const] : [],
    ),
  );
}

function anotherText(choices: readonly string[] | undefined, format: string, current: string | undefined): string {
  if (choices !== undefined) return choices.find((choice) => choice !== current) as string;
  const byFormat: Readonly<Record<string, string>> = {
    "OpenStack id": uuid(9),
    CIDR: "172.20.0.0/16",
    "IPv4 address": "10.0.9.9",
    host: "other.example.org",
    URL: "https://other.example.org/x",
    "host, domain or CIDR": "other.example.org",
    "registry host": "registry.k8s.io",
    "DNS domain": "other.local",
    secret: "another secret",
    "known_hosts lines":
      "other.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEga2V5IGZvciB0aGUgdGVzdHMgb2YgZXZlcnkga2V5",
    path: "/var/lib/other",
    "number or percentage": "3",
  };
  if (format === "URL" && current?.startsWith("http://") === true) return "http://other.example.org:1";
  if (format === "URL" && current?.startsWith("oci://") === true) return "oci://other.example.org/charts";
  if (format === "path" && current?.startsWith("gitops") === true) return "gitops/clusters/other";
  return byFormat[format] ?? "another";
}

export function put(values: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value;
  const inner = put(valueAt([step], values), rest, value);
  if (Array.isArray(values)) return values.map((old: unknown, index) => (index === step ? inner : old));
  return { ...(values as object | undefined), [step]: inner };
}
