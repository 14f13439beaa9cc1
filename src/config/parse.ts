/** From what a user wrote to the one value that the program reads, or to every reason why not. */
import { nthAddress } from "./cidr";
import { rules } from "./checks";
import type { Checked } from "./checks/rule";
import type { ClusterConfig } from "./clusterConfig";
import { ConfigError } from "./configError";
import { releaseOf } from "./operatingSystems";
import { repeatedItems } from "./repeatedItems";
import { clusterSchema, type ParsedCluster } from "./schema";
import { clusterNamespaces } from "./schema/kubernetes";
import { schemaSentences } from "./schemaSentences";
import type { KeyProblem } from "./plainSecrets";
import { shapeOfCluster, valueAt } from "./shape";
import { shown } from "./keyPath";
import { inWantedForm } from "./textForms";

interface ParseOptions {
  /** Top-level keys that hold a Pulumi secret: no sentence shows a value from them. Default: none. */
  readonly secretKeys?: ReadonlySet<string>;
  /** What the reader of the stack file found wrong: reported with all else. Default: nothing. */
  readonly problems?: readonly KeyProblem[];
  /** What the user edits, for the heading of the error. Default: the stack's name. */
  readonly source?: string;
}

/**
 * Parses and checks a stack's configuration; `raw` has the keys of `Pulumi.<stack>.yaml` without the project's
 * namespace, values as YAML or as Pulumi's text forms. Throws a ConfigError with every problem, of single fields and
 * between fields, at once.
 */
export function parseClusterConfig(
  raw: Record<string, unknown>,
  stack: string,
  options: ParseOptions = {},
): ClusterConfig {
  const input = inWantedForm(raw, shapeOfCluster());
  const whole = clusterSchema.safeParse(input);
  const known = options.problems ?? [];
  const parsed: Partial<ParsedCluster> = whole.success ? { ...absentKeys, ...whole.data } : parsedSections(input);
  const unread = new Set(known.flatMap(({ path, unread }) => (unread ? [String(path[0])] : [])));
  const nameParsed = "clusterName" in parsed;
  const clusterName = nameParsed ? (parsed.clusterName ?? nameFromStack(stack)) : undefined;
  const isUnread = (path: readonly PropertyKey[]) =>
    known.some((problem) => problem.unread && problem.path.every((step, index) => path[index] === step));
  const issues = whole.success ? [] : whole.error.issues.filter((issue) => !isUnread(issue.path));
  const sentences = [
    ...known.map(({ sentence }) => sentence),
    ...schemaSentences(issues, input, options.secretKeys ?? new Set()),
    ...(nameParsed && clusterName === undefined
      ? [
          `clusterName is absent and the stack's name ${shown(stack)} cannot serve, as a cluster's name must be lower-case letters, digits and "-", at most 32; set clusterName.`,
        ]
      : []),
    ...Object.entries(shapeOfCluster().keys).flatMap(([key, shape]) =>
      unread.has(key) ? [] : repeatedItems(shape, valueAt([key], parsed), [key]),
    ),
    ...rules.flatMap((rule) =>
      rule.needs.every((key) => key in parsed && !unread.has(key))
        ? rule.problems({ ...parsed, clusterName } as Checked)
        : [],
    ),
  ];
  if (!whole.success || clusterName === undefined || sentences.length > 0) {
    throw new ConfigError(
      options.source ?? `stack ${stack}`,
      withoutSecrets(sentences, input, options.secretKeys ?? new Set()),
    );
  }
  return deepFreeze(complete(whole.data, clusterName, stack));
}

/**
 * Shortest text that is taken for a secret, in characters: replacing shorter ones would garble words that merely
 * contain them.
 */
const shortestSecret = 6;

/**
 * The sentences with every text that stands under a secret key replaced: rules name values without knowing what is
 * secret.
 */
function withoutSecrets(sentences: readonly string[], input: unknown, secretKeys: ReadonlySet<string>): string[] {
  const texts = [...secretKeys]
    .flatMap((key) => textsWithin(valueAt([key], input)))
    .filter((text) => text.length >= shortestSecret);
  return sentences.map((sentence) => texts.reduce((result, text) => result.replaceAll(text, "[secret]"), sentence));
}

function textsWithin(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsWithin) : [];
}

/** Every top-level key, so that an optional one that is absent counts as parsed. */
const absentKeys: Partial<ParsedCluster> = Object.fromEntries(
  Object.keys(clusterSchema.shape).map((key) => [key, undefined]),
);

/**
 * The top-level keys that parse on their own, with their defaults: those that the rules between fields can still look
 * at.
 */
function parsedSections(input: unknown): Partial<ParsedCluster> {
  const values = input as Readonly<Record<string, unknown>>;
  const entries = Object.entries(clusterSchema.shape).flatMap(([key, schema]) => {
    const result = schema.safeParse(Object.hasOwn(values, key) ? values[key] : undefined);
    return result.success ? [[key, result.data] as const] : [];
  });
  return Object.fromEntries(entries);
}

function nameFromStack(stack: string): string | undefined {
  return clusterSchema.shape.clusterName.safeParse(stack).data;
}

/** Bytes that the CNI adds to every packet between machines: VXLAN 50, IP-in-IP 20 (Calico's documentation on MTU). */
const encapsulationOverhead = { vxlan: 50, ipip: 20, none: 0 } as const;

function complete(parsed: ParsedCluster, clusterName: string, stack: string): ClusterConfig {
  const { podSecurity } = parsed.kubernetes;
  return {
    ...parsed,
    clusterName,
    stack,
    os: { ...parsed.os, cgroup: parsed.os.cgroup ?? releaseOf(parsed.os)?.cgroups[0] ?? "v2" },
    kubernetes: {
      ...parsed.kubernetes,
      podSecurity: {
        ...podSecurity,
        exemptNamespaces: [...new Set([...clusterNamespaces, ...podSecurity.exemptNamespaces])],
      },
      // Who approves the kubelets' requests comes with Flux.
      kubeletServingCertificate:
        parsed.kubernetes.kubeletServingCertificate ?? (parsed.flux === undefined ? "selfSigned" : "clusterCa"),
    },
    podMtu: parsed.network.mtu - encapsulationOverhead[parsed.cni.encapsulation],
    clusterDnsIp: nthAddress(parsed.kubernetes.serviceCidr, 10),
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
