/**
 * Log-ins: what is configured, and what Keystone and Neutron hear of it. cloud.test.ts proves that this program says
 * it, provider.engine.test.ts that the real OpenStack provider does.
 */
import type { Configured } from "./recordingCloud";

interface LogIn extends Configured {
  /** The rest of "... logs in like this". */
  readonly title: string;
  /** Body of the token request, or the token that is used as it is. */
  readonly says: unknown;
  /** Where Neutron is asked. @default /public/v2.0 */
  readonly asks?: string;
}

export const at = { OS_AUTH_URL: "CLOUD/v3" };
export const user = { ...at, OS_USERNAME: "u", OS_PASSWORD: "pw" };
export const member = { ...user, OS_PROJECT_NAME: "team" };
export const site = { OS_CLOUD: "site" };
export const clouds = (cloud: string) => ({ "clouds.yaml": `clouds: {site: {${cloud}}}` });
export const yamlUser = "auth_url: 'CLOUD/v3', username: u, password: pw";
export const yamlMember = `${yamlUser}, project_id: p, user_domain_id: d`;

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
