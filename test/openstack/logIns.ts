/**
 * Log-ins: what is configured, and what Keystone and Neutron hear of it. cloud.test.ts proves that this program says it,
 * provider.engine.test.ts that the real OpenStack provider does.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { projectId, withServer, type FakeAnswer } from "./fakeOpenstack";

/** What is configured. CLOUD stands for the cloud's address, FOLDER for the current folder. */
export interface Configured {
  readonly environment: Readonly<Record<string, string>>;
  /** Keys of the `openstack:` configuration. */
  readonly provider?: Readonly<Record<string, string>>;
  /** Files by their names below the current folder. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface LogIn extends Configured {
  /** The rest of "... logs in like this". */
  readonly title: string;
  /** Body of the token request, or the token that is used as it is. */
  readonly says: unknown;
  /** Where Neutron is asked. @default /public/v2.0 */
  readonly asks?: string;
}

export interface RefusedLogIn extends Configured {
  readonly title: string;
  /** This program's sentence. */
  readonly sentence: string;
}

/** What Keystone and Neutron heard. */
export interface Heard {
  readonly says?: unknown;
  readonly asks?: string;
}

/** A cloud whose catalog has Neutron in two regions and behind two interfaces, for one log-in. */
export async function withRecordingCloud(
  { environment, provider = {}, files = {} }: Configured,
  use: (configured: Required<Configured>, folder: string) => Promise<void>,
): Promise<Heard> {
  let heard: Heard = {};
  const answer = (method: string, url: string, own: string): FakeAnswer => {
    const endpoints = ["internal", "public", "two"].map((path) => ({
      interface: path === "two" ? "public" : path,
      region: path === "two" ? "two" : "one",
      region_id: path === "two" ? "two" : "one",
      url: `${own}/${path}`,
    }));
    const json = { "content-type": "application/json" };
    if (!url.startsWith("/v3/auth/tokens")) return { status: 200, headers: json, body: { networks: [] } };
    return {
      status: method === "GET" ? 200 : 201,
      headers: { ...json, "x-subject-token": "T" },
      body: {
        token: {
          project: { id: projectId },
          expires_at: "2099-01-01T00:00:00.000000Z",
          catalog: [{ type: "network", endpoints }],
        },
      },
    };
  };
  const folder = mkdtempSync(join(tmpdir(), "log-in-"));
  try {
    await withServer(
      ({ method, url, headers, body }, own) => {
        if (url.startsWith("/v3/auth/tokens")) {
          heard = { ...heard, says: (body as { auth: unknown } | undefined)?.auth ?? headers["x-auth-token"] };
        } else heard = { ...heard, asks: url.replace(/\/networks(\?.*)?$/, "") };
        return answer(method, url, own);
      },
      async (own) => {
        const placed = (values: Readonly<Record<string, string>>) =>
          Object.fromEntries(
            Object.entries(values).map(([key, value]) => [
              key,
              value.replaceAll("CLOUD", own).replaceAll("FOLDER", folder),
            ]),
          );
        for (const [name, content] of Object.entries(placed(files))) {
          mkdirSync(dirname(join(folder, name)), { recursive: true });
          writeFileSync(join(folder, name), content);
        }
        await use({ environment: placed(environment), provider: placed(provider), files }, folder);
      },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  return heard;
}

const at = { OS_AUTH_URL: "CLOUD/v3" };
const user = { ...at, OS_USERNAME: "u", OS_PASSWORD: "pw" };
const member = { ...user, OS_PROJECT_NAME: "team" };
const site = { OS_CLOUD: "site" };
const clouds = (cloud: string) => ({ "clouds.yaml": `clouds: {site: {${cloud}}}` });
const yamlUser = "auth_url: 'CLOUD/v3', username: u, password: pw";
const yamlMember = `${yamlUser}, project_id: p, user_domain_id: d`;

const byPassword = (domain: object, project?: object, name = "u", password = "pw") => ({
  identity: { methods: ["password"], password: { user: { name, domain, password } } },
  ...(project === undefined ? {} : { scope: { project } }),
});
const byToken = (id: string, project: object) => ({
  identity: { methods: ["token"], token: { id } },
  scope: { project },
});
const byCredential = (credential: object) => ({
  identity: { methods: ["application_credential"], application_credential: credential },
});
const inDefault = { id: "default" };
const team = { name: "team", domain: inDefault };

export const logIns: readonly LogIn[] = [
  // The environment alone.
  { title: "a password, in the default domain", environment: member, says: byPassword(inDefault, team) },
  {
    title: "OS_DEFAULT_DOMAIN",
    environment: { ...member, OS_DEFAULT_DOMAIN: "dd" },
    says: byPassword({ id: "dd" }, { name: "team", domain: { id: "dd" } }),
  },
  {
    title: "OS_DOMAIN_NAME for user and project",
    environment: { ...member, OS_DOMAIN_NAME: "dn" },
    says: byPassword({ name: "dn" }, { name: "team", domain: { name: "dn" } }),
  },
  {
    title: "OS_DOMAIN_ID for user and project",
    environment: { ...member, OS_DOMAIN_ID: "di" },
    says: byPassword({ id: "di" }, { name: "team", domain: { id: "di" } }),
  },
  {
    title: "domains of user and project of their own",
    environment: { ...member, OS_USER_DOMAIN_NAME: "ldap", OS_PROJECT_DOMAIN_ID: "pd" },
    says: byPassword({ name: "ldap" }, { name: "team", domain: { id: "pd" } }),
  },
  {
    title: "OS_TENANT_NAME",
    environment: { ...user, OS_TENANT_NAME: "tenant" },
    says: byPassword(inDefault, { name: "tenant", domain: inDefault }),
  },
  {
    title: "OS_TENANT_ID before OS_PROJECT_ID",
    environment: { ...user, OS_TENANT_ID: "tid", OS_PROJECT_ID: "pid" },
    says: byPassword(inDefault, { id: "tid" }),
  },
  {
    title: "the project's id before its name",
    environment: { ...member, OS_PROJECT_ID: "pid" },
    says: byPassword(inDefault, { id: "pid" }),
  },
  {
    title: "no project, where none is set",
    environment: { ...user, OS_USER_DOMAIN_NAME: "ldap" },
    says: byPassword({ name: "ldap" }),
  },
  {
    title: "OS_TOKEN before OS_AUTH_TOKEN, with a project",
    environment: { ...at, OS_TOKEN: "one", OS_AUTH_TOKEN: "two", OS_PROJECT_ID: "pid" },
    says: byToken("one", { id: "pid" }),
  },
  {
    title: "a token rather than a password",
    environment: { ...member, OS_AUTH_TOKEN: "tok" },
    says: byToken("tok", team),
  },
  {
    title: "a token without a project, as it is",
    environment: { ...at, OS_TOKEN: "tok", OS_ALLOW_REAUTH: "false" },
    says: "tok",
  },
  {
    title: "an application credential by its id",
    environment: { ...at, OS_APPLICATION_CREDENTIAL_ID: "ac", OS_APPLICATION_CREDENTIAL_SECRET: "s" },
    says: byCredential({ id: "ac", secret: "s" }),
  },
  {
    title: "an application credential by its name and its user's",
    environment: {
      ...at,
      OS_APPLICATION_CREDENTIAL_NAME: "ac",
      OS_APPLICATION_CREDENTIAL_SECRET: "s",
      OS_USERNAME: "u",
      OS_USER_DOMAIN_NAME: "ldap",
    },
    says: byCredential({ name: "ac", secret: "s", user: { name: "u", domain: { name: "ldap" } } }),
  },
  {
    title: "an application credential by its name and its user's id",
    environment: {
      ...at,
      OS_APPLICATION_CREDENTIAL_NAME: "ac",
      OS_APPLICATION_CREDENTIAL_SECRET: "s",
      OS_USER_ID: "uid",
    },
    says: byCredential({ name: "ac", secret: "s", user: { id: "uid" } }),
  },
  {
    title: "a password rather than an application credential, then without a project",
    environment: { ...member, OS_APPLICATION_CREDENTIAL_ID: "ac", OS_APPLICATION_CREDENTIAL_SECRET: "s" },
    says: byPassword(inDefault),
  },
  {
    title: "OS_REGION_NAME",
    environment: { ...member, OS_REGION_NAME: "two" },
    says: byPassword(inDefault, team),
    asks: "/two/v2.0",
  },
  ...["internal", "internalURL"].map((type) => ({
    title: `OS_ENDPOINT_TYPE ${type}`,
    environment: { ...member, OS_ENDPOINT_TYPE: type },
    says: byPassword(inDefault, team),
    asks: "/internal/v2.0",
  })),
  {
    title: "OS_INTERFACE, which is not read",
    environment: { ...member, OS_INTERFACE: "internal" },
    says: byPassword(inDefault, team),
  },
  // The provider's configuration.
  {
    title: "the configuration before the environment",
    environment: { ...member, OS_ENDPOINT_TYPE: "internal" },
    provider: { userName: "c", password: "cp", tenantName: "ct", defaultDomain: "cd", endpointType: "public" },
    says: byPassword({ id: "cd" }, { name: "ct", domain: { id: "cd" } }, "c", "cp"),
  },
  {
    title: "an endpoint override",
    environment: member,
    provider: { endpointOverrides: '{"network": "CLOUD/override/v2.0/"}' },
    says: byPassword(inDefault, team),
    asks: "/override/v2.0",
  },
  // clouds.yaml.
  {
    title: "a cloud of clouds.yaml",
    environment: site,
    files: clouds(`auth: {${yamlMember}}`),
    says: byPassword({ id: "d" }, { id: "p" }),
  },
  {
    title: "a cloud of clouds.yml",
    environment: site,
    files: { "clouds.yml": `clouds: {site: {auth: {${yamlMember}}}}` },
    says: byPassword({ id: "d" }, { id: "p" }),
  },
  {
    title: "the cloud that the configuration names",
    environment: { OS_CLOUD: "other" },
    provider: { cloud: "site" },
    files: clouds(`auth: {${yamlMember}}`),
    says: byPassword({ id: "d" }, { id: "p" }),
  },
  {
    title: "the file that OS_CLIENT_CONFIG_FILE names",
    environment: { ...site, OS_CLIENT_CONFIG_FILE: "FOLDER/below/mine.yaml" },
    files: { ...clouds("auth: {}"), "below/mine.yaml": `clouds: {site: {auth: {${yamlMember}}}}` },
    says: byPassword({ id: "d" }, { id: "p" }),
  },
  {
    title: "clouds.yaml where OS_CLIENT_CONFIG_FILE names no file",
    environment: { ...site, OS_CLIENT_CONFIG_FILE: "FOLDER/none.yaml" },
    files: clouds(`auth: {${yamlMember}}`),
    says: byPassword({ id: "d" }, { id: "p" }),
  },
  {
    title: "clouds.yaml before the environment, which fills gaps",
    environment: {
      ...site,
      OS_USERNAME: "e",
      OS_PASSWORD: "ep",
      OS_DEFAULT_DOMAIN: "ed",
      OS_TENANT_ID: "t",
      OS_PROJECT_ID: "e",
    },
    files: clouds("auth: {auth_url: 'CLOUD/v3', username: u, password: pw}"),
    says: byPassword({ id: "ed" }, { id: "e" }),
  },
  {
    title: "clouds.yaml before the configuration",
    environment: site,
    provider: { userName: "c", password: "cp", tenantId: "ct" },
    files: clouds(`auth: {${yamlMember}}`),
    says: byPassword({ id: "d" }, { id: "p" }),
  },
  {
    title: "the region of clouds.yaml",
    environment: site,
    files: clouds(`region_name: two, auth: {${yamlMember}}`),
    says: byPassword({ id: "d" }, { id: "p" }),
    asks: "/two/v2.0",
  },
  {
    title: "what clouds.yaml changes for the region of the environment",
    environment: { ...site, OS_REGION_NAME: "two" },
    files: clouds(
      `region_name: one, regions: [one, {name: two, values: {auth: {project_id: other}}}], auth: {${yamlMember}}`,
    ),
    says: byPassword({ id: "d" }, { id: "other" }),
    asks: "/two/v2.0",
  },
  {
    title: "interface and endpoint_type of clouds.yaml, which are not read",
    environment: site,
    files: clouds(`interface: internal, endpoint_type: internal, auth: {${yamlMember}}`),
    says: byPassword({ id: "d" }, { id: "p" }),
  },
  {
    title: "a secret of secure.yaml",
    environment: site,
    files: {
      ...clouds("auth: {auth_url: 'CLOUD/v3', application_credential_id: ac}"),
      "secure.yaml": "clouds: {site: {auth: {application_credential_secret: s}}}",
    },
    says: byCredential({ id: "ac", secret: "s" }),
  },
  {
    title: "a profile of clouds-public.yaml, below the cloud itself",
    environment: site,
    files: {
      ...clouds("profile: vendor, auth: {username: u, password: pw, project_id: p}"),
      "clouds-public.yaml":
        "public-clouds: {vendor: {region_name: two, auth: {auth_url: 'CLOUD/v3', username: v, user_domain_name: vd}}}",
    },
    says: byPassword({ name: "vd" }, { id: "p" }),
    asks: "/two/v2.0",
  },
  {
    title: "auth_type token, which forgets the user",
    environment: { ...site, OS_TOKEN: "one", OS_AUTH_TOKEN: "two" },
    files: clouds(`auth_type: v3token, auth: {${yamlMember}}`),
    says: byToken("two", { id: "p" }),
  },
  {
    title: "numbers and words of YAML as the texts that they are",
    environment: site,
    files: clouds("auth: {auth_url: 'CLOUD/v3', username: 0123, password: 1e3, project_id: 00a1, user_domain_id: no}"),
    says: byPassword({ id: "no" }, { id: "00a1" }, "0123", "1e3"),
  },
  {
    title: "anchors and merge keys of YAML, and an empty value as none",
    environment: { ...site, OS_PASSWORD: "ep" },
    files: {
      "clouds.yaml":
        "who: &who {username: u, user_domain_id: d}\nclouds: {site: {auth: {<<: *who, auth_url: 'CLOUD/v3', password: ~, project_id: p}}}",
    },
    says: byPassword({ id: "d" }, { id: "p" }, "u", "ep"),
  },
];

const withoutCloud = "the OpenStack log-in by openstack:* and OS_*";
const ofCloud = 'cloud "site" of FOLDER/clouds.yaml';

export const refusedLogIns: readonly RefusedLogIn[] = [
  {
    title: "nothing at all",
    environment: {},
    sentence:
      "no OpenStack cloud is configured: set OS_CLOUD (with a clouds.yaml), the OS_* variables, or openstack:* in the stack configuration",
  },
  {
    title: "no way to log in",
    environment: { ...at, OS_USERNAME: "u", OS_PROJECT_ID: "p" },
    sentence: `${withoutCloud}: there is no password, token or application credential; set one of them`,
  },
  {
    title: "a password of nobody",
    environment: { ...at, OS_PASSWORD: "pw", OS_PROJECT_ID: "p" },
    sentence: `${withoutCloud}: there is no user; set username (OS_USERNAME)`,
  },
  {
    title: "a user by name and by id",
    environment: { ...member, OS_USER_ID: "uid" },
    sentence: `${withoutCloud}: both username and user_id are set; leave one out`,
  },
  {
    title: "a user's id beside the default domain",
    environment: { ...at, OS_USER_ID: "uid", OS_PASSWORD: "pw", OS_PROJECT_ID: "p" },
    sentence: `${withoutCloud}: the OpenStack provider refuses user_id beside a domain, default_domain included; set username and user_domain_name instead`,
  },
  {
    title: "a domain by id and by name",
    environment: { ...member, OS_DOMAIN_ID: "di", OS_USER_DOMAIN_NAME: "ldap" },
    sentence: `${withoutCloud}: the user's domain is given both by id and by name; leave one out`,
  },
  {
    title: "a user without a domain",
    environment: user,
    sentence: `${withoutCloud}: username has no domain; set user_domain_name (OS_USER_DOMAIN_NAME)`,
  },
  {
    title: "a project's name without a domain",
    environment: site,
    files: clouds(`auth: {${yamlUser}, project_name: team, user_domain_id: d}`),
    sentence: `${ofCloud}: project_name has no domain; set project_domain_name (OS_PROJECT_DOMAIN_NAME)`,
  },
  {
    title: "a token without a project",
    environment: { ...at, OS_TOKEN: "tok" },
    sentence: `${withoutCloud}: token is set and no project is; set project_id (OS_PROJECT_ID), or OS_ALLOW_REAUTH=false to use it as it is`,
  },
  {
    title: "an application credential without its secret",
    environment: { ...at, OS_APPLICATION_CREDENTIAL_ID: "ac" },
    sentence: `${withoutCloud}: the application credential has no secret; set application_credential_secret (OS_APPLICATION_CREDENTIAL_SECRET)`,
  },
  {
    title: "an unknown endpoint type",
    environment: { ...member, OS_ENDPOINT_TYPE: "intern" },
    sentence: 'openstack:endpointType (OS_ENDPOINT_TYPE) is "intern", but it is public, internal or admin',
  },
  {
    title: "OS_INSECURE that is no truth",
    environment: { ...member, OS_INSECURE: "yes" },
    sentence: 'openstack:insecure (OS_INSECURE) is "yes", but it is true or false',
  },
  {
    title: "an endpoint override without a slash at its end",
    environment: member,
    provider: { endpointOverrides: '{"network": "CLOUD/override/v2.0"}' },
    sentence:
      'openstack:endpointOverrides.network is "CLOUD/override/v2.0"; it must be a URL that ends with the version and a slash',
  },
  {
    title: "Keystone's second version",
    environment: { ...member, OS_AUTH_URL: "CLOUD/v2.0" },
    sentence: `${withoutCloud}: auth_url ends with /v2.0, a version that OpenStack has removed; end it with /v3`,
  },
  {
    title: "identity_api_version 2",
    environment: site,
    files: clouds(`identity_api_version: 2, auth: {${yamlUser}, project_name: team, default_domain: d}`),
    sentence: `${ofCloud}: identity_api_version (OS_IDENTITY_API_VERSION) is "2"; only 3 is supported`,
  },
  {
    title: "a cloud that clouds.yaml lacks",
    environment: site,
    files: { "clouds.yaml": "clouds: {other: {}}" },
    sentence: 'FOLDER/clouds.yaml has no cloud "site"',
  },
  {
    title: "no clouds.yaml",
    environment: { OS_CLOUD: "surely-nowhere" },
    sentence:
      'the cloud is "surely-nowhere", but there is no clouds.yaml in FOLDER; create it, or set OS_CLIENT_CONFIG_FILE',
  },
  {
    title: "clouds.yaml that is no YAML",
    environment: site,
    files: { "clouds.yaml": "clouds: [1\nsite: 2" },
    sentence:
      "FOLDER/clouds.yaml cannot be read: Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1:",
  },
  {
    title: "a profile that is nowhere",
    environment: site,
    files: clouds(`profile: vexxhost, auth: {${yamlMember}}`),
    sentence: `${ofCloud} has the profile "vexxhost", which is in no clouds-public.yaml; the OpenStack provider knows no built-in profiles, so write its settings into the cloud`,
  },
  {
    title: "a secret in a secure.yaml that is not looked for",
    environment: { ...site, OS_CLIENT_CONFIG_FILE: "FOLDER/below/clouds.yaml" },
    files: {
      "below/clouds.yaml":
        "clouds: {site: {auth: {auth_url: 'CLOUD/v3', username: u, user_domain_id: d, project_id: p}}}",
      "below/secure.yaml": "clouds: {site: {auth: {password: pw}}}",
    },
    sentence:
      'cloud "site" of FOLDER/below/clouds.yaml: there is no password, token or application credential; set one of them. There is FOLDER/below/secure.yaml, which the OpenStack provider does not read; put secure.yaml into the current folder or ~/.config/openstack',
  },
];
