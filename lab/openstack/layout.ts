/** Where the lab keeps its things: one folder, and nothing outside it but installed packages. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Environment variable that moves the lab's folder. */
const labFolderVariable = "OPENSTACK_KUBERNETES_LAB";

/** The folders of the lab's OpenStack, as absolute paths. */
export interface Layout {
  /** Everything below: the folder `openstack` of the lab's; mode 0700, for it holds passwords. */
  readonly root: string;
  /** Rendered configuration of the services. */
  readonly etc: string;
  /** One file per service and step: its standard output and error. */
  readonly log: string;
  /** Sockets, and who runs (process id and start time). Empty when the lab is down. */
  readonly run: string;
  /** Databases, images, keys: what `wipe` removes. */
  readonly data: string;
  /** Sentinels of steps that are done once and for all, as long as the data lives. */
  readonly done: string;
  /**
   * Files of Debian packages whose installation scripts would configure the machine, and which are therefore only
   * unpacked.
   */
  readonly unpacked: string;
  /** Credentials for users of the lab; mode 0600. */
  readonly cloudsYaml: string;
  /** Generated passwords; mode 0600. */
  readonly secrets: string;
  /** Passphrase of the stacks' secrets, for the engine; mode 0600. */
  readonly passphrase: string;
  /** The engine's state: of no use without the OpenStack that it describes, and so part of the data. */
  readonly state: string;
  /** Says that the servers of this lab are machines, and what these stand on. */
  readonly machinesRecord: string;
  /** Who holds the lab: one `up`, `down` or `wipe` at a time. */
  readonly lock: string;
}

/**
 * The folder of the lab: `OPENSTACK_KUBERNETES_LAB`, else `~/.cache/openstack-kubernetes/lab`.
 */
export function labFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const chosen = environment[labFolderVariable];
  return chosen ? resolve(chosen) : join(homedir(), ".cache", "openstack-kubernetes", "lab");
}

/** The places within the lab's folder. */
export function layout(folder: string): Layout {
  const root = join(folder, "openstack");
  return {
    root,
    etc: join(root, "etc"),
    log: join(root, "log"),
    run: join(root, "run"),
    data: join(root, "data"),
    done: join(root, "data", "done"),
    unpacked: join(root, "unpacked"),
    cloudsYaml: join(root, "clouds.yaml"),
    secrets: join(root, "data", "secrets.json"),
    passphrase: join(root, "data", "passphrase"),
    state: join(root, "data", "state"),
    machinesRecord: join(root, "data", "machines.json"),
    lock: join(root, "lock.json"),
  };
}

/** Folder of the Python parts and the configuration templates, in the checkout. */
export const sources = { python: join(__dirname, "python"), templates: join(__dirname, "etc") };
