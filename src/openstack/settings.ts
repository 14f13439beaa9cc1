/**
 * What says where the cloud is and who logs in: each setting with its name in clouds.yaml, its environment variables
 * and its key of the `openstack:` configuration. Names and precedence are those of the OpenStack provider
 * (terraform-provider-openstack 1.54.1, its gophercloud/utils): test/openstack/provider.engine.test.ts compares them.
 */
import type { CloudEntry } from "./cloudsYaml";

/** Reads a key of the `openstack:` configuration; structured values come as JSON. */
export type ProviderConfiguration = (key: string) => string | undefined;

interface Names {
  readonly environment: readonly string[];
  /** Absent: the provider has no key for it. */
  readonly provider?: string;
}

/** Settings below `auth` of a cloud in clouds.yaml. */
export const authSettings = {
  auth_url: { environment: ["OS_AUTH_URL"], provider: "authUrl" },
  username: { environment: ["OS_USERNAME"], provider: "userName" },
  user_id: { environment: ["OS_USER_ID"], provider: "userId" },
  password: { environment: ["OS_PASSWORD"], provider: "password" },
  token: { environment: ["OS_TOKEN", "OS_AUTH_TOKEN"], provider: "token" },
  project_name: { environment: ["OS_TENANT_NAME", "OS_PROJECT_NAME"], provider: "tenantName" },
  project_id: { environment: ["OS_TENANT_ID", "OS_PROJECT_ID"], provider: "tenantId" },
  user_domain_name: { environment: ["OS_USER_DOMAIN_NAME"], provider: "userDomainName" },
  user_domain_id: { environment: ["OS_USER_DOMAIN_ID"], provider: "userDomainId" },
  project_domain_name: { environment: ["OS_PROJECT_DOMAIN_NAME"], provider: "projectDomainName" },
  project_domain_id: { environment: ["OS_PROJECT_DOMAIN_ID"], provider: "projectDomainId" },
  domain_name: { environment: ["OS_DOMAIN_NAME"], provider: "domainName" },
  domain_id: { environment: ["OS_DOMAIN_ID"], provider: "domainId" },
  default_domain: { environment: ["OS_DEFAULT_DOMAIN"], provider: "defaultDomain" },
  application_credential_id: { environment: ["OS_APPLICATION_CREDENTIAL_ID"], provider: "applicationCredentialId" },
  application_credential_name: {
    environment: ["OS_APPLICATION_CREDENTIAL_NAME"],
    provider: "applicationCredentialName",
  },
  application_credential_secret: {
    environment: ["OS_APPLICATION_CREDENTIAL_SECRET"],
    provider: "applicationCredentialSecret",
  },
  system_scope: { environment: ["OS_SYSTEM_SCOPE"], provider: "systemScope" },
} as const satisfies Record<string, Names>;

/** Settings beside `auth`. */
const connectionSettings = {
  region_name: { environment: ["OS_REGION_NAME"], provider: "region" },
  cacert: { environment: ["OS_CACERT"], provider: "cacertFile" },
  cert: { environment: ["OS_CERT"], provider: "cert" },
  key: { environment: ["OS_KEY"], provider: "key" },
} as const satisfies Record<string, Names>;

export type AuthSettings = Readonly<Partial<Record<keyof typeof authSettings, string>>>;

export interface Settings {
  readonly auth: AuthSettings;
  readonly connection: Readonly<Partial<Record<keyof typeof connectionSettings, string>>>;
  /** Whether certificates are believed unverified. */
  readonly insecure: boolean;
  readonly endpointType?: string;
  /** Whether the provider may log in again when its token ends. */
  readonly allowReauth: boolean;
}

/**
 * Collects the settings. With a cloud of clouds.yaml, `auth` comes from there, the environment fills gaps, and the
 * provider configuration counts for what stands beside `auth` only. Without one, the provider configuration comes first
 * and the environment second. Of two variables with one meaning the provider takes the first without a cloud, the last
 * with one.
 */
export function collectSettings(
  cloud: CloudEntry | undefined,
  provider: ProviderConfiguration,
  environment: NodeJS.ProcessEnv,
): Settings {
  const first = ({ environment: names, provider: key }: Names) =>
    filled(key && provider(key)) ?? names.map((name) => filled(environment[name])).find((value) => value !== undefined);
  const auth = Object.entries<Names>(authSettings).map(([setting, names]) => [
    setting,
    cloud === undefined
      ? first(names)
      : (filled(cloud.auth[setting]) ?? names.environment.map((name) => filled(environment[name])).findLast(Boolean)),
  ]);
  const connection = Object.entries<Names>(connectionSettings).map(([setting, names]) => [
    setting,
    first(names) ?? filled(cloud?.values[setting]),
  ]);
  const truth = (names: Names) => {
    const value = first(names);
    return value === undefined ? undefined : parseBool(value, `openstack:${names.provider} (${names.environment[0]})`);
  };
  return {
    auth: {
      ...(cloud === undefined ? { default_domain: "default" } : {}),
      ...withoutGaps(auth),
    },
    connection: withoutGaps(connection),
    insecure: truth({ environment: ["OS_INSECURE"], provider: "insecure" }) ?? cloud?.insecure ?? false,
    endpointType: first({ environment: ["OS_ENDPOINT_TYPE"], provider: "endpointType" }),
    allowReauth: truth({ environment: ["OS_ALLOW_REAUTH"], provider: "allowReauth" }) ?? true,
  };
}

const filled = (value: string | undefined) => (value === "" ? undefined : value);

const withoutGaps = (entries: readonly (readonly (string | undefined)[])[]) =>
  Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, string>;

/** The words that Go's strconv.ParseBool knows. Throws a sentence for any other. */
function parseBool(value: string, what: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
  throw new Error(`${what} is "${value}", but it is true or false`);
}
