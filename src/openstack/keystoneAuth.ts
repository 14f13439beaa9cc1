/**
 * What is said to Keystone at the log-in, made of the settings as the OpenStack provider (gophercloud 1.8.0) makes it.
 */
import type { AuthSettings, Settings } from "./settings";

/** How to log in: by one of the two. Secret. */
export interface KeystoneAuth {
  /** Body of `auth` in Keystone's v3 token request. */
  readonly auth?: unknown;
  /** A token that is used as it is. */
  readonly token?: string;
}

interface Domain {
  readonly id?: string;
  readonly name?: string;
}

/**
 * The log-in for these settings. Throws a sentence about what is missing, or contradicts itself, where the provider
 * would refuse as well; `what` says where the settings come from.
 */
export function keystoneAuth({ auth, allowReauth }: Settings, what: string): KeystoneAuth {
  const refuse = (problem: string): never => {
    throw new Error(`${what}: ${problem}`);
  };
  const usesCredential = [
    auth.application_credential_id,
    auth.application_credential_name,
    auth.application_credential_secret,
  ].some((value) => value !== undefined);
  const inProject = auth.project_id !== undefined || auth.project_name !== undefined;
  if (!usesCredential && !inProject) {
    if (auth.system_scope !== undefined)
      refuse("system_scope is set and no project is; clusters live in a project, so set project_id (OS_PROJECT_ID)");
  }
  const scope = usesCredential ? undefined : inProject ? projectScope(auth, refuse) : domainScope(auth);
  // Without a project, gophercloud uses neither domain_* nor default_domain for the user.
  const domain = inProject || usesCredential ? domainOf(auth, "user") : explicitDomain(auth, "user");
  if (auth.token !== undefined) {
    if (scope !== undefined) return { auth: { identity: { methods: ["token"], token: { id: auth.token } }, scope } };
    if (allowReauth)
      refuse(
        "token is set and no project is; set project_id (OS_PROJECT_ID), or OS_ALLOW_REAUTH=false to use it as it is",
      );
    return { token: auth.token };
  }
  const identity =
    auth.password === undefined
      ? { methods: ["application_credential"], application_credential: credential(auth, domain, refuse) }
      : { methods: ["password"], password: { user: { ...user(auth, domain, refuse), password: auth.password } } };
  return { auth: { identity, ...(scope === undefined ? {} : { scope }) } };
}

type Refuse = (problem: string) => never;

function projectScope(auth: AuthSettings, refuse: Refuse): unknown {
  if (auth.project_id !== undefined) return { project: { id: auth.project_id } };
  const { id, name } = domainOf(auth, "project");
  if (id === undefined && name === undefined)
    refuse("project_name has no domain; set project_domain_name (OS_PROJECT_DOMAIN_NAME)");
  return { project: { name: auth.project_name, domain: id === undefined ? { name } : { id } } };
}

const domainScope = ({ domain_id: id, domain_name: name }: AuthSettings): unknown =>
  id !== undefined ? { domain: { id } } : name !== undefined ? { domain: { name } } : undefined;

function credential(auth: AuthSettings, domain: Domain, refuse: Refuse): unknown {
  const { application_credential_id: id, application_credential_name: name } = auth;
  if (id === undefined && name === undefined)
    refuse("there is no password, token or application credential; set one of them");
  const secret = auth.application_credential_secret;
  if (secret === undefined)
    refuse(
      "the application credential has no secret; set application_credential_secret (OS_APPLICATION_CREDENTIAL_SECRET)",
    );
  if (id !== undefined) return { id, secret };
  if (auth.user_id !== undefined) return { name, secret, user: { id: auth.user_id } };
  // Of two names of its domain, gophercloud takes the id here.
  return { name, secret, user: userByName(auth, domain.id === undefined ? domain : { id: domain.id }, refuse) };
}

function user(auth: AuthSettings, domain: Domain, refuse: Refuse): object {
  if (auth.user_id === undefined) return userByName(auth, domain, refuse);
  if (auth.username !== undefined) refuse("both username and user_id are set; leave one out");
  if (domain.id !== undefined || domain.name !== undefined)
    refuse(
      "the OpenStack provider refuses user_id beside a domain, default_domain included; set username and user_domain_name instead",
    );
  return { id: auth.user_id };
}

function userByName({ username: name }: AuthSettings, domain: Domain, refuse: Refuse): object {
  if (name === undefined) refuse("there is no user; set username (OS_USERNAME)");
  if (domain.id === undefined && domain.name === undefined)
    refuse("username has no domain; set user_domain_name (OS_USER_DOMAIN_NAME)");
  if (domain.id !== undefined && domain.name !== undefined)
    refuse("the user's domain is given both by id and by name; leave one out");
  return { name, domain: domain.id === undefined ? { name: domain.name } : { id: domain.id } };
}

const explicitDomain = (auth: AuthSettings, of: "user" | "project"): Domain => ({
  id: auth[`${of}_domain_id`],
  name: auth[`${of}_domain_name`],
});

/** Domain of the user or project: its own, with gaps filled from domain_*; where neither has any, default_domain. */
function domainOf(auth: AuthSettings, of: "user" | "project"): Domain {
  const own = explicitDomain(auth, of);
  const { id = auth.domain_id, name = auth.domain_name } = own;
  return id === undefined && name === undefined ? { id: auth.default_domain } : { id, name };
}
