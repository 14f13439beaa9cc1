/** User data: a cloud-config that lays files and starts one service, packed as Nova takes it. */
import { counted } from "../config/counted";
import { gzipSync } from "node:zlib";
import type { ClusterConfig } from "../config/clusterConfig";
import type { MachineFile, UserData } from "./inputs";
import { renderYaml } from "./machineFile";

/** Nova refuses user data of more characters than this, base64 included (its API schema, `user_data` maxLength). */
export const userDataLimit = 65_535;

/**
 * The role's user data cannot be sent. The sentence names the three largest parts, because those are what to shorten.
 */
class UserDataTooLargeError extends Error {
  constructor(machines: string, size: number, files: readonly MachineFile[]) {
    const largest = [...files].sort((a, b) => packed(b.content).length - packed(a.content).length).slice(0, 3);
    const parts = largest.map(({ path, content }) => `${path} (${counted(content.length, "byte")})`).join(", ");
    super(
      `User data of ${machines} has ${counted(size, "byte")} but Nova takes at most ${userDataLimit}; the largest parts are ${parts}. Shorten what they come from, extraCas for instance.`,
    );
    this.name = "UserDataTooLargeError";
  }
}

/** What a machine is given before it is packed. */
export interface Content {
  readonly files: readonly MachineFile[];
  /** Commands with their arguments, run once in this order after the files are written. */
  readonly commands: readonly (readonly string[])[];
}

/**
 * @param machines Who gets it, for the error's sentence: "node pool gpu" for instance.
 * @throws UserDataTooLargeError
 */
export function packUserData(config: ClusterConfig, machines: string, content: Content): UserData {
  const { files } = content;
  const cloudConfig = `#cloud-config\n${renderYaml(cloudConfigDocument(config, content))}`;
  const encoded = packed(cloudConfig).toString("base64");
  if (encoded.length > userDataLimit) throw new UserDataTooLargeError(machines, encoded.length, files);
  return { encoded, cloudConfig, files };
}

/** Lays the files on the machine, then starts the bootstrap without waiting for it, so that cloud-init finishes. */
export const startBootstrap: readonly (readonly string[])[] = [
  ["systemctl", "daemon-reload"],
  ["systemctl", "enable", "openstack-kubernetes.service"],
  ["systemctl", "start", "--no-block", "openstack-kubernetes.service"],
];

/** The document that cloud-init reads. */
export function cloudConfigDocument(config: ClusterConfig, { files, commands }: Content): object {
  return {
    // The name of the node is the name of the server, without OpenStack's domain.
    prefer_fqdn_over_hostname: false,
    ssh_pwauth: false,
    ...(config.ssh.authorizedKeys.length === 0 ? {} : { ssh_authorized_keys: config.ssh.authorizedKeys }),
    write_files: files.map(({ path, permissions, content }) => ({
      path,
      ...(permissions === "0644" ? {} : { permissions }),
      content,
    })),
    ...(commands.length === 0 ? {} : { runcmd: commands }),
  };
}

/**
 * gzip at its best. Time stamp and operating system in its header are fixed, so that the same document is the same
 * bytes on every machine.
 */
function packed(text: string): Buffer {
  const bytes = gzipSync(text, { level: 9 });
  bytes.fill(0, 4, 8);
  bytes[9] = 0xff;
  return bytes;
}
