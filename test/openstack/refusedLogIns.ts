/** Log-ins that this program refuses with a sentence, and the real OpenStack provider as well (logIns.ts). */
import { at, clouds, member, site, user, yamlMember, yamlUser } from "./logIns";
import type { Configured } from "./recordingCloud";

interface RefusedLogIn extends Configured {
  readonly title: string;
  /** This program's sentence. */
  readonly sentence: string;
}

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
