/**
 * The settings that gitops/ reads besides those that the program computes, each with the form that its reader wants. A
 * test compares the names with gitops/, and docs/gitops.md says what each is for.
 */
import { didYouMean, shown } from "./keyPath";
import { chartSettings } from "./platformComponents";
import { host, url } from "./schema/primitives";
import { isAmbiguous } from "./yamlReaders";

interface Form {
  /** What follows "must be". */
  readonly words: string;
  readonly test: (value: string) => boolean;
}

const matching = (words: string, pattern: RegExp): Form => ({ words, test: (value) => pattern.test(value) });

/** Stands without quotes in a manifest, so YAML must read it as text. */
const isText = (value: string) => !isAmbiguous(value) && !/^(true|false|null|\d+)$/i.test(value);

const count = matching("a whole number from 1 to 999", /^[1-9]\d{0,2}$/);
const quantity = matching("a quantity of Kubernetes such as 50Gi or 500m", /^\d+(\.\d+)?(m|[kMGTPE]|[KMGTPE]i)?$/);
const goDuration = matching("a duration such as 10m or 1h30m", /^(\d+(\.\d+)?(ms|s|m|h))+$/);
const retention = matching("a duration of Prometheus such as 15d or 2w", /^(\d+(ms|[smhdwy]))+$/);
const prometheusSize = matching("a size of Prometheus such as 40GB", /^\d+(B|[KMGTPE]B)$/);
const fluentBitSize = matching("a size of Fluent Bit such as 2G", /^\d+[KMG]?$/);
const timeOfDay = matching("a time of day such as 01:00", /^([01]\d|2[0-3]):[0-5]\d$/);
const domain = matching(
  "a domain such as apps.example.org",
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/,
);
const port: Form = {
  words: "a port from 1 to 65535",
  test: (value) => /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65535,
};
const name: Form = {
  words: "a name that YAML reads as text: letters, digits, -, _, . and /",
  test: (value) => /^[A-Za-z0-9]([-\w./]*[A-Za-z0-9])?$/.test(value) && isText(value),
};
const prefix: Form = {
  words: "letters, digits, - and _ that YAML reads as text",
  test: (value) => /^[A-Za-z0-9_][-\w]*$/.test(value) && isText(value),
};
const names = matching("names with commas between and no blanks, or *", /^(\*|[\w.:/-]+(,[\w.:/-]+)*)$/);
const server: Form = {
  words: "a host name or an IPv4 address",
  test: (value) => host.safeParse(value).success && isText(value),
};
const serverWithPort: Form = {
  words: "a host or address, if need be with a port, for instance 10.0.0.53:53",
  test: (value) => {
    const [address = "", number, ...rest] = value.split(":");
    return server.test(address) && (number === undefined || port.test(number)) && rest.length === 0;
  },
};
const servers: Form = {
  words: "hosts with ports and commas between, for instance 10.0.0.53:53,10.0.1.53:53",
  test: (value) => value.split(",").every((entry) => entry.includes(":") && serverWithPort.test(entry)),
};
const image = matching(
  "an image with its registry and tag or digest",
  /^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9._-]+)+(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
);
const registry = matching("a registry, or a folder in one", /^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9._-]+)*$/);
const email = matching("an e-mail address", /^[^\s@:#"']+@[^\s@:#"']+\.[a-z]{2,}$/i);
const address = (...schemes: readonly string[]): Form => ({
  words: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`,
  test: (value) => url(schemes, { query: true }).safeParse(value).success,
});
const charts = address("https", "oci");
const oneOf = (...choices: readonly string[]): Form => ({
  words: `one of ${choices.join(", ")}`,
  test: (value) => choices.includes(value),
});
/** An option's folder in gitops/options. */
const option = (...options: readonly string[]) => oneOf(...options, "none");
const timeZone: Form = {
  words: "a time zone of IANA such as Europe/Berlin",
  test: (value) => {
    try {
      return /^[A-Za-z]/.test(value) && new Intl.DateTimeFormat("en", { timeZone: value }).format() !== "";
    } catch {
      return false;
    }
  },
};
const days = matching(
  "a list of days such as [mo, tu, we, th]",
  /^\[ ?(su|mo|tu|we|th|fr|sa)(, ?(su|mo|tu|we|th|fr|sa))* ?\]$/,
);
const json = (words: string, isWanted: (value: unknown) => boolean): Form => ({
  words,
  test: (value) => {
    try {
      return isWanted(JSON.parse(value));
    } catch {
      return false;
    }
  },
});
const hostnames = json('a list of names in JSON such as ["app.example.org"]', (value) => {
  const list = Array.isArray(value) ? (value as unknown[]) : [];
  return list.length > 0 && list.every((entry) => typeof entry === "string" && domain.test(entry.replace(/^\*\./, "")));
});
const object = json(
  'one line of JSON such as {"zone": "example.org."}',
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);
/** Where alerts link to: an address, or a folder of the repository. */
const place = matching("a URL or a folder", /^[^\s"'#]+$/);

const ownSettings = {
  ACME: option("acme-http-01", "acme-dns-01", "acme-webhook"),
  ACME_DNS_ALGORITHM: oneOf("HMACMD5", "HMACSHA1", "HMACSHA256", "HMACSHA512"),
  ACME_DNS_KEY_NAME: name,
  ACME_DNS_RESOLVERS: servers,
  ACME_DNS_SERVER: serverWithPort,
  ACME_EMAIL: email,
  ACME_SERVER: address("https"),
  ACME_WEBHOOK_CONFIG: object,
  ACME_WEBHOOK_GROUP: domain,
  ACME_WEBHOOK_SOLVER: name,
  ALERTMANAGER_REPLICAS: count,
  ALLOWED_REGISTRIES: names,
  ALLOWED_STORAGE_CLASSES: names,
  APPS_DOMAIN: domain,
  APPS_HOSTNAMES: hostnames,
  APPS_ISSUER: name,
  APPS_ISSUER_KIND: oneOf("ClusterIssuer", "Issuer"),
  CANARY_CURL_IMAGE: image,
  CANARY_IMAGE: image,
  GITLAB_URL: address("https", "http"),
  GRAFANA_ADMINS: matching("the name of a group, without quotes", /^[^\s'"\\]([^'"\\]*[^\s'"\\])?$/),
  INGRESS_REPLICAS: count,
  KYVERNO_REPLICAS: count,
  LOGS: option("opensearch"),
  LOGS_QUEUE: fluentBitSize,
  NETAPP: option("trident"),
  NOTIFICATIONS: option("slack"),
  OPENSEARCH_HOST: server,
  OPENSEARCH_PORT: port,
  PLATFORM_NODE_ROLE: matching(
    "a role such as platform: lower-case letters, digits and -",
    /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
  ),
  PROMETHEUS_MEMORY: quantity,
  PROMETHEUS_REPLICAS: count,
  PROMETHEUS_RETENTION: retention,
  PROMETHEUS_RETENTION_SIZE: prometheusSize,
  PROMETHEUS_STORAGE: quantity,
  REBOOTS: option("kured"),
  REBOOT_CHECK_PERIOD: goDuration,
  REBOOT_DAYS: days,
  REBOOT_END: timeOfDay,
  REBOOT_PAUSE: goDuration,
  REBOOT_START: timeOfDay,
  REBOOT_TIME_ZONE: timeZone,
  RUNBOOKS: place,
  RUNNERS: option("gitlab-runner"),
  RUNNER_CONCURRENT_JOBS: count,
  RUNNER_IMAGE: image,
  RUNNER_JOBS_CPU: quantity,
  RUNNER_JOBS_MEMORY: quantity,
  SECOND_INGRESS: option("ingress-nginx"),
  SECOND_INGRESS_REPLICAS: count,
  SNAPSHOTS: option("snapshots"),
  SNAPSHOTTER_GIT: address("https", "ssh"),
  TRIDENT_DATA_ADDRESS: server,
  TRIDENT_DRIVER: oneOf("ontap-nas", "ontap-nas-economy", "ontap-nas-flexgroup"),
  TRIDENT_MANAGEMENT_ADDRESS: server,
  TRIDENT_NFS_VERSION: oneOf("3", "4", "4.0", "4.1", "4.2"),
  TRIDENT_PREFIX: prefix,
  TRIDENT_REGISTRY: registry,
  TRIDENT_SVM: name,
  UI: option("headlamp", "kubernetes-dashboard"),
  UI_OIDC_SCOPES: names,
} as const satisfies Readonly<Record<string, Form>>;

export const fluxSettings: Readonly<Record<string, Form>> = {
  ...ownSettings,
  ...Object.fromEntries(chartSettings.map((setting) => [setting, charts])),
};

/**
 * Settings without a default that an option cannot do without, by the setting that chooses it: Flux refuses to build
 * the option else, and `up` waits for it in vain.
 */
export const neededBy: Readonly<Record<string, Readonly<Record<string, readonly (keyof typeof ownSettings)[]>>>> = {
  ACME: {
    "acme-http-01": ["ACME_EMAIL"],
    "acme-dns-01": ["ACME_EMAIL", "ACME_DNS_SERVER", "ACME_DNS_KEY_NAME"],
    "acme-webhook": ["ACME_EMAIL", "ACME_WEBHOOK_GROUP", "ACME_WEBHOOK_SOLVER", "ACME_WEBHOOK_CONFIG"],
  },
  LOGS: { opensearch: ["OPENSEARCH_HOST"] },
  NETAPP: { trident: ["TRIDENT_MANAGEMENT_ADDRESS", "TRIDENT_DATA_ADDRESS", "TRIDENT_SVM"] },
  RUNNERS: { "gitlab-runner": ["GITLAB_URL"] },
};

const formOf = (setting: string): Form | undefined =>
  Object.hasOwn(fluxSettings, setting) ? fluxSettings[setting] : undefined;

/** What is wrong with the settings of a stack. */
export function settingProblems(settings: Readonly<Record<string, string>>): string[] {
  return [...wrongEntries(settings), ...lackingEntries(settings)];
}

function lackingEntries(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(neededBy).flatMap(([setting, options]) => {
    const chosen = settings[setting];
    const needed = chosen !== undefined && Object.hasOwn(options, chosen) ? (options[chosen] ?? []) : [];
    return needed
      .filter((name) => settings[name] === undefined)
      .map(
        (name) => `flux.settings.${setting} is "${String(chosen)}" but ${name} is absent; set flux.settings.${name}.`,
      );
  });
}

/** Values of another form, and names that are one of these but for a slip. */
function wrongEntries(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([setting, value]) => {
    const form = formOf(setting);
    if (form !== undefined)
      return form.test(value) ? [] : [`flux.settings.${setting} is ${shown(value)} but must be ${form.words}.`];
    const near = didYouMean(setting, Object.keys(fluxSettings));
    return near === undefined
      ? []
      : [`flux.settings has "${setting}", which gitops/ does not read; did you mean ${near}?`];
  });
}

/** Settings that gitops/ of this repository does not read, and that are like none which it reads. */
export function unreadSettings(settings: Readonly<Record<string, string>>): string[] {
  return Object.keys(settings).filter(
    (setting) => formOf(setting) === undefined && didYouMean(setting, Object.keys(fluxSettings)) === undefined,
  );
}
