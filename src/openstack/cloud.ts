/**
 * Where the cloud is and who we are there: the same sources as the OpenStack provider, in its order (provider
 * configuration, environment, clouds.yaml).
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";

export interface OpenstackCloud {
  readonly authUrl: string;
  readonly region?: string;
  /** Body of `auth` in Keystone's v3 token request. Secret. */
  readonly auth: unknown;
  /** File of the CA that signed the cloud's certificates. */
  readonly caFile?: string;
  readonly insecure: boolean;
}

/** Flat settings by the names of clouds.yaml, whatever their source. */
type Settings = Readonly<Record<string, string | undefined>>;

/** Environment variable of each setting. */
const environmentNames: Readonly<Record<string, string>> = {
  auth_url: "OS_AUTH_URL",
  username: "OS_USERNAME",
  user_id: "OS_USER_ID",
  password: "OS_PASSWORD",
  token: "OS_TOKEN",
  project_name: "OS_PROJECT_NAME",
  project_id: "OS_PROJECT_ID",
  user_domain_name: "OS_USER_DOMAIN_NAME",
  user_domain_id: "OS_USER_DOMAIN_ID",
  project_domain_name: "OS_PROJECT_DOMAIN_NAME",
  project_domain_id: "OS_PROJECT_DOMAIN_ID",
  application_credential_id: "OS_APPLICATION_CREDENTIAL_ID",
  application_credential_name: "OS_APPLICATION_CREDENTIAL_NAME",
  application_credential_secret: "OS_APPLICATION_CREDENTIAL_SECRET",
  region_name: "OS_REGION_NAME",
  cacert: "OS_CACERT",
  insecure: "OS_INSECURE",
};

/** Key of the `openstack:` provider configuration of each setting. */
const providerNames: Readonly<Record<string, string>> = {
  auth_url: "authUrl",
  username: "userName",
  user_id: "userId",
  password: "password",
  token: "token",
  project_name: "tenantName",
  project_id: "tenantId",
  user_domain_name: "userDomainName",
  user_domain_id: "userDomainId",
  project_domain_name: "projectDomainName",
  project_domain_id: "projectDomainId",
  application_credential_id: "applicationCredentialId",
  application_credential_name: "applicationCredentialName",
  application_credential_secret: "applicationCredentialSecret",
  region_name: "region",
  cacert: "cacertFile",
  insecure: "insecure",
};

/**
 * Finds the cloud; throws a sentence when no source names one. `provider` reads a key of the `openstack:`
 * configuration.
 */
export function findOpenstackCloud(
  provider: (key: string) => string | undefined,
  environment: NodeJS.ProcessEnv,
): OpenstackCloud {
  const read = (names: Readonly<Record<string, string>>, source: (name: string) => string | undefined): Settings =>
    Object.fromEntries(
      Object.entries(names).flatMap(([setting, name]) =>
        [[setting, source(name)] as const].filter(([, value]) => value !== undefined && value !== ""),
      ),
    );
  const cloudName = provider("cloud") ?? environment.OS_CLOUD;
  const settings: Settings = {
    ...(cloudName === undefined ? {} : cloudsYaml(cloudName, environment)),
    ...read(environmentNames, (name) => environment[name]),
    ...read(providerNames, provider),
  };
  if (settings.auth_url === undefined) {
    throw new Error(
      "no OpenStack cloud is configured: set OS_CLOUD (with a clouds.yaml), the OS_* variables, or openstack:* in the stack configuration",
    );
  }
  return {
    authUrl: settings.auth_url.replace(/\/+$/, "").replace(/\/v3$/, ""),
    region: settings.region_name,
    auth: keystoneAuth(settings),
    caFile: settings.cacert,
    insecure: settings.insecure === "true" || settings.insecure === "1",
  };
}

function cloudsYaml(cloudName: string, environment: NodeJS.ProcessEnv): Settings {
  const places = [
    environment.OS_CLIENT_CONFIG_FILE,
    "clouds.yaml",
    path.join(os.homedir(), ".config/openstack/clouds.yaml"),
    "/etc/openstack/clouds.yaml",
  ];
  const file = places.find((place) => place !== undefined && fs.existsSync(place));
  if (file === undefined)
    throw new Error(
      `OS_CLOUD is ${cloudName}, but there is no clouds.yaml in the current folder, ~/.config/openstack or /etc/openstack`,
    );
  const merged: Record<string, string> = {};
  for (const source of [file, file.replace(/clouds\.yaml$/, "secure.yaml")]) {
    if (!fs.existsSync(source)) continue;
    const cloud = (
      parse(fs.readFileSync(source, "utf8")) as { clouds?: Record<string, Record<string, unknown>> } | null
    )?.clouds?.[cloudName];
    for (const [key, value] of Object.entries({ ...cloud, ...(cloud?.auth as Record<string, unknown> | undefined) })) {
      if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
        merged[key] = String(value);
    }
    if (cloud?.verify === false) merged.insecure = "true";
  }
  if (merged.auth_url === undefined) throw new Error(`${file} has no cloud "${cloudName}" with an auth_url`);
  return merged;
}

function keystoneAuth(settings: Settings): unknown {
  const domain = (id: string | undefined, name: string | undefined) =>
    id === undefined ? { name: name ?? "Default" } : { id };
  const userDomain = domain(settings.user_domain_id, settings.user_domain_name ?? settings.domain_name);
  const user =
    settings.user_id === undefined ? { name: settings.username, domain: userDomain } : { id: settings.user_id };
  if (settings.application_credential_secret !== undefined) {
    const {
      application_credential_id: id,
      application_credential_name: name,
      application_credential_secret: secret,
    } = settings;
    const credential = id === undefined ? { name, secret, user } : { id, secret };
    return { identity: { methods: ["application_credential"], application_credential: credential } };
  }
  const project =
    settings.project_id === undefined
      ? {
          name: settings.project_name,
          domain: domain(settings.project_domain_id, settings.project_domain_name ?? settings.domain_name),
        }
      : { id: settings.project_id };
  const identity =
    settings.token === undefined
      ? { methods: ["password"], password: { user: { ...user, password: settings.password } } }
      : { methods: ["token"], token: { id: settings.token } };
  return { identity, scope: { project } };
}
