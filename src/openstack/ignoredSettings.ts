/** Settings that other OpenStack clients read and the OpenStack provider does not, so that neither do we. */
import type { CloudEntry } from "./cloudsYaml";
import { authSettings, type ProviderConfiguration, type Settings } from "./settings";

interface Sources {
  readonly cloud?: CloudEntry;
  readonly cloudName?: string;
  readonly settings: Settings;
  readonly provider: ProviderConfiguration;
  readonly environment: NodeJS.ProcessEnv;
}

/** A sentence for each that is set. */
export function ignoredSettings(sources: Sources): string[] {
  return [
    ...besideCloud(sources),
    ...otherInterface(sources),
    ...foreignNames(sources),
    ...secretsElsewhere(sources),
    ...halfClientCertificate(sources),
  ];
}

const unread = "which the OpenStack provider does not read";

/** Who logs in is for the cloud of clouds.yaml alone to say. */
function besideCloud({ cloud, cloudName, provider }: Sources): string[] {
  if (cloud === undefined) return [];
  const keys = Object.values(authSettings)
    .map(({ provider: key }) => key)
    .filter((key) => (provider(key) ?? "") !== "");
  if (keys.length === 0) return [];
  return [
    `The stack sets ${keys.map((key) => `openstack:${key}`).join(", ")}, ${unread} beside a cloud ("${cloudName}"); move them into clouds.yaml.`,
  ];
}

function otherInterface({ cloud, settings, environment }: Sources): string[] {
  if (settings.endpointType !== undefined) return [];
  const candidates = [
    ["OS_INTERFACE", environment.OS_INTERFACE],
    [`interface of ${cloud?.what}`, cloud?.values.interface],
    [`endpoint_type of ${cloud?.what}`, cloud?.values.endpoint_type],
  ] as const;
  return candidates.flatMap(([where, value]) =>
    value === undefined || /^(|public(URL)?)$/.test(value)
      ? []
      : [`${where} is "${value}", ${unread}; set OS_ENDPOINT_TYPE or openstack:endpointType instead.`],
  );
}

const secretsPlace = "put secure.yaml into the current folder or ~/.config/openstack";

/** Variables and keys of other clients, and what to do instead. */
const foreign: readonly (readonly [RegExp, string])[] = [
  [/^(OS_\w+_ENDPOINT_OVERRIDE|\w+_endpoint_override)$/, "set openstack:endpointOverrides instead"],
  [/^OS_CLIENT_SECURE_FILE$/, secretsPlace],
  [/^(OS_PASSCODE|auth\.passcode)$/, "log in with an application credential instead"],
  [/^auth\.tenant_(name|id)$/, "write project_name or project_id instead"],
  [/^(OS_TRUST_ID|auth\..*)$/, "take it out"],
];
/** Ways to log in that the provider has. */
const knownAuthType = /^(|(v3)?(password|token|applicationcredential))$/;

function foreignNames({ cloud, environment }: Sources): string[] {
  const names = [
    ...Object.keys(environment).filter((name) => environment[name] !== ""),
    ...Object.keys(cloud?.auth ?? {}).flatMap((key) =>
      key in authSettings || key === "allow_reauth" ? [] : [`auth.${key}`],
    ),
    ...Object.keys(cloud?.values ?? {}),
  ];
  const authTypes = [
    ["OS_AUTH_TYPE", environment.OS_AUTH_TYPE],
    [`auth_type of ${cloud?.what}`, cloud?.values.auth_type],
  ] as const;
  return [
    ...names.flatMap((name) => {
      const remedy = foreign.find(([pattern]) => pattern.test(name))?.[1];
      const where = name.startsWith("OS_") ? name : `${name} of ${cloud?.what}`;
      return remedy === undefined ? [] : [`${where} is set, ${unread}; ${remedy}.`];
    }),
    ...authTypes.flatMap(([where, value = ""]) =>
      knownAuthType.test(value)
        ? []
        : [`${where} is "${value}", a way to log in that the OpenStack provider does not have.`],
    ),
  ];
}

const secretsElsewhere = ({ cloud }: Sources) =>
  cloud?.unreadSecrets === undefined ? [] : [`There is ${cloud.unreadSecrets}, ${unread}; ${secretsPlace}.`];

function halfClientCertificate({ settings: { connection } }: Sources): string[] {
  if ((connection.cert === undefined) === (connection.key === undefined)) return [];
  const [set, missing] = connection.cert === undefined ? ["key", "cert"] : ["cert", "key"];
  return [`OpenStack's ${set} is set without ${missing}, so the OpenStack provider uses neither; set both.`];
}
