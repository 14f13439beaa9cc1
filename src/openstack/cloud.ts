/**
 * Where the cloud is and who we are there: the same sources as the OpenStack provider, read as the provider reads them.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import { messageOf } from "../engine/messageOf";
import { proxiesOf, type Proxies } from "../engine/proxies";
import { cloudsYamlFolders, readCloud, type CloudEntry } from "./cloudsYaml";
import { ignoredSettings } from "./ignoredSettings";
import { keystoneAuth, type KeystoneAuth } from "./keystoneAuth";
import { collectSettings, type ProviderConfiguration, type Settings } from "./settings";

type EndpointType = "public" | "internal" | "admin";

export interface OpenstackCloud extends KeystoneAuth {
  /** Without its version. */
  readonly authUrl: string;
  /** Absent: the first region of the catalog. */
  readonly region?: string;
  /** Certificates of the CAs that may sign the cloud's, PEM. Absent: those that this machine trusts. */
  readonly ca?: string;
  /** Certificate and key that we show to the cloud, PEM. */
  readonly client?: { readonly cert: string; readonly key: string };
  /** Whether certificates are believed unverified. */
  readonly insecure: boolean;
  /** Which address of the catalog's is used. @default public */
  readonly endpointType?: EndpointType;
  /** Addresses that replace the catalog's, version included, by the provider's names of the services. */
  readonly endpointOverrides?: Readonly<Record<string, string>>;
  /** Absent: none. */
  readonly proxies?: Proxies;
  /** A sentence for each setting that is there and has no effect, since the OpenStack provider does not read it. */
  readonly notes?: readonly string[];
}

/**
 * Finds the cloud; throws a sentence when no source names one, or when the provider would refuse what it finds.
 * `provider` reads a key of the `openstack:` configuration.
 */
export function findOpenstackCloud(
  provider: ProviderConfiguration,
  environment: NodeJS.ProcessEnv,
  folders: readonly string[] = cloudsYamlFolders(),
): OpenstackCloud {
  const name = provider("cloud") || environment.OS_CLOUD || undefined;
  const region = provider("region") || environment.OS_REGION_NAME || undefined;
  const cloud = name === undefined ? undefined : readCloud(name, region, environment, folders);
  const what = cloud?.what ?? "the OpenStack log-in by openstack:* and OS_*";
  const settings = withoutUserOfToken(collectSettings(cloud, provider, environment), cloud);
  const notes = ignoredSettings({ cloud, cloudName: name, settings, provider, environment });
  try {
    return {
      authUrl: keystoneUrl(settings, cloud, environment, what),
      region: settings.connection.region_name,
      ...keystoneAuth(settings, what),
      ...certificates(settings),
      insecure: settings.insecure,
      endpointType: endpointType(settings.endpointType),
      endpointOverrides: endpointOverrides(provider("endpointOverrides")),
      proxies: proxiesOf(environment),
      notes,
    };
  } catch (error) {
    // What is missing may stand where nobody reads it.
    throw new Error([messageOf(error), ...notes].join(". ").replace(/\.$/, ""));
  }
}

function certificates({ connection: { cacert, cert, key } }: Settings): Pick<OpenstackCloud, "ca" | "client"> {
  return {
    ...(cacert === undefined ? {} : { ca: pem("cacert", cacert, "CERTIFICATE") }),
    ...(cert === undefined || key === undefined
      ? {}
      : { client: { cert: pem("cert", cert, "CERTIFICATE"), key: pem("key", key, "PRIVATE KEY") } }),
  };
}

/**
 * Address of Keystone without its version. Throws a sentence when there is none, or Keystone's second version is meant.
 */
function keystoneUrl(
  { auth }: Settings,
  cloud: CloudEntry | undefined,
  environment: NodeJS.ProcessEnv,
  what: string,
): string {
  if (auth.auth_url === undefined) {
    throw new Error(
      cloud === undefined
        ? "no OpenStack cloud is configured: set OS_CLOUD (with a clouds.yaml), the OS_* variables, or openstack:* in the stack configuration"
        : `${what} has no auth_url`,
    );
  }
  if (!/^https?:\/\//.test(auth.auth_url) || !URL.canParse(auth.auth_url))
    throw new Error(`${what}: auth_url is "${auth.auth_url}", which is no http or https URL`);
  const version = environment.OS_IDENTITY_API_VERSION || cloud?.values.identity_api_version || "3";
  const url = auth.auth_url.replace(/\/+$/, "");
  if (version !== "3")
    throw new Error(`${what}: identity_api_version (OS_IDENTITY_API_VERSION) is "${version}"; only 3 is supported`);
  if (url.endsWith("/v2.0"))
    throw new Error(`${what}: auth_url ends with /v2.0, a version that OpenStack has removed; end it with /v3`);
  return url.replace(/\/v3$/, "");
}

/** A cloud whose `auth_type` is a token's forgets its user, as in gophercloud. */
function withoutUserOfToken(settings: Settings, cloud: CloudEntry | undefined): Settings {
  if (cloud?.values.auth_type?.includes("token") !== true) return settings;
  const user = ["username", "user_id", "password", "user_domain_id", "user_domain_name"];
  const rest = Object.entries(settings.auth).filter(([setting]) => !user.includes(setting));
  return { ...settings, auth: Object.fromEntries(rest) };
}

function endpointType(value = "public"): EndpointType {
  const known = (["public", "internal", "admin"] as const).find((type) => value === type || value === `${type}URL`);
  if (known !== undefined) return known;
  throw new Error(`openstack:endpointType (OS_ENDPOINT_TYPE) is "${value}", but it is public, internal or admin`);
}

/** Throws a sentence where the provider would ask at a wrong address: it puts a path right behind what stands here. */
function endpointOverrides(json: string | undefined): Readonly<Record<string, string>> | undefined {
  if (json === undefined || json === "") return undefined;
  const overrides = parseObject(json);
  for (const [service, url] of Object.entries(overrides)) {
    if (typeof url !== "string" || !/^https?:.*\/$/.test(url))
      throw new Error(
        `openstack:endpointOverrides.${service} is ${JSON.stringify(url)}; it must be a URL that ends with the version and a slash`,
      );
  }
  return overrides as Record<string, string>;
}

function parseObject(json: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // The sentence below tells it.
  }
  throw new Error(
    'openstack:endpointOverrides is no mapping of services to URLs, for instance {"compute": "https://..."}',
  );
}

/** The content of a file, or the text itself, as the provider takes both. Throws a sentence when it is no such PEM. */
function pem(setting: string, fileOrText: string, label: string): string {
  const file = fileOrText.replace(/^~(?=\/)/, os.homedir());
  const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : fileOrText;
  if (new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(text)) return text;
  // A key may stand here in the clear.
  const shown = setting === "key" || fileOrText.includes("\n") ? "a text" : `"${fileOrText}"`;
  throw new Error(
    `OpenStack's ${setting} is ${shown}, which is neither a file nor the PEM of a ${label.toLowerCase()}`,
  );
}
