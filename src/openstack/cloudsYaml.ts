/** A cloud of clouds.yaml, as the OpenStack provider reads it: with clouds-public.yaml, secure.yaml and its regions. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";

export interface CloudEntry {
  /** For messages: the cloud and its file. */
  readonly what: string;
  /** What stands below `auth`. */
  readonly auth: Readonly<Record<string, string | undefined>>;
  /** Text values beside `auth`. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Whether `verify` is false. */
  readonly insecure: boolean;
  /** A secure.yaml beside the file that OS_CLIENT_CONFIG_FILE names, which the provider does not look for there. */
  readonly unreadSecrets?: string;
}

/** YAML whose scalars are all texts, so that a password of digits stays what it is. */
type Tree = string | readonly Tree[] | { readonly [key: string]: Tree };
type Branch = Readonly<Record<string, Tree>>;

/** Where the provider looks for its files, in its order. */
export function cloudsYamlFolders(): string[] {
  return [process.cwd(), path.join(homeDirectory(), ".config/openstack"), "/etc/openstack"];
}

/** Go asks the user database first and $HOME only for a user that it does not know; Node does the reverse. */
function homeDirectory(): string {
  try {
    return os.userInfo().homedir;
  } catch {
    return os.homedir();
  }
}

/**
 * The cloud called `name`, with what its region changes. Throws a sentence when there is no such file or cloud, or the
 * file is no YAML.
 */
export function readCloud(
  name: string,
  region: string | undefined,
  environment: NodeJS.ProcessEnv,
  folders: readonly string[],
): CloudEntry {
  const named = environment.OS_CLIENT_CONFIG_FILE;
  const file = named !== undefined && named !== "" && fs.existsSync(named) ? named : foundIn(folders, "clouds");
  if (file === undefined)
    throw new Error(
      `the cloud is "${name}", but there is no clouds.yaml in ${folders.join(", ")}; create it, or set OS_CLIENT_CONFIG_FILE`,
    );
  const what = `cloud "${name}" of ${file}`;
  let cloud = cloudsOf(file, "clouds")[name];
  if (cloud === undefined) throw new Error(`${file} has no cloud "${name}"`);
  const profile = textOf(cloud.profile) || textOf(cloud.cloud);
  if (profile !== "") cloud = merged(cloud, publicCloud(profile, what, folders));
  const secure = foundIn(folders, "secure");
  if (secure !== undefined) cloud = merged(cloudsOf(secure, "clouds")[name] ?? {}, cloud);
  // `verify` has its default before a region may change it, so a region cannot turn it off.
  const insecure = /^(n|no|off|false)$/i.test(textOf(cloud.verify));
  const regions = Array.isArray(cloud.regions) ? (cloud.regions as readonly Tree[]).map(branchOf) : [];
  const own = regions.find((candidate) => region !== undefined && textOf(candidate.name) === region);
  if (own !== undefined) cloud = merged(branchOf(own.values), cloud);
  const beside = path.join(path.dirname(file), "secure.yaml");
  const unreadSecrets = beside !== secure && fs.existsSync(beside) ? beside : undefined;
  return { what, unreadSecrets, auth: texts(branchOf(cloud.auth)), values: texts(cloud), insecure };
}

function publicCloud(profile: string, what: string, folders: readonly string[]): Branch {
  const file = foundIn(folders, "clouds-public");
  const found = file === undefined ? undefined : cloudsOf(file, "public-clouds")[profile];
  if (found !== undefined) return found;
  throw new Error(
    `${what} has the profile "${profile}", which is in no clouds-public.yaml; the OpenStack provider knows no built-in profiles, so write its settings into the cloud`,
  );
}

function foundIn(folders: readonly string[], name: string): string | undefined {
  return ["yaml", "yml"]
    .flatMap((ending) => folders.map((folder) => path.join(folder, `${name}.${ending}`)))
    .find((file) => fs.existsSync(file));
}

function cloudsOf(file: string, key: string): Readonly<Record<string, Branch | undefined>> {
  try {
    const tree = parse(fs.readFileSync(file, "utf8"), { schema: "failsafe", merge: true, uniqueKeys: false }) as Tree;
    return Object.fromEntries(
      Object.entries(branchOf(branchOf(tree)[key])).map(([name, cloud]) => [name, branchOf(cloud)]),
    );
  } catch (error) {
    throw new Error(
      `${file} cannot be read: ${
        String(error)
          .replace(/^\w*Error: /, "")
          .split("\n")[0]
      }`,
    );
  }
}

/** Both together; where both have a value the first wins, unless it is empty. */
function merged(first: Branch, second: Branch): Branch {
  const both = Object.entries(first).map(([key, value]): [string, Tree] => {
    const other = second[key];
    if (other === undefined) return [key, value];
    if (typeof value === "object" && !Array.isArray(value)) return [key, merged(branchOf(value), branchOf(other))];
    return [key, isEmpty(value) ? other : value];
  });
  return { ...second, ...Object.fromEntries(both) };
}

const isEmpty = (value: Tree) => typeof value === "string" && /^(|false)$/i.test(textOf(value));

const branchOf = (tree: Tree | undefined): Branch =>
  typeof tree === "object" && !Array.isArray(tree) ? (tree as Branch) : {};

/** "" for anything but a text, and for YAML's null. */
const textOf = (tree: Tree | undefined): string => (typeof tree === "string" && !/^(~|null)$/i.test(tree) ? tree : "");

const texts = (branch: Branch) =>
  Object.fromEntries(
    Object.entries(branch).flatMap(([key, tree]) => (textOf(tree) === "" ? [] : [[key, textOf(tree)]])),
  );
