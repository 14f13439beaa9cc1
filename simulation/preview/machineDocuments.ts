/** What the program hands to the machines of a run: their cloud-config, and the files that cloud-init lays of it. */
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import type { Simulated } from "../simulated";
import { byUserData, serversOf, unpackUserData, type Server } from "./servers";

export interface MachineDocuments {
  /** The pool or role; the first machine's name for those of a pool whose machines differ. */
  readonly name: string;
  /** Names of the machines that get it. */
  readonly machines: readonly string[];
  readonly cloudConfig: string;
  /** Absent: the user data is no cloud-config. */
  readonly files?: readonly MachineDocument[];
  /** The cloud-config less its files. */
  readonly rest?: Readonly<Record<string, unknown>>;
}

interface MachineDocument {
  readonly path: string;
  readonly permissions: string;
  readonly owner: string;
  readonly content: string;
}

interface WrittenFile extends Partial<MachineDocument> {
  readonly path: string;
  readonly encoding?: string;
}

/** One for each document that differs. */
export function machineDocuments(run: Simulated): MachineDocuments[] {
  return namedGroups(byUserData(serversOf(run))).map(([name, group]) => {
    const cloudConfig = unpackUserData(group[0]?.userData ?? "");
    const machines = group.map((server) => server.name);
    if (!cloudConfig.startsWith("#cloud-config")) return { name, machines, cloudConfig };
    const { write_files: written = [], ...rest } = (parse(cloudConfig) ?? {}) as { write_files?: WrittenFile[] };
    const files = written.map((file) => ({
      path: file.path,
      permissions: file.permissions ?? "0644",
      owner: file.owner ?? "root:root",
      content: decoded(file),
    }));
    return { name, machines, cloudConfig, files, rest };
  });
}

/** Groups by pool; a pool whose machines differ has a name for each of its documents. */
function namedGroups(groups: readonly Server[][]): [string, Server[]][] {
  const pools = groups.map((group) => group[0]?.pool);
  return groups.map((group, index) => {
    const [first] = group as [Server];
    return [pools.indexOf(first.pool) === index ? first.pool : first.name, group];
  });
}

/** Content of an entry of write_files, in any of cloud-init's encodings. */
function decoded({ content = "", encoding }: WrittenFile): string {
  switch (encoding) {
    case "b64":
    case "base64":
      return Buffer.from(content, "base64").toString("utf8");
    case "gz+b64":
    case "gz+base64":
    case "gzip+base64":
      return gunzipSync(Buffer.from(content, "base64")).toString("utf8");
    default:
      return content;
  }
}
